-- SPDX-License-Identifier: GPL-2.0-or-later
-- Text messages, in and out. mark is the same for the same message that came: one is kept once, however often a modem tells it.

CREATE TABLE sms (
    id INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    state TEXT NOT NULL, -- received; sent, delivered, failed
    at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL, -- by the sender's network; 0: it does not say
    number TEXT NOT NULL,
    text TEXT NOT NULL,
    whole INTEGER NOT NULL,
    mark TEXT NOT NULL,
    parts TEXT NOT NULL -- references of those of ours whose reports are waited for
) STRICT;
CREATE UNIQUE INDEX sms_mark ON sms (mark) WHERE mark <> '' AND sent_at <> 0;
CREATE INDEX sms_at ON sms (at);
