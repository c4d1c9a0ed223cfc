# SPDX-License-Identifier: GPL-2.0-or-later
"""What the box says of a document it cannot use: where, what was found, what would be accepted."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from appliance.core import Core
from appliance.settings import documents
from appliance.settings.compile import compile
from appliance.settings.faults import SettingsFaults, from_validation
from appliance.settings.load import parse, read, sound
from appliance.settings.models import Settings
from appliance.settings.names import fnv1a
from appliance.settings.places import scan
from tests.settings.documents import EXAMPLE, FULL, SMALL, TWO, WIRED, faults, told

NOW = 1_800_000_000_000


def example(old: str, new: str) -> str:
    text = EXAMPLE.read_text()
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        (
            '"ring-all"',
            '"ringall"',
            "queue.sales.strategy",
            '"ringall" is not known; accepted: ring-all, round-robin, percentage, best-first, longest-idle, fewest-calls, '
            'least-talk-time, random, fixed-order; did you mean "ring-all"?',
        ),
        ("[queue.sales]", "[prompt.a]\n[queue.sales]", "prompt.a", "has neither file nor text; accepted: one of them"),
        (
            "[queue.sales]",
            '[prompt.a]\nfile = "/a.wav"\ntext = "a"\n[queue.sales]',
            "prompt.a.text",
            "stands beside file; accepted: one of them",
        ),
        ("max_wait =", "max_wiat =", "queue.sales.max_wiat", 'did you mean "max_wait"?'),
        ("[queue.sales]", "[queues.sales]", "queues", 'did you mean "queue"?'),
        (
            "ring_for = 20",
            "ring_for = 301",
            "queue.sales.ring_for",
            "301 is out of range; accepted: a whole number from 1 to 300 (seconds)",
        ),
        (
            "ring_for = 20",
            'ring_for = "20"',
            "queue.sales.ring_for",
            '"20" is not accepted; accepted: a whole number from 1 to 300 (seconds)',
        ),
        ("ring_for = 15", "ring_for = -1", "chain.managers.steps[0].ring_for", "-1 is out of range"),
        (
            'kind = "sip"',
            'kind = "gsm"',
            "line.city.kind",
            '"gsm" is not known; accepted: fxo, gateway, modem, sip',
        ),
        ('kind = "sip"\n', "", "line.city.kind", "is missing; accepted: fxo, gateway, modem, sip"),
        (
            "class = 0",
            "class = 5",
            "action.lamp.class",
            "5 is out of range; accepted: a whole number from 0 to 4 (class)",
        ),
        (
            'wed = ["09:00-18:00"]',
            'wed = ["9-18"]',
            "hours.office.week.wed[0]",
            '"9-18" is not accepted; accepted: `"09:00-18:00"`',
        ),
        ("wed = ", "weds = ", "hours.office.week.weds", 'did you mean "wed"?'),
        (
            '"boris"]',
            '"borsi"]',
            "queue.sales.people[1]",
            'there is no person "borsi"; accepted: anna, boris; did you mean "boris"?',
        ),
        ('"boris"]', '"anna"]', "queue.sales.people[1]", '"anna" is in the list already'),
        ('["desk2"]', '["desk1"]', "person.boris.phones[0]", '"desk1" belongs to person.anna; accepted: another'),
        ('"102"', '"101"', "person.boris.extension", '"101" is the extension of person.anna'),
        (
            'open = "sales"',
            'extension = "101"\nopen = "sales"',
            "scenario.main.extension",
            '"101" is the extension of person.anna',
        ),
        ('prefix = ""', 'prefix = "10"', "person.anna.extension", '"101" begins with the outside prefix "10"'),
        (
            'open = "sales"',
            'open = "slaes"',
            "scenario.main.open",
            'there is no queue, chain, person or mailbox "slaes"',
        ),
        (
            'open = "sales"',
            'open = "mailbox.sales"',
            "scenario.main.open",
            'there is no queue, chain, person or mailbox "mailbox.sales"',
        ),
        (
            'hours = "office"',
            'hours = "ofice"',
            "scenario.main.hours",
            'there is no table of hours "ofice"; accepted: office',
        ),
        (
            'callers = "regulars"',
            'callers = "vips"',
            "action.lamp.callers",
            'there is no list of callers "vips"; accepted: regulars',
        ),
        ("port = 5080", 'port = 5070\nuser = "x"\n[x]', "x", "is not known"),
        ("[line.backup]", "[line.phones]", "line.phones", '"phones" is the line of our own telephones'),
        ('user = "100200"\n', "", "line.backup.user", "is missing; a line that registers needs a user"),
        ("port = 5060", "port = 10500", "sip.port", "10500 is one of rtp_ports"),
        ("[10000, 10999]", "[10000, 10001]", "sip.rtp_ports", "holds no call"),
        ("port = 5060", "session_expires = 60", "sip.session_expires", "accepted: 0, or at least 90"),
        ("[phone.desk2]", '[phone.desk2]\nmac = "00:04:13:00:00"', "phone.desk2.mac", "12 hexadecimal digits"),
        (
            "[phone.desk1]",
            '[phone.a]\nmac = "0004130000AA"\n[phone.b]\nmac = "00-04-13-00-00-aa"\n[phone.desk1]',
            "phone.b.mac",
            "is the address of the telephone a",
        ),
        ("[phone.desk2]", "[phone.desk2]\ncolour = 1", "phone.desk2.colour", "accepted: tls, srtp"),
        ("[phone.desk2]", "[phone.desk2]\ntls = true", "phone.desk2.tls", "TLS is not spoken"),
        ("port = 5080", 'port = 5080\ntransport = "tls"', "line.backup.transport", "TLS is not spoken"),
        ("port = 5060", 'certificate = "/srv/a.pem"', "sip.certificate", "needs its key"),
        (
            '"+37060000001" =',
            '"+370 600 00001" = "", "8 600 00001" =',
            'callers.regulars.numbers."8 600 00001"',
            'is the same as "+370 600 00001"',
        ),
    ],
)
def test_a_fault_says_where_what_and_what_else(old: str, new: str, path: str, words: str) -> None:
    text = example(old, new)
    found = {fault.path: fault for fault in faults(text)}
    assert words in found[path].message
    line = text.splitlines()[found[path].line - 1]
    key = path.rpartition(".")[2].partition("[")[0].strip('"')
    assert key in line or "missing" in words
    assert found[path].column <= len(line)


def test_a_fault_is_one_line_with_the_place_first() -> None:
    text = SMALL + '[sip]\nport = "x"\n'
    assert told(text) == [
        'office.toml:6:8 sip.port: "x" is not accepted; accepted: a whole number from 1 to 65535 (port number)'
    ]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u00ad", "\U000e0041"])
def test_a_name_that_shows_otherwise_than_it_is_written_is_told_with_what_hides_in_it(hidden: str) -> None:
    [office] = faults(SMALL.replace("Small", f"Small{hidden}"))
    [caller] = faults(SMALL + f'[callers.vip]\nnumbers = {{ "+37060000001" = "An{hidden}na" }}\n')
    written = (f"\\u{ord(hidden):04x}", f"\\U{ord(hidden):08x}")[ord(hidden) > 0xFFFF]
    assert str(office).startswith(f'office.toml:2:8 office.name: "Small{written} Ltd" is not accepted; accepted: ')
    assert f'"An{written}na" is not accepted' in str(caller)
    assert office.message.endswith("characters that are seen: no control, direction or zero-width ones")


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = SMALL.replace('"LT"', '"L"') + "[web]\nport = 0\nlissten = 1\n[chain.a]\nsteps = []\n"
    assert [(f.line, f.path) for f in faults(text)] == [
        (3, "office.country"),
        (6, "web.port"),
        (7, "web.lissten"),
        (9, "chain.a.steps"),
    ]


def test_a_name_that_could_be_several_must_be_said_in_full() -> None:
    both = WIRED + '[mailbox.anna]\n[scenario.main]\nopen = "{}"\n'
    assert '"anna" could be several; accepted: "person.anna", "mailbox.anna"' in told(both.format("anna"))[0]
    assert told(both.format("person.anna")) == []


def test_a_line_whose_scenario_is_not_there_is_told_of_once_there_is_any() -> None:
    [fault] = faults(WIRED + '[scenario.mian]\nopen = "anna"\n')
    assert (fault.path, fault.line) == ("line.city.scenario", 15)
    assert 'there is no scenario "main"; accepted: mian; did you mean "mian"?' in fault.message


def test_two_lines_to_one_place_cannot_be_told_apart() -> None:
    [fault] = faults(WIRED + '[line.two]\nkind = "sip"\nhost = "192.0.2.1"\n')
    assert (fault.id, fault.path, fault.line) == ("line-taken", "line.two.host", 20)


def test_an_action_needs_a_broker() -> None:
    text = WIRED + '[callers.a]\n[action.lamp]\ncallers = "a"\nlines = ["city"]\ntopic = "t"\npayload = ""\n'
    assert [fault.path for fault in faults(text)] == ["action.lamp"]
    assert faults(text + "[mqtt]\n") == ()


def test_two_names_that_come_to_one_id_are_refused() -> None:
    one, two = colliding()
    [fault] = faults(SMALL + f"[mailbox.{one}]\n[mailbox.{two}]\n")
    assert (fault.id, fault.path, fault.line) == ("same-id", f"mailbox.{two}", 6)


def colliding() -> tuple[str, str]:
    """Two names of mailboxes with one id, found by trying."""
    seen: dict[int, str] = {}
    number = 0
    while True:
        name = f"{number:x}"
        other = seen.setdefault(fnv1a(f"mailbox:{name}"), name)
        if other != name:
            return other, name
        number += 1


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (SMALL + "[sip\n", 5, 5, "not TOML"),
        (SMALL + "x = \n", 5, 5, "not TOML"),
        (SMALL + 'x = "open', 5, 10, "not TOML"),
        (SMALL + "[mqtt]\n[web]\n[mqtt]\n", 7, 2, "is given twice, first in line 5"),
        (SMALL + "[web]\nport = 1\nport = 2\n", 7, 1, "is given twice, first in line 6"),
        (SMALL + "[a]\nb = { c = 1, c = 2 }\n", 6, 14, "is given twice, first in line 6"),
        (SMALL + "a.b = 1\na = 2\n", 6, 0, "not TOML"),
        (SMALL + "x = " + "[" * 100, 5, 21, "nested too deep"),
        (SMALL + ".".join("a" * 100) + " = 1", 5, 33, "nested too deep"),
        (SMALL + "x = " + "9" * 5000, 0, 0, "too many digits"),
        ("\ufeff" + SMALL.replace('"LT"', '"L"'), 3, 11, "is not accepted"),
        (SMALL.replace("\n", "\r\n") + "x = 1\r\n", 4, 0, ""),
        ("x\ud800 = 1", 0, 0, "UTF-8"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(text: str, line: int, column: int, words: str) -> None:
    found = faults(text)
    assert words in found[0].message
    assert column == 0 or (found[0].line, found[0].column) == (line, column)


def test_a_file_that_is_no_text_or_no_file_or_too_large_is_told(tmp_path: Path) -> None:
    file = tmp_path / "office.toml"
    for data, words in [
        (SMALL.encode() + b'x = "\xe4"', "office.toml:5:6: byte 0xe4 is not UTF-8"),
        (b"#" * (documents.LARGEST + 1), "office.toml: is larger than accepted: at most 1048576 bytes"),
    ]:
        file.write_bytes(data)
        with pytest.raises(SettingsFaults) as told_:
            read(file)
        assert words in str(told_.value)
    with pytest.raises(SettingsFaults, match="is no file"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere.toml")


def test_at_most_a_hundred_faults_are_told() -> None:
    assert len(faults(SMALL + "".join(f"x{i} = 1\n" for i in range(1000)))) == 100


PIECES = st.sampled_from(
    [
        *(line + "\n" for line in EXAMPLE.read_text().splitlines()),
        *(line + "\n" for line in FULL.read_text().splitlines() if line),
        "[scenario.main.step]\na = 1\n",
        "[scenario.main]\nstep = []\n",
        "[[golden]]\n",
        "golden = {}\n",
        'keys = { 1 = {}, 2 = "a", 3 = 5 }\n',
        "do = 5\n",
        "do = []\n",
        "x = {",
        "}",
        "[[queue.sales]]\n",
        "[line]\n",
        "queue = 5\n",
        "person = []\n",
        'person.a = ""\n',
        "mailbox = 1\n",
        'line.a.numbers = { "1" = 2 }\n',
        '"" = {}\n',
        '["[key]"]\n',
        'numbers_file = "x.txt"\n',
        "nan = nan\n",
    ]
)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES | st.text(max_size=20), max_size=40).map("".join))
def test_no_document_brings_anything_but_faults(text: str) -> None:
    with contextlib.suppress(SettingsFaults):
        compile(parse(text, Path("/nowhere/office.toml")), NOW)


@hypothesis_settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_change_of_the_examples_brings_anything_but_faults_or_a_plan_the_core_takes(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([EXAMPLE, FULL])).read_text()
    words = st.sampled_from(sorted(set(re.findall(r"[a-z_.]+", text))))
    pieces = st.text(max_size=5) | st.sampled_from(["{}", "[]", "5", '""', "\n"]) | words
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 30, len(text))))
        text = text[:start] + data.draw(pieces) + text[end:]
    lines = [0]
    try:
        Core(compile(sound(text, Path("/nowhere/office.toml"))[0], NOW)[0])
    except SettingsFaults as error:
        lines = [fault.line for fault in error.faults]
    assert 0 <= min(lines) <= max(lines) <= text.count("\n") + 1


VALUES = st.recursive(
    st.none() | st.integers() | st.booleans() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("name"), inner, max_size=3)
    ),
    max_leaves=4,
)


REFERENCES = [
    (at.start(1), at.end(1)) for at in re.finditer(r'(?<== )("[a-z.]+")', FULL.read_text()) if at.start(1) > 700
]


@hypothesis_settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_name_put_in_place_of_another_brings_anything_but_faults_or_a_plan_the_core_takes(
    data: st.DataObject,
) -> None:
    text = FULL.read_text()
    names = sorted({text[a:b] for a, b in REFERENCES} | {'"phones"', '"silence"', '"main"', '"scenario.main"'})
    for a, b in sorted(
        data.draw(st.lists(st.sampled_from(REFERENCES), min_size=1, max_size=3, unique=True)), reverse=True
    ):
        text = text[:a] + data.draw(st.sampled_from(names)) + text[b:]
    with contextlib.suppress(SettingsFaults):
        Core(compile(sound(text, Path("/nowhere/office.toml"))[0], NOW)[0])


@hypothesis_settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(Settings.model_fields)), VALUES))
def test_no_value_in_place_of_a_table_brings_anything_but_faults(tables: dict[str, object]) -> None:
    found = []
    try:
        Settings.model_validate({"office": {"name": "x", "country": "LT", "time_zone": "UTC"}} | tables)
    except ValidationError as error:
        found = error.errors()
        told_ = from_validation(error, Settings, scan(TWO), "office.toml")
        found = [] if told_ else found
    assert found == []


def test_a_port_of_a_card_is_one_lines_or_one_telephones() -> None:
    land = '[line.land]\nkind = "fxo"\nchannel = 1\n'
    assert faults(WIRED + land + "[phone.kitchen]\nchannel = 2\n") == ()
    [fault] = faults(WIRED + land + "[phone.kitchen]\nchannel = 1\n")
    assert (fault.id, fault.path) == ("line-taken", "phone.kitchen.channel")
    assert "1 is that of line.land already" in fault.message
    [fault] = faults(WIRED + '[phone.kitchen]\nchannel = 2\nmac = "00:15:65:00:00:01"\n')
    assert (fault.id, fault.path) == ("contradiction", "phone.kitchen.channel")
