# SPDX-License-Identifier: GPL-2.0-or-later
"""Other programs are told by HTTP what happens; see docs/webhooks.md."""
