# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings on their way: a draft for each user, checked, compared with what is in force, and put in force by the switch."""

import asyncio
import difflib
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from appliance.control.client import ControlLost, connect
from appliance.control.messages import Apply, Check, Document, History, Refused, Restore, Revision, Version, Written
from appliance.control.prompts import PIECE_MOST, KeepPrompt
from appliance.settings import documents, edits, load
from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.models import Settings
from appliance.settings.sentence import Sentence
from appliance.store.office import Draft
from appliance.web.access import Doer, Refusal, now

SWITCH_WITHIN = 90.0  # seconds; golden calls and prompts take some


@dataclass(frozen=True)
class Work:
    """What a user looks at: his draft, or (drafted False) what is in force."""

    before: str
    document: str
    drafted: bool

    @cached_property
    def values(self) -> dict[str, Any]:
        """Read once, to be looked at by all who draw the page, and changed by none."""
        return edits.values(self.document)


class Drafts:
    def __init__(self, socket: Path, settings: Path) -> None:
        self._socket, self._settings = socket, settings

    # ---- the switch

    async def in_force(self, revision: int = 0) -> Written:
        """A document by its revision, 0: that in force. Raises Refusal."""
        return await self.ask(Document(0, revision))  # type: ignore[no-any-return]

    async def versions(self) -> tuple[Version, ...]:
        """The newest first."""
        return tuple(reversed(await self.ask(History(0))))

    async def check(self, document: str) -> str:
        """Why the switch would not take it, "" when it would. Golden calls are run."""
        try:
            await self.ask(Check(0, document))
        except Refused as refused:
            return refused.message
        return ""

    async def apply(self, document: str, before: str, comment: str) -> Revision:
        """Raises Refused (`changed` when before is in force no longer), Refusal."""
        base = hashlib.sha256(before.encode()).hexdigest()
        return await self.ask(Apply(0, document, comment, base))  # type: ignore[no-any-return]

    async def restore(self, revision: int) -> Revision:
        return await self.ask(Restore(0, revision))  # type: ignore[no-any-return]

    async def ask(self, request: Any) -> Any:
        """What the switch answers to a request. Raises Refused, Refusal."""
        try:
            async with asyncio.timeout(SWITCH_WITHIN), await connect(self._socket) as switch:
                return await switch.request(request)
        except (ControlLost, TimeoutError):
            raise Refusal(503, "The switch does not answer. Nothing was changed, as far as is known.") from None

    async def keep_prompt(self, name: str, sound: bytes, by: str) -> str:
        """Have the switch keep a recording as it is played; where it is then. Raises Refusal, Refused."""
        sha256 = hashlib.sha256(sound).hexdigest()
        file = ""
        try:
            async with asyncio.timeout(SWITCH_WITHIN), await connect(self._socket) as switch:
                for start in range(0, len(sound), PIECE_MOST):
                    piece = sound[start : start + PIECE_MOST]
                    file = (await switch.request(KeepPrompt(0, name, sha256, len(sound), start, piece, by))).file
        except (ControlLost, TimeoutError):
            raise Refusal(503, "The switch does not answer. Nothing was changed, as far as is known.") from None
        return file

    # ---- drafts

    async def work(self, asked: Doer) -> Work:
        if draft := asked.office.draft(asked.name):
            return Work(draft.before, draft.document, True)
        document = (await self.in_force()).document
        work = Work(document, document, False)
        try:
            work.values  # noqa: B018 - whether it can be read
        except tomllib.TOMLDecodeError:
            raise Refusal(503, "The settings in force cannot be read.") from None
        return work

    def keep(self, asked: Doer, work: Work, document: str) -> None:
        """The draft as it is now; none when it is what is in force. Raises Refusal when it is not the one looked at any more."""
        held = asked.office.draft(asked.name)
        if (held.document if held else None) != (work.document if work.drafted else None):
            raise Refusal(
                409,
                "Your draft was changed in another window at the same time. Open the page again: this was not kept.",
            )
        if len(document.encode()) > documents.LARGEST:
            raise Refusal(413, "That is too long.")
        if document == work.before:
            asked.office.drop(asked.name)
        else:
            asked.office.keep(Draft(asked.name, work.before, document, now()))

    async def enact(self, asked: Doer, work: Work, comment: str) -> Revision:
        """Put the draft in force; then there is none. Raises Refused, Refusal."""
        became = await self.apply(work.document, work.before, f"{asked.by}: {comment.strip()}".rstrip(": ")[:200])
        asked.office.drop(asked.name)
        asked.note("settings-applied", f"version {became.revision}")
        return became

    async def change(self, asked: Doer, work: Work, document: str, comment: str) -> str:
        """In force at once (`applied`); where there is a draft already, a part of it (`draft`). Raises Refusal."""
        if work.drafted:
            self.keep(asked, work, document)
            return "draft"
        try:
            await self.enact(asked, Work(work.before, document, True), comment)
        except Refused as refused:
            raise Refusal(422, await self.why(document, refused)) from None
        return "applied"

    async def why(self, document: str, refused: Refused) -> str:
        """Why the switch does not take a document: the first of its faults that are seen here too, else what the switch said."""
        found = await asyncio.to_thread(self.faults, document) if refused.id == SettingsFaults.id else []
        return Sentence("{}: {}", found[0].path, found[0].message) if found else refused.message

    def read(self, document: str) -> tuple[Settings | None, list[Fault]]:
        """The document as settings; or None, and all that is wrong with it, golden calls apart."""
        try:
            return load.parse(document, self._settings), []
        except SettingsFaults as found:
            return None, list(found.faults)
        except OSError as error:
            return None, [Fault("unreadable", self._settings.name, 0, 0, "", Sentence("{}", error.strerror))]

    def faults(self, document: str) -> list[Fault]:
        return self.read(document)[1]

    def warnings(self, document: str) -> list[Fault]:
        """What is sound in a document but may not be meant; none while it has faults."""
        try:
            return load.warnings(document, self._settings)
        except (SettingsFaults, OSError):
            return []

    def settings(self, document: str) -> Settings | None:
        return self.read(document)[0]


def difference(old: str, new: str) -> list[tuple[str, str]]:
    """Lines with `same`, `gone`, `new` or `skip`, with three around each change."""
    kinds = {" ": "same", "-": "gone", "+": "new", "@": "skip"}
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]
    return [(kinds[line[0]], "…" if line[0] == "@" else line[1:]) for line in lines]
