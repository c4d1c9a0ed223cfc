# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper backup`: an encrypted copy of all that the box knows. docs/backup.md."""

import argparse
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.programs import arguments
from appliance.settings.backup import FOLDER
from appliance.settings.models import Settings
from appliance.store import archive, backups

DOCUMENT = "settings"
BESIDE = ("secrets.toml", "web.toml", "mqtt.toml")  # of the document, when they are there


class OthersFolder(Exception):
    """Somebody else may change what lies there."""

    id = "backup-folder"


class NoRecipient(Exception):
    """Nobody's key is known."""

    id = "backup-recipient"


def main(argv: list[str]) -> int:
    """0: it was made, and opened once."""
    takes = arguments.with_kept(arguments.parser("backup", "Make an encrypted copy of all that the box knows."))
    takes.add_argument("--folder", type=Path, metavar="DIR", help=f"where it goes (as the settings say; {FOLDER})")
    takes.add_argument("--make-key", type=Path, metavar="FILE", help="make a key instead, which opens backups")
    args = arguments.parse(takes, argv)
    if args.make_key:
        return make_key(args.make_key)
    settings = arguments.settings(args.settings, args.state)
    if settings.backup.recipient is None:
        raise NoRecipient("[backup] names no recipient; `linekeeper backup --make-key FILE` makes a key and tells it")
    folder = args.folder or Path(settings.backup.folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    _own(folder.resolve())
    out = backups.new(folder)
    leave = [folder, *(() if settings.backup.recordings else (args.state / "recordings",))]
    count = archive.write(dict(sources(args, settings)), leave, out, settings.backup.recipient)
    arguments.show(f"{out}: {count} files, {out.stat().st_size} bytes, and it can be restored")
    before = [one for one in backups.made(folder) if one.file != out]  # whatever the clock was when they were made
    for old in before[settings.backup.keep - 1 :]:
        old.file.unlink()
    return 0


def sources(args: argparse.Namespace, settings: Settings) -> Iterator[tuple[str, Path]]:
    """What goes in, by its name there."""
    lists = {table.numbers_file for table in settings.callers.values() if table.numbers_file}
    for name in (*BESIDE, *sorted(lists)):
        if (beside := args.settings.with_name(name)).is_file():
            yield f"{DOCUMENT}/{name}", beside
    yield f"{DOCUMENT}/office.toml", args.settings
    yield "state", args.state
    pages = arguments.pages(args)
    if args.state.resolve() not in pages.resolve().parents:
        yield "pages", pages
    if args.bridge:
        yield "bridge", args.bridge


def _own(folder: Path) -> None:
    """Nobody but root can put anything in the way of what root writes there. Raises OthersFolder."""
    for path in (folder, *folder.parents) if os.geteuid() == 0 else ():
        about = path.stat()
        if about.st_uid != 0 or (about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX):
            raise OthersFolder(f"{folder} is no folder for backups: others than root may write in {path}")


def make_key(file: Path) -> int:
    secret, recipient = archive.new_key()
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(archive.key_file(secret, recipient))
    arguments.show(
        f"{file} opens the backups: keep it apart from the box, and twice. Nobody can open them without it.\n"
        f'Write into the settings, or on the page of settings:\n\n[backup]\nrecipient = "{recipient}"'
    )
    return 0
