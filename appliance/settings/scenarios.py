# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios as the plan has them."""

from dataclasses import replace

from appliance.core.names import Because, Trust
from appliance.settings import people, steps
from appliance.settings import plan_steps as plan
from appliance.settings.numbers import digits, normalise
from appliance.settings.plan_steps import NONE, Routes, Step, exits
from appliance.settings.references import ANSWERING, LEADING, found
from appliance.settings.words import CALLED, CALLER, PROOF

NUMBERS = {CALLER: 0xFFFFFFFE, CALLED: 0xFFFFFFFD}  # of the call, compared as if they were attributes
COMPARISONS = {"is": 0, "begins": 1, "less": 2, "more": 3, "empty": 4}
MEASURES = {"waiting": 0, "free": 1, "on_duty": 2, "longest_wait": 3}
PASTS = {"called-before": 0, "missed-last": 1, "spoken-to": 2}
DIGITS = {"pin": (4, 12), "totp": (6, 6), "code": (8, 8)}  # fewest and most of each challenge
CONFIRMED, WAITS = "confirmed", "waits"  # what is found when an action was done, and when it still waits for something
PATIENCE = 10  # seconds an action may take beside those its own state may take: it is not carried out later in any case
SET_OFF = "action:"  # before the name of an action: the look-up that sets it off and finds what became of it
CAUSES = {"normal": plan.NORMAL, "busy": plan.BUSY, "declined": plan.DECLINED, "no-route": plan.UNALLOCATED}


UNANSWERED = "person:"  # before the name of a person: the look-up that asks where else his unanswered direct call goes

IN_VAIN = "returned:"  # the look-up that asks what else is done for a call that whoever handed it on did not take back


def unanswered_by(lookup: str) -> str:
    """The person whose unanswered direct call a look-up is about; "" for all others."""
    return lookup.removeprefix(UNANSWERED) if lookup.startswith(UNANSWERED) else ""


def is_inner(subject: str) -> bool:
    """Whether a decision is of interest to nobody: the switch was asked something, and says itself what it did."""
    kind, _, name = subject.partition(".")
    if kind == "step":
        return name.startswith(("own.person.", "own.returned.")) and name.endswith(".unanswered")
    return kind == "lookup" and (name == IN_VAIN or bool(unanswered_by(name)))


def set_off(action: str) -> str:
    """The look-up that sets it off."""
    return SET_OFF + action


def set_off_by(lookup: str) -> str:
    """The action a look-up sets off; "" for all others."""
    return lookup.removeprefix(SET_OFF) if lookup.startswith(SET_OFF) else ""


def asks_for_proof(step: str) -> bool:
    """Whether a step of this path asks for a PIN or code: `scenario.NAME.step.NAME.proof`."""
    parts = step.split(".")
    return len(parts) == 5 and parts[0] == "scenario" and parts[4] == PROOF


def add_scenarios(routes: Routes) -> None:
    """All scenarios, each led to from then on. The steps of all other targets are there already."""
    s = routes.settings
    for name, scenario in s.scenario.items():
        for id in scenario.step:
            routes.leads[f"scenario.{name}", id] = routes.reserve(f"scenario.{name}.step.{id}", id)
    for name, scenario in s.scenario.items():
        if scenario.start is not None:
            routes.leads["scenario", name] = routes.leads[f"scenario.{name}", scenario.start]
        else:
            routes.leads["scenario", name] = _simple(routes, name)
    for name, scenario in s.scenario.items():
        for id, step in scenario.step.items():
            _Compiled(routes, name, id).fill(step)


def enter(routes: Routes, path: str, target: str, then: int) -> int:
    """The step that leads to a target, and on to `then` when nobody answers."""
    [(kind, name)] = found(routes.settings, target, ANSWERING)
    return ring(routes, path, kind, name, then)


def ring(routes: Routes, path: str, kind: str, name: str, then: int) -> int:
    """A new step that rings a queue, chain or person; the one of a mailbox."""
    s = routes.settings
    title = routes.names.title(routes.names.id(kind, name))
    match kind:
        case "queue":
            at = routes.reserve(path, title)
            queue(routes, at, name, then)
            return at
        case "chain":
            return routes.add(path, Step(0, plan.CHAIN, routes.index("chain", name), next=then), title)
        case "person":
            who, ways = people.ways(s, name)
            rung = Step(0, plan.PERSON, routes.index("person", who), s.person[who].ring_for, then, least=ways)
            return routes.add(path, rung, title)
    return routes.leads["mailbox", name]


