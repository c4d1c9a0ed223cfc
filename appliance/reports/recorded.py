# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded traffic: what the journal tells of calls and people, and what it must leave open, drawn from the rest."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from random import Random
from statistics import median
from typing import NamedTuple

from appliance.core.names import UNSPOKEN, Because, Fact, Past, Status, Trust, Why
from appliance.reports.estimates import Durations
from appliance.reports.traffic import NEVER, Known, Manner, Record, Traffic, Visit
from appliance.settings.models import TELEPHONES, Settings
from appliance.store.reader import Reader, Story

WARM_UP = 3_600_000  # ms before those that count: people are busy then too, and turns were taken
FEW = 30  # observations of one person from which on his own are used, not everybody's
TALK, MESSAGE, ANSWER = 180_000, 20_000, 5_000  # ms, where the journal has not a single one
OUTSIDE = ""  # who is called through a line


class Rung(NamedTuple):
    """One time somebody was rung for a call."""

    person: str
    ms: int  # till it ended
    how: str  # answered, refused, ignored or stopped
    cause: int


class Seen(NamedTuple):
    """What is known of one visit."""

    call: int
    at: int
    line: str
    number: str
    called: str
    waited: int
    talk: int | None
    message: int | None
    caller_ends: bool
    keys: str
    rung: tuple[Rung, ...]
    was: Record


class Recording(NamedTuple):
    """A stretch of the journal, and what it teaches about everybody."""

    begins: int
    seen: list[Seen]
    facts: list[Known]
    patience: Durations
    answering: dict[str, Durations]  # by person; "" is everybody
    ignores: dict[str, int]
    say: int


def read(
    reader: Reader, since: int, until: int, settings: Settings, progress: Callable[[int], object] = lambda _: None
) -> Recording:
    """Calls that began in this time, with those of an hour before. Raises store.reader.Unreadable."""
    begins, seen, prompts = max(since - WARM_UP, 0), [], list[int]()
    for count, story in enumerate(reader.stories(begins, until)):
        seen.append(_seen(story, prompts))
        if count % 1000 == 0:
            progress(count)
    seen.sort(key=lambda one: one.at)
    first = seen[0].at if seen else since
    return Recording(
        since,
        seen,
        _facts(reader, settings, first, until),
        _patience(seen),
        _answering(seen),
        _ignores(seen),
        round(median(prompts)) if prompts else 0,
    )


# ---- one call ---------------------------------------------------------------------------------------------------------


def _seen(story: Story, prompts: list[int]) -> Seen:
    call = story.call
    over = call.ended_at or call.at
    rings = _Rings()
    step = call.at
    ended_by_caller = True
    for trace in story.traces:
        rings.take(trace.rule, trace.reason, trace.subject, trace.detail, trace.at, step)
        if trace.rule == Why.STEP:
            step = trace.at
        elif trace.rule in (Why.KEY, Why.SAID):
            prompts.append(trace.at - step)
        elif trace.rule == Why.LEFT:
            ended_by_caller = False
    rings.end(over)
    answered = call.answered_at
    recorded = call.outcome == "voicemail"
    waited = (answered or (step if recorded else over)) - call.at
    return Seen(
        call.id,
        call.at,
        call.line,
        call.caller,
        call.called,
        waited,
        over - answered if answered else None,
        over - step if recorded else None,
        ended_by_caller,
        story.keys,
        tuple(rings.ended),
        Record(call.outcome or "", call.person, call.queue, answered, over, waited),
    )


class _Rings:
    """Follows who is rung for a call, from its trace."""

    def __init__(self) -> None:
        self.ended: list[Rung] = []
        self._since: dict[str, int] = {}

    def take(self, rule: int, reason: int, subject: str, detail: int, at: int, step: int) -> None:
        kind, _, name = subject.partition(".")
        person = name if kind == "person" else OUTSIDE
        since = self._since.get(person, step) if kind in ("person", "line") else 0
        match rule:
            case Why.RUNG:
                self._since[person] = at
            case Why.ANSWERED:
                self._end(Rung(person, at - since, "answered", 0))
                self.end(at)
            case Why.REFUSED:
                self._end(Rung(person, at - since, "refused", detail))
            case Why.TIMEOUT if reason == Because.NO_ANSWER and person in self._since:
                self._end(Rung(person, at - since, "ignored", 0))

    def _end(self, rung: Rung) -> None:
        self._since.pop(rung.person, None)
        self.ended.append(rung)

    def end(self, at: int) -> None:
        """Whoever still rings is stopped."""
        self.ended += [Rung(person, at - since, "stopped", 0) for person, since in self._since.items()]
        self._since.clear()


# ---- what it teaches --------------------------------------------------------------------------------------------------


def _patience(seen: Sequence[Seen]) -> Durations:
    """Who hung up waiting shows his patience; of anybody else it is only known to be longer than he waited."""
    outside = [one for one in seen if one.line != TELEPHONES and one.was.outcome != "cut"]
    gave_up = [one.waited for one in outside if one.was.outcome == "abandoned"]
    return Durations(gave_up, (one.waited for one in outside if one.was.outcome != "abandoned"), tail=True)


