# SPDX-License-Identifier: GPL-2.0-or-later
"""The text side of modems: bytes and times go in, facts and bytes come out. No port, no clock, no loop."""
