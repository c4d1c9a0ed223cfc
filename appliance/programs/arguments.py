# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs have in common on their command line: settings, state, control socket, log."""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from appliance.languages import LANGUAGES
from appliance.settings import documents, load
from appliance.settings.faults import SettingsFaults
from appliance.settings.history import History, Version
from appliance.settings.models import Settings

log = logging.getLogger("settings")
Read = TypeVar("Read")

SETTINGS = Path("/etc/linekeeper/office.toml")
STATE = Path("/var/lib/linekeeper")
LEVELS = ("debug", "info", "warning", "error")


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """--settings, --state, --socket and --log-level; the program adds its own."""
    parser = argparse.ArgumentParser(prog=f"linekeeper {program}", description=description)
    parser.add_argument("--settings", type=Path, metavar="FILE", default=SETTINGS, help="the document (%(default)s)")
    parser.add_argument("--state", type=Path, metavar="DIR", default=STATE, help="what is kept (%(default)s)")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="the control socket (control.sock in DIR)")
    parser.add_argument("--log-level", choices=LEVELS, default="info", help="what is logged (%(default)s)")
    return parser


def with_pages(takes: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """--pages too."""
    takes.add_argument("--pages", type=Path, metavar="DIR", help="what the pages keep: users, audit (pages in --state)")
    return takes


def with_kept(takes: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """--pages and --bridge: with --state all that the programs keep."""
    takes.add_argument("--bridge", type=Path, metavar="DIR", help="what the bridge keeps (in --state)")
    return with_pages(takes)


def pages(args: argparse.Namespace) -> Path:
    """The folder of what the pages keep."""
    return Path(args.pages or args.state / "pages")


def reading(program: str, description: str) -> argparse.ArgumentParser:
    """--settings and --language, for a program that only reads the document."""
    parser = argparse.ArgumentParser(prog=f"linekeeper {program}", description=description)
    parser.add_argument("--settings", type=Path, metavar="FILE", default=SETTINGS, help="the document (%(default)s)")
    parser.add_argument("--language", choices=LANGUAGES, default="", help="what it is told in (the office's own)")
    return parser


def parse(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace:
    """The arguments, socket filled in; logging is set up as they say."""
    args = parser.parse_args(argv)
    args.socket = args.socket or args.state / "control.sock"
    known_by_journal = "JOURNAL_STREAM" in os.environ or "LINEKEEPER_PARENT" in os.environ  # they add the time
    form = "%(levelname)s %(name)s: %(message)s"
    # a record holds what is written of it and no more: who called, thread and process cost as much as the line itself
    logging._srcfile = None  # type: ignore[attr-defined]
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = logging.logAsyncioTasks = False
    logging.basicConfig(level=args.log_level.upper(), format=form if known_by_journal else f"%(asctime)s {form}")
    return args


def whole(least: int, most: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number within bounds."""

    def read(text: str) -> int:
        try:
            if least <= (number := int(text)) <= most:
                return number
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"{text} is not accepted; accepted: a whole number from {least} to {most}")

    return read


def settings(path: Path, state: Path) -> Settings:
    """The document, each field checked, without the long lists of numbers; while it is faulty, the last one that was not.

    Raises SettingsFaults and OSError when there is none."""

    def check(text: str) -> Settings:
        return documents.check(Settings, text, path.name)[0]

    try:
        return check(documents.load(path)[0])
    except (SettingsFaults, OSError) as fault:
        return instead(fault, state, check)[1]


def instead(fault: SettingsFaults | OSError, state: Path, read: Callable[[str], Read]) -> tuple[Version, Read]:
    """The last version of the settings that can be read, as the document has a fault; raises that when there is none."""
    try:
        found = History(state / "history").last_sound(read)
    except OSError:  # not ours to read
        found = None
    if found is None:
        raise fault
    log.error("%s", fault)
    log.error("the settings have faults: version %d is in force instead", found[0].number)
    return found


def document(path: Path) -> Settings:
    """The document, checked whole. Raises SettingsFaults, OSError."""
    return load.parse(documents.load(path)[0], path)


def show(text: str) -> None:
    """Print, however early whoever reads it (`| head`) has had enough."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more is said at the end either


def version() -> str:
    try:
        return metadata.version("linekeeper")
    except metadata.PackageNotFoundError:
        return "unknown"
