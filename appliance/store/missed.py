# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is still to be called back, as the journal has it. Times are ms UTC.

A caller from outside is open who shows his number and whom nobody spoke to, until one of these: somebody speaks to him when
he calls again; he is called, by whomever of ours, and answers; a message he left is marked as handled. Who was turned away
before anybody was looked for (kept out, let in at a gate, told that the office is closed) was not missed."""

from typing import NamedTuple

from appliance.core.names import Because, Why
from appliance.store.reader import MISSED, Reader

LOOKED_FOR = f"""
EXISTS (
    SELECT 1 FROM trace WHERE trace.call = call.id AND (
        trace.rule IN ({Why.QUEUED:d}, {Why.RUNG:d}, {Why.PASSED:d})
        OR trace.reason IN ({Because.QUEUE_FULL:d}, {Because.QUEUE_EMPTY:d})
    )
)
"""
SPOKEN = "(later.outcome = 'answered' OR later.outcome = 'cut' AND later.answered_at IS NOT NULL)"
OPEN = f"""
WITH back AS MATERIALIZED (
    SELECT CAST(json_extract(event.detail, '$.number') AS TEXT) AS number, max(leg.answered_at) AS at
    FROM call CROSS JOIN event ON event.call = call.id CROSS JOIN leg ON leg.call = call.id
    WHERE call.at >= :since AND event.kind = 'outgoing' AND leg.answered_at IS NOT NULL AND leg.kind <> 'phone'
        AND leg.started_at >= event.at AND NOT EXISTS (
            SELECT 1 FROM event AS later
            WHERE later.call = leg.call AND later.kind = 'outgoing' AND later.id > event.id AND later.at <= leg.started_at
        )
    GROUP BY 1
), handled AS MATERIALIZED (
    SELECT caller, max(id) AS id FROM message WHERE handled GROUP BY caller
)
SELECT call.caller, call.name, call.at, call.line, call.queue
FROM call LEFT JOIN back ON back.number = call.caller LEFT JOIN handled ON handled.caller = call.caller
WHERE call.at >= :since AND call.line <> :inside AND call.caller <> '' AND call.ended_at IS NOT NULL AND {MISSED}
    AND (call.outcome <> 'refused' OR {LOOKED_FOR})
    AND (back.at IS NULL OR back.at < call.at) AND (handled.id IS NULL OR handled.id < call.id)
    AND NOT EXISTS (
        SELECT 1 FROM call AS later
        WHERE later.caller = call.caller AND later.caller <> '' AND later.id > call.id AND later.line <> :inside AND {SPOKEN}
    )
ORDER BY call.id
"""


class Missed(NamedTuple):
    """A caller: since and at are when he called first and last of so many calls; line and queue are of the last one."""

    number: str
    name: str
    since: int
    at: int
    calls: int
    line: str
    queue: str


def open_missed(reader: Reader, since: int, inside: str = "phones") -> list[Missed]:
    """Callers who are open and called at `since` or later; who called last is first. Raises Unreadable."""
    found: dict[str, Missed] = {}
    with reader.open() as db:
        for number, name, at, line, queue in db.execute(OPEN, {"since": since, "inside": inside}):
            before = found.pop(number, None)
            first, calls = (before.since, before.calls) if before else (at, 0)
            found[number] = Missed(number, name, first, at, calls + 1, line, queue)
    return list(reversed(found.values()))
