# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket: its language, its server, its client. See docs/control.md."""
