# SPDX-License-Identifier: GPL-2.0-or-later
"""What is sound but may not be what was meant. It is told, and stops nothing."""

import ipaddress
from collections.abc import Iterator

from appliance.settings import goals, people, steps
from appliance.settings.lines import GatewayLine
from appliance.settings.models import Queue, Scenario, Settings
from appliance.settings.places import Path
from appliance.settings.references import ANSWERING, LEADING, Wrong, found
from appliance.settings.sentence import Sentence

PATIENCE = 600  # seconds: nobody waits longer, R24


def warnings(settings: Settings) -> list[Wrong]:
    """All warnings about sound settings; their paths are where they are told."""
    return [
        *_goals(settings),
        *_shares(settings),
        *_widening(settings),
        *_waits(settings),
        *_mobiles(settings),
        *_unused(settings),
        *_in_clear(settings),
        *_provisioning(settings),
    ]


def _in_clear(s: Settings) -> Iterator[Wrong]:
    """Pages for a network, with their passwords, without HTTPS."""
    if not s.web.https and not ipaddress.ip_address(s.web.listen).is_loopback:
        what = Sentence(
            "the pages are for a network, and passwords go over it unencrypted; https = true lets nobody read along"
        )
        yield Wrong("in-clear", ("web", "listen"), what)


def _provisioning(s: Settings) -> Iterator[Wrong]:
    """Settings nobody is given, and telephones that are given none."""
    wanted = s.provisioning
    if wanted and not (wanted.http or s.web.https):
        what = Sentence(
            "no telephone is given its settings: the pages speak plain HTTP, and http = true does not say that this will do"
        )
        yield Wrong("not-given", ("provisioning",), what, True)
    for id, phone in s.phone.items():
        if wanted and phone.mac and phone.kind is None:
            what = Sentence("it is given no settings: by its address nobody knows who made it; maker = ... says so")
            yield Wrong("not-given", ("phone", id, "mac"), what)
    for id, line in s.line.items():
        if not wanted and isinstance(line, GatewayLine) and line.mac:
            what = Sentence("it is given no settings: that needs a table [provisioning]")
            yield Wrong("not-given", ("line", id, "mac"), what)


def _goals(s: Settings) -> Iterator[Wrong]:
    """Strategies that go against what a queue is for, or against how its people differ."""
    for id, queue in s.queue.items():
        choice = goals.choice(s, queue)
        path: Path = ("queue", id, "strategy")
        if choice.goal is not None and choice.strategy not in goals.FITTING[choice.goal]:
            better = goals.chosen(choice.goal, queue)
            what = Sentence(
                "{} goes against the goal {}, which chooses {}: {}",
                *(choice.strategy, choice.goal, better, goals.WHY[choice.goal]),
            )
            yield Wrong("goal-conflict", path, what)
        elif choice.strategy == "best-first" and _alike(s, queue):
            who = choice.why() or Sentence("best-first rings the best qualified first")
            what = Sentence(
                "{}; but its people are all of one level and without skills, so whoever is longest idle is rung", who
            )
            yield Wrong("no-difference", path, what)
        if choice.strategy == "ring-all" and not _alike(s, queue) and not _elsewhere(s, queue):
            what = Sentence(
                "ring-all rings everybody at once, so the levels of its people change nothing; best-first heeds them"
            )
            yield Wrong("goal-conflict", path, what)


def _shares(s: Settings) -> Iterator[Wrong]:
    for id, queue in s.queue.items():
        choice = goals.choice(s, queue)
        if queue.shares and choice.strategy != "percentage":
            chosen = choice.why() or Sentence("its strategy is {}", choice.strategy)
            what = Sentence("are not looked at: {}; percentage gives each of its people a share", chosen)
            yield Wrong("goal-conflict", ("queue", id, "shares"), what)


def _alike(s: Settings, queue: Queue) -> bool:
    """Whether nothing tells its people apart by how well they are qualified."""
    able = [s.person[member.person] for member in people.of_queue(s, queue)]
    return len({person.level for person in able}) <= 1 and not any(person.skills for person in able)


def _elsewhere(s: Settings, queue: Queue) -> bool:
    """Whether levels of its people count in another queue, or they only have skills, which ring-all heeds too."""
    mine = {member.person for member in people.of_queue(s, queue)}
    if len({s.person[name].level for name in mine}) <= 1:
        return True
    return any(
        goals.choice(s, other).strategy == "best-first"
        and mine & {member.person for member in people.of_queue(s, other)}
        for other in s.queue.values()
    )


def _widening(s: Settings) -> Iterator[Wrong]:
    for id, queue in s.queue.items():
        for i, wider in enumerate(queue.widen):
            if wider.after >= queue.max_wait:
                what = Sentence("never comes: nobody waits longer than max_wait, {} seconds", queue.max_wait)
                yield Wrong("never", ("queue", id, "widen", i, "after"), what)


