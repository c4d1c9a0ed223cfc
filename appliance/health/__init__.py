# SPDX-License-Identifier: GPL-2.0-or-later
"""What can be wrong with the box, and what to do about it."""
