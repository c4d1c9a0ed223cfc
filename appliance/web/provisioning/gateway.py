# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways: the file of a Grandstream HT813, and what has to be put by hand into it, or into any other; hardware/ata."""

from typing import NamedTuple

from appliance.control.provisioning import Provisioned, Registers
from appliance.settings.countries import Tone, country_of
from appliance.settings.lines import GatewayLine, account
from appliance.settings.models import Settings
from appliance.settings.phones import Maker, bare
from appliance.settings.provisioning import gateways, registrants
from appliance.web.provisioning import files
from appliance.web.provisioning.zone import Zone, zone
from appliance.web.tongue import marked as _

TEMPLATE = "ht813.xml"
MAKER: Maker = "grandstream"
FXO, FXS = 5062, 5060  # its SIP ports
RINGS = "2"  # with 1 the caller's number is lost where it comes between the first two


class Ht813(NamedTuple):
    """All that its file tells: the line at its FXO port, the telephone at its FXS port ("" none), its own pages and clock."""

    mac: str
    admin: str
    address: str
    line: str
    line_password: str
    line_name: str
    server: str
    port: int
    phone: str
    phone_password: str
    phone_name: str
    phone_port: int
    transport: str
    srtp: str
    voicemail: str
    zone: Zone
    time_server: str
    fxo: int = FXO
    fxs: int = FXS


class Entered(NamedTuple):
    """A setting as its page calls it, and what is put there; page: "" where no maker is known."""

    page: str
    setting: str
    value: str


def is_gateway(settings: Settings, given: Provisioned) -> bool:
    return given.phone in registrants(settings)


def file(settings: Settings, given: Provisioned, host: str, address: str) -> str:
    """What an HT813 is told; host: by which it reached us. Raises KeyError when it is not there."""
    name = registrants(settings)[given.phone]
    line, wanted, phone = gateways(settings)[name], settings.provisioning, settings.phone.get(given.beside)
    if wanted is None or not line.mac:
        raise KeyError(given.phone)
    tls = phone is not None and phone.tls
    told = Ht813(
        mac=bare(line.mac), admin=given.admin, address=address,
        line=given.phone, line_password=given.password, line_name=line.name or name,
        server=wanted.server or host, port=settings.sip.port,
        phone=given.beside if phone else "", phone_password=given.beside_password,
        phone_name=files.owner(settings, given.beside) or given.beside,
        phone_port=settings.sip.tls_port if tls else settings.sip.port, transport="tls" if tls else "udp",
        srtp=phone.srtp if phone else "off", voicemail=settings.features.voicemail,
        zone=zone(settings.office.time_zone), time_server=wanted.time_server or "",
    )  # fmt: skip
    return files.filled(TEMPLATE, told.server, told._asdict())


def by_hand(settings: Settings, name: str, line: GatewayLine, host: str) -> list[Entered]:
    """What the file of an HT813 cannot tell it, as its own pages call that."""
    return [
        Entered("BASIC SETTINGS", "Unconditional Call Forward to VOIP: User ID", account(name)),
        Entered("BASIC SETTINGS", "Unconditional Call Forward to VOIP: Sip Server", host),
        Entered("BASIC SETTINGS", "Unconditional Call Forward to VOIP: Sip Destination Port", str(settings.sip.port)),
        Entered("FXO PORT", "Number of Rings", RINGS),
        Entered("FXO PORT", "PSTN Ring Thru FXS", "No"),
        Entered("FXO PORT", "Stage Method (1/2)", "1"),
        Entered("FXO PORT", "Wait for Dial-Tone", "No"),
        Entered("FXO PORT", "Caller ID Transport Type", "Relay via SIP P-Asserted-Identity"),
        Entered("FXO PORT", "Enable Current Disconnect", "Yes"),
        Entered("FXO PORT", "Enable PSTN Disconnect Tone Detection", "Yes"),
        Entered("FXO PORT", "PSTN Disconnect Tone", disconnect_tone(settings, line)),
        Entered("FXO PORT", "AC Termination Model", f"Country-based: {_country(settings, line)}"),
        Entered("FXO PORT", "Allow Incoming SIP Messages from SIP Proxy Only", "Yes"),
    ]


def of_any(settings: Settings, name: str, line: GatewayLine, host: str, registers: Registers | None) -> list[Entered]:
    """What any other gateway is told. registers: what it registers with; None: it does not."""
    server, tone = f"[{host}]" if ":" in host else host, country_of(None, line.country, settings.office.country).busy
    hears = " + ".join(f"{hz:g} Hz" for hz in (tone.hz, tone.hz2) if hz)
    account_of = (
        [
            Entered("", _("User, and user for authentication"), registers.user),
            Entered("", _("Password"), registers.password),
            Entered("", _("It registers, again every"), "300 s"),
        ]
        if registers
        else [Entered("", _("It registers"), _("no"))]
    )
    return [
        Entered("", _("Server"), f"{server}:{settings.sip.port}"),
        Entered("", _("Transport"), "UDP"),
        *account_of,
        Entered("", _("A call from the exchange goes at once to"), f"sip:{account(name)}@{server}:{settings.sip.port}"),
        Entered("", _("Rings before that"), RINGS),
        Entered("", _("The caller's number"), "From, P-Asserted-Identity"),
        Entered("", _("A call from the box is dialled in one stage, without a PIN"), "sip:NUMBER@…"),
        Entered("", _("Calls are taken from this server alone"), host),
        Entered(
            "",
            _("It hangs up when the line's current is cut, and at the busy tone"),
            f"{hears}, {tone.on}/{tone.off} ms",
        ),
        Entered("", _("Keys"), "RFC 4733 (RFC 2833), 101"),
        Entered("", _("Codecs"), "PCMA, PCMU"),
    ]


def disconnect_tone(settings: Settings, line: GatewayLine) -> str:
    """The busy tone of the line's country as Grandstream writes it."""
    return _written(country_of(None, line.country, settings.office.country).busy)


def _written(tone: Tone) -> str:
    second = tone.hz2 or tone.hz
    return f"f1={tone.hz:g}@-32,f2={second:g}@-32,c={tone.on}/{tone.off};"


def _country(settings: Settings, line: GatewayLine) -> str:
    return country_of(None, line.country, settings.office.country).name
