-- SPDX-License-Identifier: GPL-2.0-or-later
DROP TABLE draft_was;
