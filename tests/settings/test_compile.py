# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of calls under a document, read from the plan it compiles to."""

import random
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.core import Core, number_lookup
from appliance.settings import callers
from appliance.settings.compile import FOR_HELP, compile
from appliance.settings.faults import SettingsFaults
from appliance.settings.load import parse
from appliance.settings.names import Names, fnv1a
from tests.settings.documents import EXAMPLE, FULL, SMALL, TWO, WIRED, settings
from tests.settings.plan_reader import NONE, Plan, read_plan

NOW = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()) * 1000
PHONES, CITY = 0, 1
QUEUE, CHAIN, PERSON, VOICEMAIL, OUTSIDE, LOOK_UP = 2, 3, 4, 5, 7, 13


def compiled(text: str, now: int = NOW) -> tuple[Plan, Names]:
    data, names = compile(settings(text), now)
    return read_plan(data), names


def test_the_example_compiles_and_one_document_always_to_the_same_plan() -> None:
    text = EXAMPLE.read_text()
    plan, names = compiled(text)
    assert compile(settings(text), NOW)[0] == compile(settings(text), NOW)[0]
    assert plan.calls_max == 200 + FOR_HELP
    assert [names.name(row[0]) for row in plan["LINE"]] == ["phones", "city", "backup"]
    assert [row[2] for row in plan["LINE"]] == [0, 1, 1]
    assert plan["LINE"][PHONES][1] == NONE


def test_a_call_goes_to_the_queue_when_open_and_to_voicemail_when_nobody_answers_or_closed() -> None:
    plan, names = compiled(EXAMPLE.read_text())
    mailbox = (VOICEMAIL, names.id("mailbox", "office"))
    assert plan.walk(plan.dial(CITY, "37052000000")) == [(1, 0), (QUEUE, 0), mailbox]
    assert plan.walk(plan.dial(CITY, "37052000000"), open=False) == [(1, 0), mailbox]


def test_whoever_is_named_in_a_scenario_the_call_ends_in_a_mailbox() -> None:
    text = WIRED + '[mailbox.night]\n[scenario.main]\nopen = "anna"\nunanswered = "boris"\n'
    plan, names = compiled(text)
    assert plan.walk(plan.dial(CITY, "1")) == [(PERSON, 0), (PERSON, 1), (VOICEMAIL, names.id("mailbox", "office"))]
    text = (
        WIRED
        + '[mailbox.night]\n[hours.day]\n[scenario.main]\nhours = "day"\n'
        + 'open = "anna"\nclosed = "boris"\nunanswered = "night"\n'
    )
    plan, names = compiled(text)
    assert plan.walk(plan.dial(CITY, "1"), open=False) == [
        (1, 0),
        (PERSON, 1),
        (VOICEMAIL, names.id("mailbox", "night")),
    ]


def test_colleagues_dial_extensions_and_reach_the_mailbox_of_whom_they_called() -> None:
    text = (
        TWO.replace('"101"', '"101"\nmailbox = "annas"\nring_for = 7')
        + '[mailbox.annas]\n[queue.sales]\npeople = ["anna"]\nextension = "200"\n'
        + '[chain.all]\nextension = "300"\n'
        + 'steps = [{ people = ["boris", "anna"], ring_for = 5 }, { people = ["anna"] }]\n'
    )
    plan, names = compiled(text)
    annas, office = names.id("mailbox", "annas"), names.id("mailbox", "office")
    elsewhere = (LOOK_UP, names.id("lookup", "person:anna"))
    assert plan.walk(plan.dial(PHONES, "101")) == [(PERSON, 0), elsewhere, (VOICEMAIL, annas)]
    assert plan["STEP"][plan.dial(PHONES, "101")][2] == 7
    elsewhere = (LOOK_UP, names.id("lookup", "person:boris"))
    assert plan.walk(plan.dial(PHONES, "102")) == [(PERSON, 1), elsewhere, (VOICEMAIL, office)]
    assert plan.walk(plan.dial(PHONES, "200")) == [(QUEUE, 0), (VOICEMAIL, office)]
    assert plan.walk(plan.dial(PHONES, "300")) == [(CHAIN, 0), (VOICEMAIL, office)]
    assert plan.dial(PHONES, "103") == NONE
    menu, _ = compiled(text + '[scenario.lunch]\nopen = "sales"\nextension = "400"\n')
    assert menu.walk(menu.dial(PHONES, "400")) == [(QUEUE, 0), (VOICEMAIL, office)]
    id, first, count = plan["CHAN"][0]
    assert (names.named(id), names.title(id)) == (("chain", "all"), "All")
    runs = [
        (ring, [plan["MEMB"][m][0] for m in range(start, start + n)])
        for ring, start, n in plan["CHST"][first : first + count]
    ]
    assert runs == [(5000, [1, 0]), (15000, [0])]


