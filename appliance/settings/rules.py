# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tables of the settings must agree on, beside the names they say of one another."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from appliance.settings import action_rules, feature_rules, graph, hours, people
from appliance.settings.brokers import Broker
from appliance.settings.faults import shown
from appliance.settings.lines import SESSION_LEAST, FxoLine, GatewayLine, ModemLine, SipLine, account
from appliance.settings.models import TELEPHONES, Queue, Settings
from appliance.settings.numbers import emergency_numbers, normalise
from appliance.settings.phones import bare
from appliance.settings.places import Path
from appliance.settings.references import Wrong, begins_outside, listed_already, repeated, tables, unknown
from appliance.settings.sentence import Sentence

ALARM = frozenset({"112", "911", "999"})  # never an extension where they call for help
PNP = 5060  # the port telephones ask at for their settings
SILENCE = "silence"  # the look-up nobody answers: how callers are kept out without a word
TURNED_AWAY = "turned-away."  # before what our own sentence is about: prompts no document can name
MEMBERS = 250  # of a queue, those who are rung later too
NOBODY = Sentence("is missing; accepted: a list of 1 to 250 people, or a department")


def wrongs(settings: Settings) -> Iterator[Wrong]:
    """Everything wrong between tables."""
    yield from unknown(settings)
    yield from repeated(settings)
    yield from _addresses(settings)
    yield from _pnp(settings)
    yield from _phones(settings)
    yield from _extensions(settings)
    yield from _mobiles(settings)
    yield from _prompts(settings)
    yield from _mailboxes(settings)
    yield from _mail(settings)
    yield from _lines(settings)
    yield from _channels(settings)
    yield from _queues(settings)
    yield from _chains(settings)
    yield from _callers(settings)
    yield from graph.wrongs(settings)
    yield from action_rules.wrongs(settings)
    yield from feature_rules.wrongs(settings)
    yield from _repeated_choices(settings)
    yield from _other(settings)


def _phones(s: Settings) -> Iterator[Wrong]:
    owner: dict[str, str] = {}
    for id, person in s.person.items():
        for i, phone in enumerate(person.phones):
            if owner.setdefault(phone, id) != id:
                yield Wrong(
                    "phone-taken",
                    ("person", id, "phones", i),
                    Sentence("{} belongs to person.{}; accepted: another", shown(phone), owner[phone]),
                )


def _extensions(s: Settings) -> Iterator[Wrong]:
    taken: dict[str, str] = {}
    kinds = (
        *(("person", s.person), ("queue", s.queue), ("chain", s.chain), ("scenario", s.scenario)),
        *(("room", s.room), ("mailbox", s.mailbox)),
    )
    for kind, several in kinds:
        field = "number" if kind == "mailbox" else "extension"
        for id, table in several.items():
            extension: str | None = getattr(table, field)
            if extension is None:
                continue
            path: Path = (kind, id, field)
            if taken.setdefault(extension, f"{kind}.{id}") != f"{kind}.{id}":
                what = Sentence("{} is the extension of {}; accepted: another", shown(extension), taken[extension])
                yield Wrong("extension-taken", path, what)
            if s.outside.prefix and s.outside.lines and extension.startswith(s.outside.prefix):
                yield Wrong("extension-outside", path, begins_outside(extension, s.outside.prefix))
            if extension in ALARM and extension in emergency_numbers(s.office.country):
                yield Wrong(
                    "extension-alarm", path, Sentence("{} is an emergency number; accepted: another", shown(extension))
                )


def _addresses(s: Settings) -> Iterator[Wrong]:
    """Each address is one telephone's, or one gateway's."""
    taken: dict[str, str] = {}
    for id, phone in s.phone.items():
        if phone.mac and taken.setdefault(phone.bare, id) != id:
            what = Sentence(
                "{} is the address of the telephone {}; accepted: another", shown(phone.mac), taken[phone.bare]
            )
            yield Wrong("mac-taken", ("phone", id, "mac"), what)
    for id, line in s.line.items():
        if isinstance(line, GatewayLine) and line.mac and taken.setdefault(bare(line.mac), id) != id:
            what = Sentence("{} is the address of {}; accepted: another", shown(line.mac), taken[bare(line.mac)])
            yield Wrong("mac-taken", ("line", id, "mac"), what)


