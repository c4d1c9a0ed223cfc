# SPDX-License-Identifier: GPL-2.0-or-later
"""What each kind of setting takes and what it refuses; and that every one is told of in words."""

from typing import Any

import pytest

from appliance.settings.faults import accepted, plain, schema_of
from appliance.settings.models import Settings
from appliance.settings.passwords import Secrets
from tests.settings.documents import EXAMPLE, SMALL, TWO, WIRED, faults, graph, settings, told

CALLERS = SMALL + "[callers.regulars]\n"
WEEK = SMALL + "[hours.office]\n"
QUEUE = TWO + '[queue.sales]\npeople = ["anna"]\n'
ACTION = (
    WIRED + '[mqtt]\n[callers.regulars]\n[action.lamp]\ncallers = "regulars"\nlines = ["city"]\n'
)  # topic and payload are the test's; @ stands for the value

MODEM = SMALL + '[line.gsm]\nkind = "modem"\nusb = "1-1.3"\n'
LINE = WIRED + "rewrite = { @ }\n"
MENU = graph('a: do = "menu"; prompt = "hello"; keys = { @ = "anna" }')
VALUE = graph('a: do = "set"; attribute = "topic"; value = @; next = "anna"')
ATTRIBUTE = graph('a: do = "set"; attribute = @; value = "x"; next = "anna"')
COMPARED = graph(
    'a: do = "set"; attribute = "topic"; value = "x"; next = "b"',
    'b: do = "compare"; attribute = @; is = "x"; yes = "anna"; no = "boris"',
)
TARGET = graph(
    'a: do = "menu"; prompt = "hello"; keys = { 1 = "q" }; wrong_key = @',
    before=WIRED + '[mailbox.sales]\n[queue.q]\npeople = ["anna"]\n',
)
LOOKUP = SMALL + "[lookup.crm]\n"
GOLDEN = WIRED + '[[golden]]\nname = "x"\n'
MEMBER = (
    WIRED.replace('"102"', '"102"\nmobile = "+37061111111"') + '[outside]\nlines = ["city"]\n[queue.q]\npeople = [@]\n'
)

