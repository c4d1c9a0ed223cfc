# SPDX-License-Identifier: GPL-2.0-or-later
"""What the measurements share: a switch to measure, telephones and lines made of bare sockets, the table."""