def test_outside_numbers_go_through_the_lines_in_turn_without_the_prefix() -> None:
    lines = '[line.two]\nkind = "sip"\nhost = "192.0.2.2"\n[outside]\nlines = ["two", "city"]\n'
    plan, _ = compiled(WIRED + lines)
    assert plan.walk(plan.dial(PHONES, "060000001")) == [(OUTSIDE, 2), (OUTSIDE, 1)]
    assert plan["STEP"][plan.dial(PHONES, "060000001")][2] == 0
    plan, _ = compiled(WIRED + lines + 'prefix = "9"\n')
    assert plan["STEP"][plan.dial(PHONES, "9060000001")][2] == 1
    assert plan.dial(PHONES, "060000001") == NONE
    assert plan.dial(CITY, "9060000001") != plan.dial(PHONES, "9060000001")


def test_emergency_numbers_need_no_prefix() -> None:
    plan, _ = compiled(WIRED + '[outside]\nlines = ["city"]\nprefix = "9"\n')
    assert plan.walk(plan.dial(PHONES, "112")) == [(OUTSIDE, CITY)]
    assert plan["STEP"][plan.dial(PHONES, "112")][2] == 0
    assert plan.walk(plan.dial(PHONES, "101"))[0] == (PERSON, 0)


@pytest.mark.parametrize("prefix", ["", "9"])
def test_who_calls_for_help_is_never_cut_off_while_it_rings(prefix: str) -> None:
    """Whatever else telephones call outside rings for a minute, or as long as is said."""
    text = WIRED + f'[outside]\nlines = ["city"]\nprefix = "{prefix}"\n'
    plan, _ = compiled(text)
    assert [plan.step(plan.dial(PHONES, number)).ms for number in ("112", prefix + "112")] == [0, 0]
    assert plan.step(plan.dial(PHONES, prefix + "112")).small == len(prefix)
    assert plan.step(plan.dial(PHONES, prefix + "060000001")).ms == 60_000
    plan, _ = compiled(text + "ring_for = 90\n")
    assert plan.step(plan.dial(PHONES, prefix + "060000001")).ms == 90_000
    assert plan.step(plan.dial(PHONES, "112")).ms == 0


def test_telephones_call_nobody_outside_unless_told() -> None:
    plan, _ = compiled(WIRED)
    assert plan.dial(PHONES, "060000001") == NONE


def test_each_of_our_numbers_leads_where_it_says_however_it_is_written() -> None:
    text = (
        WIRED
        + 'numbers = { "8 5 200 0001" = "anna", "+370 5 200 0002" = "scenario.main", "100200" = "mailbox.office" }\n'
    )
    plan, names = compiled(text)
    mailbox = (VOICEMAIL, names.id("mailbox", "office"))
    elsewhere = (LOOK_UP, names.id("lookup", "person:anna"))
    assert plan.walk(plan.dial(CITY, "37052000001")) == [(PERSON, 0), elsewhere, mailbox]
    assert plan.dial(CITY, "37052000002") == plan.dial(CITY, "other") == plan["LINE"][CITY][1]
    assert plan.walk(plan.dial(CITY, "100200")) == [mailbox]


def test_a_queue_is_as_the_document_says() -> None:
    text = (
        TWO
        + """[queue.sales]
people = ["boris", "anna"]
strategy = "round-robin"
ring_for = 11
max_wait = 12
max_length = 13
again_after_refusal = 14
again_after_no_answer = 15
wrap_up = 16
music = {}
join_when_empty = {}
"""
    )
    plan, names = compiled(text.format("true", "false"))
    id, *rest = plan["QUEU"][0]
    assert names.name(id) == "sales"
    assert rest == [1, 1, 11000, 12000, 13, 14000, 15000, 0, 2, 16000, NONE, 0]
    assert [row[0] for row in plan["MEMB"]] == [1, 0]
    plan, _ = compiled(text.format("false", "true").replace("wrap_up = 16", ""))
    assert (plan["QUEU"][0][2], plan["QUEU"][0][-3]) == (2, NONE)


