# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings as pages: tables and fields, the draft and what it changes, history, export and import. See docs/pages.md."""

import asyncio
import re
import tomllib
from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

from starlette.datastructures import UploadFile
from starlette.responses import PlainTextResponse, Response

from appliance.control.messages import Refused, Revision
from appliance.settings import documents, edits
from appliance.settings.edits import MISSING
from appliance.settings.faults import Fault, Schema, SettingsFaults, dotted, plain
from appliance.settings.given import GIVEN
from appliance.settings.models import Settings
from appliance.settings.places import Path
from appliance.settings.words import NAME
from appliance.web import advised, forms, secrets
from appliance.web.access import SETTERS, Refusal, Row, Visit
from appliance.web.box import Box
from appliance.web.drafts import Drafts, Work, difference
from appliance.web.line_checks import LineChecks
from appliance.web.restart_pages import AT_START, due
from appliance.web.scenario_edits import removed, renamed

TABLE_MAX = 1 << 20  # bytes of a form of one table
FILE_MAX = 3 * documents.LARGEST + 65_536  # a document as a form writes it at its worst
GROUPS = (  # how the first page orders the tables
    ("The office", ("office", "hours", "sip", "web", "guard", "backup")),
    ("People and telephones", ("person", "phone", "provisioning", "branch", "department", "skill", "status")),
    ("Calls in", ("line", "scenario", "queue", "chain", "callers", "prompt", "speech", "lookup", "room")),
    ("Calls out", ("outside", "limits")),
    ("At the telephone", ("features", "parking", "hold", "lamps")),
    ("Voicemail, recordings and e-mail", ("mailbox", "voicemail", "mail", "digest", "recording")),
    ("Home automation", ("mqtt", "broker", "action")),
    ("Other programs", ("monitor", "webhooks")),
    ("Examples", ("golden",)),
)


