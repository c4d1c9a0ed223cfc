# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of telephones and of lines to the outside, and of how SIP is spoken with all of them."""

from typing import Annotated, Literal

from pydantic import Field

from appliance.settings.brokers import PortNumber
from appliance.settings.outside import DialAs, Price
from appliance.settings.steps import MESSAGE, Trust
from appliance.settings.tables import Table, setting, some
from appliance.settings.words import (
    Address4,
    Address6,
    BalanceRule,
    Beginning,
    Country,
    HideCode,
    Host,
    HoursName,
    Imei,
    Instead,
    KeptFile,
    Language,
    Mac,
    Number,
    NumberTarget,
    PhoneName,
    Prefix,
    ScenarioName,
    Server,
    Title,
    UsbPath,
    User,
    UssdCode,
)

MAIN = "main"  # the scenario of a line that names none
SESSION_LEAST = 90  # seconds, RFC 4028 section 4

Srtp = Literal["off", "optional", "mandatory"]
SRTP = (
    "Whether sound is encrypted, with keys told in the signalling (SDES, RFC 4568), which TLS should hide: never, where the "
    "other side does so too, or always: a call without it is refused."
)
Codec = Literal["opus", "g722", "pcma", "pcmu", "gsm"]
Digest = Literal["sha-256", "md5"]
AudioPort = Annotated[int, Field(ge=1024, le=65535)]
Channel = Annotated[int, Field(ge=1, le=1024)]
Tones = Literal["us", "uk", "fr", "de", "es", "it", "nl", "pl", "ru", "ua", "lt", "au", "cn", "jp"]
TONES = (
    "The country whose exchanges' tones and habits count, such as the busy tone that ends a call. Left out: the office's, or "
    "Germany's where that has none of its own here."
)


class Sip(Table):
    """Telephones and trunks: addresses, audio, registrations. May be left out."""

    listen: Address4 = setting("Address to listen on.", "0.0.0.0")
    listen6: Address6 | None = setting(
        "Address of IPv6 to listen on too, at the same ports. Left out: IPv6 is not spoken.", None
    )
    port: PortNumber = setting("Port to listen on, UDP and TCP.", 5060, unit="port number")
    tls: bool = setting(
        "Speak TLS too, with `certificate`, or with one the box makes for itself when it starts first.", False
    )
    tls_port: PortNumber = setting("Port to listen on for TLS.", 5061, unit="port number")
    certificate: KeptFile | None = setting("The certificate and those above it, PEM. Left out: the box's own.", None)
    key: KeptFile | None = setting("Its key, PEM, without a password.", None)
    authorities: KeptFile = setting(
        "Whose word counts when a trunk's certificate is checked, PEM.", "/etc/ssl/certs/ca-certificates.crt"
    )
    rtp_ports: tuple[AudioPort, AudioPort] = setting(
        "First and last UDP port for audio; two for each leg of a call.",
        (10000, 10999),
        unit="port number",
        strict=False,
    )
    user_agent: Title = setting("How the box calls itself to telephones and trunks.", "Linekeeper")
    codecs: tuple[Codec, ...] = some(
        "Codecs offered, the preferred first.", ("opus", "g722", "pcma", "pcmu"), least=1, most=5
    )
    digest: tuple[Digest, ...] = some(
        "How telephones prove their password. sha-256 is safer; some telephones cannot register once it is offered.",
        ("md5",),
        least=1,
        most=2,
    )
    expires_min: int = setting("Shortest registration a telephone is given.", 60, unit="seconds", ge=10, le=3600)
    expires_max: int = setting("Longest registration a telephone is given.", 3600, unit="seconds", ge=60, le=86400)
    silent_after: int = setting(
        "A call that has brought no sound for so long is asked whether it is there, and ends when nothing answers for as "
        "long again; 0: never.",
        15,
        unit="seconds",
        ge=0,
        le=600,
    )
    session_expires: int = setting(
        "A call ends when neither side says for so long that it goes on (RFC 4028), from 90; 0: it is not agreed on.",
        1800,
        unit="seconds",
        ge=0,
        le=86400,
    )
    relay: bool = setting(
        "Two who talk with the same codec are handed each other's packets as they are; false: every call is decoded and mixed.",
        True,
    )
    max_calls: int = setting("Calls under way at once; one more is refused.", 200, unit="calls", ge=1, le=250)