def queue(routes: Routes, at: int, name: str, then: int, ways: tuple[tuple[int, int], ...] = ()) -> None:
    """Fill a step that waits in a queue, within the hours of its department."""
    s = routes.settings
    step = Step(0, plan.QUEUE, routes.index("queue", name), next=then, exits=ways)
    of = people.department(s, s.queue[name])
    if of is not None and (hours := people.hours(s, of)):
        title = routes.names.title(routes.names.id("queue", name))
        open = routes.add(f"{routes.path(at)}.open", step, title)
        step = Step(0, plan.HOURS, routes.index("hours", hours), next=open, other=then)
    routes.fill(at, step)


def _simple(routes: Routes, name: str) -> int:
    """hours -> open or closed -> unanswered -> the office's mailbox; the first step."""
    s, path = routes.settings.scenario[name], f"scenario.{name}"
    assert s.open is not None  # as is every sound scenario's without steps
    unanswered = enter(routes, f"{path}.unanswered", s.unanswered, routes.leads["mailbox", steps.OFFICE])
    open = enter(routes, f"{path}.open", s.open, unanswered)
    if s.hours is None:
        return open
    closed = enter(routes, f"{path}.closed", s.closed, unanswered)
    return routes.add(f"{path}.hours", Step(0, plan.HOURS, routes.index("hours", s.hours), next=open, other=closed))