ACCEPTED = {
    "a name": (SMALL, "[mailbox.@]", ["a", "0", "two-words", "x" * 31]),
    "a title": (
        SMALL,
        "[mailbox.a]\nname = @",
        ['"A"', '"Ąžuolas & Co"', '"Čiurlionis\u00a0☎ 🙂"', '"Їжак і Щур"', '"' + "x" * 64 + '"'],
    ),
    "a country": (SMALL.replace('"LT"', "@"), "", ['"LT"', '"US"', '"GB"']),
    "a time zone": (SMALL.replace('"Europe/Vilnius"', "@"), "", ['"UTC"', '"America/New_York"']),
    "an IPv4 address": (SMALL, "[sip]\nlisten = @", ['"127.0.0.1"', '"0.0.0.0"']),
    "an IPv6 address": (SMALL, "[sip]\nlisten6 = @", ['"::1"', '"::"', '"2001:db8::5"']),
    "an address": (SMALL, "[web]\nlisten = @", ['"127.0.0.1"', '"0.0.0.0"', '"::1"']),
    "a port": (SMALL, "[web]\nport = @", ["1", "8080", "65535"]),
    "audio ports": (SMALL, "[sip]\nrtp_ports = @", ["[10000, 10003]", "[1024, 5059]"]),
    "codecs": (SMALL, "[sip]\ncodecs = @", ['["pcma"]', '["pcmu", "opus", "g722", "pcma", "gsm"]']),
    "servers of a trunk": (
        SMALL,
        '[line.city]\nkind = "sip"\nhost = "sip.example.com"\nproxies = @',
        ["[]", '["a.example.com", "b.example.com:5070"]', '["192.0.2.1:5061", "2001:db8::1", "[2001:db8::1]:5060"]'],
    ),
    "the socket of a modem": (SMALL, '[line.gsm]\nkind = "modem"\nusb = @', ['"1-1"', '"1-1.3"', '"3-2.1.4.2"']),
    "an IMEI": (SMALL, '[line.gsm]\nkind = "modem"\nimei = @', ['"350000000000006"']),
    "a code of the network": (MODEM, "balance_code = @", ['"*100#"', '"*111*4#"']),
    "a rule for the balance": (MODEM, "balance_rule = @", ["'([0-9.]+)'", "'Balance: ([-0-9.,]+) EUR'"]),
    "how long a number is waited for": (MODEM, "clip_wait = @", ["0", "1500"]),
    "a host": (SMALL, "[mqtt]\nhost = @", ['"localhost"', '"192.0.2.1"', '"2001:db8::1"', '"sip.example.com"']),
    "a network": (SMALL, "[guard]\nnever = [@]", ['"192.0.2.7"', '"192.0.2.0/24"', '"2001:db8::/32"', '"0.0.0.0/0"']),
    "a topic": (ACTION, 'payload = ""\ntopic = @', ['"a"', '"home/porch/lamp/set"', '"' + "x" * 256 + '"']),
    "a payload": (ACTION, 'topic = "a"\npayload = @', ['""', '"ON"', "'{\"on\": true}'", '"' + "x" * 4096 + '"']),
    "an extension": (TWO.replace('"102"', "@"), "", ['"10"', '"999999"', '"00"']),
    "a call time": (QUEUE, "ring_for = @", ["1", "300"]),
    "a choice": (QUEUE, "strategy = @", ['"ring-all"', '"round-robin"']),
    "yes or no": (QUEUE, "music = @", ["true", "false"]),
    "a number": (
        CALLERS,
        'numbers = { @ = "" }',
        ['"+37060000001"', '"8 600 00001"', '"(0600) 00-001"', '"101"', "112"],
    ),
    "a prefix": (CALLERS, "prefixes = [@]", ['"+1"', '"+370600"']),
    "a window": (WEEK, "week = { mon = [@] }", ['"09:00-18:00"', '"22:00-06:00"', '"00:00-24:00"', '"09:00-09:01"']),
    "a date": (
        WEEK,
        "closed = [@]",
        [
            '"2026-12-24"',
            '"2026-12-24..2026-12-26"',
            '"2028-02-29 10:00-14:00"',
            '"2026-12-24..2026-12-24 22:00-02:00"',
        ],
    ),
    "a greeting": (SMALL, "[voicemail]\ngreeting = @", ['"/srv/greeting.wav"']),
    "a prompt": (
        SMALL,
        "[prompt.a]\nfile = @",
        ['"/srv/prompts/a.wav"', '"/a.mp3"', '"/Upload of A.M4A"', '"/a.flac"'],
    ),
    "a voice": (SMALL, "[speech]\nvoices = { en = @ }", ['"/srv/voices/en_GB-alba-medium.onnx"']),
    "a spoken prompt": (SMALL, "[prompt.a]\ntext = @", ['"Hello"', '"Вітаємо!"', '"""One.\nTwo."""', f'"{"x" * 500}"']),
    "its language": (SMALL, '[prompt.a]\ntext = "a"\nlanguage = @', ['"en"', '"lt"', '"en-us"', '"en-gb-x-rp"']),
    "a language": (SMALL, "language = @", ['"en"', '"ru"', '"uk"']),
    "a rewriting": (
        LINE,
        "",
        ['"00" = "+"', '8 = "+370"', '"+" = ""', '"+8" = "", 0 = "+370"', '123456789012345 = "1"'],
    ),
    "a member": (MEMBER, "", ['"anna"', '"boris"', '"boris.mobile"', '"boris.all"']),
    "a key of a menu": (MENU, "", ["1", "0", '"*"', '"#"']),
    "a value": (VALUE, "", ['""', '"x"', '"a b, c"', '"' + "x" * 31 + '"']),
    "an attribute": (ATTRIBUTE, "", ['"a"', '"order-number"']),
    "what is compared": (COMPARED, "", ['"topic"', '"caller"', '"called"']),
    "where a step leads": (
        TARGET,
        "",
        ['"anna"', '"q"', '"sales"', '"mailbox.sales"', '"a"', '"scenario.main"', '"person.anna"'],
    ),
    "an address asked": (
        LOOKUP,
        "url = @",
        [
            '"http://127.0.0.1:9000/who?number={caller}&called={called}"',
            '"https://crm.example.com/{line}"',
            '"http://[::1]:80/"',
        ],
    ),
    "a wait for an answer": (LOOKUP, 'url = "http://a/"\ntimeout = @', ["1", "10"]),
    "a time of a golden call": (
        GOLDEN,
        'expect = "refused"\nwhen = @',
        ['"2000-01-01 00:00"', '"2099-12-31 23:59"', '"2028-02-29 00:00"', '"2026-03-29 04:00"'],
    ),
    "an end of a golden call": (
        GOLDEN,
        'when = "2026-12-27 15:00"\nexpect = @',
        ['"mailbox.office"', '"person.anna"', '"line.city"', '"refused"', '"self-service"'],
    ),
    "keys pressed": (GOLDEN, 'when = "2026-12-27 15:00"\nexpect = "refused"\nkeys = @', ['""', '"1"', '"12*#0"']),
    "a caller of a golden call": (
        GOLDEN,
        'when = "2026-12-27 15:00"\nexpect = "refused"\nfrom = @',
        ['""', '"+37060000001"', '"8 600 00001"'],
    ),
    "what a golden call passes": (
        WIRED + '[queue.q]\npeople = ["anna"]\n[[golden]]\nname = "x"\n',
        'when = "2026-12-27 15:00"\nexpect = "refused"\nthrough = [@]\n',
        ['"queue.q"', '"q", "anna"', '"q", "q"'],
    ),
    "a level": (SMALL + "[skill.s]\n[person.a]\n", "skills = { s = @ }", ["1", "100"]),
    "a share": (QUEUE + 'strategy = "percentage"\n', "shares = { anna = @ }", ["100"]),
}

