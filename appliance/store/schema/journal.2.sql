-- SPDX-License-Identifier: GPL-2.0-or-later
-- Where each telephone is reached, so that registrations survive a restart.

CREATE TABLE binding (
    phone TEXT NOT NULL,
    contact TEXT NOT NULL,
    source TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    agent TEXT NOT NULL,
    PRIMARY KEY (phone, contact)
) STRICT, WITHOUT ROWID;
