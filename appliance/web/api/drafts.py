# SPDX-License-Identifier: GPL-2.0-or-later
"""The draft of the user a token belongs to, by the API: the one he has on the pages."""

import asyncio
import tomllib
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs
from starlette.responses import Response

from appliance.settings import documents, edits
from appliance.settings.edits import MISSING
from appliance.settings.faults import Fault, SettingsFaults, dotted
from appliance.web import secrets
from appliance.web.api import settings
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong
from appliance.web.api.settings import TOML
from appliance.web.drafts import Work
from appliance.web.settings_pages import changed, merging, renaming, sent
from appliance.web.trials import ASKED, LONGEST

Part = Annotated[str, Meta(min_length=1, max_length=80)] | Annotated[int, Meta(ge=0, lt=10_000)]
Where = Annotated[list[Part], Meta(min_length=1, max_length=12)]
Given = Annotated[str, Meta(max_length=LONGEST)]


SecretName = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,30})?$")]
Word = Annotated[str, Meta(max_length=256)]


class Edit(s.Strict, frozen=True):
    """path: as `["person", "anna", "name"]`, of a list the index. Without a value what stands there is taken out."""

    path: Where
    value: Any | UnsetType = UNSET


class Edits(s.Strict, frozen=True):
    edits: Annotated[list[Edit], Meta(min_length=1, max_length=500)]


class Renamed(s.Strict, frozen=True):
    """Another name for the table at `path`, such as `["person", "anna"]`, wherever it is named."""

    path: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(min_length=2, max_length=4)]
    name: s.Name


class Comment(s.Strict, frozen=True):
    comment: Annotated[str, Meta(max_length=150)] = ""


class Mine(s.Strict, frozen=True):
    """The paths of conflicts in which the draft is right; in all others what is in force is."""

    mine: Annotated[tuple[Annotated[str, Meta(max_length=400)], ...], Meta(max_length=500)] = ()


class Flaw(Struct, frozen=True):
    """One thing that is wrong; `id` is stable, `path` dotted, `line` counts from 1."""

    id: str
    path: str
    line: int
    message: str


class DraftChanges(Struct, frozen=True):
    """drafted: there is a draft. conflicts: paths others changed, too. refused: why the switch would not take it."""

    drafted: bool
    changes: list[s.Changed]
    conflicts: list[str]
    faults: list[Flaw]
    warnings: list[str]
    refused: str


class Secret(s.Strict, frozen=True):
    """What is given of a table of secrets.toml (name: "" of one without); "" leaves a field as it is."""

    name: SecretName = ""
    user: Word = ""
    password: Word = ""
    pin: Word = ""
    totp: Word = ""
    codes: Word = ""
    key: Word = ""
    old: Word = ""


class Dropped(s.Strict, frozen=True):
    name: SecretName = ""


class Trial(s.Strict, frozen=True, rename={"from_": "from"}):
    """A call as an example of the document has it ([[golden]]): `when` by the clock of the office."""

    when: Given
    line: Given = ""
    from_: Given = ""
    to: Given = ""
    keys: Given = ""
    answers: Given = ""


class Decision(Struct, frozen=True):
    clock: str
    said: str
    step: str


class Walked(Struct, frozen=True):
    """How it went; ended "": it was not tried, as fields are wrong or the document has faults."""

    ended: str
    said: str
    why: list[Decision]
    wrong: dict[str, list[str]]


async def read(asked: Asked) -> Response:
    return settings.shown((await asked.box.drafts.work(asked)).document)


async def write(asked: Asked) -> Response:
    work = await _work(asked)
    try:
        document = sent(asked.body)
    except SettingsFaults as wrong:
        raise Wrong(422, wrong.id, str(wrong)[:500]) from None
    return _kept(asked, work, document)


async def edit(asked: Asked) -> Response:
    work = await _work(asked)
    made = [(tuple(one.path), MISSING if one.value is UNSET else one.value) for one in asked.body.edits]
    try:
        document = sent((await asyncio.to_thread(edits.put, work.document, made)).encode())
    except SettingsFaults as wrong:
        raise Wrong(422, wrong.id, str(wrong)[:500]) from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise Wrong(422, "no-such-place", "There is no such place in the document, or no such value.") from None
    return _kept(asked, work, document)


async def rename(asked: Asked) -> Response:
    work = await _work(asked)
    document, _path = await renaming(asked.box.drafts, work, asked.body.path, asked.body.name)
    return _kept(asked, work, document)


async def discard(asked: Asked) -> s.Done:
    asked.office.drop(asked.name)
    return s.Done()


async def take_back(asked: Asked) -> Response:
    await _work(asked)
    asked.office.take_back(asked.name)
    return settings.shown((await asked.box.drafts.work(asked)).document)


