# SPDX-License-Identifier: GPL-2.0-or-later
"""The office, its calls and its people, by the API."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import FileResponse

from appliance.control import messages as m
from appliance.control import modems
from appliance.control.doctor import CheckLine
from appliance.control.guard import Ban, Lift
from appliance.control.handling import CallFor, Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.live import Live
from appliance.health.checks import worst
from appliance.store.reader import Reader
from appliance.web import tongue
from appliance.web.access import now
from appliance.web.api import limits
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong
from appliance.web.api.scopes import effective
from appliance.web.board import DIRECTORS


def ways() -> tuple[Way, ...]:
    return (*_LOOK, *_CALLS, *_PEOPLE, *_VOICEMAIL, *_TEXTS)


async def live(asked: Asked) -> Live:
    """The office as it is now, and as whoever asks may see it. Raises Wrong."""
    if asked.box.screen.live is None:
        raise Wrong(503, "away", "The switch does not answer.")
    powers = await asked.box.known.powers(asked)
    return powers.narrowed(asked.box.screen.live) if powers else asked.box.screen.live


def one(things: dict[Any, Any], id: object, what: str) -> Any:
    """Raises Wrong."""
    if id not in things:
        raise Wrong(404, "unknown", f"There is no {what} {id}.")
    return things[id]


# ---- looking


async def self_(asked: Asked) -> s.Self:
    token, user = asked.token, asked.user
    return s.Self(token.name, user.name, user.role, sorted(effective(token.scopes, asked.role)), token.until)


async def queues(asked: Asked) -> list[m.Queue]:
    return list((await live(asked)).queues.values())


async def people(asked: Asked) -> list[m.Person]:
    return [seen(asked, each) for each in (await live(asked)).people.values()]


async def person(asked: Asked) -> m.Person:
    return seen(asked, one((await live(asked)).people, asked.path["person"], "person"))


def seen(asked: Asked, who: m.Person) -> m.Person:
    """As on the pages: where his calls are forwarded to, which may be a private number, is for himself and who directs calls."""
    if asked.role in DIRECTORS or who.id == asked.user.person:
        return who
    return msgspec.structs.replace(who, forwards=dict.fromkeys(who.forwards, ""))


async def lines(asked: Asked) -> list[m.Line]:
    return list((await live(asked)).lines.values())


async def check_line(asked: Asked) -> m.LineChecked:
    line = asked.path["line"]
    one((await live(asked)).lines, line, "line")
    asked.note("line-checked", line)
    return await asked.switch(CheckLine(0, line, asked.body.to))  # type: ignore[no-any-return]


async def phones(asked: Asked) -> list[m.Phone]:
    return list((await live(asked)).phones.values())


async def hours(asked: Asked) -> list[m.Hours]:
    return list((await live(asked)).hours.values())


async def mailboxes(asked: Asked) -> list[m.Mailbox]:
    return list((await live(asked)).mailboxes.values())


async def bans(asked: Asked) -> list[Ban]:
    return list((await live(asked)).bans.values())


async def lift(asked: Asked) -> s.Done:
    await asked.switch(Lift(0, asked.path["address"]))
    asked.note("ban-lifted", asked.path["address"])
    return s.Done()


async def health(asked: Asked) -> s.Health:
    say = tongue.catalogue(asked.query.language or asked.user.language or "en").gettext
    at, rows = await asked.box.standing.rows()
    checks = [
        s.Checked(
            row.id,
            say(row.name),
            row.level,
            [
                s.Found(one.level, say(one.words).format(*one.gaps), say(one.todo) if one.todo else "")
                for one in row.findings
            ],
        )
        for row in rows
    ]
    return s.Health(worst(rows), at, checks)  # type: ignore[arg-type]


_LOOK = (
    Way("GET", "/self", "", self_, "What this token is, and may", s.Self, limited=limits.narrowed),
    Way("GET", "/queues", "office:read", queues, "Queues, and who waits", list[m.Queue], limited=limits.narrowed),
    Way("GET", "/people", "office:read", people, "People and their status", list[m.Person], limited=limits.narrowed),
    Way("GET", "/people/{person}", "office:read", person, "One person", m.Person, limited=limits.now),
    Way("GET", "/lines", "office:read", lines, "Lines", list[m.Line], limited=limits.narrowed),
    Way(
        "POST",
        "/lines/{line}/check",
        "dial",
        check_line,
        "Have a line call the box, and say what it does to sound and keys",
        m.LineChecked,
        s.CheckOf,
    ),
    Way(
        "GET",
        "/phones",
        "office:read",
        phones,
        "Telephones, and where they are registered",
        list[m.Phone],
        limited=limits.narrowed,
    ),
    Way(
        "GET",
        "/hours",
        "office:read",
        hours,
        "Opening hours, and what is held against them",
        list[m.Hours],
        limited=limits.narrowed,
    ),
    Way(
        "GET",
        "/mailboxes",
        "office:read",
        mailboxes,
        "How many messages each mailbox has",
        list[m.Mailbox],
        limited=limits.narrowed,
    ),
    Way("GET", "/bans", "office:read", bans, "Addresses banned from the SIP port", list[Ban]),
    Way("GET", "/health", "health:read", health, "What is wrong with the box", s.Health, query=s.InLanguage),
    Way("DELETE", "/bans/{address}", "guard:write", lift, "Ban an address no longer"),
)

# ---- calls


async def calls(asked: Asked) -> list[m.Call]:
    return list((await live(asked)).calls.values())


async def call(asked: Asked) -> s.PastCall:
    found = await asyncio.to_thread(_journal(asked).call, asked.path["call"])
    if found is None:
        raise Wrong(404, "unknown", f"There is no call {asked.path['call']}.")
    return s.PastCall(*found)


async def past(asked: Asked) -> list[s.PastCall]:
    since = asked.query
    found = await asyncio.to_thread(_journal(asked).calls, since.since, since.limit, since.outcome or None)
    return [s.PastCall(*each) for each in found]


async def why(asked: Asked) -> s.Sentences:
    told = await asked.switch(m.Why(0, asked.path["call"], asked.query.language))
    return s.Sentences(list(told))


async def hang_up(asked: Asked) -> s.Done:
    await asked.switch(m.HangUp(0, asked.path["call"]))
    asked.note("call-ended", str(asked.path["call"]))
    return s.Done()


async def send(asked: Asked) -> s.Done:
    await asked.switch(m.Send(0, asked.path["call"], asked.body.to))
    asked.note("call-sent", f"{asked.path['call']} to {asked.body.to}")
    return s.Done()


async def park(asked: Asked) -> m.Parked:
    parked = await asked.switch(Park(0, asked.path["call"], asked.body.slot, asked.body.by))
    asked.note("call-parked", str(asked.path["call"]))
    return parked  # type: ignore[no-any-return]


async def take(asked: Asked) -> s.Done:
    wanted = asked.body
    await asked.switch(Take(0, asked.path["call"], tuple(wanted.phones), wanted.person, asked.by))
    asked.note("call-taken", str(asked.path["call"]))
    return s.Done()


async def listen(asked: Asked) -> s.Done:
    wanted = asked.body
    await asked.switch(Supervise(0, asked.path["call"], wanted.how, tuple(wanted.phones), wanted.person, asked.by))
    asked.note(f"call-{wanted.how}", f"{asked.path['call']} {wanted.person}".strip())
    return s.Done()


async def press(asked: Asked) -> s.Done:
    wanted = asked.body
    await asked.switch(Press(0, asked.path["call"], wanted.person, wanted.code, wanted.number, asked.by))
    asked.note("call-pressed", f"{asked.path['call']} {wanted.person} {wanted.code} {wanted.number}".strip())
    return s.Done()


async def dial(asked: Asked) -> m.Dialled:
    wanted = asked.body
    if sum(each is not None for each in (wanted.connect, wanted.say, wanted.prompt)) != 1:
        raise Wrong(422, "bad-request", "Exactly one of connect, say and prompt is needed.")
    request = m.Dial(0, wanted.to, wanted.connect, wanted.say, wanted.prompt, wanted.line, wanted.language)
    dialled = await asked.switch(request)
    asked.note("dialled", wanted.to)
    return dialled  # type: ignore[no-any-return]


async def say(asked: Asked) -> m.Dialled:
    wanted = asked.body
    said = await asked.switch(m.Say(0, wanted.text, tuple(wanted.phones), wanted.person, wanted.language))
    asked.note("said", wanted.text)
    return said  # type: ignore[no-any-return]


_CALLS = (
    Way("GET", "/calls", "calls:read", calls, "Calls under way", list[m.Call], limited=limits.narrowed),
    Way(
        "GET",
        "/calls/past",
        "calls:read",
        past,
        "Calls of the journal, the newest first",
        list[s.PastCall],
        query=s.Since,
    ),
    Way("GET", "/calls/{call}", "calls:read", call, "One call of the journal", s.PastCall, limited=limits.past_call),
    Way(
        "GET",
        "/calls/{call}/why",
        "calls:read",
        why,
        "Why it went so, in words",
        s.Sentences,
        query=s.InLanguage,
        limited=limits.past_call,
    ),
    Way("DELETE", "/calls/{call}", "calls:write", hang_up, "End a call and all its legs", limited=limits.now),
    Way("POST", "/calls/{call}/send", "calls:write", send, "Send a call elsewhere", body=s.SendTo, limited=limits.now),
    Way("POST", "/calls/{call}/park", "calls:write", park, "Park a call", m.Parked, s.ParkIn, limited=limits.now),
    Way(
        "POST",
        "/calls/{call}/take",
        "calls:write",
        take,
        "Ring telephones; who answers has the call",
        body=s.TakeOn,
        limited=limits.now,
    ),
    Way(
        "POST",
        "/calls/{call}/listen",
        "listen",
        listen,
        "Ring telephones; who answers hears the call",
        body=s.ListenOn,
        limited=limits.now,
    ),
    Way(
        "POST",
        "/calls/{call}/press",
        "calls:write",
        press,
        "Do for a person on a call what a code pressed in it does",
        body=s.PressIn,
        limited=limits.now,
    ),
    Way("POST", "/dial", "dial", dial, "Call somebody, who is put through or told something", m.Dialled, s.DialTo),
    Way("POST", "/say", "dial", say, "Say something on telephones", m.Dialled, s.SayOn),
)

# ---- people and hours


async def status(asked: Asked) -> s.Done:
    new, who = asked.body, asked.path["person"]
    held = one((await live(asked)).people, who, "person")
    if held.source in ("page", "phone") and now() - held.since < new.unless_by_hand * 60_000:
        raise Wrong(409, "held", "It was set by hand at a telephone or on a page, and is left alone for a while.")
    await asked.switch(m.SetStatus(0, who, new.status, new.reason, "api", new.until))
    asked.note("status-set", f"{who}: {new.status}")
    return s.Done()


async def call_for(asked: Asked) -> m.Dialled:
    """What became of it is told by `GET /calls/{call}`."""
    who = asked.path["person"]
    dialled = await asked.switch(CallFor(0, who, asked.body.number, asked.by))
    asked.note("dialled", f"{asked.body.number} for {who}")
    return dialled  # type: ignore[no-any-return]


async def disturb(asked: Asked) -> s.Done:
    await asked.switch(Disturb(0, asked.path["person"], asked.body.may))
    asked.note("disturb-set", asked.path["person"])
    return s.Done()


async def forward(asked: Asked) -> s.Done:
    await asked.switch(Forward(0, asked.path["person"], asked.body.when, asked.body.number))
    asked.note("forward-set", f"{asked.path['person']}: {asked.body.when}")
    return s.Done()


async def override(asked: Asked) -> s.Done:
    new, which = asked.body, asked.path["hours"]
    one((await live(asked)).hours, which, "hours")
    await asked.switch(m.Override(0, which, new.mode, new.until, "api"))
    asked.note("hours-held", f"{which}: {new.mode}")
    return s.Done()


_PEOPLE = (
    Way(
        "POST",
        "/people/{person}/call",
        "dial",
        call_for,
        "Ring somebody, then call a number for him; the call, of which the journal tells what became of it",
        m.Dialled,
        s.CallOf,
    ),
    Way(
        "PUT",
        "/people/{person}/status",
        "people:write",
        status,
        "Set somebody's status",
        body=s.StatusOf,
        limited=limits.now,
    ),
    Way(
        "PUT",
        "/people/{person}/disturb",
        "people:write",
        disturb,
        "Whether he may be disturbed",
        body=s.DisturbOf,
        limited=limits.now,
    ),
    Way(
        "PUT",
        "/people/{person}/forward",
        "people:write",
        forward,
        "Where calls to him go",
        body=s.ForwardOf,
        limited=limits.now,
    ),
    Way("PUT", "/hours/{hours}/override", "hours:write", override, "Hold hours open or closed", body=s.OverrideOf),
)

# ---- voicemail


async def messages(asked: Asked) -> list[s.VoiceMessage]:
    found = await asked.switch(m.Messages(0, asked.query.mailbox, after=asked.query.after))
    fields = s.VoiceMessage.__struct_fields__
    return [s.VoiceMessage(**{key: getattr(each, key) for key in fields}) for each in found]


async def audio(asked: Asked) -> FileResponse:
    """The file of a message, from the folder of messages alone."""
    id = asked.path["message"]
    found = [each for each in await asked.switch(m.Messages(0, after=max(id - 1, 0))) if each.id == id]
    if not found:
        raise Wrong(404, "unknown", f"There is no message {id}.")
    file = Path(found[0].file)
    if file.suffix != ".wav" or file.is_symlink() or not await asyncio.to_thread(file.is_file):
        raise Wrong(404, "gone", "The file of this message is not there.")
    asked.note("message-heard", str(id))
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{id}.wav"'}
    return FileResponse(file, headers=headers, media_type="audio/wav")


async def became(asked: Asked) -> s.Done:
    id = asked.path["message"]
    await asked.switch(m.SetMessage(0, id, asked.body.state, asked.body.handled, asked.by))
    asked.note("message-changed", str(id))
    return s.Done()


async def delete(asked: Asked) -> s.Done:
    id = asked.path["message"]
    await asked.switch(m.DeleteMessage(0, id, asked.by))
    asked.note("message-deleted", str(id))
    return s.Done()


_VOICEMAIL = (
    Way(
        "GET",
        "/voicemail",
        "voicemail:read",
        messages,
        "Messages, by their ids",
        list[s.VoiceMessage],
        query=s.OfMailbox,
    ),
    Way("GET", "/voicemail/{message}/audio", "voicemail:read", audio, "What a message sounds like", "audio/wav"),
    Way("PATCH", "/voicemail/{message}", "voicemail:write", became, "What became of a message", body=s.MessageBecame),
    Way("DELETE", "/voicemail/{message}", "voicemail:write", delete, "Delete a message and its file"),
)

# ---- text messages


async def texts(asked: Asked) -> list[modems.Sms]:
    return list(await asked.switch(modems.Texts(0, asked.query.after)))


async def text(asked: Asked) -> modems.Sms:
    wanted = asked.body
    sent = await asked.switch(modems.SendText(0, wanted.to, wanted.text, wanted.line, wanted.report))
    asked.note("text-sent", wanted.to)
    return sent  # type: ignore[no-any-return]


_TEXTS = (
    Way("GET", "/texts", "texts:read", texts, "Text messages, by their ids", list[modems.Sms], query=s.TextsAfter),
    Way(
        "POST",
        "/texts",
        "texts:write",
        text,
        "Send a text message; answered once the network has it",
        modems.Sms,
        s.TextTo,
    ),
)


def _journal(asked: Asked) -> Reader:
    return Reader(asked.box.state / "journal.db")
