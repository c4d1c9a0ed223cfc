# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept in SQLite: the journal. See docs/journal.md."""
