# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that give telephones their settings; see docs/phones.md."""
