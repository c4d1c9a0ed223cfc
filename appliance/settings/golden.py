# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden calls: the examples of a document, each carried through a fresh core in virtual time.

Everybody has a telephone and every line is up; who is `away` is not available. Keys are pressed when they are asked
for, whoever `answers` picks up when rung, other lines answer when called, look-ups fail, callers have patience.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.core import Command, Core, Trace
from appliance.core.names import Because, Do, Fact, Outcome, Status, Trust, Why
from appliance.languages.things import Things
from appliance.languages.why import Words
from appliance.settings import plan_steps as r
from appliance.settings.about import subject
from appliance.settings.compile import AHEAD, compile
from appliance.settings.faults import Fault, SettingsFaults, dotted
from appliance.settings.hours import DAY, moment
from appliance.settings.models import Golden, Settings
from appliance.settings.names import Names
from appliance.settings.numbers import digits, normalise
from appliance.settings.places import Path, scan
from appliance.settings.plan_steps import Routes, Step
from appliance.settings.routes import routes
from appliance.settings.rules import SILENCE
from appliance.settings.scenarios import CONFIRMED, is_inner, set_off_by
from appliance.settings.sentence import Sentence

CALL = 1
PASSED = frozenset({r.QUEUE, r.CHAIN, r.PERSON, r.SAY, r.MENU, r.COLLECT, r.VOICEMAIL})  # steps told as passed
MOST = 10_000  # facts fed for one call at most
EXPLAINED = 20  # failures told with their why; a document that breaks all of them would fill the screen
TALK = 60_000  # ms an answered call lasts
USES = AHEAD - 30 * DAY  # ms for which a plan is used after the time it was compiled for


class GoldenCalls(SettingsFaults):
    """A document whose examples do not go as they say; it is not put in force."""

    id = "golden-calls"


@dataclass
class Happened:
    """What became of an example: where it ended, what it passed, and every decision."""

    ended: str = ""
    passed: list[str] = field(default_factory=list)
    trace: list[Trace] = field(default_factory=list)


@dataclass(frozen=True)
class Failure:
    """An example that does not go as it says: its index, the field that is not so, and the words for it."""

    index: int
    at: str
    said: str
    why: tuple[str, ...]


class Told(NamedTuple):
    """A decision of an example: local time, what was decided, and the step of the plan that was entered ("": none)."""

    clock: str
    said: str
    step: str


class Walk(NamedTuple):
    """How an example went: its end as `expect` writes it, the same in words, and every decision."""

    ended: str
    said: str
    why: tuple[Told, ...]


class Plans:
    """Plans of one document, compiled for the times they are needed at."""

    def __init__(self, settings: Settings) -> None:
        self._settings = _of_those_who_call(settings)
        self._ready: list[tuple[int, bytes, Names]] = []

    def at(self, when: int) -> tuple[bytes, Names]:
        for since, plan, names in self._ready:
            if since <= when <= since + USES:
                return plan, names
        plan, names = compile(self._settings, when)
        self._ready.append((when, plan, names))
        return plan, names


def _of_those_who_call(settings: Settings) -> Settings:
    """The same without the numbers of callers that no example calls from: there may be a million."""
    country = settings.office.country
    calling = {_caller(settings, example) for example in settings.golden}

    def among(numbers: Mapping[str, str]) -> dict[str, str]:
        plain = ((n, n[1:] if n[0] == "+" and n[1:].isdecimal() else digits(normalise(n, country))) for n in numbers)
        return {written: numbers[written] for written, number in plain if number in calling}

    lists = {name: t.model_copy(update={"numbers": among(t.numbers)}) for name, t in settings.callers.items()}
    return settings.model_copy(update={"callers": lists})


def _caller(settings: Settings, example: Golden) -> str:
    """The number an example calls from, as the core has it."""
    line = settings.line[example.line or next(iter(settings.line))]
    return digits(normalise(example.from_, line.country or settings.office.country, line.rewrite))


def check(document: str, file: str, settings: Settings) -> None:
    """Run the examples of a sound document. Raises GoldenCalls."""
    if failed := failures(settings):
        raise GoldenCalls(list(faults(failed, document, file)))


def faults(failed: Sequence[Failure], document: str, file: str) -> Iterator[Fault]:
    """Failures with their places in the document."""
    places = scan(document)
    for nth, one in enumerate(failed):
        path: Path = ("golden", one.index, one.at)
        why = one.why if nth < EXPLAINED else ()
        message = Sentence("{}", "".join([one.said, *(f"\n    {line}" for line in why)]))
        yield Fault("golden-call", file, *places.of_value(path), dotted(path), message)