class SettingsPages:
    def __init__(self, box: Box, checks: LineChecks) -> None:
        self._box, self._drafts, self._known, self._checks = box, box.drafts, box.known, checks

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/settings", SETTERS, self.first),
            Row("GET", "/settings/at/{path:path}", SETTERS, self.table),
            Row("POST", "/settings/at/{path:path}", SETTERS, self.save, TABLE_MAX),
            Row("POST", "/settings/add", SETTERS, self.add),
            Row("POST", "/settings/rename", SETTERS, self.rename),
            Row("POST", "/settings/remove", SETTERS, self.remove),
            Row("POST", "/settings/secret", SETTERS, self.secret),
            Row("GET", "/settings/draft", SETTERS, self.draft),
            Row("POST", "/settings/apply", SETTERS, self.apply),
            Row("POST", "/settings/undo", SETTERS, self.undo),
            Row("POST", "/settings/discard", SETTERS, self.discard),
            Row("POST", "/settings/merge", SETTERS, self.merge, TABLE_MAX),
            Row("GET", "/settings/history", SETTERS, self.history),
            Row("GET", "/settings/version/{number:int}", SETTERS, self.version),
            Row("POST", "/settings/restore", SETTERS, self.restore),
            Row("GET", "/settings/export", SETTERS, self.export),
            Row("GET", "/settings/import", SETTERS, self.file),
            Row("POST", "/settings/import", SETTERS, self.take, FILE_MAX),
        )

    # ---- tables

    async def first(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        work = await self._drafts.work(asked)
        found = await asyncio.to_thread(self._drafts.faults, work.document)
        tables = {one.key: one for one in forms.inner(work.values, (), found)}
        grouped = [(words, [tables.pop(key) for key in keys if key in tables]) for words, keys in GROUPS]
        if tables:
            grouped.append(("More", list(tables.values())))
        others = [draft for draft in asked.office.drafts() if draft.user != asked.name]
        return asked.page(
            "settings.html", status, groups=grouped, work=work, faults=found, others=others,
            when=await self._known.when(), wrong=wrong,
            link=link, titles=titles(work), where=self._where(work), due=await due(self._box),
            done=asked.request.query_params.get("done", "")[:20],
        )  # fmt: skip

    async def table(
        self, asked: Visit, wrong: str = "", status: int = 200, work: Work | None = None, more: str = ""
    ) -> Response:
        work = work or await self._drafts.work(asked)
        return await self._at(asked, self._path(asked, work), wrong, status, work, more)

    async def _at(
        self, asked: Visit, path: Path, wrong: str, status: int, work: Work | None = None, more: str = ""
    ) -> Response:
        work = work or await self._drafts.work(asked)
        settings, found = await asyncio.to_thread(self._drafts.read, work.document)
        node = forms.node_at(work.values, path)
        shown = forms.fields(work.values, path, found)
        parent = forms.node_at(work.values, path[:-1])
        named = "additionalProperties" in parent
        optional = len(path) == 1 and path[0] not in forms.ROOT.get("required", ()) and _absent_by_default(path[0])
        own = [fault.message for fault in found if fault.path == dotted(path)]
        return asked.part(
            "table.html", status, table=path, words=node.get("description", ""), fields=shown,
            inner=forms.inner(work.values, path, found), own=own, work=work, named=named, more=more, wrong=wrong,
            removable=named or isinstance(path[-1], int) or optional, link=link, title=dotted(path),
            word=forms.Word(str(path[0]), forms.model_of(forms.ROOT)) if len(path) == 1 else None,
            there=edits.at(work.values, path) is not MISSING, up=up(work, path), blank=forms.BLANK,
            done=asked.request.query_params.get("done", "")[:20], kind=edits.at(work.values, (*path, "kind")),
            rows_max=forms.ROWS_MAX, titles=titles(work, path), at_start=path[0] in AT_START,
            check=await self._check(asked, path), secrets=list(secrets.shown(work.values, path)),
            advice=advised.queue(settings, path),
        )  # fmt: skip

    async def _check(self, asked: Visit, path: Path) -> dict[str, object] | None:
        """What is known of a line's checks, on its own page."""
        return await self._checks.shown(asked, str(path[1])) if len(path) == 2 and path[0] == "line" else None

    async def save(self, asked: Visit) -> Response:
        work = await self._drafts.work(asked)
        path = self._path(asked, work)
        form = {key: [each for each in asked.form.getlist(key) if isinstance(each, str)] for key in asked.form}
        made = forms.edits(work.values, path, form)
        if not made and edits.at(work.values, path) is MISSING and len(path) == 1:
            made = [(path, {})]  # a table of its own that says nothing else, such as [mqtt]
        document = await asyncio.to_thread(edits.put, work.document, made) if made else work.document
        self._drafts.keep(asked, work, document)
        if late := forms.overtaken(work.values, path, form):
            words = asked.say(
                "Changed elsewhere since this page was opened, and left as it is there: {}. All else of the form is kept."
            )
            now_is = Work(work.before, document, document != work.before)
            return await self.table(asked, words.format(", ".join(late)), 409, now_is)
        asked_for = asked.text("do")
        if asked_for.startswith("more:"):
            return await self.table(asked, work=Work(work.before, document, True), more=asked_for[5:])
        if asked_for.startswith("up:"):
            return await self._up(asked, path, asked_for)
        found = await asyncio.to_thread(self._drafts.faults, document)
        if forms.faults_of(found, path):
            return await self.table(asked, status=422, work=Work(work.before, document, document != work.before))
        return asked.to(link(path) + "?done=kept")

    async def _up(self, asked: Visit, path: Path, asked_for: str) -> Response:
        """One of a list before the one above it."""
        work = await self._drafts.work(asked)
        found = re.fullmatch(r"up:([a-z_]+):([0-9]{1,4})", asked_for)
        items = edits.at(work.values, (*path, found[1])) if found else MISSING
        if found and isinstance(items, list) and 0 < (n := int(found[2])) < len(items):
            moved = [*items[: n - 1], items[n], items[n - 1], *items[n + 1 :]]
            document = await asyncio.to_thread(edits.put, work.document, [((*path, found[1]), moved)])
            self._drafts.keep(asked, work, document)
        return asked.to(link(path))

    async def add(self, asked: Visit) -> Response:
        """One more table of a kind, or one more of a list."""
        work = await self._drafts.work(asked)
        parts = [part for part in asked.text("at").split("/") if part]
        *outer, key = parts or [""]
        path = forms.find(work.values, outer) if outer else ()
        node = forms.node_at(work.values, (*path, key)) if path is not None else {}
        shape = forms.shape_of(node)
        if path is None or shape not in ("named", "list"):
            raise Refusal(404, "There is no such table.")
        here = edits.at(work.values, (*path, key))
        kind = asked.text("kind")
        new = {forms.tag_of(_below(node)): kind} if kind and kind in _kinds(node) else {}
        if shape == "list":
            name: str | int = len(here) if isinstance(here, list) else 0
        else:
            name = asked.text("name").strip()
            if not re.fullmatch(r"[0-9*#]" if key == "keys" else NAME, str(name)):
                raise Refusal(422, "A name has 1 to 31 of a-z, 0-9 and -; a key is one of 0 to 9, * and #.")
            if isinstance(here, dict) and name in here:
                raise Refusal(409, "There is one of that name already.")
        made: list[tuple[Path, object]] = [((*path, key, name), new)]
        if shape == "list" and not isinstance(here, list):
            made = [((*path, key), [new])]
        document = await asyncio.to_thread(edits.put, work.document, made)
        self._drafts.keep(asked, work, document)
        return asked.to(link((*path, key, name)))

    async def rename(self, asked: Visit) -> Response:
        """Another name for a table, also wherever it is named."""
        work = await self._drafts.work(asked)
        document, path = await renaming(self._drafts, work, asked.text("at").split("/"), asked.text("name").strip())
        self._drafts.keep(asked, work, document)
        return asked.to(link(path))

    async def remove(self, asked: Visit) -> Response:
        work = await self._drafts.work(asked)
        path = forms.find(work.values, asked.text("at").split("/"))
        if path is None or edits.at(work.values, path) is MISSING:
            raise Refusal(404, "There is no such table.")
        if _is_step(path):
            document = await asyncio.to_thread(removed, work.document, str(path[1]), str(path[3]))
        else:
            document = await asyncio.to_thread(edits.put, work.document, [(path, MISSING)])
        self._drafts.keep(asked, work, document)
        return asked.to(up(work, path))

    async def secret(self, asked: Visit) -> Response:
        """What stands in secrets.toml: kept by the switch, at once, and shown nowhere."""
        path = forms.find((await self._drafts.work(asked)).values, asked.text("at").split("/"))
        if path is None:
            raise Refusal(404, "There is no such table.")
        table, name, gone = asked.text("table"), asked.text("name"), asked.text("do") == "drop"
        try:
            if gone:
                await secrets.drop(self._drafts, asked, table, name)
            else:
                given = {key: asked.text(key) for key in GIVEN.get(table, ())}
                await secrets.keep(self._drafts, asked, table, name, given)
        except Refused as refused:
            return await self._at(asked, path, refused.message, 422)
        return asked.to(f"{link(path)}?done={'dropped' if gone else 'secret'}")

    # ---- the draft

    async def draft(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        work = await self._drafts.work(asked)
        now = await self._drafts.in_force()
        if work.drafted and now.document != work.before:
            return self._conflict(asked, work, now.document)
        refused = await self._drafts.check(work.document) if work.drafted else ""
        warnings = await asyncio.to_thread(self._drafts.warnings, work.document) if work.drafted and not refused else []
        found = await asyncio.to_thread(self._drafts.faults, work.document) if refused else []
        return asked.page(
            "draft.html", status, work=work, warnings=warnings, refused=refused, faults=found, wrong=wrong, link=link,
            lines=difference(work.before, work.document), changes=changed(work.before, work.document),
            where=self._where(work),
        )  # fmt: skip

    async def apply(self, asked: Visit) -> Response:
        work = await self._drafts.work(asked)
        if not work.drafted:
            return asked.to("/settings/draft")
        try:
            became = await self._drafts.enact(asked, work, asked.text("comment").strip()[:150])
        except Refused as refused:
            if refused.id == "changed":
                return self._conflict(asked, work, (await self._drafts.in_force()).document)
            return await self.draft(asked, refused.message, 422)
        return await self._applied(asked, became)

    async def _applied(self, asked: Visit, became: Revision) -> Response:
        document = (await self._drafts.in_force(became.revision)).document
        warnings = await asyncio.to_thread(self._drafts.warnings, document)
        return asked.page("applied.html", became=became, warnings=warnings)

    async def undo(self, asked: Visit) -> Response:
        """The draft before its last change, and the page one was on, if it is there then."""
        asked.office.take_back(asked.name)
        work, page = await self._drafts.work(asked), asked.text("at")
        if found := re.fullmatch(r"/settings/at/([^?#]{1,400})", page):
            return asked.to(_there(work, unquote(found[1]).split("/")))
        if found := re.fullmatch(r"/scenarios/([a-z0-9-]{1,31})", page):
            there = edits.at(work.values, ("scenario", found[1])) is not MISSING
            return asked.to(page if there else "/scenarios")
        found = re.match(r"/(settings/draft|hours|phones|prompts|scenarios)(?![a-z])", page)
        return asked.to(found[0] if found else "/settings")

    async def discard(self, asked: Visit) -> Response:
        asked.office.drop(asked.name)
        return asked.to("/settings")

    def _conflict(self, asked: Visit, work: Work, theirs: str) -> Response:
        """Somebody put other settings in force while this draft was made: both are shown, nothing is lost."""
        _, conflicts, wishes = edits.merge(work.before, work.document, theirs)
        return asked.page(
            "conflict.html", 409, mine=changed(work.before, work.document), theirs=changed(work.before, theirs),
            both=list(zip(conflicts, wishes, strict=True)), dotted=dotted, shown=shown, link=link,
        )  # fmt: skip

    async def merge(self, asked: Visit) -> Response:
        """The draft anew, on what is in force now; of each conflict the side that was chosen."""
        work = await self._drafts.work(asked)
        theirs = (await self._drafts.in_force()).document
        merged = merging(work, theirs, lambda path: asked.text(f"side:{path}") == "mine")
        self._drafts.keep(asked, Work(theirs, work.document, True), merged)
        return asked.to("/settings/draft")

    # ---- history, export, import

    async def history(self, asked: Visit) -> Response:
        return asked.page("history.html", versions=(await self._drafts.versions())[:200], when=await self._known.when())

    async def version(self, asked: Visit) -> Response:
        number = int(asked.request.path_params["number"])
        try:
            old = await self._drafts.in_force(number) if 0 < number < 1 << 53 else None
        except Refused:
            old = None
        if old is None:
            raise Refusal(404, "There is no such version.")
        now = await self._drafts.in_force()
        return asked.page(
            "version.html", number=number, now=now.revision, lines=difference(now.document, old.document),
            changes=changed(now.document, old.document),
        )  # fmt: skip

    async def restore(self, asked: Visit) -> Response:
        if not re.fullmatch(r"[0-9]{1,15}", asked.text("version")):
            raise Refusal(404, "There is no such version.")
        version = int(asked.text("version"))
        try:
            became = await self._drafts.restore(version)
        except Refused as refused:
            document = (await self._drafts.in_force(version)).document if refused.id == SettingsFaults.id else ""
            raise Refusal(422, await self._drafts.why(document, refused)) from None
        asked.note("settings-restored", f"version {version} as {became.revision}")
        return await self._applied(asked, became)

    async def export(self, asked: Visit) -> Response:
        """The draft, or what is in force, as a file."""
        work = await self._drafts.work(asked)
        headers = {"Content-Disposition": 'attachment; filename="office.toml"', "Cache-Control": "no-store"}
        return PlainTextResponse(work.document, headers=headers, media_type="application/toml")

    async def file(self, asked: Visit, text: str = "", faults: Sequence[Fault] = (), status: int = 200) -> Response:
        work = await self._drafts.work(asked)
        return asked.page("import.html", status, text=text or work.document, faults=faults, work=work)

    async def take(self, asked: Visit) -> Response:
        """A document, sent as a file or written here, becomes the draft; it must be TOML, its faults may be mended after."""
        file = asked.form.get("file")
        data = await file.read(documents.LARGEST + 1) if isinstance(file, UploadFile) and file.size else b""
        data = data or asked.text("text").replace("\r\n", "\n").encode("utf-8", "surrogatepass")
        try:
            text = sent(data)
        except SettingsFaults as wrong:
            return await self.file(asked, data[: documents.LARGEST].decode("utf-8", "replace"), wrong.faults, 422)
        work = await self._drafts.work(asked)
        self._drafts.keep(asked, work, text)
        return asked.to("/settings/draft")

    # ---- addresses

    def _path(self, asked: Visit, work: Work) -> Path:
        path = forms.find(work.values, asked.request.path_params["path"].split("/"))
        if path is None:
            raise Refusal(404, "There is no such table.")
        return path

    @staticmethod
    def _where(work: Work):  # type: ignore[no-untyped-def]
        """From a fault's path to the page where it is mended."""

        def where(fault: Fault) -> str:
            parts = [part for part in re.split(r"[.\[\]]+", fault.path) if part]
            while parts:
                if (path := forms.find(work.values, parts)) is not None:
                    return link(path)
                parts.pop()
            return ""

        return where


async def renaming(drafts: Drafts, work: Work, at: Sequence[str], new: str) -> tuple[str, Path]:
    """The document with another name for a table, also wherever it is named, and where that is then. Raises Refusal."""
    path = forms.find(work.values, at)
    if path is None or not isinstance(path[-1], str) or not (len(path) == 2 or _is_step(path)):
        raise Refusal(404, "There is no such table.")
    if not re.fullmatch(NAME, new):
        raise Refusal(422, "A name has 1 to 31 of a-z, 0-9 and -; a key is one of 0 to 9, * and #.")
    kind, old = str(path[0]), path[-1]
    if new in edits.at(work.values, path[:-1]):
        raise Refusal(409, "There is one of that name already.")
    if _is_step(path):
        named = await asyncio.to_thread(renamed, work.document, str(path[1]), old, new)
        if named is None:
            raise Refusal(409, "A way leads to something of that name already, and would lead to the step then.")
        return named, (*path[:-1], new)
    settings = await asyncio.to_thread(drafts.settings, work.document)
    if settings is None:
        raise Refusal(409, "First put right what is wrong in the draft: then everything that names it can follow.")
    return await asyncio.to_thread(edits.rename, work.document, kind, str(old), new, settings), (kind, new)


def merging(work: Work, theirs: str, mine: Callable[[str], bool]) -> str:
    """The draft anew on what is in force now; of each conflict my side where that is wanted."""
    merged, _, wishes = edits.merge(work.before, work.document, theirs)
    chosen = [(wish.path, wish.new) for wish in wishes if mine(dotted(wish.path))]
    return edits.put(merged, chosen) if chosen else merged


def sent(data: bytes) -> str:
    """A document that was sent, whose faults may be mended after. Raises SettingsFaults for what is no TOML."""
    text = documents.decode(data, "office.toml").replace("\r\n", "\n")
    try:
        documents.check(Settings, text, "office.toml")
    except SettingsFaults as wrong:
        if any(fault.id in UNREADABLE for fault in wrong.faults) or not _is_toml(text):
            raise
    return text


UNREADABLE = frozenset({"not-utf-8", "too-large", "toml-syntax", "too-deep", "given-twice"})


def link(path: Sequence[str | int]) -> str:
    return "/settings/at/" + "/".join(quote(str(part), safe="") for part in path)


def up(work: Work, path: Path) -> str:
    """The page of the table that one is within."""
    for end in range(len(path) - 1, 0, -1):
        if forms.shape_of(forms.node_at(work.values, path[:end])) == "table":
            return link(path[:end])
    return "/settings"


def _there(work: Work, parts: list[str]) -> str:
    """The page of a table, or of the nearest around it that is there."""
    while parts and ((path := forms.find(work.values, parts)) is None or edits.at(work.values, path) is MISSING):
        parts.pop()
    return link(path) if parts and path else "/settings"


def titles(work: Work, path: Path = ()) -> dict[str, str]:
    """What tables are called beside their names, by `kind.name`."""
    found = {}
    here = edits.at(work.values, path)
    for kind, tables in here.items() if isinstance(here, dict) else ():
        each = tables.items() if isinstance(tables, dict) else enumerate(tables) if isinstance(tables, list) else ()
        for name, one in each:
            if isinstance(one, dict):
                title = next((one[key] for key in ("name", "do", "kind", "to") if one.get(key)), "")
                found[f"{kind}.{name}"] = str(title)[:64]
            elif isinstance(one, str):  # a key of a menu, by where it leads alone
                found[f"{kind}.{name}"] = one[:64]
    return found


def shown(value: object) -> str:
    """A value for people to compare."""
    if value is MISSING:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {shown(each)}" for key, each in value.items())[:300] or "{}"
    return str(value)[:300] if not isinstance(value, bool) else ("true" if value else "false")


def changed(old: str, new: str) -> list[tuple[str, str, str]]:
    """Where two documents differ, and both values, for people."""
    found = edits.changes(edits.values(old), edits.values(new))
    return [(dotted(one.path), shown(one.old), shown(one.new)) for one in found[:300]]


def _absent_by_default(key: str | int) -> bool:
    return forms.ROOT["properties"][key].get("default", MISSING) is None


def _is_step(path: Path) -> bool:
    return len(path) == 4 and path[0] == "scenario" and path[2] == "step"


def _below(node: Schema) -> Schema:
    """Of what each table is."""
    return plain(node.get("additionalProperties", {}), forms.ROOT)


def _kinds(node: Schema) -> list[str]:
    below = _below(node)
    return list(below["discriminator"]["mapping"]) if "discriminator" in below else []


def _is_toml(text: str) -> bool:
    try:
        return bool(edits.values(text)) or True
    except (tomllib.TOMLDecodeError, ValueError):
        return False
