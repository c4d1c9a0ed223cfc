-- SPDX-License-Identifier: GPL-2.0-or-later
-- The journal: calls, their legs, events and traces. Times are milliseconds UTC. docs/journal.md explains each column.

CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    line TEXT NOT NULL DEFAULT '',
    caller TEXT NOT NULL DEFAULT '',
    called TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    queue TEXT NOT NULL DEFAULT '',
    person TEXT NOT NULL DEFAULT '',
    answered_at INTEGER,
    ended_at INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX call_at ON call (at);
CREATE INDEX call_open ON call (id) WHERE ended_at IS NULL;

CREATE TABLE leg (
    call INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    party TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at INTEGER,
    rang_at INTEGER,
    answered_at INTEGER,
    ended_at INTEGER,
    cause INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (call, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX leg_open ON leg (call) WHERE ended_at IS NULL;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    call INTEGER REFERENCES call (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_call ON event (call);

CREATE TABLE trace (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES call (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    subject TEXT NOT NULL,
    detail INTEGER NOT NULL
) STRICT;
CREATE INDEX trace_call ON trace (call);

CREATE TABLE back (
    version INTEGER PRIMARY KEY,
    script TEXT NOT NULL
) STRICT;
