# SPDX-License-Identifier: GPL-2.0-or-later
"""Analogue lines and telephones at a DAHDI card. fxo, fxs and callerid are pure: no port, no clock, no samples."""
