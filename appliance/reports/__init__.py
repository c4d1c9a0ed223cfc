# SPDX-License-Identifier: GPL-2.0-or-later
"""What was and what would be: replay of recorded and made-up traffic. See docs/replay.md."""