class _Trunk(Table):
    """What only a SIP trunk has."""

    kind: Literal["sip"] = setting("What it is.")
    name: Title = setting("Name on the page. Left out: the name of the table.", "")
    host: Host = setting("Where the trunk is; a call from there is taken as this line's.")
    port: PortNumber = setting("Port of the trunk.", 5060, unit="port number")
    transport: Literal["udp", "tcp", "tls"] = setting("How it is spoken with; tls needs `tls` of `[sip]`.", "udp")
    verify: bool = setting(
        "Over TLS: its certificate must be vouched for by `authorities` of `[sip]`, and have the name of `host` or of one of "
        "`proxies`.",
        True,
    )
    srtp: Srtp = setting(SRTP, "off")
    late_offer: bool = setting("It is called without an offer of codecs, and makes the offer itself.", False)
    proxies: tuple[Server, ...] = some(
        "Servers of the trunk, tried in order: the next one when one says nothing for four seconds, or 5xx; the first that "
        "answers is registered at. Calls from each of them are this line's. Left out: `host` is the only one.",
        (),
        most=4,
    )
    qualify: int = setting(
        "Each server is asked this often whether it is there (OPTIONS); calls pass by one that is not, and the line is shown "
        "as not usable when none is. 0: every 30 seconds where there are several `proxies`, else never.",
        0,
        unit="seconds",
        ge=0,
        le=3600,
    )
    registers: bool = setting(
        "Register there; needs `user`, and a password in secrets.toml.", False, alias="register"
    )  # BaseModel has a `register` of its own
    user: User | None = setting("User name at the trunk.", None)
    expires: int = setting("How long a registration is asked for.", 300, unit="seconds", ge=30, le=86400)
    caller: Number | None = setting("Number shown to those we call. Left out: the trunk decides.", None)
    channels: int = setting("Calls it can carry at once; 0: any number.", 0, unit="calls", ge=0, le=250)
    redirects: bool = setting(
        "A number it names instead of the one called (302) is called on it, when whoever calls may call that one.",
        False,
    )
    diverts: bool = setting(
        "Calls passed on by it show who called first, and our number in Diversion and History-Info; not every trunk allows it.",
        False,
    )
    dial_as: DialAs = setting(
        "How it is told numbers outside: as somebody dialled them; +37060000001; 0037060000001; as dialled in the country.",
        "as-dialled",
    )
    trust: Trust = setting(
        "How far callers' numbers are believed on it: they say it themselves, the trunk vouches for it, a public network "
        "showed it, it was proved, or they are our own telephones.",
        "claimed",
    )
    stir: bool = setting(
        "The trunk checks the signatures of callers' numbers (STIR/SHAKEN) and tells what it found (`verstat`): a number that "
        "passed is believed as one that a public network showed, one that failed as one that somebody claims.",
        False,
    )


class OfLines(Table):
    """What all kinds of lines have."""

    minutes_a_day: int = setting(
        "Minutes that calls out over it may last in one day, all together; then other lines are tried, and an alarm tells so. "
        "Emergency numbers are called all the same. 0: no limit.",
        0,
        unit="minutes",
        ge=0,
        le=100_000,
    )
    minutes_a_month: int = setting(
        "The same in one month, such as those a contract has.", 0, unit="minutes", ge=0, le=1_000_000
    )
    rates: dict[Prefix, Price] = setting(
        "Beginnings of numbers, and what a minute to them costs: a number goes out by the cheapest line.",
        {},
        max_length=500,
    )
    country: Country | None = setting("How this line's numbers are read. Left out: as the office's.", None)
    rewrite: dict[Beginning, Instead] = setting(
        "Beginnings of numbers as this line writes them, and what stands for each; the longest counts.",
        {},
        max_length=50,
    )
    language: Language | None = setting(
        "What its callers are spoken to in, unless they choose another. Left out: the office's language.", None
    )
    hours: HoursName | None = setting(
        "Hours of the line: outside of them its calls go to `closed` before anything else. Left out: always open.",
        None,
        of="hours",
    )
    closed: NumberTarget = setting("Where they go then.", MESSAGE)
    scenario: ScenarioName = setting(
        "What happens to a call to a number that `numbers` does not have.", MAIN, of="scenario"
    )
    numbers: dict[Number, NumberTarget] = setting(
        "Our numbers on this line, and where each leads.", {}, max_length=1000
    )