REFUSED = {
    "a name": ['"A"', '""', '"-a"', '"a b"', '"a_b"', '"ą"', '"' + "x" * 32 + '"', '"a\\n"'],
    "a network": ['""', '"office"', '"192.0.2.7/24"', '"192.0.2.0/33"', '"192.0.2.0/24 10.0.0.0/8"', "7"],
    "a title": [
        '""',
        '"a\\nb"',
        '"a\\u0085"',
        '"a\\u00ad"',
        '"a\\u200b"',
        '"\\u2066a"',
        '"\\ufeffa"',
        '"a\\u2029"',
        '"' + "x" * 65 + '"',
        "5",
        "true",
        "[]",
    ],
    "a country": ['"lt"', '"LTU"', '"XX"', '""', "370"],
    "a time zone": ['"Vilnius"', '"../../etc/passwd"', '"Europe"', '""', "2"],
    "an address": ['"localhost"', '"127.1"', '"1.2.3.4.5"', '"fe80::1%eth0"', '""', "1"],
    "a port": ["0", "65536", "-1", '"80"', "80.0", "true", "99999999999999999999999999999999999999999999999"],
    "audio ports": ["[10000, 10002]", "[10000]", "[1, 9000]", "[10, 20, 30]", "[2000, 1024]", '"10000-10999"'],
    "codecs": ["[]", '["g729"]', '["pcma", "pcma"]', '"pcma"'],
    "a host": ['""', '"a b"', '"-a"', '"1.2.3"', '"http://a"', '"a..b"', '"' + "x" * 64 + '"', "1"],
    "a topic": ['""', '"a/#"', '"+/a"', '"$SYS/a"', '"a\\u0000"', '"' + "x" * 257 + '"'],
    "a payload": ['"' + "x" * 4097 + '"', '"' + "ą" * 2049 + '"', "1", '"\\u0000"'],
    "an extension": ['"1"', '"1234567"', '"1a"', '"*97"', '"٣٣"', "102", '"101"', '"112"'],
    "a call time": ["0", "301", '""', '"soon"', "2.5", "1979-05-27"],
    "a choice": ['"ringall"', '""', "1", '"Ring-All"'],
    "yes or no": ["1", '"true"', '"yes"'],
    "a number": ['"anna"', '"+"', '""', '"1"', '"+1234567890123456"', '"+370/x"', '"anonymous"'],
    "a prefix": ['"370"', '"+"', '"+370 6"', '"+3706*"'],
    "a window": ['"9:00-18:00"', '"09:00-09:00"', '"24:00-25:00"', '"09:60-10:00"', '""', '"09:00"', '"٠9:00-18:00"'],
    "a date": [
        '"2026-02-30"',
        '"2026-12-26..2026-12-24"',
        '"24.12.2026"',
        '"2026-12-24.."',
        '"2026-12-24 25:00-26:00"',
        "2026-12-24",
    ],
    "a greeting": ['"greeting.wav"', '"/etc/shadow"', '"/a\\n.wav"', '""'],
    "a prompt": ['"a.wav"', '"/a.txt"', '"/a.m3u8"', '"/mp3"', "1"],
    "a voice": ['"en.onnx"', '"/bin/sh"', "1"],
    "a spoken prompt": ['"a\\u202e"', '"a\\rb"', '""', '"..."', '"a\\u0000"', '"a\\u0001"', f'"{"x" * 501}"', "1"],
    "its language": ['""', '"EN"', '"../en"', '"-w"', '"english"', "1"],
    "a language": ['"lt"', '"EN"', "1"],
    "a rewriting": ['"" = "+"', 'a = "+"', '"8*" = "1"', '8 = "a"', "8 = 370", '1234567890123456 = "1"', '"+" = "++"'],
    "a member": ['"boris.desk"', '"boris."', '".mobile"', '"boris.mobile.all"', "1", '"anna.mobile"'],
    "a key of a menu": ["10", "A", '""', '"+"'],
    "a value": ['"' + "x" * 32 + '"', '"ą"', '"a\\n"', "1", "true"],
    "an attribute": ['"caller"', '"called"', '"line"', '"A"', '""'],
    "what is compared": ['"line"', '"topik"', '""'],
    "where a step leads": ['""', '"b"', '"step.a"', '"queue.anna"', '"lookup.a"', "1", '{ to = "a" }'],
    "an address asked": [
        *(
            '"ftp://a/"',
            '"http://"',
            '"http://a b/"',
            '"http://u:p@a/"',
            '"a"',
            '"http://a/{"',
            '"http://a/{}"',
            '"http://a/}"',
        ),
        *(
            '"http://{caller}/"',
            '"http://a:0/"',
            '"http://a:99999/"',
            '"http://a/{Caller}"',
            '"http://a/ą"',
            '"http://a/{topic}"',
        ),
        *('"http://a' + "x" * 500 + '"', '""', "1"),
    ],
    "a wait for an answer": ["0", "11"],
    "a time of a golden call": [
        '"9999-12-31 10:00"',
        '"2026-03-29 03:30"',
        '"1969-06-01 10:00"',
        '"2026-02-30 10:00"',
        '"2026-12-27"',
        '"2026-12-27 24:00"',
        '"27.12.2026 15:00"',
        "2026-12-27",
    ],
    "an end of a golden call": ['"mailbox.nobody"', '"anna"', '"queue.q"', '"answered"', '""', '"person.city"'],
    "keys pressed": ['"a"', '"1 2"', "1", '"' + "1" * 65 + '"'],
    "a caller of a golden call": ['"anna"', '"1"', "1"],
    "what a golden call passes": ['"mailbox.office"', '"r"', '""'],
    "the socket of a modem": ['"ttyUSB0"', '"1"', '"1-1.3:1.2"', "1"],
    "an IMEI": ['"35000000000000"', '"3500000000000061"', "350000000000006"],
    "a code of the network": ['"call"', '"*100#;"', '"*"'],
    "a rule for the balance": ["'[0-9]+'", "'([0-9]+'", "''"],
    "how long a number is waited for": ["1501", "-1", "1.5"],
    "a level": ["0", "101", '"50"', "0.5"],
    "a share": ["101", "-1", '"100"', "99"],
}


