# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper recover`: what is in a backup, for another box or this one. docs/backup.md."""

import argparse
import json
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
    takes.add_argument("backup", type=Path, metavar="FILE", nargs="?")
    takes.add_argument("--key", type=Path, metavar="FILE", help="what `linekeeper backup --make-key` made")
    does = takes.add_mutually_exclusive_group()
    does.add_argument("--into", type=Path, metavar="DIR", help="unpack it into this folder, which must not be there")
    does.add_argument(
        "--in-place",
        action="store_true",
        help="put it in the place of what is there, which is kept beside; nothing may run",
    )
    does.add_argument("--go-on", action="store_true", help="end what --in-place began when the power failed")
    args = arguments.parse(takes, argv)
    if not args.go_on and not (args.backup and args.key):
        takes.error("which backup, and by which --key?")
    if (args.go_on or args.in_place) and any(map(_runs, (args.socket, INSTALLED))):
        raise Runs("the switch runs; end it first (`systemctl stop linekeeper.target`)")
    if (args.go_on or args.in_place) and _left(args.state).exists():
        _go_on(_left(args.state))
    if args.go_on:
        return 0
    if args.into and args.into.exists():
        raise FileExistsError(17, "File exists", str(args.into))
    with tempfile.TemporaryDirectory(dir=_data_disk(args), prefix=".recover-") as folder:
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
    """What was in the backup stands in the place of what there was. All of it is brought beside its place first; from then
    on a file says what is to be renamed, and who finds it there does what is left: _go_on."""
    mark = time.strftime("before-%Y%m%d-%H%M%S", time.gmtime())
    places = {"state": args.state, "pages": arguments.pages(args)} | ({"bridge": args.bridge} if args.bridge else {})
    moves = [(folder / name, place.absolute()) for name, place in places.items() if (folder / name).is_dir()]
    for file in sorted((folder / DOCUMENT).iterdir()):
        place = args.settings if file.name == "office.toml" else args.settings.with_name(file.name)
        moves.append((file, place.absolute()))
    staged: list[list[str]] = []
    try:
        for source, place in moves:
            place.parent.mkdir(parents=True, exist_ok=True)
            owner = (place if place.exists() else place.parent).stat()
            beside = place.with_name(f".{place.name}.{mark}")
            staged.append([str(beside), str(place), str(place.with_name(f"{place.name}.{mark}"))])
            shutil.move(source, beside)  # perhaps of another file system
            if os.geteuid() == 0 and beside.is_file():  # folders are given to their programs by the units
                os.chown(beside, owner.st_uid, owner.st_gid)
        os.sync()
        _say_what_is_left(_left(args.state), staged)
    except BaseException:
        for beside, *_ in staged:
            _remove(Path(beside))
        raise
    _go_on(_left(args.state))


def _left(state: Path) -> Path:
    """The file that says what is still to be renamed."""
    return state.absolute().with_name(f".{state.absolute().name}.recovering")


def _say_what_is_left(left: Path, staged: list[list[str]]) -> None:
    part = left.with_name(f"{left.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        json.dump(staged, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(left)
    os.sync()  # the name of it, too


def _go_on(left: Path) -> None:
    """Every part gets into its place, those that are not there yet; where the one before is now is told as it is moved."""
    for beside, place, kept in (map(Path, one) for one in json.loads(left.read_text())):
        if not beside.exists():
            continue  # it is in its place
        if place.exists():
            while kept.exists():  # a program made the place anew meanwhile
                kept = kept.with_name(f"{kept.name}.again")
            place.rename(kept)
            arguments.show(f"{place}: the one before is {kept}")
        beside.rename(place)
    os.sync()
    left.unlink()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _data_disk(args: argparse.Namespace) -> Path:
    """Where there is room to unpack one: /tmp may be memory."""
    places = [(args.into or args.state).absolute().parent, args.backup.absolute().parent]
    return next((place for place in places if os.access(place, os.W_OK | os.X_OK)), places[0])
