-- SPDX-License-Identifier: GPL-2.0-or-later
-- What each draft was before its last changes, to take these back.

CREATE TABLE draft_was (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL REFERENCES draft (user) ON DELETE CASCADE ON UPDATE CASCADE,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX draft_was_user ON draft_was (user, id);
