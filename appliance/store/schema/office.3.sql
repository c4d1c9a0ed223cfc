-- SPDX-License-Identifier: GPL-2.0-or-later
-- Until when digests of calls have told: one row, none while none are sent.

CREATE TABLE digest (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    until INTEGER NOT NULL
) STRICT;
