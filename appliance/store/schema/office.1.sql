-- SPDX-License-Identifier: GPL-2.0-or-later
-- What the pages keep: who may log in, who is, what they did, and settings not yet applied. Times are milliseconds UTC.

CREATE TABLE user (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL, -- argon2id
    totp TEXT NOT NULL DEFAULT '', -- base 32; '': the password is enough
    totp_step INTEGER NOT NULL DEFAULT 0, -- of the code used last: each is good once
    person TEXT NOT NULL DEFAULT '', -- of the settings
    language TEXT NOT NULL DEFAULT '',
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id BLOB PRIMARY KEY, -- SHA-256 of what the browser holds
    user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE ON UPDATE CASCADE,
    csrf TEXT NOT NULL,
    began INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    address TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE draft (
    user TEXT PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE ON UPDATE CASCADE,
    before TEXT NOT NULL, -- the document in force when the draft was begun
    document TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE back (
    version INTEGER PRIMARY KEY,
    script TEXT NOT NULL
) STRICT;