def _answering(seen: Sequence[Seen]) -> dict[str, Durations]:
    """How long people take to pick up; whose ringing was ended by something else would have taken longer."""
    happened, cut = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for one in seen:
        for rung in one.rung:
            if rung.person != OUTSIDE and rung.how != "refused":
                (happened if rung.how == "answered" else cut)[rung.person].append(rung.ms)
    people = {name: Durations(happened[name], cut[name]) for name in {*happened, *cut} if len(happened[name]) >= FEW}
    people[""] = Durations(chain(*happened.values()), chain(*cut.values()))
    return people


def _ignores(seen: Sequence[Seen]) -> dict[str, int]:
    """Of a thousand calls each was rung for to the end, how many he did not take."""
    took, let = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in seen:
        for rung in one.rung:
            if rung.how != "stopped":
                (took if rung.how == "answered" else let)[rung.person] += 1
    return {name: round(1000 * let[name] / (let[name] + took[name])) for name in let if name != OUTSIDE}


def _facts(reader: Reader, settings: Settings, first: int, until: int) -> list[Known]:
    """How people and lines were before the first call, and every change since; unknown: there, reachable, usable."""
    state: dict[tuple[Fact, str], int] = {(Fact.LINE, name): 1 for name in settings.line}
    state |= {(Fact.REACHABLE, name): 1 for name in settings.person}
    state |= {(Fact.STATUS, name): Status.AVAILABLE for name in settings.person}
    changes = []
    for at, kind, detail in reader.events_of(("line", "reachable", "status"), until):
        match kind:
            case "line":
                known = Known(at, Fact.LINE, str(detail["line"]), int(detail["usable"]))
            case "reachable":
                known = Known(at, Fact.REACHABLE, str(detail["person"]), int(detail["telephones"]))
            case _:
                known = Known(at, Fact.STATUS, str(detail["person"]), Status[str(detail["status"]).upper()])
        if at < first:
            state[known.kind, known.name] = known.value
        else:
            changes.append(known)
    return [Known(first - 1, kind, name, value) for (kind, name), value in state.items()] + changes


# ---- a traffic to be replayed -----------------------------------------------------------------------------------------


def draw(recording: Recording, settings: Settings, seed: int) -> Traffic:
    """What is recorded, as it was; what it leaves open, drawn: the same for the same seed, whatever it is run under."""
    chance = Random(seed)
    talks = [one.talk for one in recording.seen if one.talk] or [TALK]
    messages = [one.message for one in recording.seen if one.message] or [MESSAGE]
    answers = [r.ms for one in recording.seen for r in one.rung if r.how == "answered" and r.person] or [ANSWER]
    people = _people_of(settings)
    last: dict[str, tuple[bool, str]] = {}  # number: was he missed, who spoke to him
    visits = []
    for one in recording.seen:
        inside = one.line == TELEPHONES
        missed, spoken = last.get(one.number, (False, ""))
        visit = Visit(one.at, one.line, one.number, one.called, call=one.call, was=one.was)
        visit.person = people.get(one.number, "") if inside else ""
        visit.talk = one.talk if one.talk is not None else chance.choice(talks)
        visit.message = one.message if one.message is not None else chance.choice(messages)
        visit.answer = chance.choice(answers)
        visit.patience = _patience_of(one, recording, chance)
        visit.caller_ends, visit.keys = one.caller_ends, one.keys
        visit.manners = tuple(_manner(rung, recording, chance) for rung in one.rung)
        visit.trust = Trust.OURS if inside else Trust[trust_of(settings, one.line).upper()] if one.number else 0
        visit.history = (Past.CALLED_BEFORE | missed * Past.MISSED_LAST) if one.number in last else 0
        visit.last_spoken = spoken
        if one.number and not inside:
            last[one.number] = (one.was.outcome in UNSPOKEN, one.was.person or spoken)
        visits.append(visit)
    return Traffic(recording.begins, visits, recording.facts, recording.ignores, say=recording.say)


def _people_of(settings: Settings) -> dict[str, str]:
    """Who calls, by what the journal has for a caller inside."""
    people = {phone: name for name, person in settings.person.items() for phone in person.phones}
    return people | {person.extension: name for name, person in settings.person.items() if person.extension}


def trust_of(settings: Settings, line: str) -> str:
    """How far the numbers of callers on a line are believed."""
    return str(getattr(settings.line.get(line), "trust", "claimed"))


def _patience_of(one: Seen, recording: Recording, chance: Random) -> int:
    """He gave up after so long; or he waited at least as long as he did; 0: for ever."""
    if one.was.outcome in ("abandoned", "self-service") and one.caller_ends:
        return max(one.waited, 1)
    longer = recording.patience.draw(chance, one.waited)
    return 0 if longer is None else max(round(longer), one.waited + 1)


def _manner(rung: Rung, recording: Recording, chance: Random) -> Manner:
    """As he took this call; who was stopped or timed out would have picked up later, or never."""
    if rung.how in ("answered", "refused"):
        return Manner(rung.person, rung.ms, rung.cause)
    known = recording.answering.get(rung.person, recording.answering[""])
    later = known.draw(chance, rung.ms)
    return Manner(rung.person, NEVER if later is None else max(round(later), rung.ms + 1))