def test_hours_are_known_for_a_year_ahead() -> None:
    week = 'week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"] }\n'
    plan, names = compiled(
        WIRED + f'[hours.day]\n{week}[hours.none]\n[hours.always]\nopen = ["2020-01-01..2090-01-01"]\n'
    )
    tables = {names.name(id): plan["OPEN"][first : first + count] for id, first, count in plan["HOUR"]}
    monday = int(datetime(2026, 6, 1, 6, tzinfo=UTC).timestamp()) * 1000
    assert tables["day"][0] == (monday, monday + 9 * 3_600_000)
    assert tables["day"][-1][0] > NOW + 390 * 86_400_000
    assert tables["none"] == []
    assert tables["always"] == [(NOW - 86_400_000, NOW + 400 * 86_400_000)]


def test_an_action_is_due_for_its_list_on_its_lines_alone() -> None:
    plan, names = compiled(EXAMPLE.read_text())
    [(id, at, lines, kind, trust)] = plan["ACTN"]
    assert (names.actions[id].topic, at, lines, kind, trust) == ("home/porch/lamp/set", 0, 1 << CITY, 0, 0)
    assert [names.name(each[0]) for each in plan["LIST"]] == ["regulars"]


def test_callers_are_known_by_name_and_by_list() -> None:
    text = (
        SMALL
        + """
[callers.regulars]
numbers = { "8 600 00001" = "Rūta", "+37060000002" = "" }
[callers.country]
prefixes = ["+370", "+3706000000"]
[callers.friends]
numbers = { "+370 600 00001" = "Somebody" }
prefixes = ["+44"]
"""
    )
    plan, names = compiled(text)
    assert [plan.lists(n) for n in ("37060000001", "37060000002", "37060000003", "3715", "447700900001", "37", "")] == [
        0b111,
        0b011,
        0b010,
        0,
        0b100,
        0,
        0,
    ]
    assert names.caller("37060000001") == names.caller("+37060000001") == "Rūta"
    assert names.caller("37060000002") == ""


def test_callers_have_their_manager_and_priority_the_highest_of_their_lists() -> None:
    text = (
        TWO
        + """
[callers.regulars]
prefixes = ["+370"]
priority = 5
[callers.vip]
numbers = { "8 600 00001" = "", "8 600 00002" = "" }
priority = 20
manager = "boris"
[callers.mine]
numbers = { "+37060000001" = "" }
manager = "anna"
withheld = true
[callers.hidden]
withheld = true
priority = 1
"""
    )
    plan, _ = compiled(text)
    asked = ("37060000001", "37060000002", "37060000003", "")
    assert [plan.caller(number) for number in asked] == [
        (0b0111, 1, 20),
        (0b0011, 1, 20),
        (0b0001, NONE, 5),
        (0b1100, 0, 1),
    ]
    assert plan.caller("3715") is None
    assert [row[1] == NONE for row in plan["LIST"]] == [True, True, False, False]


def test_a_called_number_is_read_as_its_line_writes_it() -> None:
    text = WIRED + 'country = "LV"\nrewrite = { "00" = "+", "8" = "+370" }\nnumbers = { "8 5 200 0001" = "anna" }\n'
    plan, _ = compiled(text)
    assert plan.walk(plan.dial(CITY, "37052000001"))[0] == (PERSON, 0)


def test_hundreds_of_thousands_of_numbers_compile_in_reasonable_time(tmp_path: Path) -> None:
    """A million take five times as long."""
    with (tmp_path / "many.txt").open("w") as file:
        file.writelines(f"+370{i * 7 % 10**7 + 6 * 10**7}\n" for i in range(200_000))  # spread, and not in order
    text = SMALL + '[callers.many]\nnumbers_file = "many.txt"\nrefuse = "busy"\n'
    start = time.process_time()
    data, _ = compile(parse(text, tmp_path / "office.toml"), NOW)
    assert time.process_time() - start < 6  # 1 s on a machine of 2024; a small board takes four times as long
    assert number_lookup(data, ["37060000007", "37060000008"]) == [0, -1]


NUMBERS = st.text("0123456789", min_size=1, max_size=15)


@hypothesis_settings(deadline=None)
@given(
    st.dictionaries(NUMBERS, st.integers(1, 7), max_size=40),
    st.dictionaries(st.text("0123456789", min_size=1, max_size=4), st.integers(1, 7), max_size=8),
    st.lists(NUMBERS, max_size=40),
)
def test_every_look_up_is_as_a_plain_dictionary_says(
    exact: dict[str, int], prefixes: dict[str, int], asked: list[str]
) -> None:
    numbers, records = callers.table(exact, prefixes)
    rows = [(bits, NONE, 0) for bits in records]
    plan = Plan(0, {"NUMB": list(struct.iter_unpack("<QI", numbers)), "CALR": rows, "LIST": []})
    for number in [*asked, *exact]:
        expected = exact.get(number, 0)
        for length in range(1, len(number) + 1):
            expected |= prefixes.get(number[:length], 0)
        assert plan.lists(number) == expected


