# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings files of telephones: what stands in each maker's, and that nothing an office calls anybody gets out of its value."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from appliance.control.provisioning import Provisioned
from appliance.settings import documents
from appliance.settings.models import Settings
from appliance.settings.phones import Maker, bare, made_by
from appliance.web.provisioning import files
from appliance.web.provisioning.book import MOST, entries
from appliance.web.provisioning.zone import Change, Zone, parsed, zone

MAKERS: tuple[Maker, ...] = ("yealink", "grandstream", "snom", "fanvil")
OFFICE = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
language = "uk"

[provisioning]
time_server = "192.0.2.1"

[phone.desk1]
mac = "00:04:13:4A:5B:6C"
maker = "{maker}"
{more}
keys = [{{ number = "102" }}, {{ number = "71", label = "Parked" }}, {{ number = "+37060000001", label = "Gate", lamp = false }}]

[phone.desk2]

[person.anna]
name = {name}
extension = "101"
phones = ["desk1"]

[person.boris]
name = "Boris"
extension = "102"
phones = ["desk2"]
"""
GIVEN = Provisioned("desk1", "pass<word>&\"1'%NULL%", "opensesame")
ADDRESS = "https://192.0.2.2:8443/provisioning/SECRET/"


def made(maker: Maker, *, name: str = '"Anna"', more: str = "", given: Provisioned = GIVEN) -> str:
    document = OFFICE.format(maker=maker, name=name, more=more)
    settings = documents.check(Settings, document, "office.toml")[0]
    return files.rendered(maker, files.device(settings, given, "192.0.2.2", ADDRESS))


def told(text: str) -> dict[str, str]:
    """A file of keys and values."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9_.]+ = ?.*", line) for line in lines), text
    return dict(line.split(" = ", 1) if " = " in line else (line.rstrip(" ="), "") for line in lines)


def values(text: str) -> dict[str, str]:
    """A file in XML: what stands in each element, by its name and index, and its label with it."""
    found = {}
    for one in ElementTree.fromstring(text).iter():
        index = one.get("idx") or one.get("index")
        found[f"{one.tag}.{index}" if index else one.tag] = (one.text or "").strip()
        if label := one.get("label"):
            found[f"{one.tag}.{index}.label"] = label
    return found


def test_a_yealink_is_told_its_account_clock_and_keys() -> None:
    one = told(made("yealink", more='tls = true\nsrtp = "mandatory"'))
    assert made("yealink").startswith("#!version:1.0.0.1\n")
    assert one["account.1.user_name"] == one["account.1.auth_name"] == "desk1"
    assert (one["account.1.sip_server.1.address"], one["account.1.sip_server.1.port"]) == ("192.0.2.2", "5061")
    assert (one["account.1.sip_server.1.transport_type"], one["account.1.srtp_encryption"]) == ("2", "2")
    assert one["static.security.trust_certificates"] == "0"  # the box's own certificate is nobody's
    assert one["static.security.user_password"] == "admin:opensesame"
    assert one["static.auto_provision.server.url"] == ADDRESS
    assert (one["lang.gui"], one["local_time.time_zone"], one["local_time.ntp_server1"]) == (
        "Ukrainian",
        "+2",
        "192.0.2.1",
    )
    assert (one["local_time.start_time"], one["local_time.end_time"]) == ("3/5/7/3", "10/5/7/4")
    assert [one[f"linekey.{n}.type"] for n in (1, 2, 3, 4)] == ["15", "16", "16", "13"]
    assert [one[f"linekey.{n}.value"] for n in (2, 3, 4)] == ["102", "71", "+37060000001"]
    assert [one[f"linekey.{n}.label"] for n in (1, 2, 3, 4)] == ["Anna", "Boris", "Parked", "Gate"]
    assert (one["voice_mail.number.1"], one["account.1.direct_pickup_code"]) == ("*97", "*8")


def test_a_grandstream_is_told_its_account_clock_and_keys() -> None:
    one = values(made("grandstream"))
    assert (one["mac"], one["P35"], one["P36"], one["P34"]) == ("0004134a5b6c", "desk1", "desk1", made_password())
    assert (one["P47"], one["P130"], one["P183"], one["P2"]) == ("192.0.2.2:5060", "0", "0", "opensesame")
    assert (one["P212"], one["P237"]) == ("2", "192.0.2.2:8443/provisioning/SECRET")
    assert (one["P1362"], one["P64"], one["P246"]) == ("uk", "customize", "EET-2EEST,M3.5.0/3,M10.5.0/4")
    assert [one[p] for p in ("P1365", "P1366", "P1467", "P1468")] == ["11", "0", "Boris", "102"]
    assert [one[p] for p in ("P1369", "P1370", "P1471", "P1472")] == ["10", "0", "Gate", "+37060000001"]


