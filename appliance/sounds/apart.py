# SPDX-License-Identifier: GPL-2.0-or-later
"""Other programs that make sound, run apart from us: for a time, with so much output, and killed when it is over."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress


class Failed(Exception):
    """Why nothing came of it."""


async def output(words: Sequence[str], *, given: bytes = b"", within: float, most: int) -> bytes:
    """What a program writes that is given something to read; within seconds, at most so many bytes. Raises Failed."""
    program = words[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as fault:
        raise Failed(f"{program} cannot be started: {fault.strerror}") from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(within):
            audio = await _talk(process, given, most)
            code = await process.wait()
    except TimeoutError:
        raise Failed(f"{program} took longer than {within:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):  # a program of its own may have the pipe, too
                    while await process.stdout.read(65_536):  # what it had written; at its end the pipe is closed
                        pass
            await process.wait()
    if code:
        raise Failed("")
    return audio


async def _talk(process: asyncio.subprocess.Process, given: bytes, most: int) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    with suppress(ConnectionError):  # it ended without having read: its exit code says so
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()
    audio = bytearray()
    while part := await process.stdout.read(65_536):
        audio += part
        if len(audio) > most:
            raise Failed("it takes too long to say")
    return bytes(audio)
