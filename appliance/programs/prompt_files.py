# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings for prompts that come by the control socket, a piece at a time; see docs/prompts.md."""

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.control.messages import Refused
from appliance.control.prompts import DeletePrompt, KeepPrompt, KeptPrompt
from appliance.sounds.recordings import is_ours

ALL_MOST = 1_000_000_000  # bytes of all that came so
LEFT_FREE = 500_000_000  # bytes of the disk that are for calls and messages
STALE = 3600.0  # seconds after which what was begun is not gone on with


class PromptFiles:
    """The folder they are kept in. A file is named after what is in it and never changes: what names it goes on being right."""

    def __init__(self, state: Path, kept: Callable[[str, str], None]) -> None:
        """kept: told of a file that is there now, and who brought it."""
        self._folder, self._kept = state.absolute() / "prompts", kept
        self._turn = asyncio.Lock()

    async def take(self, asked: KeepPrompt) -> KeptPrompt:
        """Raises Refused, OSError."""
        async with self._turn:
            file = await asyncio.to_thread(self._take, asked)
        if file:
            self._kept(file, asked.by)
        return KeptPrompt(file)

    async def delete(self, asked: DeletePrompt, named: Iterable[tuple[str, str]]) -> None:
        """named: every recording of the settings in force, and where. Raises Refused, OSError."""
        file = self._folder / asked.file
        if place := next((place for place, path in named if Path(path) == file), ""):
            raise Refused("in-use", f"The settings in force name it: {place}.")
        async with self._turn:
            if not await asyncio.to_thread(file.is_file):
                raise KeyError(asked.file)
            await asyncio.to_thread(file.unlink)

    def _take(self, asked: KeepPrompt) -> str:
        made = self._folder / f"{asked.name}-{asked.sha256[:12]}.wav"
        begun = self._folder / f".{asked.sha256[:32]}.new"
        if asked.start == 0:
            self._make_room(asked.total)
            begun.write_bytes(b"")
        size = begun.stat().st_size if begun.exists() else -1
        if asked.start != size or size + len(asked.samples) > asked.total:
            raise Refused("piece", "That piece does not follow the one before it; begin anew.")
        with begun.open("ab") as file:
            file.write(asked.samples)
            if size + len(asked.samples) < asked.total:
                return ""
            file.flush()
            os.fsync(file.fileno())
        try:
            with begun.open("rb") as whole:
                if hashlib.file_digest(whole, "sha256").hexdigest() != asked.sha256:
                    raise Refused("piece", "The recording is not what was sent; begin anew.")
            if not is_ours(begun):
                raise Refused("unheard", "It is no WAV file of one channel and 16 bits.")
            os.replace(begun, made)
        finally:
            begun.unlink(missing_ok=True)
        return str(made)

    def _make_room(self, total: int) -> None:
        """Raises Refused when there is none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob(".*.new"):
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink(missing_ok=True)
        kept = sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())
        if kept + total > ALL_MOST:
            raise Refused("disk-full", f"Recordings of prompts have {ALL_MOST // 1_000_000} MB at most.")
        if shutil.disk_usage(self._folder).free < total + LEFT_FREE:
            raise Refused("disk-full", "The disk is nearly full.")
