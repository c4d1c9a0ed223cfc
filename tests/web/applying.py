# SPDX-License-Identifier: GPL-2.0-or-later
"""A switch that keeps and checks settings as the real one does, and does nothing else."""

import asyncio
import hashlib
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.control import messages as m
from appliance.control.modems import Plugged, Socket
from appliance.control.prompts import DeletePrompt, KeepPrompt, SpeakPrompt, SpokenPrompt
from appliance.control.restarts import Pending, Restart, Waiting
from appliance.control.secrets import DropSecret, KeepSecret
from appliance.control.server import Peer, Server
from appliance.programs.prompt_files import PromptFiles
from appliance.programs.said import recordings
from appliance.settings import given, golden, load
from appliance.settings.faults import SettingsFaults
from appliance.settings.history import History, NoSuchVersion
from appliance.settings.passwords import FILE
from appliance.sounds.speech import Speech, Unspoken
from tests.fakes.switch import small_office


class Applying:
    """`socket`, and `document`, the file in force; `hold` holds an apply up."""

    def __init__(self, folder: Path, text: str) -> None:
        self.socket, self.document = folder / "control.sock", folder / "office.toml"
        self.document.write_text(text)
        self.plugged: tuple[Socket, ...] = ()  # modems that are no line's
        self.secrets: list[KeepSecret | DropSecret] = []
        self.restarts: list[Restart] = []
        self.calls = 0  # that are on
        self._begun = load.parse(text, self.document)
        self.hold = asyncio.Event()
        self.hold.set()
        self.history = History(folder / "history")
        self.prompts = PromptFiles(folder, lambda file, by: self.brought.append((Path(file).name, by)))
        self.speech = Speech(folder / "spoken")
        self.brought: list[tuple[str, str]] = []
        self.history.apply(self.document, text, at=self._now(), comment="as found at the start")
        self._server = Server(self.socket, self._handle, small_office)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()

    @property
    def text(self) -> str:
        return self.document.read_text()

    async def _handle(self, request: m.Request, peer: Peer) -> object:
        try:
            match request:
                case KeepSecret(table=table, name=name, values=values):
                    given.keep(self.document.with_name(FILE), table, name, values)
                    self.secrets.append(request)
                case DropSecret(table=table, name=name):
                    given.drop(self.document.with_name(FILE), table, name)
                    self.secrets.append(request)
                case Pending():
                    now = load.parse(self.text, self.document)
                    return Waiting(("sip",) if now.sip != self._begun.sip else (), self.calls)
                case Restart(at_once=at_once):
                    if self.calls and not at_once:
                        raise m.Refused("busy", "calls are on")
                    self.restarts.append(request)
                case Plugged():
                    return self.plugged
                case KeepPrompt():
                    return await self.prompts.take(request)
                case SpeakPrompt(text=text, language=language):
                    return SpokenPrompt(await self.speech.speak(text, language or "en"))
                case DeletePrompt():
                    await self.prompts.delete(request, recordings(load.parse(self.text, self.document)))
                case m.Check(document=text):
                    return m.Checked(self._sound(text))
                case m.Apply(document=text, comment=comment, base=base):
                    return await self._apply(text, comment, base)
                case m.Document(revision=revision):
                    return m.Written(revision, self.history.document(revision) if revision else self.text)
                case m.History():
                    return [m.Version(**asdict(version)) for version in self.history.versions()]
                case m.Restore(revision=revision):
                    return await self._apply(self.history.document(revision), f"version {revision} again", "")
        except (SettingsFaults, NoSuchVersion, Unspoken) as fault:
            raise m.Refused(fault.id, str(fault)) from None
        except KeyError as missing:
            raise m.Refused("unknown", str(missing)) from None
        return m.Done()

    async def _apply(self, text: str, comment: str, base: str) -> m.Revision:
        if base and base != hashlib.sha256(self.text.encode()).hexdigest():
            raise m.Refused("changed", "Other settings came into force meanwhile; nothing was changed.")
        self._sound(text)
        await self.hold.wait()
        return m.Revision(self.history.apply(self.document, text, at=self._now(), comment=comment).number)

    def _sound(self, text: str) -> tuple[str, ...]:
        settings, warnings = load.sound(text, self.document)
        golden.check(text, self.document.name, settings)
        return tuple(map(str, warnings))

    @staticmethod
    def _now() -> int:
        return time.time_ns() // 1_000_000
