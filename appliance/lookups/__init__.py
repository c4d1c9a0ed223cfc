# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to other programs about a caller."""
