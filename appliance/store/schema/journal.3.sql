-- SPDX-License-Identifier: GPL-2.0-or-later
-- Voicemail: a row for each message kept; id is the call that left it.

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    at INTEGER NOT NULL,
    caller TEXT NOT NULL,
    name TEXT NOT NULL,
    duration INTEGER NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    handled INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    mail TEXT NOT NULL
) STRICT;