class _Modem(Table):
    """What only a modem has."""

    kind: Literal["modem"] = setting("What it is.")
    name: Title = setting("Name on the page. Left out: the name of the table.", "")
    usb: UsbPath | None = setting(
        "The socket it is plugged into. The modem there is this line, whatever its serial ports are called.", None
    )
    imei: Imei | None = setting(
        "Its serial number. With `usb`: no other modem is used there; alone: it is found wherever it is plugged in.",
        None,
    )
    port: KeptFile | None = setting(
        "Its port for commands, by a name that stays, instead of looking for it by USB; `*` and `?` stand for any "
        "letters: of several ports it is the one with `imei`.",
        None,
    )
    audio_port: KeptFile | None = setting("With `port`: its port for sound, where it has one.", None)
    number: Number | None = setting("The SIM's own number: what its callers have called.", None)
    clip_wait: int = setting(
        "How long a call waits for its caller's number before it goes on without; the number may come later.",
        1500,
        unit="ms",
        ge=0,
        le=1500,
    )
    gain_said: int | None = setting(
        "The level of what is said into its calls, as its own command counts it (AT+QMIC, AT+CMICGAIN); `linekeeper doctor "
        "LINE --set` finds it. Left out: as the modem has it.",
        None,
        unit="level",
        ge=0,
        le=65535,
    )
    gain_heard: int | None = setting(
        "The same of what is heard from them (AT+QRXGAIN, AT+COUTGAIN, AT+CLVL).", None, unit="level", ge=0, le=65535
    )
    roaming: bool = setting("Use it also in networks abroad, where calls and messages may cost more.", False)
    divert_check: bool = setting(
        "At each start the network is asked whether it sends callers elsewhere while the line is busy, and told not to: "
        "else who is refused unanswered, as by `reject` of an action, may be answered by a paid voicemail.",
        True,
    )
    balance_code: UssdCode | None = setting("What asks the network how much money is left.", None)
    balance_rule: BalanceRule = setting("Where the money stands in its answer.", r"([0-9][0-9 .,']*)")
    balance_every: int = setting("How often it is asked.", 24, unit="hours", ge=1, le=720)
    dial_as: DialAs = setting(
        "How it is told numbers outside: as somebody dialled them; +37060000001; 0037060000001; as dialled in the country.",
        "e164",
    )
    trust: Trust = setting(
        "How far callers' numbers are believed on it: they say it themselves, the trunk vouches for it, a public network "
        "showed it, it was proved, or they are our own telephones.",
        "network",
    )


class _Fxo(Table):
    """What only a line of the exchange has."""

    kind: Literal["fxo"] = setting("What it is.")
    name: Title = setting("Name on the page. Left out: the name of the table.", "")
    channel: Channel = setting("The port of the card, as DAHDI counts them.", unit="channel number")
    number: Number | None = setting("The line's own number: what its callers have called.", None)
    tones: Tones | None = setting(TONES, None)
    caller_id: Literal["none", "bell202", "v23", "dtmf"] | None = setting(
        "How the exchange tells who calls: not at all, by one of two modems, or by keys. Left out: as usual in the country.",
        None,
    )
    caller_starts: Literal["ring", "polarity", "before-ring"] | None = setting(
        "When: after the first ring, after a reversal of the line, or before the first ring. Left out: as usual in the country.",
        None,
    )
    clip_wait: int = setting(
        "How long after the first ring a call waits for its caller's number before it goes on without; the number may come "
        "later.",
        1500,
        unit="ms",
        ge=0,
        le=6000,
    )
    pulse: bool = setting("Numbers are dialled by pulses, for an exchange that knows no tones.", False)
    dial_tone_needed: bool = setting(
        "A call out without a dial tone within three seconds fails; false: it is dialled all the same.", False
    )
    answer_by_polarity: bool = setting(
        "The exchange reverses the line when somebody answers; false: whoever is called counts as answering once all is dialled.",
        False,
    )
    hang_up_by_polarity: bool = setting("It reverses the line when the other side has hung up.", False)
    busy_beats: int = setting(
        "Beats of busy or congestion tone after which a call is over.", 4, unit="beats", ge=2, le=10
    )
    silence: int = setting(
        "A call in which nothing is heard from the line for so long is over; 0: never.",
        120,
        unit="seconds",
        ge=0,
        le=3600,
    )
    withhold: HideCode = setting(
        'What is dialled before a number so that its owner does not see ours, such as `"*67"`. Left out: calls that are to hide '
        "it do not go by this line.",
        "",
    )
    dial_as: Literal["as-dialled", "international", "national"] = setting(
        "How it is told numbers outside: as somebody dialled them; 0037060000001; as dialled in the country.",
        "national",
    )
    trust: Trust = setting(
        "How far callers' numbers are believed on it: they say it themselves, the trunk vouches for it, a public network "
        "showed it, it was proved, or they are our own telephones.",
        "network",
    )


