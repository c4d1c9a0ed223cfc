# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper recordings`: lists recorded calls, proves that they are as they were written, exports and deletes them."""

import argparse
import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from appliance.control.client import Client
from appliance.control.recordings import (
    DeleteRecording,
    ExportRecording,
    KeepRecording,
    Piece,
    Recording,
    Recordings,
    VerifyRecording,
)
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask
from appliance.store.sealed import COUNTS, SIDES, wav_head

OPUS, CODER = ".opus", "ffmpeg"
BITS = "32k"  # a second, of both sides: 14 MB an hour


def main(argv: list[str]) -> int:
    """0: done; 1: a recording is not what was written."""
    takes = parser("recordings", "List recorded calls, oldest first; or verify, export, keep or delete one.")
    does = takes.add_mutually_exclusive_group()
    does.add_argument("--verify", action="store_true", help="prove that each is what was written, by its checksum")
    does.add_argument(
        "--export",
        type=int,
        metavar="RECORDING",
        help="write this one as a file for any program; it is written down who did",
    )
    does.add_argument("--keep", type=int, metavar="RECORDING", help="never delete this one by age or for room")
    does.add_argument("--release", type=int, metavar="RECORDING", help="no longer")
    does.add_argument("--delete", type=int, metavar="RECORDING", help="delete this one")
    takes.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where it goes (RECORDING.wav; NAME.opus: as Opus); it must not be there",
    )
    args = parse(takes, argv)
    return ask(args.socket, lambda switch: carry_out(switch, args))


async def carry_out(switch: Client, args: argparse.Namespace) -> int:
    if args.verify:
        return await verify(switch)
    if args.export is not None:
        out = args.out or Path(f"{args.export}.wav")
        show(f"{out}: {await export(switch, args.export, out)} bytes")
    elif args.delete is not None:
        await switch.request(DeleteRecording(0, args.delete))
    elif (one := args.keep if args.keep is not None else args.release) is not None:
        await switch.request(KeepRecording(0, one, kept=args.keep is not None))
    else:
        for recording in await listed(switch):
            show(line(recording))
    return 0


async def listed(switch: Client) -> tuple[Recording, ...]:
    """All of them, however many answers that takes."""
    found: tuple[Recording, ...] = ()
    while more := await switch.request(Recordings(0, found[-1].id if found else 0)):
        found += more
    return found


async def verify(switch: Client) -> int:
    """Tell of each that is over whether it is what was written."""
    failed = 0
    for one in await listed(switch):
        if one.state == "open":
            continue
        told = await switch.request(VerifyRecording(0, one.id))
        failed += bool(told.wrong)
        show(f"{one.id}  {told.wrong or 'as it was written'}")
    return 1 if failed else 0


async def export(switch: Client, recording: int, out: Path) -> int:
    """Bytes written. Raises Refused, OSError."""
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            async with aclosing(pieces(switch, recording)) as told:
                await (_as_opus if out.suffix == OPUS else _as_wav)(told, file)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
    return out.stat().st_size


async def _as_wav(told: AsyncGenerator[Piece, None], file: BinaryIO) -> None:
    size, form = 0, ""
    async for piece in told:
        if not form:
            form = piece.form
            file.write(wav_head(form, 0))
        size += file.write(piece.samples)
    file.seek(0)
    file.write(wav_head(form or "wav", size))


async def _as_opus(told: AsyncGenerator[Piece, None], file: BinaryIO) -> None:
    """Opus in Ogg (RFC 7845), by ffmpeg, which sees samples alone."""
    coder = None
    try:
        async for piece in told:
            if coder is None:
                rate, width, _ = COUNTS[piece.form]
                given = ("-f", "s16le" if width == 2 else "alaw", "-ar", str(rate), "-ac", str(SIDES), "-i", "pipe:0")
                coder = await asyncio.create_subprocess_exec(
                    *(CODER, "-nostdin", "-v", "error", *given, "-c:a", "libopus", "-b:a", BITS, "-f", "ogg", "pipe:1"),
                    stdin=asyncio.subprocess.PIPE, stdout=file,
                )  # fmt: skip
            assert coder.stdin is not None  # as it was asked for
            coder.stdin.write(piece.samples)
            await coder.stdin.drain()
        if coder and coder.stdin:
            coder.stdin.close()
            if code := await coder.wait():
                raise OSError(f"{CODER} ended with {code}")
    finally:
        if coder and coder.returncode is None:
            coder.kill()
            await coder.wait()


async def pieces(switch: Client, recording: int) -> AsyncGenerator[Piece, None]:
    """One after the other, to the end."""
    first = 0
    while (piece := await switch.request(ExportRecording(0, recording, first))).samples:
        yield piece
        first = piece.next


def line(one: Recording) -> str:
    """Number, call, when, how long, state, rule, who."""
    when = datetime.fromtimestamp(one.at / 1000).strftime("%Y-%m-%d %H:%M")
    state = one.state + (", kept" if one.kept else "") + (f", {one.lost} ms lost" if one.lost else "")
    who = " ".join(filter(None, (one.caller or "withheld", one.name, "-", one.person or one.line)))
    return f"{one.id}  call {one.call}  {when}  {round(one.duration / 1000)} s  {state}  {one.rule}  {who}"
