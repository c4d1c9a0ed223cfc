-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a supervisor is limited to: branches and departments of the settings, as branch.NAME and department.NAME with a
-- space between; '': nothing.

ALTER TABLE user ADD COLUMN limits TEXT NOT NULL DEFAULT '';
