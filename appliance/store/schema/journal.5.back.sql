-- SPDX-License-Identifier: GPL-2.0-or-later
DROP INDEX recording_call;
DROP INDEX leg_party;
DROP INDEX call_queue;
DROP INDEX call_person;
DROP INDEX call_called;
DROP INDEX call_caller;
