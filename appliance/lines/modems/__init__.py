# SPDX-License-Identifier: GPL-2.0-or-later
"""GSM and LTE modems on their ports: what appliance/lines/at says, done."""
