# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper health`: what is wrong with the box, and what to do about it; exit code 0, 1 or 2."""

import asyncio
from contextlib import ExitStack, closing
from pathlib import Path

from appliance.control.live import Live
from appliance.control.messages import Refused, Watch
from appliance.health.checks import Level, Row, by_weight, worst
from appliance.programs import arguments
from appliance.settings.faults import SettingsFaults
from appliance.store.office import Office, opened
from appliance.web import tongue
from appliance.web.access import Refusal
from appliance.web.drafts import Drafts
from appliance.web.known import Known
from appliance.web.standing import Standing

CODES: dict[Level, int] = {"good": 0, "none": 0, "warning": 1, "bad": 2}
MARKS: dict[Level, str] = {"good": "good", "none": "-", "warning": "soon", "bad": "BAD"}
SWITCH_WITHIN, PAGES_WITHIN = 10.0, 5.0  # seconds


def main(argv: list[str]) -> int:
    """0: all is well; 1: something should be looked at soon; 2: something does not work."""
    takes = arguments.parser("health", "Tell what is wrong with the box, and what to do about it.")
    takes = arguments.with_pages(takes)
    takes.add_argument(
        "--language", choices=list(tongue.LANGUAGES), default="en", help="what it is told in (%(default)s)"
    )
    takes.add_argument("--quiet", action="store_true", help="only what is wrong")
    args = arguments.parse(takes, argv)
    with ExitStack() as more:
        if office := opened(arguments.pages(args)):
            more.enter_context(closing(office))
        rows = asyncio.run(_rows(args.socket, args.settings, args.state, arguments.pages(args), office))
    for row in by_weight(rows):
        if not args.quiet or row.level in ("bad", "warning"):
            arguments.show("\n".join(lines(row, args.language)))
    return CODES[worst(rows)]


def lines(row: Row, language: str) -> list[str]:
    """One for each finding, and what to do below it."""
    say = tongue.catalogue(language).gettext
    told = []
    for one in row.findings:
        told.append(f"{MARKS[one.level]:4}  {say(row.name)}: {say(one.words).format(*one.gaps)}")
        if one.todo:
            told.append(f"      {say(one.todo)}")
    return told


async def _rows(socket: Path, document: Path, state: Path, pages: Path, office: Office | None) -> list[Row]:
    drafts = Drafts(socket, document)
    live: Live | None = None
    try:
        async with asyncio.timeout(SWITCH_WITHIN):
            live = Live(await drafts.ask(Watch(0)))
    except (Refusal, Refused, TimeoutError):
        pass

    async def answer() -> bool | None:
        return await _pages_answer(document, state)

    return (await Standing(lambda: live, drafts, Known(document), state, office, pages, answer).rows())[1]


async def _pages_answer(document: Path, state: Path) -> bool | None:
    """Whether something answers HTTP where [web] says; None: where is not known."""
    try:
        web = arguments.settings(document, state).web
    except (SettingsFaults, OSError):
        return None
    try:
        async with asyncio.timeout(PAGES_WITHIN):
            reader, writer = await asyncio.open_connection(_to(web.listen), web.port)
            try:
                writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).startswith(b"HTTP/1.1 ")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _to(listen: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)