def document(kind: str, value: str) -> str:
    start, line, _ = ACCEPTED[kind]
    return (start if "@" in start else start + line).replace("@", value)


@pytest.mark.parametrize(("kind", "value"), [(kind, each) for kind in ACCEPTED for each in ACCEPTED[kind][2]])
def test_accepted(kind: str, value: str) -> None:
    assert told(document(kind, value)) == []


@pytest.mark.parametrize(("kind", "value"), [(kind, each) for kind in REFUSED for each in REFUSED[kind]])
def test_refused_with_a_place_and_what_would_be_accepted(kind: str, value: str) -> None:
    found = faults(document(kind, value))
    assert len(found) == 1
    assert found[0].line > 0
    assert found[0].path
    assert "accepted: " in found[0].message


def test_the_example_is_sound_and_means_what_it_says() -> None:
    office = settings(EXAMPLE.read_text())
    assert office.queue["sales"].people == ("anna", "boris")
    assert office.line["backup"].registers
    assert office.action["lamp"].class_ == 0


def test_an_office_of_telephones_alone_has_voicemail() -> None:
    office = settings(TWO)
    assert (office.person["anna"].name, office.person["anna"].mailbox) == ("Anna", "office")
    assert list(office.mailbox) == ["office"]
    assert office.mqtt is None


def test_a_line_without_a_scenario_rings_everybody_and_then_takes_a_message() -> None:
    office = settings(WIRED)
    assert office.queue["everyone"].people == ("anna", "boris")
    assert office.scenario["main"].open == "queue.everyone"
    assert office.scenario["main"].unanswered == "office"


def test_a_line_in_an_office_without_people_takes_messages() -> None:
    assert settings(SMALL + '[line.city]\nkind = "sip"\nhost = "192.0.2.1"\n').scenario["main"].open == "mailbox.office"


def fields(model: Any) -> list[tuple[str, dict[str, Any]]]:
    schema = schema_of(model)
    tables = {"": schema} | schema["$defs"]
    return [(f"{table}.{name}", node) for table in tables for name, node in tables[table].get("properties", {}).items()]


@pytest.mark.parametrize("model", [Settings, Secrets])
def test_every_setting_has_help_a_number_its_unit_and_all_are_bounded(model: Any) -> None:
    root = schema_of(model)
    for name, written in fields(model):
        node = plain(written, root)
        assert node["description"].endswith("."), name
        assert accepted(node, root), name
        kind = node.get("type")
        assert kind != "integer" or "unit" in node, name
        assert kind != "integer" or "const" in node or {"minimum", "maximum"} <= node.keys(), name
        assert kind != "array" or "maxItems" in node, name
        assert kind != "string" or {"accepts", "enum", "const"} & node.keys(), name
        assert kind != "object" or "properties" in node or "maxProperties" in node or name == "Settings.phone", name