def _pnp(s: Settings) -> Iterator[Wrong]:
    """Who listens at all addresses has the port of the group too."""
    if s.provisioning and s.provisioning.pnp and s.sip.port == PNP and ip_address(s.sip.listen).is_unspecified:
        what = Sentence(
            "needs the address of this box in `listen` of [sip], not {}; accepted: with it, or left out",
            shown(s.sip.listen),
        )
        yield Wrong("contradiction", ("provisioning", "pnp"), what, True)


def _mailboxes(s: Settings) -> Iterator[Wrong]:
    for id, box in s.mailbox.items():
        if box.greeting_closed is not None and box.hours is None:
            what = Sentence("needs hours that tell when it is closed; accepted: with `hours`, or left out")
            yield Wrong("missing", ("mailbox", id, "greeting_closed"), what, True)
        if box.mail and s.mail is None:
            yield Wrong("missing", ("mailbox", id, "mail"), Sentence("needs a table [mail]; accepted: with one"), True)
        for i, address in enumerate(box.mail):
            if address in box.mail[:i]:
                yield Wrong("given-twice", ("mailbox", id, "mail", i), listed_already(address))


def _mail(s: Settings) -> Iterator[Wrong]:
    if s.digest is not None:
        if s.mail is None:
            yield Wrong("missing", ("digest",), Sentence("needs a table [mail]; accepted: with one"), True)
        for field, given in (("to", s.digest.to), ("days", s.digest.days)):
            for i, one in enumerate(given):
                if one in given[:i]:
                    yield Wrong(
                        "given-twice",
                        ("digest", field, i),
                        listed_already(one),
                    )
    if s.mail is not None and s.mail.security == "none":
        if s.mail.user is not None:
            what = Sentence("would have its password sent in clear; accepted: with TLS, or left out")
            yield Wrong("contradiction", ("mail", "user"), what, True)
        if s.mail.ca_file is not None:
            yield Wrong(
                "contradiction", ("mail", "ca_file"), Sentence("goes with TLS; accepted: with it, or left out"), True
            )


def _prompts(s: Settings) -> Iterator[Wrong]:
    for id, prompt in s.prompt.items():
        if prompt.file is None and prompt.text is None:
            yield Wrong("missing", ("prompt", id), Sentence("has neither file nor text; accepted: one of them"), True)
        elif prompt.file is not None and prompt.text is not None:
            yield Wrong(
                "given-twice", ("prompt", id, "text"), Sentence("stands beside file; accepted: one of them"), True
            )


def _lines(s: Settings) -> Iterator[Wrong]:
    at: dict[tuple[str, int, str | None], str] = {}
    for id, line in s.line.items():
        if id == TELEPHONES:
            yield Wrong(
                "reserved",
                ("line", id),
                Sentence('"{}" is the line of our own telephones; accepted: another name', id),
                True,
            )
        if isinstance(line, SipLine):
            yield from _trunk(id, line, at)
        elif isinstance(line, ModemLine):
            yield from _modem(s, id, line)
        elif isinstance(line, GatewayLine):
            yield from _gateway(s, id, line, at)
        numbers: dict[str, str] = {}
        for number in line.numbers:
            same = numbers.setdefault(normalise(number, line.country or s.office.country, line.rewrite), number)
            if same != number:
                yield Wrong(
                    "given-twice",
                    ("line", id, "numbers", number),
                    Sentence("is the same as {}; accepted: once", shown(same)),
                    True,
                )


def _trunk(id: str, line: SipLine, at: dict[tuple[str, int, str | None], str]) -> Iterator[Wrong]:
    if line.registers and line.user is None:
        yield Wrong("missing", ("line", id, "user"), Sentence("is missing; a line that registers needs a user"))
    where = (line.host.lower(), line.port, line.user)
    if at.setdefault(where, id) != id:
        what = Sentence(
            "host, port and user are those of line.{} already; accepted: others, to tell calls apart", at[where]
        )
        yield Wrong("line-taken", ("line", id, "host"), what)


