# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to somebody or something in words: `City, any number -> open by "office" -> queue "Sales"`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from appliance.core.names import Trust
from appliance.languages import Language, language
from appliance.languages.things import Things
from appliance.settings import plan_steps as r
from appliance.settings.about import subject
from appliance.settings.models import TELEPHONES
from appliance.settings.plan_steps import Step
from appliance.settings.reach import Entry, Exit, Place, Reach, Way
from appliance.settings.scenarios import NUMBERS, is_inner
from appliance.settings.ways_out import REFUSED
from appliance.settings.words import CALLER

ARROW = " -> "
LISTED = 3  # numbers of one entry that are told; more are counted
COMPARES = ("is", "begins", "less", "greater", "is-empty")  # as Step.small has it
MEASURES = ("waiting", "free", "on-duty", "longest-wait")
HISTORIES = ("called-before", "missed-last", "spoken-to")


def told(reach: Reach, code: str = "") -> list[str]:
    """What was asked for and how many ways lead there, then each way on a line of its own."""
    return Telling(reach, language(code or reach.settings.office.language)).lines()


class Telling:
    """Tells the ways of one search in one language."""

    def __init__(self, reach: Reach, spoken: Language) -> None:
        self.reach, self.settings, self.say = reach, reach.settings, spoken.say
        self.spoken = spoken
        self.things = Things(spoken, reach.routes.names.title_of)

    def lines(self) -> list[str]:
        ways = self.reach.ways()
        who = self.things.thing(f"{ways.kind}.{ways.name}")
        told = list(dict.fromkeys(self.way(way) for way in ways.found))
        if not told:
            return [self.say("reach.none", who=who)]
        words = {"who": who, "ways": self.spoken.counted("way", len(told))}
        extension = getattr(getattr(self.settings, ways.kind)[ways.name], "extension", None)
        if extension is None:
            title = self.say("reach.title", **words)
        else:
            title = self.say("reach.title-extension", extension=extension, **words)
        cut = [self.say("reach.cut", n=len(told))] if ways.cut else []
        return [title, *told, *self.kept_out(), *cut]

    def kept_out(self) -> list[str]:
        """The lists whose callers never get anywhere: told once, not on each way."""
        lists = [self.things.title(f"callers.{name}") for name, table in self.settings.callers.items() if table.refuse]
        return [self.say("reach.kept-out", lists=", ".join(lists))] if lists else []

    def way(self, way: Way) -> str:
        parts = [self.entry(way.entry)]
        for step, exits in way.hops:
            parts += self.hop(step, exits)
        parts.append(self.place(way.place))
        return ARROW.join(part for part, _ in groupby(parts))  # the same asked twice is told once

    # ---- where calls come in ----------------------------------------------------------------------------------------

    def entry(self, entry: Entry) -> str:
        if entry.line == TELEPHONES:
            if entry.numbers[:1] and entry.numbers[0].startswith(REFUSED):
                return self.say("reach.inside-refused")
            any = entry.numbers == ("*",)
            return self.say("reach.inside-any" if any else "reach.inside", numbers=self.numbers(entry.numbers))
        line = self.things.called(f"line.{entry.line}")
        if entry.callers:
            return f"{line}, " + self.say("reach.listed-callers", list=self.things.title(f"callers.{entry.callers}"))
        if entry.numbers:
            return self.say("reach.line-number", line=line, numbers=self.numbers(entry.numbers))
        others = self.settings.line[entry.line].numbers
        return self.say("reach.line-other" if others else "reach.line-any", line=line)

    def numbers(self, numbers: Sequence[str]) -> str:
        """The first few of them, and how many more."""
        shown = ", ".join(self.number(number) for number in numbers[:LISTED])
        more = len(numbers) - LISTED
        return self.say("reach.more", numbers=shown, n=more) if more > 0 else shown

    def number(self, number: str) -> str:
        if number.endswith("*"):
            return self.say("reach.prefix", digits=number[:-1])
        return f"+{number}" if len(number) > 6 else number

    # ---- what calls pass --------------------------------------------------------------------------------------------

    def hop(self, at: int, exits: Sequence[Exit]) -> Iterator[str]:
        """A step that calls pass, and how they leave it; nothing for one that changes nothing on the way."""
        routes = self.reach.routes
        step = routes.steps[at]
        tell = TELL.get(step.kind)
        if tell is None or keeps_out(routes.path(at)) or is_inner(f"step.{routes.path(at)}"):
            return
        grouped: dict[str, list[str]] = {}
        for one in exits:
            grouped.setdefault(one.outcome, []).append(one.pressed)
        said = self._or([tell(self, step, outcome, pressed) for outcome, pressed in grouped.items()])
        yield self.say("reach.menu", menu=self._title(step), how=said) if step.kind == r.MENU else said

    def _say(self, step: str, outcome: str, **words: object) -> str:
        return self.say(f"reach.{step}-{outcome}", **words)

    def _hours(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("hours", outcome, hours=self._title(step))

    def _callers(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("callers", outcome, list=self._title(step))

    def _trust(self, step: Step, outcome: str, pressed: list[str]) -> str:
        trust = self.say(f"reach.believed-{Trust(step.small).name.lower()}")
        return self._say("trust", outcome, trust=trust)

    def _menu(self, step: Step, outcome: str, pressed: list[str]) -> str:
        if outcome in ("key", "extension"):
            return self._say("menu", outcome, keys=self._or(pressed))
        return self._say("menu", outcome)

    def _collect(self, step: Step, outcome: str, pressed: list[str]) -> str:
        known = outcome if outcome == "next" else "otherwise"
        return self._say("collect", known, prompt=self._title(step))

    def _spoken(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("say", outcome, prompt=self._title(step))

    def _look_up(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("look-up", outcome, lookup=self._thing(step))

    def _queue(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("queue", outcome, queue=self._thing(step))

    def _chain(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("chain", outcome, chain=self._thing(step))

    def _person(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("person", outcome, who=self._thing(step))

    def _manager(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self.say("reach.manager-unanswered")

    def _last_person(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self.say("reach.last-person-unanswered")

    def _outside(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("outside", "unanswered", line=self._title(step))

    def _action(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._say("action", outcome, action=self._thing(step))

    def _skill(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self.say("reach.skill", skill=self._thing(step))

    def _compare(self, step: Step, outcome: str, pressed: list[str]) -> str:
        if step.what in NUMBERS.values():
            what = self.say("reach.caller-number" if step.what == NUMBERS[CALLER] else "reach.called-number")
        else:
            what = self._thing(step)
        test = COMPARES[step.small]
        if test == "is-empty":
            return self._condition(test, outcome, what=what)
        return self._condition(
            test, outcome, what=what, value=self.spoken.quoted(list(self.reach.routes.texts)[step.value])
        )

    def _load(self, step: Step, outcome: str, pressed: list[str]) -> str:
        measure, queue = MEASURES[step.small], self._thing(step)
        if measure == "longest-wait":
            return self._condition(measure, outcome, queue=queue, wait=self.spoken.duration(step.ms * 1000))
        return self._condition(measure, outcome, queue=queue, n=step.ms)

    def _history(self, step: Step, outcome: str, pressed: list[str]) -> str:
        return self._condition(HISTORIES[step.small], outcome)

    def _condition(self, test: str, outcome: str, /, **words: object) -> str:
        return self.say(f"reach.{'not-' if outcome == 'no' else ''}{test}", **words)

    # ---- where ways end ---------------------------------------------------------------------------------------------

    def place(self, place: Place) -> str:
        match place.how:
            case "set-off":
                return self.things.thing(f"{self.reach.kind}.{self.reach.name}")
            case "manager":
                return self.say("reach.manager", list=self.things.title(f"callers.{place.callers}"))
            case "last-person":
                return self.say("reach.last-person")
        step = self.reach.routes.steps[place.step]
        if step.kind == r.OUTSIDE:
            return self.say("reach.outside", line=self._title(step))
        match place.how:
            case "later":
                return self.say("reach.later", place=self._thing(step), wait=self.spoken.duration(place.detail * 1000))
            case "without-share":
                return self.say("reach.without-share", place=self._thing(step))
            case "chain-step":
                return self.say("reach.chain-step", chain=self._thing(step), n=place.detail)
        return self._thing(step)

    # ---- names ------------------------------------------------------------------------------------------------------

    def _or(self, several: Sequence[str]) -> str:
        said = several[0]
        for one in several[1:]:
            said = self.say("reach.or", first=said, second=one)
        return said

    def _thing(self, step: Step) -> str:
        return self.things.thing(subject(self.reach.routes, step))

    def _title(self, step: Step) -> str:
        return self.things.title(subject(self.reach.routes, step))


def keeps_out(path: str) -> bool:
    """Whether a step only asks if the caller is to be kept out."""
    return path.startswith("callers.")


TELL: Mapping[int, Callable[[Telling, Step, str, list[str]], str]] = {  # steps that say nothing are passed in silence
    r.HOURS: Telling._hours,
    r.LIST: Telling._callers,
    r.TRUST: Telling._trust,
    r.MENU: Telling._menu,
    r.COLLECT: Telling._collect,
    r.SAY: Telling._spoken,
    r.LOOK_UP: Telling._look_up,
    r.QUEUE: Telling._queue,
    r.CHAIN: Telling._chain,
    r.PERSON: Telling._person,
    r.MANAGER: Telling._manager,
    r.LAST_PERSON: Telling._last_person,
    r.OUTSIDE: Telling._outside,
    r.ACTION: Telling._action,
    r.SKILL: Telling._skill,
    r.COMPARE: Telling._compare,
    r.LOAD: Telling._load,
    r.HISTORY: Telling._history,
}