def _waits(s: Settings) -> Iterator[Wrong]:
    """Callers who may wait for more than ten minutes without being asked anything."""
    for id, queue in s.queue.items():
        if queue.max_wait > PATIENCE:
            yield Wrong("long-wait", ("queue", id, "max_wait"), _too_long(queue.max_wait))
    for id in s.chain:
        if (rung := _longest(s, "chain", id)) > PATIENCE:
            yield Wrong("long-wait", ("chain", id, "steps"), _too_long(rung), True)
    for id, scenario in s.scenario.items():
        if scenario.open is not None:
            ways = [scenario.open, *([scenario.closed] if scenario.hours else [])]
            longest = max(_target(s, way) for way in ways) + _target(s, scenario.unanswered)
            parts = [*ways, scenario.unanswered]
            if longest > PATIENCE and all(_target(s, part) <= PATIENCE for part in parts):
                yield Wrong("long-wait", ("scenario", id), _too_long(longest), True)
        else:
            yield from _waits_in_steps(s, id, scenario)


def _waits_in_steps(s: Settings, id: str, scenario: Scenario) -> Iterator[Wrong]:
    """The steps of a scenario, each with the longest wait from it on to one that speaks with the caller."""
    after: dict[str, int] = {}
    todo = list(scenario.step)
    while todo:
        step = scenario.step[todo[-1]]
        inside = [] if step.do in steps.WAITING else [t for _, t in step.targets() if t in scenario.step]
        if todo[-1] not in after and (unknown := [each for each in inside if each not in after]):
            todo += unknown  # no way leads round without a step that waits, so this ends
            continue
        outside = [] if step.do in steps.WAITING else [t for _, t in step.targets() if t not in scenario.step]
        then = max([after[each] for each in inside] + [_target(s, each) for each in outside], default=0)
        own = _own(s, step)
        name = todo.pop()
        if name not in after and own <= PATIENCE and then <= PATIENCE < own + then:
            yield Wrong("long-wait", ("scenario", id, "step", name), _too_long(own + then), True)
        after[name] = own + then


def _own(s: Settings, step: steps.Step) -> int:
    """Seconds a caller may spend in a step that rings."""
    match step:
        case steps.QueueStep():
            return _longest(s, "queue", step.queue)
        case steps.ChainStep():
            return _longest(s, "chain", step.chain)
        case steps.PersonStep():
            return step.ring_for or s.person[people.ways(s, step.person)[0]].ring_for
        case steps.ManagerStep() | steps.LastPersonStep():
            return step.ring_for
    return 0


def _target(s: Settings, target: str) -> int:
    [(kind, name)] = found(s, target, LEADING)
    return _longest(s, kind, name) if kind in ANSWERING else 0  # another scenario is told of by itself


def _longest(s: Settings, kind: str, name: str) -> int:
    match kind:
        case "queue":
            return s.queue[name].max_wait
        case "chain":
            return sum(step.ring_for for step in s.chain[name].steps)
        case "person":
            return s.person[name].ring_for
    return 0


def _too_long(seconds: int) -> Sentence:
    return Sentence(
        "callers may wait {} seconds; hardly anybody waits longer than ten minutes: at most {} is better",
        seconds,
        PATIENCE,
    )


def _mobiles(s: Settings) -> Iterator[Wrong]:
    rung = set(people.on_mobiles(s))
    for id, person in s.person.items():
        if id in rung and not person.confirm:
            what = Sentence("the voicemail of the mobile may take calls of the office, as nobody has to press 1")
            yield Wrong("unconfirmed", ("person", id, "confirm"), what)


def _unused(s: Settings) -> Iterator[Wrong]:
    """What is said in vain."""
    extensions = any(t.extension for kind in (s.person, s.queue, s.chain, s.scenario) for t in kind.values())
    for id, callers in s.callers.items():
        if callers.prompt is not None and callers.refuse != "message":
            yield Wrong("in-vain", ("callers", id, "prompt"), Sentence("is not said, as refuse is not message"))
    for id, prompt in s.prompt.items():
        if prompt.language is not None and prompt.text is None:
            yield Wrong("in-vain", ("prompt", id, "language"), Sentence("is not needed: the prompt is a recording"))
    for id, queue in s.queue.items():
        told = [
            name
            for name in ("music_prompt", "announce_position", "announce_wait", "promotions")
            if getattr(queue, name)
        ]
        if told and not queue.music:
            what = Sentence("is heard only by callers who were answered before, as music is false")
            yield Wrong("in-vain", ("queue", id, told[0]), what)
    for id, line in s.line.items():
        if "closed" in line.model_fields_set and line.hours is None:
            yield Wrong("in-vain", ("line", id, "closed"), Sentence("never comes: the line has no hours"))
        if s.sip.listen6 is None and ":" in (getattr(line, "host", "") or ""):
            what = Sentence("is never called: it is an address of IPv6, and listen6 of [sip] is missing")
            yield Wrong("in-vain", ("line", id, "host"), what)
    for id, scenario in s.scenario.items():
        if "closed" in scenario.model_fields_set and scenario.hours is None and not scenario.step:
            yield Wrong("in-vain", ("scenario", id, "closed"), Sentence("never comes: the scenario has no hours"))
        for name, step in scenario.step.items():
            if isinstance(step, steps.MenuStep) and step.extensions and not extensions:
                what = Sentence("are dialled by nobody: there are none")
                yield Wrong("in-vain", ("scenario", id, "step", name, "extensions"), what)