def _gateway(s: Settings, id: str, line: GatewayLine, at: dict[tuple[str, int, str | None], str]) -> Iterator[Wrong]:
    """It registers or is known by its address; the telephone at it is given nothing in another way."""
    if line.host is not None:
        where = (line.host.lower(), line.port, None)
        if at.setdefault(where, id) != id:
            what = Sentence(
                "host and port are those of line.{} already; accepted: others, to tell calls apart", at[where]
            )
            yield Wrong("line-taken", ("line", id, "host"), what)
        if line.mac:
            what = Sentence("goes ill with mac: it is told to register; accepted: one of both")
            yield Wrong("contradiction", ("line", id, "host"), what, True)
    elif account(id) in s.phone:
        what = Sentence("registers as {}, which is a telephone; accepted: another name", shown(account(id)))
        yield Wrong("reserved", ("line", id), what, True)
    if line.phone is None:
        return
    if not line.mac:
        yield Wrong("in-vain", ("line", id, "phone"), Sentence("is given nothing; accepted: with mac"), True)
    if (phone := s.phone.get(line.phone)) and (phone.mac or phone.channel is not None):
        what = Sentence("{} has a mac or channel of its own; accepted: a telephone without", shown(line.phone))
        yield Wrong("contradiction", ("line", id, "phone"), what)
    others = [name for name, one in s.line.items() if isinstance(one, GatewayLine) and one.phone == line.phone]
    if others[0] != id:
        what = Sentence("{} is at line.{} already; accepted: another", shown(line.phone), others[0])
        yield Wrong("phone-taken", ("line", id, "phone"), what)


def _modem(s: Settings, id: str, line: ModemLine) -> Iterator[Wrong]:
    """It is found in one way, and by no two lines."""
    if not (line.usb or line.imei or line.port):
        yield Wrong(
            "missing", ("line", id, "usb"), Sentence("is missing; accepted: usb, imei or port, to know the modem by")
        )
    if line.port and line.usb:
        yield Wrong("contradiction", ("line", id, "port"), Sentence("goes ill with usb; accepted: one of both"))
    if line.audio_port and not line.port:
        yield Wrong("in-vain", ("line", id, "audio_port"), Sentence("is found by itself; accepted: with port"))
    if line.port and re.search(r"[*?]", line.port) and not line.imei:
        yield Wrong(
            "missing", ("line", id, "imei"), Sentence("is missing; accepted: which modem of several ports it is")
        )
    for field in ("usb", "imei", "port"):
        mine = getattr(line, field)
        same = [
            name for name, other in s.line.items() if isinstance(other, ModemLine) and getattr(other, field) == mine
        ]
        if mine and same[0] != id and not (field == "port" and line.imei):
            what = Sentence("is that of line.{} already; accepted: another modem", same[0])
            yield Wrong("line-taken", ("line", id, field), what)


def _channels(s: Settings) -> Iterator[Wrong]:
    """A port of a card is one line's or one telephone's."""
    taken: dict[int, str] = {}
    lines = [("line", id, line.channel) for id, line in s.line.items() if isinstance(line, FxoLine)]
    phones = [("phone", id, phone.channel) for id, phone in s.phone.items()]
    for table, id, channel in [*lines, *phones]:
        if channel is not None and taken.setdefault(channel, f"{table}.{id}") != f"{table}.{id}":
            what = Sentence("{} is that of {} already; accepted: another port", channel, taken[channel])
            yield Wrong("line-taken", (table, id, "channel"), what)
    for id, phone in s.phone.items():
        if phone.channel is None and phone.tones is not None:
            yield Wrong(
                "in-vain", ("phone", id, "tones"), Sentence("is for telephones at a card; accepted: with channel")
            )
        if phone.channel is not None and (phone.mac or phone.maker or phone.keys or phone.tls or phone.srtp != "off"):
            what = Sentence(
                "goes ill with mac, maker, keys, tls and srtp, which are of SIP telephones; accepted: without them"
            )
            yield Wrong("contradiction", ("phone", id, "channel"), what)