def test_a_file_of_many_numbers_is_a_list_like_any_other(tmp_path: Path) -> None:
    lines = [
        f"+3706{i:07},Caller {i}" if i % 2 else f"+3706{i:07}" for i in random.Random(1).sample(range(10**7), 20_000)
    ]
    (tmp_path / "many.csv").write_text("# from the old exchange\n\n" + "\n".join(lines))
    own = lines[300].partition(",")[0]
    text = SMALL + f'[callers.many]\nnumbers_file = "many.csv"\nnumbers = {{ "+3705200" = "New", "{own}" = "Own" }}\n'
    data, names = compile(parse(text, tmp_path / "office.toml"), NOW)
    plan = read_plan(data)
    assert len(plan["NUMB"]) < 1.9 * 20_001  # of 12 bytes each
    for line in lines[:200]:
        number, _, name = line.partition(",")
        assert plan.lists(number[1:]) == 1
        assert names.caller(number) == name
    assert (names.caller("+3705200"), names.caller(own)) == ("New", "Own")
    assert plan.lists("37052000001") == 0


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("+37060000001\n37060000002\n", "many.csv:2:1"),
        ("+37060000001\n+37060000001,A", "many.csv:2:1"),
        ("\xff", "many.csv:1:1"),
        ("+37060000001,A\n+37060000002,\xe2\x80\xaenimda", "many.csv:2:1"),
    ],
)
def test_a_fault_in_a_file_of_numbers_has_its_place_and_shows_nothing_of_it(
    tmp_path: Path, content: str, place: str
) -> None:
    (tmp_path / "many.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsFaults) as told:
        parse(SMALL + '[callers.many]\nnumbers_file = "many.csv"\n', tmp_path / "office.toml")
    assert str(told.value).startswith(place)
    assert "60000001\n" not in str(told.value)


def test_a_file_of_numbers_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFaults, match=r'office.toml:6:16 callers.many.numbers_file: "many.csv" cannot be read'):
        parse(SMALL + '[callers.many]\nnumbers_file = "many.csv"\n', tmp_path / "office.toml")


@pytest.mark.parametrize("text", [SMALL, TWO, WIRED, EXAMPLE.read_text(), FULL.read_text()])
def test_the_core_takes_every_plan(text: str) -> None:
    data, _ = compile(settings(text), NOW)
    core = Core(data)
    core.swap(data, NOW)
    assert core.commands() == []


def test_the_core_finds_callers_where_the_compiler_put_them() -> None:
    exact = {f"3706{i:07}": 1 + i % 3 for i in range(1000)}
    text = "".join(f"[callers.l{bit}]\nnumbers = {{ {_listed(exact, bit)} }}\n" for bit in range(2))
    data, _ = compile(settings(SMALL + text + '[callers.p]\nprefixes = ["+3706"]\n'), NOW)
    records = read_plan(data)["CALR"]
    found = number_lookup(data, [*exact, "37061234567", "37051234567"])
    assert [records[record][0] for record in found[:-1]] == [bits | 4 for bits in exact.values()] + [4]
    assert found[-1] == -1


def _listed(exact: dict[str, int], bit: int) -> str:
    return ", ".join(f'"+{number}" = ""' for number, bits in exact.items() if bits >> bit & 1)


def test_ids_stay_when_other_things_change() -> None:
    _, before = compiled(TWO)
    _, after = compiled(WIRED.replace("[person.anna]", "[person.agne]\n[person.anna]"))
    assert before.id("person", "anna") == after.id("person", "anna")
    assert fnv1a("foobar") == 0xBF9CF968  # of the test suite of FNV's authors
    assert after.named(after.id("person", "anna")) == ("person", "anna")
    assert after.named(0) is None
    with pytest.raises(KeyError):
        after.id("person", "nobody")


def test_two_hundred_and_fifty_people_compile_in_a_moment() -> None:
    text = SMALL + "".join(
        f'[phone.p{i}]\n[person.a{i}]\nextension = "{1000 + i}"\nphones = ["p{i}"]\n' for i in range(250)
    )
    start = time.process_time()
    compiled(text)
    assert time.process_time() - start < 5


def test_the_duty_of_a_person_is_the_hours_named() -> None:
    text = WIRED + "[hours.night]\n[hours.day]\n"
    plan, names = compiled(text.replace("[person.anna]", '[person.anna]\nduty = "day"'))
    duties = [row[6] for row in plan["PRSN"]]
    assert duties == [1 + [row[0] for row in plan["HOUR"]].index(names.id("hours", "day")), 0]
