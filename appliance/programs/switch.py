# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper switch`: puts core, call control, SIP, journal and control socket together, and runs them."""

import argparse
import asyncio
import gc
import hashlib
import logging
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from appliance import sounds
from appliance.calls.clock import now_ms
from appliance.calls.control import CallControl
from appliance.calls.history import MOST, Known, earlier
from appliance.calls.lamps import Lamps
from appliance.calls.messages import Message
from appliance.calls.minutes import beginning
from appliance.calls.originate import Purpose
from appliance.calls.ports import Leg
from appliance.calls.rules import Rules
from appliance.calls.spending import HOUR
from appliance.calls.spending import earlier as earlier_spending
from appliance.control import messages, voicemail
from appliance.control.bans import Bans
from appliance.control.board import Board
from appliance.control.doctor import CheckLine
from appliance.control.guard import Lift, holds
from appliance.control.handling import CallFor, Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.health import TellBrokers
from appliance.control.messages import Refused
from appliance.control.modems import OfModems
from appliance.control.prompts import DeletePrompt, KeepPrompt, OfPrompts, SpeakPrompt, SpokenPrompt
from appliance.control.provisioning import OfProvisioning
from appliance.control.recordings import OfRecordings
from appliance.control.restarts import OfRestarts
from appliance.control.secrets import OfSecrets
from appliance.control.server import Peer, Server
from appliance.control.troubles import Troubles
from appliance.core import CoreError
from appliance.languages.why import Words
from appliance.lines.cards import Cards
from appliance.lines.router import Router
from appliance.lookups.http import Lookups
from appliance.programs import handling, notify, starting
from appliance.programs.arguments import parse, parser
from appliance.programs.keeping import Keeping
from appliance.programs.line_doctor import LineDoctor
from appliance.programs.may import allowed
from appliance.programs.missed import MissedCallers
from appliance.programs.modems import Modems
from appliance.programs.prompt_files import PromptFiles
from appliance.programs.provisioning import Provisioning
from appliance.programs.recorder import Recordings
from appliance.programs.restarts import Restarts
from appliance.programs.said import Said, recordings
from appliance.programs.secrets import Keeper
from appliance.settings import dialled, golden, load
from appliance.settings.compile import compile
from appliance.settings.dialled import NotDialled
from appliance.settings.faults import SettingsFaults
from appliance.settings.files import DiskFull
from appliance.settings.history import History, NoSuchVersion
from appliance.settings.models import Settings
from appliance.settings.numbers import normalise
from appliance.settings.passwords import Secrets
from appliance.sip import certificate
from appliance.sip.gateways import Binding
from appliance.sip.hosts import own_address
from appliance.sip.telephony import Telephony
from appliance.sounds.speech import Unspoken
from appliance.store.journal import Journal
from appliance.store.reader import Reader, Unreadable

log = logging.getLogger("switch")

COMPILE_EVERY = 86_400.0  # seconds; a plan knows the hours of 400 days
NEEDS_RESTART = ("sip", "web", "monitor")  # tables whose change is taken up when the programs start again
FINISH_WITHIN = 3.0  # seconds for BYE and the last messages when the switch is stopped
FAULTS_KEPT = 1000  # characters of the faults of a document
TEXT_KEPT = 150  # characters of a text that the journal keeps


class Ended(Exception):
    """A vital part of the switch has ended; whoever started it starts it again."""

    id = "switch-ended"


