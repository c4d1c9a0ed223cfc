-- SPDX-License-Identifier: GPL-2.0-or-later
-- Parts of long messages are kept as they come, in the states part and joined; each row has one mark, or none.

DROP INDEX sms_mark;
UPDATE sms SET mark = substr(mark, 1, instr(mark || ' ', ' ') - 1);
UPDATE sms SET mark = '' WHERE id NOT IN (SELECT min(id) FROM sms GROUP BY mark);
CREATE UNIQUE INDEX sms_mark ON sms (mark) WHERE mark <> '';
CREATE INDEX sms_part ON sms (id) WHERE state = 'part';
