# SPDX-License-Identifier: GPL-2.0-or-later
"""What the journal's writer asks of SQLite."""

from appliance.calls.messages import Message
from appliance.calls.recorded import Recorded
from appliance.calls.texts import AGAIN_AFTER, Sms

DAY = 86_400_000  # ms, by which clocks of networks may be behind ours
LEG_TIMES = {"started": "started_at", "rang": "rang_at", "answered": "answered_at", "ended": "ended_at"}

CALL = "INSERT INTO call (id, at, line, caller, called, name) VALUES (?, ?, ?, ?, ?, ?)"
CALLER = "UPDATE call SET caller = ?, name = ? WHERE id = ?"
LEG = {
    state: f"INSERT INTO leg (call, id, party, kind, {column}, cause) VALUES (?, ?, ?, ?, ?, ?) "
    f"ON CONFLICT (call, id) DO UPDATE SET {column} = coalesce({column}, excluded.{column}), "
    "cause = coalesce(nullif(excluded.cause, 0), cause)"
    for state, column in LEG_TIMES.items()
}
EVENT = "INSERT INTO event (call, at, kind, detail) VALUES (nullif(?, 0), ?, ?, ?)"
TRACE = "INSERT INTO trace (call, at, rule, reason, subject, detail) VALUES (?, ?, ?, ?, ?, ?)"
OVER = (
    "INSERT INTO call (id, at, ended_at, outcome, queue, person, answered_at) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (id) DO UPDATE SET ended_at = ?2, outcome = ?3, queue = ?4, person = ?5, answered_at = ?6"
)
STUB = "INSERT INTO call (id, at) VALUES (?, ?)"  # a call whose first row was lost
BIND = "INSERT OR REPLACE INTO binding (phone, contact, source, expires_at, agent) VALUES (?, ?, ?, ?, ?)"
UNBIND = "DELETE FROM binding WHERE phone = ? AND contact = ?"
MESSAGE = (
    f"INSERT OR REPLACE INTO message ({', '.join(Message._fields)}) VALUES ({', '.join('?' * len(Message._fields))})"
)
RECORDING = f"INSERT OR REPLACE INTO recording ({', '.join(Recorded._fields)}) VALUES ({', '.join('?' * len(Recorded._fields))})"
SMS = f"INSERT OR IGNORE INTO sms ({', '.join(Sms._fields)}) VALUES ({', '.join('?' * len(Sms._fields))})"
SMS_ONCE = f"{SMS.replace('INSERT OR IGNORE', 'INSERT')} ON CONFLICT (mark) WHERE mark <> '' DO NOTHING"
SMS_UNREPEATED = SMS_ONCE.replace(  # nor what the network sends again, as it did not hear that we have it
    f"VALUES ({', '.join('?' * len(Sms._fields))})",
    f"SELECT {', '.join('?' * len(Sms._fields))} WHERE NOT EXISTS (SELECT 1 FROM sms WHERE sent_at = ?5 AND sent_at <> 0 "
    f"AND at BETWEEN ?5 - {DAY} AND ?4 - {AGAIN_AFTER} AND line = ?2 AND number = ?6 AND text = ?7)",
)
SMS_JOINED = "UPDATE sms SET state = ?, text = '', parts = '' WHERE id = ?"
SMS_FORGOTTEN = "UPDATE sms SET mark = '' WHERE mark = ?"
SMS_BECAME = "UPDATE sms SET state = ?, parts = ? WHERE id = ?"
RECORDING_GONE = "DELETE FROM recording WHERE id = ?"
MESSAGE_GONE = "DELETE FROM message WHERE id = ?"
CUT = """
UPDATE call SET outcome = 'cut',
    answered_at = (SELECT min(answered_at) FROM leg WHERE call = call.id AND kind <> 'caller'),
    ended_at = max(at, coalesce((SELECT max(at) FROM event WHERE call = call.id), 0),
        coalesce((SELECT max(at) FROM trace WHERE call = call.id), 0),
        coalesce((SELECT max(max(coalesce(started_at, 0), coalesce(rang_at, 0), coalesce(answered_at, 0),
            coalesce(ended_at, 0))) FROM leg WHERE call = call.id), 0))
    WHERE ended_at IS NULL;
UPDATE leg SET ended_at = (SELECT ended_at FROM call WHERE id = leg.call)
    WHERE ended_at IS NULL AND (SELECT outcome FROM call WHERE id = leg.call) = 'cut';
"""
