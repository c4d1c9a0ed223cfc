-- SPDX-License-Identifier: GPL-2.0-or-later
-- Calls are looked for by number, person, queue and telephone; each of these brings the number of the call along, and so their order.

CREATE INDEX call_caller ON call (caller) WHERE caller <> '';
CREATE INDEX call_called ON call (called) WHERE called <> '';
CREATE INDEX call_person ON call (person) WHERE person <> '';
CREATE INDEX call_queue ON call (queue) WHERE queue <> '';
CREATE INDEX leg_party ON leg (party);
CREATE INDEX recording_call ON recording (call);
