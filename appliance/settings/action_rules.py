# SPDX-License-Identifier: GPL-2.0-or-later
"""What an action of each class must have, and what it must not; the same ladder that the bridge decides by."""

from collections.abc import Iterator

from appliance.settings import templates
from appliance.settings.actions import ACCESS, COMFORT, DESTRUCTIVE, INFORM, SECURITY, Action
from appliance.settings.faults import shown
from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.references import Wrong, listed_already
from appliance.settings.sentence import Sentence
from appliance.settings.steps import ActionStep

STRONG = ("pin", "totp")  # what class 3 and 4 take: codes on paper are found by others


def wrongs(s: Settings) -> Iterator[Wrong]:
    for id, action in s.action.items():
        path: Path = ("action", id)
        yield from _ladder(path, action)
        yield from _exact(s, path, action)
        yield from _goes_ill(path, action)
        yield from _templates(path, action)
    for scenario, table in s.scenario.items():
        for name, step in table.step.items():
            if isinstance(step, ActionStep) and step.action in s.action:
                yield from _step(("scenario", scenario, "step", name), step, s.action[step.action])


def _ladder(path: Path, a: Action) -> Iterator[Wrong]:
    """What each class asks for."""
    if a.class_ >= COMFORT and a.callers is None:
        yield _missing(path, a, "callers", Sentence("the list of those who may"))
    if a.class_ >= ACCESS:
        if a.hours is None:
            yield _missing(path, a, "hours", Sentence("hours when it may be set off"))
        if a.state_topic is None:
            yield _missing(path, a, "state_topic", Sentence("where the thing itself tells its state"))
    if a.class_ == ACCESS and not (a.challenge or a.call_back or a.by_number):
        yield _missing(path, a, "challenge", Sentence('"pin", "totp" or "code", or call_back, or by_number'))
    if a.class_ >= SECURITY and a.challenge not in STRONG:
        yield _missing(path, a, "challenge", Sentence('"pin" or "totp"'))
    if a.class_ == SECURITY and not (a.second or a.call_back):
        yield _missing(path, a, "second", Sentence("second = true, or call_back"))
    if a.class_ == DESTRUCTIVE:
        if not a.second:
            yield _missing(path, a, "second", Sentence("second = true"))
        if a.dry_run_payload is None:
            yield _missing(path, a, "dry_run_payload", Sentence("the message of a rehearsal"))


def _missing(path: Path, a: Action, field: str, accepted: Sentence) -> Wrong:
    return Wrong("ladder", (*path, field), Sentence("class {} needs more than that; accepted: {}", a.class_, accepted))


def _exact(s: Settings, path: Path, a: Action) -> Iterator[Wrong]:
    """From class 1 on a caller is known by his whole number, as it stands in the document."""
    if a.class_ == INFORM or a.callers is None or a.callers not in s.callers:
        return
    listed = s.callers[a.callers]
    loose = {"prefixes": listed.prefixes, "withheld": listed.withheld, "numbers_file": listed.numbers_file}
    for field, there in loose.items():
        if there:
            what = Sentence(
                "{} has `{}`, and class {} is for whole numbers alone; accepted: a list with nothing but `numbers`",
                *(shown(a.callers), field, a.class_),
            )
            yield Wrong("ladder", (*path, "callers"), what)


def _goes_ill(path: Path, a: Action) -> Iterator[Wrong]:
    if a.by_number and a.class_ != ACCESS:
        yield Wrong(
            "ladder", (*path, "by_number"), Sentence("goes ill with class {}; accepted: of class 2 alone", a.class_)
        )
    if a.calling and not (a.alone or a.call_back):
        what = Sentence("a number alone does not set it off; accepted: false, and a step of a scenario that asks")
        yield Wrong("ladder", (*path, "calling"), what)
    if a.second and a.class_ < SECURITY:
        yield Wrong(
            "ladder", (*path, "second"), Sentence("goes ill with class {}; accepted: from class 3 on", a.class_)
        )
    if a.challenge and not a.holders:
        yield Wrong("missing", (*path, "holders"), Sentence("is missing; accepted: whose PIN or code is good"))
    if a.holders and not a.challenge:
        yield Wrong("in-vain", (*path, "holders"), Sentence("are asked for nothing; accepted: with a challenge"))
    for i, holder in enumerate(a.holders):
        if holder in a.holders[:i]:
            yield Wrong(
                "given-twice",
                (*path, "holders", i),
                listed_already(holder),
            )
    if a.second and len(a.holders) == 1:
        yield Wrong(
            "wrong-count", (*path, "holders"), Sentence("is one person, and two are needed; accepted: 2 or more")
        )
    if a.reject and not a.set_off_by_calling:
        yield Wrong(
            "contradiction", (*path, "reject"), Sentence("true goes ill with what no call sets off; accepted: false")
        )
    if a.state_topic is None and (a.state_expected or a.state_field):
        field = "state_expected" if a.state_expected else "state_field"
        yield Wrong("missing", (*path, field), Sentence("is told nowhere; accepted: with a state_topic"))
    if a.state_topic is not None and not a.state_expected:
        yield Wrong(
            "missing", (*path, "state_expected"), Sentence("is missing; accepted: what is told there when it was done")
        )
    if a.state_topic is not None and a.state_topic == a.topic:
        what = Sentence("is the topic of the message, so that we would hear ourselves; accepted: the thing's own")
        yield Wrong("contradiction", (*path, "state_topic"), what)


def _templates(path: Path, a: Action) -> Iterator[Wrong]:
    for field in ("payload", "dry_run_payload", "state_expected"):
        text: str | None = getattr(a, field)
        if text and (fault := templates.fault(text)):
            yield Wrong(
                "template", (*path, field), Sentence("is no template: {}; accepted: see docs/actions.md", fault)
            )


def _step(path: Path, step: ActionStep, a: Action) -> Iterator[Wrong]:
    if a.challenge and step.prompt is None:
        yield Wrong("missing", (*path, "prompt"), Sentence("is missing; accepted: what asks the caller for his keys"))
    if not a.challenge and step.prompt is not None:
        yield Wrong(
            "in-vain", (*path, "prompt"), Sentence("asks for nothing; accepted: with an action that has a challenge")
        )
    if not a.asked:
        for field in ("failed", "waiting"):
            if getattr(step, field) is not None:
                yield Wrong("in-vain", (*path, field), Sentence("never comes; accepted: of actions from class 1 on"))
