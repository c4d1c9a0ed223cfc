# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper check`: is a settings document sound, and if not, where and why."""

import argparse
import sys
import time
from pathlib import Path

from appliance.programs.said import recordings
from appliance.settings import golden
from appliance.settings.compile import compile
from appliance.settings.documents import load
from appliance.settings.faults import Fault, SettingsFaults
from appliance.settings.files import DiskFull
from appliance.settings.load import Office, read, sound
from appliance.settings.models import Settings
from appliance.settings.passwords import FILE, Secrets
from appliance.sounds.recordings import Unheard, look

SOUND, FAULTY, UNREADABLE = 0, 1, 2


def main(argv: list[str]) -> int:
    """0: sound; 1: faults or golden calls that fail, each printed with its place; 2: the file cannot be read."""
    args = _arguments(argv)
    try:
        office, note = _read(args)
        failed = _golden(office, args.file.name)
    except SettingsFaults as error:
        for fault in error.faults:
            print(fault)
        return FAULTY
    except (OSError, DiskFull) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"linekeeper check: {getattr(error, 'filename', None) or args.file}: {reason}", file=sys.stderr)
        return UNREADABLE
    for fault in failed:
        print(fault)
    for warning in (*office.warnings, *unheard(office.settings)):
        print(f"warning: {warning}")
    if failed:
        return FAULTY
    print(f"{args.file.name}: sound: {summary(office.settings)}{note}")
    return SOUND


def _read(args: argparse.Namespace) -> tuple[Office, str]:
    """The document, and what is to be said of its passwords."""
    secrets = args.secrets or args.file.with_name(FILE)
    if args.fill or args.secrets or secrets.exists():
        return read(args.file, secrets, fill=args.fill), ""
    document = load(args.file)[0]
    settings, warnings = sound(document, args.file)
    office = Office(document, settings, Secrets(), warnings)
    return office, f"\nThere is no {secrets}: passwords were not looked at."


def _golden(office: Office, file: str) -> tuple[Fault, ...]:
    """The golden calls that do not go as they say; the document can be compiled then."""
    compile(office.settings, time.time_ns() // 1_000_000)
    try:
        golden.check(office.document, file, office.settings)
    except golden.GoldenCalls as error:
        return error.faults
    return ()


def unheard(settings: Settings) -> list[str]:
    """Recordings and voices that are not there or cannot be played."""
    found = []
    for place, path in recordings(settings):
        try:
            look(path)
        except Unheard as fault:
            found.append(f"{place}: {path} will not be heard: {fault}")
    for language, path in settings.speech.voices.items():
        if not Path(path).is_file():
            found.append(f"speech.voices.{language}: {path} is not there; espeak-ng speaks instead")
    return found


def summary(settings: Settings) -> str:
    """`2 phones, 2 people, 1 line ...`, of what is there."""
    words = {
        "phone": ("phone", "phones"),
        "person": ("person", "people"),
        "line": ("line", "lines"),
        "queue": ("queue", "queues"),
        "chain": ("chain", "chains"),
        "scenario": ("scenario", "scenarios"),
        "callers": ("caller list", "caller lists"),
        "action": ("action", "actions"),
        "golden": ("golden call", "golden calls"),
    }
    counts = [(len(getattr(settings, kind)), one, many) for kind, (one, many) in words.items()]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "nothing yet"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="linekeeper check", description="Say whether a settings document is sound.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the settings document")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help=f"its passwords; {FILE} beside it when left out")
    parser.add_argument("--fill", action="store_true", help="give a password to each telephone that has none")
    return parser.parse_args(argv)