class _Compiled:
    """One step of a scenario, reserved in the routes and now filled in."""

    def __init__(self, routes: Routes, scenario: str, name: str) -> None:
        self.routes = routes
        self.scenario = scenario
        self.at = routes.leads[f"scenario.{scenario}", name]

    def fill(self, step: steps.Step) -> None:
        match step:
            case steps.QueueStep():
                self.queue(step)
            case steps.TransferStep():
                self.transfer(step)
            case steps.PersonStep() | steps.ManagerStep() | steps.LastPersonStep() | steps.ChainStep():
                self.routes.fill(self.at, self.rung(step))
            case steps.MenuStep() | steps.CollectStep() | steps.SayStep() | steps.LookUpStep():
                self.routes.fill(self.at, self.asked(step))
            case steps.ActionStep() if self.routes.settings.action[step.action].asked:
                self.action(step)
            case steps.VoicemailStep() | steps.HangUpStep() | steps.SetStep() | steps.ActionStep():
                self.routes.fill(self.at, self.done(step))
            case steps.SkillStep() | steps.PriorityStep():
                self.routes.fill(self.at, self.wanted(step))
            case _:
                self.routes.fill(self.at, self.looked_at(step))

    def lead(self, target: str) -> int:
        """The step a target leads to: a step of this scenario first."""
        own = self.routes.leads.get((f"scenario.{self.scenario}", target))
        return own if own is not None else lead(self.routes, target)

    def may_lead(self, target: str | None) -> int | None:
        return None if target is None else self.lead(target)

    def queue(self, step: steps.QueueStep) -> None:
        empty = self.may_lead(step.empty)
        ways = {
            Because.QUEUE_FULL: self.may_lead(step.full),
            Because.QUEUE_EMPTY: empty,
            Because.LEFT_EMPTY: empty,
            Because.MAX_WAIT: self.may_lead(step.waited),
        }
        queue(self.routes, self.at, step.queue, self.lead(step.unanswered), exits(ways))

    def rung(self, step: steps.PersonStep | steps.ManagerStep | steps.LastPersonStep | steps.ChainStep) -> Step:
        routes, then = self.routes, self.lead(step.unanswered)
        match step:
            case steps.PersonStep():
                who, ways = people.ways(routes.settings, step.person)
                small = step.ring_for or routes.settings.person[who].ring_for
                busy = self.may_lead(step.busy)
                away = {
                    Because.BUSY: busy,
                    Because.RINGING: busy,
                    Because.UNREACHABLE: self.may_lead(step.unreachable),
                }
                return Step(0, plan.PERSON, routes.index("person", who), small, then, exits=exits(away), least=ways)
            case steps.ChainStep():
                return Step(0, plan.CHAIN, routes.index("chain", step.chain), next=then)
        kind = plan.MANAGER if isinstance(step, steps.ManagerStep) else plan.LAST_PERSON
        ways = people.TELEPHONES | people.MOBILE * step.mobile
        return Step(0, kind, small=step.ring_for, next=then, least=ways)

    def transfer(self, step: steps.TransferStep) -> None:
        """A step for each line, each leading to the next when it fails; rung long enough by one, a number is by all."""
        routes, s = self.routes, self.routes.settings
        then = self.lead(step.unanswered)
        out = Step(
            0,
            plan.OUTSIDE,
            other=then,
            least=int(step.confirm),
            value=routes.text(normalise(step.number, s.office.country)),
            ms=(step.ring_for or s.outside.ring_for) * 1000,
        )
        for i, line in reversed(list(enumerate(step.lines or s.outside.lines))):
            by_line = replace(out, what=routes.lines.index(line), next=then)
            if i == 0:
                routes.fill(self.at, by_line)
            else:
                then = routes.add(f"{routes.path(self.at)}.{line}", by_line)

    def asked(self, step: steps.MenuStep | steps.CollectStep | steps.SayStep | steps.LookUpStep) -> Step:
        match step:
            case steps.MenuStep():
                return self.menu(step)
            case steps.CollectStep():
                next, other = self.lead(step.next), self.lead(step.otherwise)
                asks = Step(0, plan.COLLECT, self.id("prompt", step.prompt), step.tries, next, other)
                kept, ms = self.attribute(step.attribute), step.timeout * 1000
                return replace(asks, least=step.least, most=step.most, value=kept, ms=ms)
            case steps.SayStep():
                ways = exits({Because.FAILED: self.may_lead(step.failed)})
                return Step(0, plan.SAY, self.id("prompt", step.prompt), next=self.lead(step.next), exits=ways)
            case steps.LookUpStep():
                failed = self.may_lead(step.failed)
                ways = exits({Because.FAILED: failed, Because.TIMED_OUT: failed})
                found, none = self.lead(step.found), self.lead(step.not_found)
                asks = Step(0, plan.LOOK_UP, self.id("lookup", step.lookup), next=found, other=none, exits=ways)
                ms = self.routes.settings.lookup[step.lookup].timeout * 1000
                return replace(asks, value=self.attribute(step.attribute), ms=ms)

    def menu(self, step: steps.MenuStep) -> Step:
        named = any(does.value is not None for does in step.keys.values())  # then each key sets what it stands for
        keys = tuple((ord(key), self.key(step, key, does, named)) for key, does in step.keys.items())
        ways = {
            Because.NO_KEY: self.may_lead(step.no_key),
            Because.WRONG_KEY: self.may_lead(step.wrong_key),
            Because.FAILED: self.may_lead(step.failed),
        }
        return Step(
            0,
            plan.MENU,
            self.id("prompt", step.prompt),
            step.tries,
            other=self.lead(step.otherwise),
            exits=keys + exits(ways),
            least=int(step.extensions),
            value=NONE if named else self.attribute(step.attribute),
            ms=step.timeout * 1000,
        )

    def key(self, menu: steps.MenuStep, key: str, does: steps.Key, named: bool) -> int:
        """Where a key leads, by way of what it wants and, in a menu some of whose keys have a value, of what it sets."""
        routes, to = self.routes, self.lead(does.to)
        path = f"{routes.path(self.at)}.keys.{key}"
        if does.skill is not None:
            wants = Step(0, plan.SKILL, routes.index("skill", does.skill), does.level, to)
            to = routes.add(f"{path}.skill", wants)
        if named:
            value = routes.text(key if does.value is None else does.value)
            sets = Step(0, plan.SET, self.attribute(menu.attribute), next=to, value=value)
            to = routes.add(f"{path}.value", sets)
        return to

    def done(self, step: steps.VoicemailStep | steps.HangUpStep | steps.SetStep | steps.ActionStep) -> Step:
        routes = self.routes
        match step:
            case steps.VoicemailStep():
                return Step(0, plan.VOICEMAIL, self.id("mailbox", step.mailbox))
            case steps.HangUpStep():
                return Step(0, plan.HANG_UP, CAUSES[step.cause])
            case steps.SetStep():
                value, next = routes.text(step.value), self.lead(step.next)
                return Step(0, plan.SET, self.attribute(step.attribute), next=next, value=value)
            case steps.ActionStep():
                next, other = self.lead(step.next), self.lead(step.refused)
                return Step(0, plan.ACTION, routes.index("action", step.action), next=next, other=other)

    def action(self, step: steps.ActionStep) -> None:
        """Who is on the list is asked for his keys, and waits for what becomes of it; all others go on as if it were not."""
        routes, action, path = self.routes, self.routes.settings.action[step.action], self.routes.path(self.at)
        assert action.callers is not None  # as of every sound action from class 1 on
        refused, failed = self.lead(step.refused), self.lead(step.failed or step.refused)
        ways = exits({Because.FAILED: failed, Because.TIMED_OUT: failed})
        then, proof = self.lead(step.next), self.attribute(PROOF)
        if step.waiting is not None:
            waits = Step(
                0, plan.COMPARE, proof, COMPARISONS["is"], self.lead(step.waiting), then, value=routes.text(WAITS)
            )
            then = routes.add(f"{path}.waits", waits)
        asks = Step(0, plan.LOOK_UP, self.id("lookup", set_off(step.action)), next=then, other=refused, exits=ways)
        ms = (PATIENCE + action.state_within) * 1000
        to = routes.add(f"{path}.done", replace(asks, value=proof, ms=ms), step.action)
        if action.challenge is not None:
            assert step.prompt is not None  # as of every sound step whose action has a challenge
            least, most = DIGITS[action.challenge]
            keys = Step(
                0, plan.COLLECT, self.id("prompt", step.prompt), step.times, to, refused, least=least, most=most
            )
            to = routes.add(f"{path}.{PROOF}", replace(keys, value=proof, ms=step.timeout * 1000), step.action)
        routes.fill(self.at, Step(0, plan.LIST, routes.index("callers", action.callers), next=to, other=refused))

    def wanted(self, step: steps.SkillStep | steps.PriorityStep) -> Step:
        next = self.lead(step.next)
        if isinstance(step, steps.PriorityStep):
            return Step(0, plan.PRIORITY, small=step.add, next=next)
        return Step(0, plan.SKILL, self.routes.index("skill", step.skill), step.level, next)

    def looked_at(
        self,
        step: steps.HoursStep
        | steps.CallersStep
        | steps.TrustStep
        | steps.CompareStep
        | steps.LoadStep
        | steps.HistoryStep,
    ) -> Step:
        """The steps that only look, and go one of two ways."""
        routes, lead = self.routes, self.lead
        match step:
            case steps.HoursStep():
                at = routes.index("hours", step.hours)
                return Step(0, plan.HOURS, at, next=lead(step.open), other=lead(step.closed))
            case steps.CallersStep():
                at = routes.index("callers", step.callers)
                return Step(0, plan.LIST, at, next=lead(step.listed), other=lead(step.others))
            case steps.TrustStep():
                least = trust(step.least)
                return Step(0, plan.TRUST, small=least, next=lead(step.enough), other=lead(step.less))
            case steps.CompareStep():
                return self.compared(step, lead(step.yes), lead(step.no))
            case steps.LoadStep():
                [(measure, least)] = step.tests()
                at, small = routes.index("queue", step.queue), MEASURES[measure]
                return Step(0, plan.LOAD, at, small, lead(step.yes), lead(step.no), ms=least)
            case steps.HistoryStep():
                return Step(0, plan.HISTORY, small=PASTS[step.of], next=lead(step.yes), other=lead(step.no))

    def compared(self, step: steps.CompareStep, yes: int, no: int) -> Step:
        [test] = step.tests()
        of_call = NUMBERS.get(step.attribute)
        what = of_call if of_call is not None else self.attribute(step.attribute)
        value = NONE
        if test != "empty":
            text = str(step.is_ if test == "is" else getattr(step, test))
            if of_call is not None and test == "is":
                text = digits(normalise(text, self.routes.settings.office.country))
            elif of_call is not None and test == "begins":
                text = digits(text)
            value = self.routes.text(text)
        return Step(0, plan.COMPARE, what, COMPARISONS[test], yes, no, value=value)

    def id(self, kind: str, name: str) -> int:
        return self.routes.names.id(kind, name)

    def attribute(self, name: str | None) -> int:
        return NONE if name is None else self.routes.index("attribute", name)


def lead(routes: Routes, target: str) -> int:
    """The step a target of no scenario's own leads to."""
    [(kind, name)] = found(routes.settings, target, LEADING)
    return routes.leads[kind, name]


def trust(least: str | None) -> int:
    return Trust.NONE if least is None else Trust[least.upper()]
