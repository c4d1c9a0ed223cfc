-- SPDX-License-Identifier: GPL-2.0-or-later
-- A part that waits becomes a message with a gap: the program before knows no parts.
DELETE FROM sms WHERE state = 'joined';
UPDATE sms SET state = 'received', parts = '' WHERE state = 'part';
DROP INDEX sms_part;
DROP INDEX sms_mark;
CREATE UNIQUE INDEX sms_mark ON sms (mark) WHERE mark <> '' AND sent_at <> 0;