class Switch:
    """The whole switch. run() goes on until it is cancelled, or raises Ended when a vital part has ended."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._document = Path(given.settings)
        self._state = Path(given.state)
        self._state.mkdir(parents=True, exist_ok=True)
        self._troubles = Troubles()
        self._history = History(self._state / "history")
        self._kept = Keeping(self._state)
        self._lookups = Lookups()
        self._said = Said(self._state)
        office, self._instead = starting.read(self._document, self._state)
        self._journal = Journal(self._state / "journal.db", self._trouble)
        self._prompts = PromptFiles(self._state, self._prompt_kept)
        self._recordings = Recordings(self._state / "recordings", self._journal, self._troubles)
        self._recordings.configure(office.settings, office.secrets)
        self._control = self._call_control(self._rules(office))
        self._server = Server(given.socket, self._handle, self._snapshot, may=allowed())
        self._troubles.tell_to(self._server)
        self._board = Board(self._control, self._server)
        self._bans = Bans(self._journal, self._server)
        self._telephony = Telephony(self._control, self._journal, opened=self._ready, died=self._died, bans=self._bans)
        self._modems = Modems(self._control, self._journal, self._board, self._server, self._state, self._telephony)
        self._cards = Cards(self._control, self._telephony)
        self._provisioning = Provisioning(self._journal, self._telephony.sync)
        self._telephony.sounds = self._sounds
        lines = self._modems.lines
        self._doctor = LineDoctor(self._control, self._journal, lines, self._state, self._board, self._kept)
        reader = Reader(self._state / "journal.db")
        self._missed = MissedCallers(self._control, self._journal, self._board, self._server, reader)
        self._router = Router(self._telephony, self._modems.lines, self._cards)
        host = own_address(office.settings.sip.listen)
        self._lamps = Lamps(self._board, self._control, self._telephony, host)
        self._telephony.watched = self._lamps.watched
        self._office = office
        self._restarts = Restarts(
            office.settings, self._journal, lambda: len(self._board.office().calls), self._no_more_calls
        )
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._applying = asyncio.Lock()
        self._keeper = Keeper(self._document, self._journal, self._server, self._applying, self._use_secrets)
        self._words: asyncio.Task[None] | None = None  # being spoken, of the settings in force

    # ---- life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        await self._server.start()
        tasks = []
        ran = self._ran()
        self._learn_spending()
        people, overrides = self._kept.people(), self._kept.overrides()
        self._control.start(self._router, self._lamps, people, overrides, ran, self._messages(), self._left_by)
        self._recordings.start(self._control.desk.recording)
        self._control.desk.call_back.learn(self._kept.wishes())
        self._lamps.enter()
        try:
            shown = await asyncio.to_thread(self._certificate)
            self._telephony.start(self._office.settings, self._office.secrets, self._known(), shown)
            self._modems.start(self._office.settings, self._office.secrets)
            self._cards.configure(self._office.settings)
            self._keep_first()
            tasks = [
                asyncio.create_task(self._kept.go_on(self._control), name="memory"),
                asyncio.create_task(self._keep_rules_fresh(), name="rules"),
            ]
            for task in tasks:
                task.add_done_callback(self._vital)
            tasks.append(asyncio.create_task(self._learn_history(), name="history"))
            tasks.append(asyncio.create_task(self._missed.run(), name="missed callers"))
            tasks.append(asyncio.create_task(self._golden_at_start(), name="golden calls"))
            tasks.append(asyncio.create_task(self._prompts_at_start(), name="prompts"))
            tasks.append(asyncio.create_task(self._recordings.run(), name="recordings"))
            gc.collect()
            gc.freeze()  # what is there for good is not looked through again: that takes 25 ms, and a call may come then
            await self._ended
        finally:
            for task in (*tasks, *([self._words] if self._words else [])):
                task.cancel()
            await self._stop()

    def _no_more_calls(self) -> None:
        """Nobody is taken who would be cut in a moment."""
        self._control.takes_calls = False
        self._telephony.refuse_calls()

    async def _stop(self) -> None:
        self._no_more_calls()
        await self._control.finish(FINISH_WITHIN)
        await self._lookups.close()
        await self._modems.lines.close()
        await self._cards.close()
        await self._telephony.close()
        self._control.close()
        await self._server.close()
        await self._recordings.close()
        self._kept.keep(self._control)
        await asyncio.to_thread(self._journal.close)

    def _sounds(self, leg: Leg, code: int, ms: int, why: str) -> None:
        """How the sound of a line's leg stands; see Lines.sounds."""
        self._modems.lines.sounds(leg, code, ms, why)
        self._cards.sounds(leg, code, why)

    def _ready(self) -> None:
        notify.ready(f"{self._office.settings.office.name}: listening on port {self._office.settings.sip.port}")

    def _vital(self, task: asyncio.Task[None]) -> None:
        """A vital task that ends takes the program down; whoever started us starts us again."""
        if not task.cancelled():
            self._died(f"{task.get_name()} has ended: {task.exception()!r}")

    def _died(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(Ended(why))

    def _trouble(self, id: str, message: str) -> None:
        log.error("%s: %s", id, message)
        if id == "journal-recovered":
            self._troubles.over("journal")
        elif id not in ("journal-row", "journal-lost"):  # momentary
            self._troubles.begins("journal", message)

    # ---- what survives ----------------------------------------------------------------------------------------------

    def _call_control(self, rules: Rules) -> CallControl:
        def make(memory: bytes | None) -> CallControl:
            return CallControl(
                rules,
                memory,
                journal=self._journal,
                voicemail=self._state / "voicemail",
                sounds=cache(sounds.path),  # not looked for on the disk at every call
                lookups=self._lookups,
                spoken=self._said.speech.file,
                speak=self._said.or_nothing,
                pin=self._pin,
                recorder=self._recordings.writing,
            )

        try:
            return make(self._kept.memory.read_bytes())
        except FileNotFoundError:
            return make(None)
        except OSError as fault:
            log.error("whose turn it is is not known any more: %s", fault)
            return make(None)
        except CoreError as fault:
            if fault.id != "bad-memory":
                raise
            self._kept.put_memory_aside()
            return make(None)

    def _messages(self) -> list[Message]:
        """Voicemail as it was; Unreadable leaves its files without a state, not lost."""
        try:
            return Reader(self._state / "journal.db").messages()
        except Unreadable as fault:
            log.error("which messages were heard is not known: %s", fault)
            return []

    def _left_by(self, call: int) -> tuple[int, str, str] | None:
        try:
            known = Reader(self._state / "journal.db").call(call)
        except Unreadable:
            return None
        return (known.at, known.caller, known.name) if known else None

    def _ran(self) -> int | None:
        """When something changed last before this start, ms UTC."""
        try:
            return self._kept.memory.stat().st_mtime_ns // 1_000_000
        except OSError:
            return None

    async def _learn_history(self) -> None:
        """Who called before: a long journal takes a moment, and calls do not wait for it."""
        try:
            self._control.history.learn(await asyncio.to_thread(self._earlier, self._control.rules.settings))
            log.info("%d earlier callers are known", len(self._control.history))
        except Unreadable as fault:
            log.error("who called before is not known: %s", fault)

    def _learn_spending(self) -> None:
        """What calls outside have come to today, and in the last hour: a restart forgives nothing."""
        settings = self._office.settings
        now = now_ms()
        monthly = any(line.minutes_a_month for line in settings.line.values())
        midnight = beginning(settings, now, month=monthly)
        try:
            rows = Reader(self._state / "journal.db").outgoing(min(midnight, now - HOUR) - HOUR)
        except Unreadable as fault:
            log.error("what was called outside before is not known: %s", fault)
            return
        spending = self._control.outgoing.spending
        spending.learn(*earlier_spending(settings, rows))
        talks = (talk for row in rows for talk in row.talks if talk[0] in settings.line)
        self._control.outgoing.minutes.learn(settings, talks)

    def _earlier(self, settings: Settings) -> dict[str, Known]:
        reader = Reader(self._state / "journal.db")
        owner = {person.extension: name for name, person in settings.person.items() if person.extension}
        outside, country = settings.outside.prefix, settings.office.country
        tries = [
            (normalise(one.called.removeprefix(outside), country), owner[one.by], one.at)
            for one in reader.dialled(MOST)
            if one.by in owner and one.called.startswith(outside)
        ]
        return earlier(reader.callers(MOST), tries)

    def _known(self) -> list[Binding]:
        try:
            known = Reader(self._state / "journal.db").bindings(now_ms())
        except Unreadable as fault:
            log.error("telephones must register again: %s", fault)
            return []
        return [Binding(one.phone, one.contact, one.source, one.agent, one.expires_at // 1000) for one in known]

    def _certificate(self) -> certificate.Certificate | None:
        """What is shown over TLS; calls without it go on when there is none."""
        sip = self._office.settings.sip
        try:
            return certificate.of(sip, self._state, [own_address(one) for one in (sip.listen, sip.listen6) if one])
        except certificate.Unmade as fault:
            log.error("TLS is not spoken: %s", fault)
            self._troubles.begins("tls", str(fault))
            return None

    # ---- settings ---------------------------------------------------------------------------------------------------

    def _prompt_kept(self, file: str, by: str) -> None:
        self._journal.event(0, now_ms(), "prompt-kept", {"file": file, "by": by})

    def _rules(self, office: load.Office) -> Rules:
        """Compiled, which a long document makes long: not in the loop's thread."""
        settings = self._said.played(office.settings)
        return Rules(settings, *compile(settings, now_ms()))

    def _golden(self, office: load.Office) -> None:
        """Run the golden calls of a document. Raises GoldenCalls."""
        golden.check(office.document, self._document.name, office.settings)

    async def _golden_at_start(self) -> None:
        """An update of ours, or a document edited by hand, may break them; calls are answered all the same."""
        try:
            await asyncio.to_thread(self._golden, self._office)
        except golden.GoldenCalls as failed:
            log.warning("%s", failed)

    async def _prompts_at_start(self) -> None:
        """Most are there already; recordings that were converted now are used from now on."""
        async with self._applying:
            await self._said.prepare(self._office)
            if self._said.played(self._office.settings) != self._control.rules.settings:
                self._control.apply(await asyncio.to_thread(self._rules, self._office))
        await self._said.sentences(self._office)

    async def _keep_rules_fresh(self) -> None:
        while True:
            await asyncio.sleep(COMPILE_EVERY)
            try:
                async with self._applying:
                    self._control.apply(await asyncio.to_thread(self._rules, self._office))
            except CoreError as fault:
                log.error("the hours of the next days are not known yet, tried again tomorrow: %s", fault)

    def _keep_first(self) -> None:
        """The document in force from the start; one with faults stays as it is, for whoever wrote it to put right."""
        if not self._instead or self._instead.revision is None:
            self._keep(self._office.document, "as found at the start")
        else:
            self._board.revision = self._instead.revision
        if self._instead:
            detail = {"revision": self._board.revision, "why": self._instead.why[:FAULTS_KEPT]}
            self._journal.event(0, now_ms(), "settings-faulty", detail)
            self._troubles.begins("settings", self._instead.why[:FAULTS_KEPT])
        else:
            starting.keep_secrets(self._document, self._state)

    def _keep(self, document: str, comment: str) -> int:
        version = self._history.apply(self._document, document, at=now_ms(), comment=comment)
        self._board.revision = version.number
        self._lamps.enter()
        return version.number

    def _sound_office(self, document: str) -> load.Office:
        """Validated, golden calls run: not in the loop's thread either. Raises SettingsFaults, GoldenCalls."""
        office = load.office(document, self._document, fill=True)
        self._golden(office)
        return office

    def _check(self, document: str) -> messages.Checked:
        """Validated, golden calls run; nothing is changed. Raises SettingsFaults."""
        settings, warnings = load.sound(document, self._document)
        golden.check(document, self._document.name, settings)
        return messages.Checked(tuple(map(str, warnings)))

    async def _apply(self, document: str, comment: str, base: str = "") -> messages.Revision:
        """Validate, compile, use, keep; whatever fails, or kills us, leaves the old in force or the new, whole.

        base: hash of the document that this one was made from. Raises Refused when another is in force."""
        async with self._applying:
            if base and base != hashlib.sha256(self._office.document.encode()).hexdigest():
                raise Refused("changed", "Other settings came into force meanwhile; nothing was changed.")
            office = await asyncio.to_thread(self._sound_office, document)
            unheard = await self._said.prepare(office)
            rules = await asyncio.to_thread(self._rules, office)
            revision = self._use(office, rules, comment, unheard)
        self._words = asyncio.create_task(self._said.words(office), name="words")
        return revision

    def _use_secrets(self, secrets: Secrets) -> None:
        self._office = replace(self._office, secrets=secrets)
        self._configure(self._office)

    def _configure(self, office: load.Office) -> None:
        """What is behind the calls goes by the settings and secrets in force."""
        self._telephony.configure(office.settings, office.secrets)
        self._modems.lines.configure(office.settings, office.secrets)
        self._recordings.configure(office.settings, office.secrets)
        starting.keep_secrets(self._document, self._state)

    def _use(
        self, office: load.Office, rules: Rules, comment: str, warnings: tuple[str, ...] = ()
    ) -> messages.Revision:
        old = self._control.rules
        self._control.apply(rules)
        try:
            revision = self._keep(office.document, comment)
        except (DiskFull, OSError):
            self._control.apply(old)
            raise
        self._configure(office)
        self._cards.configure(office.settings)
        restart = [name for name in NEEDS_RESTART if getattr(office.settings, name) != getattr(old.settings, name)]
        self._office = office
        self._server.tell(messages.Applied, revision=revision)
        self._troubles.over("settings")
        log.info("settings version %d are in force", revision)
        return messages.Revision(revision, tuple(restart), warnings)

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _snapshot(self) -> messages.Office:
        troubles = self._troubles
        return msgspec.structs.replace(
            self._board.office(),
            bans=self._bans.all(),
            missed=self._missed.now,
            troubles=troubles.all(),
            bridge=troubles.bridge,
        )

    async def _handle(self, request: messages.Request, peer: Peer) -> object:
        try:
            if isinstance(request, OfRecordings):
                return await self._recordings.answer(request, peer)
            if isinstance(request, OfModems):
                return await self._modems.answer(request)
            if isinstance(request, CheckLine):
                return await self._doctor.check(request)
            if isinstance(request, OfSecrets):
                return await self._keeper.answer(self._office.secrets, request)
            if isinstance(request, OfRestarts):
                return self._restarts.answer(self._office.settings, request)
            if isinstance(request, OfProvisioning):
                return self._provisioning.answer(self._office, request)
            if isinstance(request, OfPrompts):
                return await self._of_prompts(request)
            return await self._answer(request)
        except SettingsFaults as faults:
            raise Refused(faults.id, str(faults)) from None
        except (DiskFull, NoSuchVersion, CoreError, NotDialled, Unspoken) as fault:
            raise Refused(fault.id, str(fault)) from None
        except KeyError as missing:
            raise Refused("unknown", f"{missing.args[0]} is not known") from None
        except OSError as fault:
            raise Refused("disk", f"{fault.filename or 'a file'}: {fault.strerror}") from None

    async def _of_prompts(self, request: OfPrompts) -> object:
        match request:
            case KeepPrompt():
                return await self._prompts.take(request)
            case SpeakPrompt(text=text, language=language):
                return SpokenPrompt(await self._spoken(text, language))
            case DeletePrompt(file=file, by=by):
                async with self._applying:  # else settings that name it may come into force meanwhile
                    await self._prompts.delete(request, recordings(self._office.settings))
                self._journal.event(0, now_ms(), "prompt-deleted", {"file": file, "by": by})
                return messages.Done()

    async def _answer(self, request: messages.Request) -> object:
        match request:
            case messages.Check(document=document):
                return await asyncio.to_thread(self._check, document)
            case messages.Apply(document=document, comment=comment, base=base):
                return await self._apply(document, comment, base)
            case messages.Document(revision=0):
                return messages.Written(self._board.revision, self._office.document)
            case messages.Document(revision=revision):
                return messages.Written(revision, self._history.document(revision))
            case messages.History():
                return [messages.Version(**asdict(version)) for version in self._history.versions()]
            case messages.Restore(revision=revision):
                document = self._history.document(revision)
                return await self._apply(document, f"version {revision} again")
            case messages.SetStatus(person=person, status=status, reason=reason, source=source, until=until):
                self._control.set_status(person, status, reason, source, until)
            case messages.HangUp(call=call):
                self._control.hang_up(call)
            case messages.Send(call=call, to=to):
                self._control.send(call, to)
            case Park() | Take() | Supervise() | Press() | CallFor() | Disturb() | Forward():
                return handling.carry_out(self._control, request)
            case messages.Override(hours=hours, mode=mode, until=until, source=source):
                self._control.override(hours, mode, until, source)
            case messages.Dial():
                return await self._dial(request)
            case messages.Say():
                return await self._announce(request)
            case messages.Why(call=call, language=language):
                return self._why(call, language)
            case messages.ActionResult(call=call, action=action, result=result, reason=reason, request=of):
                self._control.action_became(call, action, result, reason, of)
            case messages.ActionKeys(request=of):
                return self._control.action_keys(of)
            case TellBrokers():
                self._troubles.brokers(request)
            case Lift(address=address):
                self._lift(address)
            case messages.AbortAction(action=action):
                self._abort(action)
            case messages.Messages():
                return voicemail.answer(self._control, request)
            case messages.SetMessage() | messages.DeleteMessage() | messages.Mailed():
                done = voicemail.answer(self._control, request)
                await self._journal.durable()  # who was told that it is so must find it so after a power cut
                return done
        return messages.Done()

    async def _dial(self, asked: messages.Dial) -> messages.Dialled:
        """Call somebody, to be put through or told something."""
        ways = {"connect": asked.connect, "say": asked.say, "prompt": asked.prompt}
        given = {way: what for way, what in ways.items() if what is not None}
        if len(given) != 1:
            raise Refused("bad-request", "exactly one of connect, say and prompt is needed")
        dialled.party(self._control.rules.settings, asked.to, asked.line)
        self._control.originate.check()
        title = self._office.settings.office.name
        if asked.connect is not None:
            purpose = Purpose(connect=asked.connect, title=title)
        elif asked.prompt is not None:
            if not (file := self._control.prompt_file(asked.prompt)):
                raise Unspoken(f"the text of prompt {asked.prompt} could not be spoken")
            purpose = Purpose(file=file, title=title)
        else:
            purpose = Purpose(file=await self._spoken(asked.say or "", asked.language), title=title)
        told: dict[str, object] = {"to": asked.to, **{way: what[:TEXT_KEPT] for way, what in given.items()}}
        return messages.Dialled((self._control.originate.dial(asked.to, asked.line, purpose, told),))

    async def _announce(self, asked: messages.Say) -> messages.Dialled:
        """Say something on telephones."""
        settings = self._control.rules.settings
        phones = handling.phones(self._control.rules.settings, asked)
        self._control.originate.check()
        title = settings.office.name
        purpose = Purpose(file=await self._spoken(asked.text, asked.language), title=title, at_once=True)
        told: dict[str, object] = {"phones": phones, "say": asked.text[:TEXT_KEPT]}
        return messages.Dialled(tuple(self._control.originate.announce(dict.fromkeys(phones), purpose, told)))

    def _pin(self, mailbox: str) -> str:
        secret = self._office.secrets.mailbox.get(mailbox)
        return secret.pin.get_secret_value() if secret else ""

    async def _spoken(self, text: str, language: str) -> str:
        return await self._said.speech.speak(text, language or self._office.settings.office.language)

    def _lift(self, address: str) -> None:
        if address and not any(holds(ban, address) for ban in self._bans.all()):
            raise KeyError(f"a ban of {address}")
        self._telephony.lift(address)

    def _abort(self, action: str) -> None:
        if action not in self._control.rules.settings.action:
            raise KeyError(f"action {action}")
        self._journal.event(0, now_ms(), "action-abort", {"action": action})
        self._server.tell(messages.ActionAborted, action=action)

    def _why(self, call: int, language: str) -> list[str]:
        rows = Reader(self._state / "journal.db").trace(call)
        if not rows:
            raise KeyError(f"call {call}")
        office, names = self._office.settings.office, self._control.rules.names
        words = Words(language or office.language, ZoneInfo(office.time_zone), names.title_of)
        return [words.line(row.at, row.rule, row.reason, row.subject, row.detail) for row in rows]


def main(argv: list[str]) -> int:
    given = parse(parser("switch", "Calls, telephones, lines and the journal."), argv)

    async def run() -> None:
        await notify.until_told(Switch(given).run())

    asyncio.run(run())
    return 0
