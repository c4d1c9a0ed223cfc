-- SPDX-License-Identifier: GPL-2.0-or-later
-- Programs that may use the API, wrong tries that outlive a restart, and webhooks with what waits for them.

CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE, -- SHA-256 of what the program holds
    user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE ON UPDATE CASCADE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL, -- with a space between
    at INTEGER NOT NULL,
    until INTEGER NOT NULL, -- 0: till it is revoked
    seen INTEGER NOT NULL DEFAULT 0,
    address TEXT NOT NULL DEFAULT '' -- it was used from last
) STRICT;

CREATE TABLE wrong (
    name TEXT NOT NULL, -- of the account; '': of the address as a whole
    address TEXT NOT NULL,
    count INTEGER NOT NULL,
    until INTEGER NOT NULL, -- it may be tried again
    PRIMARY KEY (name, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL, -- what is sent is signed with it
    kinds TEXT NOT NULL, -- of events, with a space between
    user TEXT NOT NULL,
    at INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0, -- when one arrived last
    lost INTEGER NOT NULL DEFAULT 0, -- given up, or no room to wait
    fault TEXT NOT NULL DEFAULT '' -- why the last one did not arrive; '': it did
) STRICT;

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_webhook ON delivery (webhook, id);
CREATE INDEX delivery_due ON delivery (due);