def failures(settings: Settings) -> list[Failure]:
    """The examples that do not go as they say, in the order of the document."""
    whens = [_when(settings, one) for one in settings.golden]
    plans, way = Plans(settings), routes(settings)
    found = []
    for when, index in sorted((when, i) for i, when in enumerate(whens)):  # so that one plan serves many
        plan, names = plans.at(when)
        example = settings.golden[index]
        happened = Example(settings, way, plan, names, example, when).run()
        if (wrong := _wrong(example, happened)) is not None:
            found.append(_told(settings, names, index, example, happened, wrong))
    return sorted(found, key=lambda failure: failure.index)


def walk(settings: Settings, index: int, language: str) -> Walk:
    """How one example of a sound document goes, whatever it expects; told in a language."""
    example = settings.golden[index]
    when = _when(settings, example)
    plan, names = Plans(settings).at(when)
    happened = Example(settings, routes(settings), plan, names, example, when).run()
    words = Words(language, ZoneInfo(settings.office.time_zone), names.title_of)
    told = []
    for trace, about in _told_traces(names, happened):
        entered = about.removeprefix("step.") if trace.rule == Why.STEP else ""
        clock, _, said = words.line(trace.at, trace.rule, trace.reason, about, trace.detail).partition(" ")
        told.append(Told(clock.partition(".")[0], said, entered))
    return Walk(happened.ended, _end(words.things, happened.ended), tuple(told))


def _when(settings: Settings, example: Golden) -> int:
    """ms UTC at which an example begins."""
    zone = ZoneInfo(settings.office.time_zone)
    return int(moment(example.when).replace(tzinfo=zone).timestamp()) * 1000


def _told_traces(names: Names, happened: Happened) -> Iterator[tuple[Trace, str]]:
    """Every decision that is of interest, with its subject by name."""
    for trace in happened.trace:
        subject = ".".join(names.named(trace.subject) or ())
        if not is_inner(subject):
            yield trace, subject


