# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper recover`: what is in a backup, for another box or this one. docs/backup.md."""

import argparse
import os
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from appliance.programs import arguments
from appliance.programs.backup import DOCUMENT
from appliance.settings.faults import SettingsFaults
from appliance.store import archive

INSTALLED = Path("/run/linekeeper/control.sock")  # of the units
MARK = "AGE-SECRET-KEY-1"


class Runs(Exception):
    """The box is at work."""

    id = "switch-runs"


def main(argv: list[str]) -> int:
    """0: the backup is sound, and is where it was to go."""
    takes = arguments.with_kept(arguments.parser("recover", "Try a backup; or have the box as it has it."))
    takes.add_argument("backup", type=Path, metavar="FILE")
    takes.add_argument(
        "--key", type=Path, metavar="FILE", required=True, help="what `linekeeper backup --make-key` made"
    )
    does = takes.add_mutually_exclusive_group()
    does.add_argument("--into", type=Path, metavar="DIR", help="unpack it into this folder, which must not be there")
    does.add_argument(
        "--in-place",
        action="store_true",
        help="put it in the place of what is there, which is kept beside; nothing may run",
    )
    args = arguments.parse(takes, argv)
    if args.in_place and any(map(_runs, (args.socket, INSTALLED))):
        raise Runs("the switch runs; end it first (`systemctl stop linekeeper.target`)")
    near = args.into or args.state if args.into or args.in_place else None
    if args.into and args.into.exists():
        raise FileExistsError(17, "File exists", str(args.into))
    with tempfile.TemporaryDirectory(dir=near.absolute().parent if near else None, prefix=".recover-") as folder:
        count = archive.read(args.backup, _key(args.key), Path(folder))
        arguments.show(
            f"{args.backup.name}: {count} files of {_whose(Path(folder, DOCUMENT, 'office.toml'))}, all sound"
        )
        if args.into:
            _all(Path(folder), args.into)
            arguments.show(f"they are in {args.into}")
        elif args.in_place:
            _in_place(Path(folder), args)
    return 0


def _whose(document: Path) -> str:
    """The office's name. Faults of its document are told: it was so, and an older version was in force."""
    try:
        return arguments.document(document).office.name
    except SettingsFaults as faults:
        arguments.show(str(faults))
        return "an office whose settings have faults"


def _key(file: Path) -> str:
    """The line of it that is the key. Raises OSError."""
    with suppress(UnicodeDecodeError):
        for line in file.read_text()[:10_000].splitlines():
            if line.startswith(MARK):
                return line.strip()
    return ""


def _runs(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(control))
        except OSError:
            return False
        return True


def _all(folder: Path, into: Path) -> None:
    into.mkdir(parents=True, mode=0o700)
    for one in folder.iterdir():
        shutil.move(one, into / one.name)


def _in_place(folder: Path, args: argparse.Namespace) -> None:
    """What was in the backup stands in the place of what there was; where that is now is told as it is moved."""
    mark = time.strftime("before-%Y%m%d-%H%M%S", time.gmtime())
    places = {"state": args.state, "pages": arguments.pages(args)} | ({"bridge": args.bridge} if args.bridge else {})
    moves = [(folder / name, place) for name, place in places.items() if (folder / name).is_dir()]
    for file in sorted((folder / DOCUMENT).iterdir()):
        moves.append((file, args.settings if file.name == "office.toml" else args.settings.with_name(file.name)))
    for source, place in moves:
        place.parent.mkdir(parents=True, exist_ok=True)
        owner = (place if place.exists() else place.parent).stat()
        if place.exists():
            place.rename(kept := place.with_name(f"{place.name}.{mark}"))
            arguments.show(f"{place}: the one before is {kept}")
        shutil.move(source, place)  # perhaps of another file system
        if os.geteuid() == 0 and place.is_file():  # folders are given to their programs by the units
            os.chown(place, owner.st_uid, owner.st_gid)
