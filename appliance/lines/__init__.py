# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephone lines that are not SIP: GSM and LTE modems."""