def test_a_grandstream_has_its_later_keys_where_they_are() -> None:
    many = ", ".join(f'{{ number = "{n}" }}' for n in range(201, 211))
    document = OFFICE.format(maker="grandstream", name='"Anna"', more="").replace(
        'keys = [{ number = "102" }', f"keys = [{many}"
    )
    settings = documents.check(Settings, document, "office.toml")[0]
    one = values(files.rendered("grandstream", files.device(settings, GIVEN, "192.0.2.2", ADDRESS)))
    assert (one["P1373"], one["P1476"]) == ("11", "205")  # the sixth
    assert (one["P23800"], one["P23803"]) == ("11", "206")  # the seventh
    assert (one["P23808"], one["P23811"]) == ("1", "208")  # the ninth, which is of another kind


def test_a_snom_is_told_its_account_clock_and_keys() -> None:
    one = values(made("snom", more='srtp = "optional"'))
    assert (one["user_name.1"], one["user_pname.1"], one["user_pass.1"]) == ("desk1", "desk1", made_password())
    assert (one["user_host.1"], one["user_outbound.1"]) == ("192.0.2.2", "192.0.2.2:5060;transport=udp")
    assert (one["user_srtp.1"], one["user_savp.1"]) == ("on", "optional")
    assert (one["http_pass"], one["admin_mode_password"]) == ("opensesame", "opensesame")
    assert one["setting_server"] == ADDRESS + "snom-{mac}.xml"
    assert (one["utc_offset"], one["dst"]) == ("7200", "3600 03.05.07 03:00:00 10.05.07 04:00:00")
    assert (one["fkey.0"], one["fkey.0.label"]) == ("line", "Anna")
    assert (one["fkey.1"], one["fkey.1.label"]) == ("blf <sip:102@192.0.2.2>|*8", "Boris")
    assert one["fkey.3"] == "speed +37060000001"


def test_a_fanvil_is_told_its_account_clock_and_keys() -> None:
    one = values(made("fanvil"))
    assert (one["RegisterUser"], one["RegisterPswd"], one["RegisterAddr"]) == ("desk1", made_password(), "192.0.2.2")
    assert (one["RegisterPort"], one["Transport"], one["Password"]) == ("5060", "0", "opensesame")
    assert (one["FlashServerIP"], one["FlashFileName"], one["FlashProtocol"]) == (ADDRESS[:-1], "$mac.cfg", "5")
    assert (one["TimeZone"], one["TimeZoneName"], one["DSTStartMon"], one["DSTEndWeek"]) == ("8", "UTC+2", "3", "-1")
    keys = [
        (key.findtext("Type"), key.findtext("Value"), key.findtext("Title"))
        for key in ElementTree.fromstring(made("fanvil")).iter("Fkey")
    ]
    assert keys[1:] == [
        ("1", "102@1/ba*8102", "Boris"),
        ("1", "71@1/ba*871", "Parked"),
        ("1", "+37060000001@1/f", "Gate"),
    ]


BOOK = """
[room.board]
name = "Board & Co"
extension = "300"
[line.city]
kind = "sip"
host = "192.0.2.1"
[outside]
lines = ["city"]
[callers.regulars]
phone_book = true
numbers = { "8 600 00001" = "<Mr Kazlauskas>", "+37060000002" = "" }
[callers.family]
numbers = { "+37060000003" = "Ms Petraitė" }
"""
KNOWN = [("Anna", "101"), ("Boris", "102"), ("Board & Co", "300"), ("<Mr Kazlauskas>", "+37060000001")]


@pytest.mark.parametrize(
    ("maker", "at", "name", "number"),
    [
        ("yealink", ADDRESS + "0004134a5b6c/phonebook.xml", "Name", "Telephone"),
        ("grandstream", "192.0.2.2:8443/provisioning/SECRET/0004134a5b6c", "LastName", "phonenumber"),
        ("snom", "", "name", "number"),
        ("fanvil", ADDRESS + "0004134a5b6c/phonebook.xml", "Name", "Telephone"),
    ],
)
def test_colleagues_rooms_and_the_callers_of_a_list_are_called_by_name(
    maker: Maker, at: str, name: str, number: str
) -> None:
    settings = documents.check(Settings, OFFICE.format(maker=maker, name='"Anna"', more="") + BOOK, "office.toml")[0]
    one = files.device(settings, GIVEN, "192.0.2.2", ADDRESS)
    text = files.rendered(maker, one)
    assert at in text
    book = ElementTree.fromstring(text if maker == "snom" else files.book(maker, one.book))
    assert list(zip(said(book, name), said(book, number), strict=True)) == KNOWN
    assert maker == "snom" or book.tag in ("YealinkIPPhoneDirectory", "FanvilIPPhoneDirectory", "AddressBook")


def said(book: ElementTree.Element, tag: str) -> list[str]:
    return [one.text or "" for one in book.iter(tag)]