class Example:
    """One call from its arrival to its end."""

    def __init__(self, settings: Settings, way: Routes, plan: bytes, names: Names, example: Golden, when: int) -> None:
        self.settings, self.names, self.example, self.now = settings, names, example, when
        self.way = way
        self.steps = {step.id: step for step in way.steps}
        self.core = Core(plan)
        self.happened = Happened()
        self.keys = example.keys
        self.extensions = [number for line, _, number in way.dials if line == 0]
        self.parties: dict[int, str] = {}  # leg -> person.x or line.x
        self.talks = ""
        self.mailbox = ""
        self.speaking = False
        self.asked = 0  # keys to press now
        self.step: Step | None = None  # where the call is
        self.due: list[tuple[Fact, int]] = []  # facts that follow from commands: kind, leg

    def run(self) -> Happened:
        self._begin()
        for _ in range(MOST):
            self._take()
            if self.happened.ended:
                break
            if not self._go_on():
                break
        return self.happened

    def _begin(self) -> None:
        """People and lines as they are, then the call."""
        s, one = self.settings, self.example
        for each in s.line:
            self._feed(Fact.LINE, line=self.names.id("line", each), value=1)
        for person in s.person:
            who = self.names.id("person", person)
            self._feed(Fact.REACHABLE, person=who, value=1)
            if person in one.away:
                self._feed(Fact.STATUS, person=who, value=Status.AWAY)
        name = one.line or next(iter(s.line))
        line = s.line[name]
        number = _caller(s, one)
        called = digits(normalise(one.to, line.country or s.office.country, line.rewrite))
        trust = Trust[line.trust.upper()] if number else Trust.NONE
        ids = {"call": CALL, "line": self.names.id("line", name)}
        self._feed(Fact.ARRIVED, **ids, number=number, other=called, trust=trust)

    def _feed(self, fact: Fact, **fields: int | str) -> None:
        self.core.feed(fact, self.now, **fields)  # type: ignore[arg-type]

    # ---- what happens next ------------------------------------------------------------------------------------------

    def _go_on(self) -> bool:
        """The next thing that happens; False when nothing ever will."""
        if self.due:
            fact, leg = self.due.pop(0)
            if fact is Fact.LEFT:
                self.now += TALK
            done: dict[str, int | str] = {"value": 1, "number": CONFIRMED} if fact is Fact.FOUND else {}
            self._feed(fact, call=CALL, leg=leg, **done)
        elif self.asked and self.keys:
            self.asked -= 1
            self._feed(Fact.DIGIT, call=CALL, value=ord(self.keys[0]))
            self.keys = self.keys[1:]
        elif self.speaking:
            self.speaking = False
            self._feed(Fact.DONE, call=CALL)
        elif (deadline := self.core.deadline()) is not None:
            self.now = max(self.now, deadline)
            self._feed(Fact.TICK)
        else:
            return False
        return True

    def _to_press(self) -> int:
        """How many of the keys answer what is asked: an extension, one key of a menu, all that a `collect` takes."""
        if self.step is None or self.step.kind != r.MENU:
            return len(self.keys)
        dialled = [len(number) for number in self.extensions if self.keys.startswith(number)]
        return max(dialled, default=1) if self.step.least else 1

    def _take(self) -> None:
        """Take note of what the core decided and wants."""
        for trace in self.core.trace():
            self.happened.trace.append(trace)
            self._pass(trace)
        for command in self.core.commands():
            self._do(command)

    def _pass(self, trace: Trace) -> None:
        passed = ""
        match trace.rule:
            case Why.STEP:
                self.asked, self.step = 0, self.steps.get(trace.subject)
                passed = self._thing()
            case Why.RUNG | Why.ACTION if trace.reason != Because.TRUST:
                passed = ".".join(self.names.named(trace.subject) or ())
        if passed and self.happened.passed[-1:] != [passed]:
            self.happened.passed.append(passed)

    def _thing(self) -> str:
        """The queue, chain, person, prompt or mailbox the step is about; "" for others."""
        if self.step is None or self.step.kind not in PASSED:
            return ""
        return subject(self.way, self.step)

    def _do(self, command: Command) -> None:
        match command.kind:
            case Do.RING:
                person = self.names.name(command.target)
                self.parties[command.leg] = f"person.{person}"
                if person == self.example.answers:
                    self.due.append((Fact.ANSWERED, command.leg))
            case Do.DIAL:
                self.parties[command.leg] = f"line.{self.names.name(command.target)}"
                self.due.append((Fact.ANSWERED, command.leg))
            case Do.STOP:
                self.due = [(fact, leg) for fact, leg in self.due if leg != command.leg]
            case Do.BRIDGE:
                self.talks = self.parties.get(command.leg, "")
                self.due.append((Fact.LEFT, command.leg))
            case Do.SAY:
                self.speaking, self.asked = True, self._to_press() if command.value else 0
            case Do.HUSH:
                self.speaking = False
            case Do.MAILBOX:
                self.mailbox = self.names.name(command.target)
                self.due.append((Fact.DONE, 0))
            case Do.LOOK_UP:
                if action := set_off_by(self.names.name(command.target)):
                    self.happened.passed.append(f"action.{action}")
                    self.due.append((Fact.FOUND, 0))
                elif self.names.named(command.target) != ("lookup", SILENCE):
                    self.due.append((Fact.FAILED, 0))
            case Do.OVER:
                self.happened.ended = self._ending(command)

    def _ending(self, command: Command) -> str:
        """As `expect` writes it."""
        match Outcome(command.value):
            case Outcome.ANSWERED:
                return self.talks
            case Outcome.VOICEMAIL:
                return f"mailbox.{self.mailbox}"
            case Outcome.SELF_SERVICE:
                return "self-service"
            case Outcome.ABANDONED:
                return "abandoned"
        return "refused"


def _wrong(example: Golden, happened: Happened) -> tuple[str, str] | None:
    """The field that is not so, and the thing that was not passed; None when all went as it says."""
    if happened.ended != example.expect:
        return "expect", ""
    rest = iter(happened.passed)
    for written in example.through:
        if not any(written in (thing, thing.partition(".")[2]) for thing in rest):
            return "through", written
    return None


def _told(
    settings: Settings, names: Names, index: int, example: Golden, happened: Happened, wrong: tuple[str, str]
) -> Failure:
    words = Words(settings.office.language, ZoneInfo(settings.office.time_zone), names.title_of)
    say, things = words.language.say, words.things
    name = words.language.quoted(example.name)
    at, missed = wrong
    if at == "expect":
        said = say("golden.ended", name=name, ended=_end(things, happened.ended), expected=_end(things, example.expect))
    else:
        thing = things.thing(missed) if "." in missed else words.language.quoted(missed)
        said = say("golden.not-passed", name=name, thing=thing)
    told = _told_traces(names, happened)
    why = (words.line(t.at, t.rule, t.reason, about, t.detail) for t, about in told)
    return Failure(index, at, said, tuple(why))


def _end(things: Things, ended: str) -> str:
    kind, dot, _ = ended.partition(".")
    return (
        things.language.say(f"golden.{kind}", who=things.thing(ended))
        if dot
        else things.language.say(f"golden.{ended or 'never'}")
    )
