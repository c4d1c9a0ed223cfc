-- SPDX-License-Identifier: GPL-2.0-or-later
-- Recorded calls: a row for each recording that is kept or under way; call is the one it began in.

CREATE TABLE recording (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL,
    at INTEGER NOT NULL,
    line TEXT NOT NULL,
    person TEXT NOT NULL,
    caller TEXT NOT NULL,
    name TEXT NOT NULL,
    rule TEXT NOT NULL,
    file TEXT NOT NULL,
    form TEXT NOT NULL,
    duration INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    lost INTEGER NOT NULL,
    kept INTEGER NOT NULL
) STRICT;

CREATE INDEX recording_at ON recording (at);