def test_a_phone_book_is_no_longer_than_telephones_keep() -> None:
    numbers = ", ".join(f'"+37052{n:06}" = "Caller {n}"' for n in range(1200))
    more = BOOK.replace("phone_book = true\nnumbers = {", "phone_book = true\nnumbers = { " + numbers + ", ")
    settings = documents.check(Settings, OFFICE.format(maker="snom", name='"Anna"', more="") + more, "office.toml")[0]
    assert len(entries(settings)) == MOST and entries(settings)[0] == ("Anna", "101")


def made_password() -> str:
    return GIVEN.password.replace("%NULL", "% NULL")  # a word of telephones is none any more


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    "name",
    [
        '"Anna\\"/><P2>admin</P2>"',
        '"</settings>&xxe;"',
        "\"<!DOCTYPE a [<!ENTITY xxe SYSTEM 'file:///etc/passwd'>]>\"",
        '"]]>"',
        '"{{ password }}{% raw %}"',
        '"%NULL%"',
        '"#comment = 1"',
        '"account.1.password = x"',
    ],
)
def test_nothing_gets_out_of_its_value_by_what_somebody_is_called(maker: Maker, name: str) -> None:
    plain, hostile = made(maker), made(maker, name=name)
    if maker == "yealink":
        before, after = told(plain), told(hostile)
        shown = after["account.1.label"]
    else:
        before, after = values(plain), values(hostile)
        shown = {
            "grandstream": after.get("P3"),
            "snom": after.get("user_realname.1"),
            "fanvil": after.get("DisplayName"),
        }[maker] or ""
    assert before.keys() == after.keys()
    assert (
        sum(before[key] != after[key] for key in before) <= 5
    )  # where the name stands, and nowhere else; where the book is sorted, whoever is last in it
    assert shown.replace("% NULL", "%NULL") == name[1:-1].replace('\\"', '"')


@pytest.mark.parametrize("maker", MAKERS)
def test_lines_end_only_where_the_template_ends_them(maker: Maker) -> None:
    """The settings take no such names; what is rendered does not rely on it."""
    settings = documents.check(Settings, OFFICE.format(maker=maker, name='"Anna"', more=""), "office.toml")[0]
    one = files.device(settings, GIVEN, "192.0.2.2", ADDRESS)
    plain = files.rendered(maker, one)
    bad = files.rendered(maker, one._replace(name="A\r\nstatic.x = 1\u2028y\x00z", password="p\nq = 1"))
    assert len(bad.splitlines()) == len(plain.splitlines())
    assert not re.search(r"[\x00\r\u2028]", bad)


@pytest.mark.parametrize(
    ("maker", "file", "own"),
    [
        ("yealink", "0004134a5b6c.cfg", True),
        ("yealink", "0004134A5B6C.CFG", True),
        ("yealink", "y000000000028.cfg", False),
        ("yealink", "cfg0004134a5b6c.xml", False),
        ("grandstream", "cfg0004134a5b6c.xml", True),
        ("grandstream", "cfg0004134a5b6c", True),
        ("snom", "snom-0004134a5b6c.xml", True),
        ("snom", "snomD735-0004134A5B6C.htm", True),
        ("snom", "snom.htm", False),
        ("fanvil", "0004134a5b6c.cfg", True),
        ("fanvil", "0004134a5b6c.cfg/../x", False),
        ("fanvil", "", False),
    ],
)
def test_telephones_ask_by_the_names_their_makers_chose(maker: Maker, file: str, own: bool) -> None:
    assert files.is_own(maker, file) == own
    assert bool(files.mac_of(file)) == own or file.startswith(("cfg", "y0"))


@pytest.mark.parametrize(
    ("posix", "found"),
    [
        ("EST5EDT,M3.2.0,M11.1.0", (-300, 60, Change(3, 2, 0, 2), Change(11, 1, 0, 2))),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", (0, 60, Change(3, 5, 0, 1), Change(10, 5, 0, 2))),  # Ireland
        ("<+0545>-5:45", (345, 0, Change(1, 1, 0, 0), Change(1, 1, 0, 0))),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", (-120, 60, Change(3, 5, 0, 0), Change(10, 5, 0, 0))),  # Greenland
        ("nonsense", (0, 0, Change(1, 1, 0, 0), Change(1, 1, 0, 0))),
    ],
)
def test_summer_begins_and_ends_as_the_zone_says(posix: str, found: tuple[int, int, Change, Change]) -> None:
    assert parsed(posix)[1:] == found


def test_hours_from_utc_are_written_as_telephones_read_them() -> None:
    assert [Zone("", minutes).hours for minutes in (120, 0, -210, 345)] == ["+2", "+0", "-3:30", "+5:45"]
    assert zone("America/St_Johns").hours == "-3:30"


def test_whose_a_telephone_is_is_known_by_its_address() -> None:
    assert [made_by(mac) for mac in ("80:5E:C0:00:00:01", "000b82aabbcc", "00-04-13-00-00-00", "0c383e000000")] == list(
        MAKERS
    )
    assert made_by("020000000001") is None and made_by("nonsense") is None
    assert bare("00:04:13:4A:5B:6C") == "0004134a5b6c" and bare("00:04") == ""