async def changes(asked: Asked) -> DraftChanges:
    drafts = asked.box.drafts
    work, now = await drafts.work(asked), (await drafts.in_force()).document
    conflicts = edits.merge(work.before, work.document, now)[1] if now != work.before else []
    refused = await drafts.check(work.document) if work.drafted else ""
    warnings = await asyncio.to_thread(drafts.warnings, work.document) if work.drafted and not refused else []
    faults = await asyncio.to_thread(drafts.faults, work.document)
    return DraftChanges(
        work.drafted,
        [s.Changed(*one) for one in changed(work.before, work.document)],
        [dotted(one.path) for one in conflicts],
        [_flaw(one) for one in faults],
        [str(one) for one in warnings],
        refused,
    )


async def apply(asked: Asked) -> s.InForce:
    work = await _work(asked)
    if not work.drafted:
        raise Wrong(409, "no-draft", "There is no draft.")
    return settings.in_force(await asked.box.drafts.enact(asked, work, asked.body.comment))


async def merge(asked: Asked) -> Response:
    work = await _work(asked)
    theirs = (await asked.box.drafts.in_force()).document
    mine = frozenset(asked.body.mine)
    document = await asyncio.to_thread(merging, work, theirs, mine.__contains__)
    return _kept(asked, Work(theirs, work.document, True), document)


async def secret(asked: Asked) -> s.Done:
    given = structs.asdict(asked.body)
    await secrets.keep(asked.box.drafts, asked, asked.path["table"], given.pop("name"), given)
    return s.Done()


async def drop_secret(asked: Asked) -> s.Done:
    await secrets.drop(asked.box.drafts, asked, asked.path["table"], asked.query.name)
    return s.Done()


async def trial(asked: Asked) -> Walked:
    work = await asked.box.drafts.work(asked)
    given = {key: getattr(asked.body, "from_" if key == "from" else key).replace("\0", "") for key in ASKED}
    walk, wrong = await asked.box.trials.of(work.document, given, asked.language)
    if walk is None:
        return Walked("", "", [], {key: [str(one) for one in found] for key, found in wrong.items()})
    return Walked(walk.ended, walk.said, [Decision(*one) for one in walk.why], {})


async def _work(asked: Asked) -> Work:
    """The draft, if it is the one of If-Match: nobody's work is lost. Raises Wrong."""
    wanted, work = settings.made_from(asked), await asked.box.drafts.work(asked)
    if settings.tag(work.document) != wanted:
        raise Wrong(412, "changed", "The draft was changed meanwhile.")
    return work


def _kept(asked: Asked, work: Work, document: str) -> Response:
    try:
        edits.values(document)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise Wrong(422, "toml-syntax", "It is no TOML.") from None
    asked.box.drafts.keep(asked, work, document)
    return settings.shown(document)


def _flaw(fault: Fault) -> Flaw:
    return Flaw(fault.id, fault.path, fault.line, str(fault.message))


_TAG = {"If-Match": "the ETag of the draft this is about"}
_READ, _WRITE = "settings:read", "settings:write"
WAYS = (
    Way("GET", "/draft", _READ, read, "Your draft, without one what is in force; its ETag is what a change asks for", TOML),
    Way("PUT", "/draft", _WRITE, write, "Another draft; it may have faults still", TOML, TOML, headers=_TAG,
        most=documents.LARGEST),
    Way("PATCH", "/draft", _WRITE, edit, "Other values in the draft, its comments left as they are", TOML, Edits,
        headers=_TAG),
    Way("DELETE", "/draft", _WRITE, discard, "Throw the draft away"),
    Way("POST", "/draft/undo", _WRITE, take_back, "Take the last change of the draft back; twenty of them at most", TOML,
        headers=_TAG),
    Way("GET", "/draft/changes", _READ, changes, "What the draft changes, and what is wrong with it", DraftChanges),
    Way("POST", "/draft/rename", _WRITE, rename, "Another name for a table, wherever it is named", TOML, Renamed,
        headers=_TAG),
    Way("POST", "/draft/merge", _WRITE, merge, "The draft anew on what is in force now", TOML, Mine, headers=_TAG),
    Way("POST", "/draft/apply", _WRITE, apply, "Put the draft in force", s.InForce, Comment, headers=_TAG),
    Way("POST", "/draft/try", _READ, trial, "How a call would go under the draft", Walked, Trial),
    Way("PUT", "/secrets/{table}", _WRITE, secret, "A password, PIN or key, kept at once and told to nobody", body=Secret),
    Way("DELETE", "/secrets/{table}", _WRITE, drop_secret, "What was given of it is good no longer", query=Dropped),
)  # fmt: skip
