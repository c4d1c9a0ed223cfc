# SPDX-License-Identifier: GPL-2.0-or-later
"""One module for each program; `python -m appliance.programs NAME` runs it."""
