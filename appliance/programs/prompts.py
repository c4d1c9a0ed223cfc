# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper prompts`: what callers are told, and recordings and texts made into prompts."""

import argparse
import asyncio
import re
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

from appliance.programs.arguments import SETTINGS, STATE, settings, show
from appliance.programs.said import Said, recordings
from appliance.settings.models import Settings
from appliance.settings.words import NAME
from appliance.sounds.recordings import Unheard, converted, is_ours, keep
from appliance.sounds.speech import Unspoken

SOUND, FAULTY = 0, 1


def main(argv: list[str]) -> int:
    """0: done, and all that is listed can be heard; 1: something that is listed cannot."""
    args = _arguments(argv)
    if args.do == "list":
        return _list(settings(args.settings, args.state))
    made = args.state.absolute() / "prompts" / f"{args.name}.wav"
    if args.do == "import":
        audio = asyncio.run(_imported(args.file.absolute()))
    else:
        known = settings(args.settings, args.state)
        audio = asyncio.run(_spoken(known, args.text, args.language or known.office.language))
    made.parent.mkdir(exist_ok=True)
    keep(made, audio)
    show(f'{made}: {_length(made)}\n\n[prompt.{args.name}]\nfile = "{made}"')
    return SOUND


async def _imported(file: Path) -> bytes:
    return file.read_bytes() if is_ours(file) else await converted(str(file))


async def _spoken(known: Settings, text: str, language: str) -> bytes:
    with TemporaryDirectory() as folder:  # those of the switch are its own
        speech = Said(Path(folder)).speech
        speech.use(known.speech.voices)
        return Path(await speech.speak(text, language)).read_bytes()


def _list(known: Settings) -> int:
    """Every prompt with its language and length, or what is wrong with it; then other recordings."""
    with TemporaryDirectory() as folder:
        rows, faulty = asyncio.run(_rows(known, Said(Path(folder))))
    width = max((len(name) for name, _ in rows), default=0)
    show("\n".join(f"{name:{width}}  {what}" for name, what in rows) or "There are no prompts.")
    return FAULTY if faulty else SOUND


async def _rows(known: Settings, said: Said) -> tuple[list[tuple[str, str]], bool]:
    rows, faulty = [], False
    said.speech.use(known.speech.voices)
    for name, prompt in known.prompt.items():
        text = prompt.spoken(known.office.language)
        try:
            file = await said.speech.speak(*text) if text else await said.recordings.prepare(prompt.file or "")
            what = f"{_length(Path(file))}, " + (f"{text[1]}: {text[0]}" if text else prompt.file or "")
        except (Unheard, Unspoken) as fault:
            what, faulty = f"cannot be heard: {fault}", True
        rows.append((f"prompt.{name}", what))
    for place, path in recordings(known):
        if not place.startswith("prompt."):
            try:
                rows.append((place, f"{_length(Path(await said.recordings.prepare(path)))}, {path}"))
            except Unheard as fault:
                rows.append((place, f"cannot be heard: {fault}"))
                faulty = True
    return rows, faulty


def _length(file: Path) -> str:
    try:
        with wave.open(str(file), "rb") as sound:
            return f"{sound.getnframes() / sound.getframerate():.1f} s"
    except (wave.Error, EOFError, OSError):
        return "of unknown length"


def _arguments(argv: list[str]) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--settings", type=Path, metavar="FILE", default=SETTINGS, help="the document (%(default)s)")
    common.add_argument("--state", type=Path, metavar="DIR", default=STATE, help="what is kept (%(default)s)")
    parser = argparse.ArgumentParser(prog="linekeeper prompts", description="What callers are told.")
    do = parser.add_subparsers(dest="do", required=True, metavar="list | import | say")
    do.add_parser("list", parents=[common], help="every prompt, its length, and whether it can be heard")
    into = do.add_parser("import", parents=[common], help="make a prompt of a recording of any format")
    into.add_argument("name", metavar="NAME", type=_name, help="what it is called from now on")
    into.add_argument("file", metavar="FILE", type=Path, help="the recording")
    say = do.add_parser("say", parents=[common], help="make a prompt of a text")
    say.add_argument("name", metavar="NAME", type=_name, help="what it is called from now on")
    say.add_argument("text", metavar="TEXT", help="what is said, at most 500 characters")
    say.add_argument("--language", default="", help="its language (the office's)")
    return parser.parse_args(argv)


def _name(text: str) -> str:
    if re.fullmatch(NAME, text):
        return text
    raise argparse.ArgumentTypeError(f"{text[:40]} is not accepted; accepted: small letters, digits and hyphens")
