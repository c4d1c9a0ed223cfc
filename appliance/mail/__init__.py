# SPDX-License-Identifier: GPL-2.0-or-later
"""E-mail about messages, and about the calls of a day."""