def _callers(s: Settings) -> Iterator[Wrong]:
    for id, callers in s.callers.items():
        numbers: dict[str, str] = {}
        for number in callers.numbers:
            same = numbers.setdefault(normalise(number, s.office.country), number)
            if same != number:
                yield Wrong(
                    "given-twice",
                    ("callers", id, "numbers", number),
                    Sentence("is the same as {}; accepted: once", shown(same)),
                    True,
                )


def _other(s: Settings) -> Iterator[Wrong]:
    first, last = s.sip.rtp_ports
    if last - first < 3:
        yield Wrong(
            "out-of-range",
            ("sip", "rtp_ports"),
            Sentence("holds no call; accepted: a last port 3 or more past the first"),
        )
    if first <= s.sip.port <= last:
        yield Wrong(
            "out-of-range",
            ("sip", "port"),
            Sentence("{} is one of rtp_ports; accepted: a port outside of them", s.sip.port),
        )
    if s.sip.expires_min > s.sip.expires_max:
        what = Sentence(
            "{} is more than expires_max; accepted: at most {} (seconds)", s.sip.expires_min, s.sip.expires_max
        )
        yield Wrong("out-of-range", ("sip", "expires_min"), what)
    if s.sip.certificate and not s.sip.key:
        yield Wrong("missing", ("sip", "certificate"), Sentence("needs its key; accepted: with a field key"), True)
    yield from _https(s)
    for name, line in s.line.items():
        if isinstance(line, SipLine) and line.transport == "tls" and not s.sip.tls:
            what = Sentence("TLS is not spoken; accepted: with tls = true in [sip]")
            yield Wrong("missing", ("line", name, "transport"), what)
    for name, phone in s.phone.items():
        if phone.tls and not s.sip.tls:
            yield Wrong(
                "missing", ("phone", name, "tls"), Sentence("TLS is not spoken; accepted: with tls = true in [sip]")
            )
    if 0 < s.sip.session_expires < SESSION_LEAST:
        what = Sentence("{} is too short; accepted: 0, or at least {} (seconds)", s.sip.session_expires, SESSION_LEAST)
        yield Wrong("out-of-range", ("sip", "session_expires"), what)
    if s.action and s.mqtt is None:
        yield Wrong(
            "missing", ("action", next(iter(s.action))), Sentence("needs a broker; accepted: with a table [mqtt]"), True
        )
    yield from _brokers(s)
    if SILENCE in s.lookup:
        yield Wrong(
            "reserved", ("lookup", SILENCE), Sentence('"{}" is one of ours; accepted: another name', SILENCE), True
        )
    yield from _golden(s)


def _golden(s: Settings) -> Iterator[Wrong]:
    zone = ZoneInfo(s.office.time_zone)
    for i, golden in enumerate(s.golden):
        if golden.line is None and not s.line:
            yield Wrong("missing", ("golden", i), Sentence("needs a line; accepted: with a table [line.NAME]"), True)
        if hours.skipped(hours.moment(golden.when), zone):
            what = Sentence(
                "{} never is: clocks in {} go forward over it; accepted: a time there is", shown(golden.when), zone
            )
            yield Wrong("not-accepted", ("golden", i, "when"), what)


def _brokers(s: Settings) -> Iterator[Wrong]:
    """Further brokers need the first, TLS its files, and no two bridges may be the same box on one broker."""
    if s.broker and s.mqtt is None:
        yield Wrong(
            "missing", ("broker", next(iter(s.broker))), Sentence("needs a table [mqtt]; accepted: with one"), True
        )
    brokers: dict[Path, Broker] = {("broker", id): broker for id, broker in s.broker.items()}
    if s.mqtt:
        brokers = {("mqtt",): s.mqtt, **brokers}
    seen: dict[tuple[object, ...], Path] = {}
    for path, one in brokers.items():
        for field in ("ca_file", "certificate_file", "key_file"):
            if getattr(one, field) is not None and not one.tls:
                yield Wrong(
                    "contradiction", (*path, field), Sentence("goes with TLS; accepted: with tls = true, or left out")
                )
        if one.key_file is not None and one.certificate_file is None:
            yield Wrong("missing", (*path, "certificate_file"), Sentence("is missing; a key_file needs it"))
        where = (one.host.lower(), one.port, one.base, one.box)
        if seen.setdefault(where, path) != path:
            what = Sentence("is the same as {}; accepted: another broker, base or box", ".".join(map(str, seen[where])))
            yield Wrong("broker-taken", path, what, True)