class _Gateway(Table):
    """What only a gateway has."""

    kind: Literal["gateway"] = setting("What it is.")
    name: Title = setting("Name on the page. Left out: the name of the table.", "")
    mac: Mac | None = setting(
        "The address on the network of a Grandstream HT813, as on its back: it is given its settings by that. Left out: any "
        "other gateway, which is set by hand.",
        None,
    )
    phone: PhoneName | None = setting(
        "With `mac`: the telephone plugged into the HT813, which is given its settings with it.", None, of="phone"
    )
    host: Host | None = setting(
        "Where a gateway is that does not register here: a call from there is taken as this line's. Left out: it registers, as "
        "`line-` and the name of the table, and is where it registered from.",
        None,
    )
    port: PortNumber = setting("With `host`: its SIP port.", 5060, unit="port number")
    number: Number | None = setting("The line's own number: what its callers have called.", None)
    channels: int = setting("Calls it can carry at once: its lines of the exchange.", 1, unit="calls", ge=1, le=250)
    qualify: int = setting(
        "It is asked this often whether it is there (OPTIONS); the line is shown as not usable when it does not answer. 0: "
        "never.",
        30,
        unit="seconds",
        ge=0,
        le=3600,
    )
    withhold: HideCode = setting(
        'What is dialled before a number so that its owner does not see ours, such as `"*67"`. Left out: calls that are to hide '
        "it do not go by this line.",
        "",
    )
    dial_as: DialAs = setting(
        "How it is told numbers outside: as somebody dialled them; +37060000001; 0037060000001; as dialled in the country.",
        "national",
    )
    trust: Trust = setting(
        "How far callers' numbers are believed on it: they say it themselves, the trunk vouches for it, a public network "
        "showed it, it was proved, or they are our own telephones.",
        "network",
    )


class SipLine(OfLines, _Trunk):
    """A SIP trunk: a provider, or another exchange."""

    @property
    def carries(self) -> int:
        """Calls at once; 0: any number."""
        return self.channels

    @property
    def shown(self) -> str | None:
        """The number those see whom we call."""
        return self.caller


class ModemLine(OfLines, _Modem):
    """A GSM or LTE modem with a SIM card, on USB: one call at a time, short messages. See docs/modems.md."""

    @property
    def levels(self) -> dict[Literal["said", "heard"], int | None]:
        """How loud its calls are to be, each way."""
        return {"said": self.gain_said, "heard": self.gain_heard}

    @property
    def carries(self) -> int:
        """Calls at once."""
        return 1

    @property
    def shown(self) -> str | None:
        """The number those see whom we call."""
        return self.number


class FxoLine(OfLines, _Fxo):
    """A line of the exchange at an FXO port of a DAHDI card: one call at a time. See docs/analog.md."""

    @property
    def carries(self) -> int:
        """Calls at once."""
        return 1

    @property
    def shown(self) -> str | None:
        """The number those see whom we call."""
        return self.number


class GatewayLine(OfLines, _Gateway):
    """Lines of the exchange at a gateway that speaks SIP, such as a Grandstream HT813. See hardware/ata."""

    @property
    def carries(self) -> int:
        """Calls at once."""
        return self.channels

    @property
    def shown(self) -> str | None:
        """The number those see whom we call."""
        return self.number

    @property
    def registers_here(self) -> bool:
        """It is where it registered from, and nobody knows that before."""
        return self.host is None

    def at(self, host: str, port: int, transport: Literal["udp", "tcp", "tls"] = "udp") -> SipLine:
        """The trunk that it is, there."""
        return SipLine(
            kind="sip", host=host, port=port, transport=transport, verify=False, qualify=self.qualify,
            caller=self.number, channels=self.channels, dial_as=self.dial_as, trust=self.trust,
        )  # fmt: skip


def account(line: str) -> str:
    """What a gateway registers here as."""
    return f"line-{line}"


Line = Annotated[SipLine | ModemLine | FxoLine | GatewayLine, Field(discriminator="kind")]
