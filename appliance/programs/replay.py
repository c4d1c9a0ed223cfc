# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper replay`: what recorded or made-up traffic would have been under other settings."""

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from appliance.programs import tables
from appliance.programs.arguments import whole
from appliance.reports import recorded, replay, synthetic
from appliance.reports.replay import Result
from appliance.reports.traffic import Traffic, scaled
from appliance.settings import load
from appliance.settings.documents import load as read_text
from appliance.settings.history import History
from appliance.settings.models import Settings
from appliance.store.reader import Reader

SHOWN = 20  # calls that differ


class NothingToReplay(Exception):
    """The journal has no call in the time asked for."""

    id = "nothing-to-replay"


class WrongRequest(Exception):
    """What is asked for does not go together."""

    id = "wrong-request"


def main(argv: list[str]) -> int:
    args = _arguments(argv)
    _sensible(args)
    new = _settings(args.settings)
    old = _old(args)
    tell = _Progress(sys.stderr)
    draw = _recorded(args, old or new, tell) if args.synthetic is None else _synthetic(args, new)
    before: list[Result] = []
    after: list[Result] = []
    for seed in range(args.seed, args.seed + args.repeat):
        traffic = draw(seed)
        if not traffic.visits:
            raise NothingToReplay("There is no call to be replayed.")
        name = f"run {seed - args.seed + 1} of {args.repeat}"
        for settings, results, which in ((old, before, "old"), (new, after, "new")):
            if settings is not None:
                progress = tell.of(f"{name}, {which} settings", len(traffic.visits))
                results.append(replay.run(traffic, settings, progress))
    tell.end()
    print("\n".join(_report(args, before, after, new)))
    return 0


# ---- what is asked for ------------------------------------------------------------------------------------------------


def _arguments(argv: list[str]) -> argparse.Namespace:
    takes = argparse.ArgumentParser(
        prog="linekeeper replay", description="What recorded or made-up traffic would have been under other settings."
    )
    takes.add_argument("--journal", type=Path, metavar="FILE", help="the journal whose traffic is replayed")
    takes.add_argument("--synthetic", type=Path, metavar="FILE", help="made-up traffic instead, described in TOML")
    takes.add_argument("--settings", type=Path, metavar="FILE", required=True, help="the document to be tried")
    takes.add_argument("--old", type=Path, metavar="FILE", help="the one to compare with; in force at the journal's")
    takes.add_argument("--from", dest="since", metavar="TIME", help="as 2027-01-11 or 2027-01-11T08:00, office time")
    takes.add_argument("--until", metavar="TIME", help="the same; calls before it")
    takes.add_argument("--scale", type=_scale, default=1.0, metavar="N", help="so many times the calls (%(default)s)")
    takes.add_argument(
        "--repeat", type=whole(1, 1000), default=1, metavar="N", help="runs, each drawn anew (%(default)s)"
    )
    takes.add_argument("--seed", type=int, default=1, metavar="N", help="what is drawn is drawn by it (%(default)s)")
    takes.add_argument("--all", action="store_true", help=f"every call that differs, not only the first {SHOWN}")
    return takes.parse_args(argv)


def _sensible(args: argparse.Namespace) -> None:
    """Raises WrongRequest when something would be passed over in silence."""
    if args.synthetic is None and args.journal is None:
        raise WrongRequest("Either --journal or --synthetic says which traffic is meant.")
    if args.synthetic is not None and args.journal is not None:
        raise WrongRequest(
            "Traffic is either recorded (--journal) or made up (--synthetic); --old FILE says what is compared with."
        )
    if args.synthetic is not None and (args.since or args.until):
        raise WrongRequest("--from and --until are a stretch of a journal; made-up traffic is told as long as it is.")


def _scale(text: str) -> float:
    try:
        if 0 < (scale := float(text)) <= 100:
            return scale
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not accepted; accepted: a number above 0, at most 100")


def _settings(path: Path) -> Settings:
    return load.parse(read_text(path)[0], path)


def _old(args: argparse.Namespace) -> Settings | None:
    """The document to compare with: the one named, or in force where the journal is; None when there is none."""
    if args.old is not None:
        return _settings(args.old)
    if args.journal is None:
        return None
    history = History(args.journal.parent / "history")
    version = history.current()
    return load.parse(history.document(version.number), args.settings) if version else None


def _time(text: str, settings: Settings) -> int:
    """ms UTC of a time in the office's zone. Raises WrongRequest."""
    try:
        local = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise WrongRequest(f"{text} is no time; accepted: 2027-01-11 or 2027-01-11T08:00") from None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(settings.office.time_zone))
    return round(local.timestamp() * 1000)


def _recorded(args: argparse.Namespace, settings: Settings, tell: "_Progress") -> Callable[[int], Traffic]:
    reader = Reader(args.journal)
    span = reader.span()
    if span is None:
        raise NothingToReplay(f"There is no call in {args.journal}.")
    since = _time(args.since, settings) if args.since else span[0]
    until = _time(args.until, settings) if args.until else span[1] + 1
    recording = recorded.read(reader, since, until, settings, tell.of("reading the journal, calls", 0))
    if not any(one.at >= since for one in recording.seen):
        raise NothingToReplay(f"There is no call from {args.since or 'the beginning'} to {args.until or 'the end'}.")

    def draw(seed: int) -> Traffic:
        traffic = recorded.draw(recording, settings, seed)
        traffic.visits = scaled(traffic.visits, args.scale, Random(seed))
        return traffic

    return draw


def _synthetic(args: argparse.Namespace, settings: Settings) -> Callable[[int], Traffic]:
    described = synthetic.read(args.synthetic, settings)
    return lambda seed: synthetic.draw(described, settings, seed, args.scale)


# ---- what is told -----------------------------------------------------------------------------------------------------


class _Progress:
    """One line on a terminal, written over and over."""

    def __init__(self, stream: object) -> None:
        self._stream = sys.stderr
        self._shown = self._stream.isatty()

    def of(self, what: str, total: int) -> Callable[[int], None]:
        """Shows it at once, and whenever told how far it is."""

        def show(done: int) -> None:
            if self._shown:
                far = f"{100 * done // total} %" if total else str(done)
                print(f"\r\x1b[K{what}: {far}", end="", file=self._stream, flush=True)

        show(0)
        return show

    def end(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def _report(args: argparse.Namespace, before: Sequence[Result], after: Sequence[Result], new: Settings) -> list[str]:
    columns = {name: results for name, results in (("old", before), ("new", after)) if results}
    lines = tables.figures(columns)
    lines += ["", *tables.loads(columns)]
    if before:
        found, right = replay.as_recorded(before[0])
        if right and args.scale == 1:
            lines += ["", f"Under the old settings {found} of {right} calls end as recorded."]
        zone = ZoneInfo(new.office.time_zone)
        lines += ["", *tables.differences(before[0], after[0], zone, None if args.all else SHOWN)]
    elif args.scale == 1:
        found, right = replay.as_recorded(after[0])
        if right:
            lines += ["", f"{found} of {right} calls end as recorded."]
    return lines