def _https(s: Settings) -> Iterator[Wrong]:
    web = s.web
    if (web.certificate is None) != (web.key is None):
        field = "certificate" if web.key is None else "key"
        yield Wrong(
            "missing", ("web", field), Sentence("goes with the other; accepted: certificate and key, or neither"), True
        )
    if web.https and web.https_port == web.port:
        yield Wrong(
            "port-taken", ("web", "https_port"), Sentence("{} is the port of HTTP; accepted: another one", web.port)
        )


def _repeated_choices(s: Settings) -> Iterator[Wrong]:
    for field in ("codecs", "digest"):
        for i, each in enumerate(chosen := getattr(s.sip, field)):
            if each in chosen[:i]:
                yield Wrong("given-twice", ("sip", field, i), listed_already(each))


def _mobiles(s: Settings) -> Iterator[Wrong]:
    """Who is rung on a mobile has one, and there is a line to call it through."""
    for id, person in s.person.items():
        if person.mobile is not None and not s.outside.lines:
            what = Sentence(
                "is called through the lines of [outside], where there are none; accepted: with `lines` there"
            )
            yield Wrong("missing", ("person", id, "mobile"), what)
    for path, table in tables(s):
        for at, name, kind in table.names():
            bare, _, how = name.partition(".")
            if kind == "person" and how and bare in s.person and s.person[bare].mobile is None:
                what = Sentence(
                    "{} needs a `mobile` in [person.{}]; accepted: with it, or {}", shown(name), bare, shown(bare)
                )
                yield Wrong("no-mobile", (*path, *at), what)


def _queues(s: Settings) -> Iterator[Wrong]:
    for id, queue in s.queue.items():
        path: Path = ("queue", id)
        listed = [name.partition(".")[0] for name in people.written(s, queue)]
        if not queue.people and queue.department is None:
            yield Wrong("missing", (*path, "people"), NOBODY)
        if queue.join_when_empty and queue.leave_when_empty:
            what = Sentence("true goes ill with join_when_empty; accepted: one of the two")
            yield Wrong("contradiction", (*path, "leave_when_empty"), what)
        yield from _shares(queue, path, listed)
        for i, wider in enumerate(queue.widen):
            for j, written in enumerate(wider.people):
                if (name := written.partition(".")[0]) in listed:
                    what = Sentence("{} is rung already; accepted: somebody else", shown(name))
                    yield Wrong("given-twice", (*path, "widen", i, "people", j), what)
            listed += [name.partition(".")[0] for name in wider.people]
        if len(listed) > MEMBERS:
            yield Wrong(
                "wrong-count", path, Sentence("has {} people; accepted: at most {}", len(listed), MEMBERS), True
            )


def _shares(queue: Queue, path: Path, listed: list[str]) -> Iterator[Wrong]:
    path = (*path, "shares")
    if queue.strategy == "percentage" and not queue.shares:
        yield Wrong("missing", path, Sentence("is missing; accepted: the share of each of its people, together 100"))
    if not queue.shares:
        return
    for name in queue.shares:
        if name not in listed:
            yield Wrong(
                "no-such-name",
                (*path, name),
                Sentence("{} is none of its people; accepted: one of them", shown(name)),
                True,
            )
    for name in listed:
        if name not in queue.shares:
            yield Wrong(
                "missing", path, Sentence("{} has none; accepted: a share for each of its people, or for nobody", name)
            )
    if (together := sum(queue.shares.values())) != 100:
        yield Wrong("out-of-range", path, Sentence("come to {} together; accepted: 100", together))


def _chains(s: Settings) -> Iterator[Wrong]:
    for id, chain in s.chain.items():
        for i, step in enumerate(chain.steps):
            if bool(step.people) == (step.department is not None):
                path: Path = ("chain", id, "steps", i, "people")
                ill = Sentence("goes ill with a department; accepted: a list of 1 to 250 people, or a department")
                yield Wrong("missing", path, ill if step.people else NOBODY)
