# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions in the settings: what each class must have, told with its place."""

from pathlib import Path

import pytest

from appliance.settings import golden, load, pins
from appliance.settings.compile import compile
from appliance.settings.faults import SettingsFaults
from appliance.settings.passwords import read_secrets
from appliance.settings.reach import reach
from appliance.settings.templates import LONGEST, Unfit, fault, fill
from tests.settings.documents import faults, settings
from tests.settings.plan_reader import read_plan
from tests.settings.premises import ALARM, ALL, DISK, GATE, HEATING, LAMP, MENU, OFFICE

KNOWN = {"caller": "+37060000001", "name": 'Mr "K"', "keys": "5", "line": "city", "queue": "", "action": "gate",
         "request_id": "r1", "expires_at": 5}  # fmt: skip


def test_actions_of_every_class_stand_in_one_document() -> None:
    office = settings(ALL)
    assert [action.class_ for action in office.action.values()] == [0, 1, 2, 3, 4]
    assert [action.set_off_by_calling for action in office.action.values()] == [True, True, False, False, False]
    assert [action.rests for action in office.action.values()] == [0, 10, 10, 10, 10]
    assert office.action["disk"].dry_run, "a destructive action only rehearses unless told otherwise"
    compile(office, 1_790_000_000_000)


@pytest.mark.parametrize(
    ("action", "old", "new", "path", "words"),
    [
        (HEATING, 'callers = "residents"\n', "", "action.heating.callers", "the list of those who may"),
        (GATE, 'hours = "day"\n', "", "action.gate.hours", "hours when it may be set off"),
        (GATE, 'challenge = "pin"\nholders = ["anna", "boris"]\n', "", "action.gate.challenge", "or by_number"),
        (GATE, 'state_topic = "gate/state"\nstate_expected = "open"\n', "", "action.gate.state_topic", "needs more"),
        (GATE, 'holders = ["anna", "boris"]\n', "", "action.gate.holders", "whose PIN"),
        (GATE, "holders", "second = true\nholders", "action.gate.second", "from class 3 on"),
        (GATE, "holders", "calling = true\nholders", "action.gate.calling", "a number alone does not set it off"),
        (GATE, "holders", "reject = true\nholders", "action.gate.reject", "no call sets off"),
        (GATE, '"anna", "boris"', '"anna", "anna"', "action.gate.holders[1]", "in the list already"),
        (GATE, "gate/state", "gate/set", "action.gate.state_topic", "hear ourselves"),
        (GATE, 'state_expected = "open"\n', "", "action.gate.state_expected", "is missing"),
        (GATE, "{{ request_id }}", "{{ pin }}", "action.gate.payload", "there is no pin"),
        (ALARM, 'challenge = "totp"', 'challenge = "code"', "action.alarm.challenge", '"pin" or "totp"'),
        (ALARM, 'challenge = "totp"\nsecond = true\nholders = ["anna", "boris"]\n', "second = true\n",
         "action.alarm.challenge", "class 3 needs more"),
        (ALARM, "second = true\n", "", "action.alarm.second", "or call_back"),
        (ALARM, "second = true", "second = true\nby_number = true", "action.alarm.by_number", "of class 2 alone"),
        (ALARM, '["anna", "boris"]', '["anna"]', "action.alarm.holders", "two are needed"),
        (DISK, "second = true\n", "", "action.disk.second", "second = true"),
        (DISK, 'dry_run_payload = "rehearse"\n', "", "action.disk.dry_run_payload", "of a rehearsal"),
        (DISK, "class = 4", "class = 5", "action.disk.class", "accepted: a whole number from 0 to 4 (class)"),
    ],
)  # fmt: skip
def test_what_a_class_lacks_or_does_not_bear_is_told_with_its_place(
    action: str, old: str, new: str, path: str, words: str
) -> None:
    assert action.count(old) == 1 or old in ("holders", "second = true")
    text = OFFICE + action.replace(old, new, 1) + '[scenario.main]\nopen = "mailbox.office"\n'
    found = {fault.path: fault for fault in faults(text)}
    assert path in found, found
    assert words in found[path].message
    assert found[path].line > 0


@pytest.mark.parametrize(
    "loose", ['prefixes = ["+3706"]', "withheld = true", 'numbers_file = "long.txt"']
)  # fmt: skip
def test_from_class_1_on_a_caller_is_known_by_his_whole_number(loose: str) -> None:
    text = OFFICE.replace("[callers.residents]\n", f"[callers.residents]\n{loose}\n")
    assert not [fault for fault in faults(text + LAMP) if fault.id == "ladder"]
    [found] = [fault for fault in faults(text + HEATING) if fault.id == "ladder"]
    assert found.path == "action.heating.callers" and "nothing but `numbers`" in found.message


def test_a_step_that_asks_for_a_pin_needs_words_for_it() -> None:
    [found] = faults(OFFICE + GATE + MENU.replace('prompt = "pin"\n', ""))
    assert found.path == "scenario.main.step.gate.prompt" and "asks the caller for his keys" in found.message


def test_the_pin_of_a_caller_is_nobodys_attribute() -> None:
    step = '[scenario.main.step.open]\ndo = "compare"\nattribute = "proof"\nis = "1"\nyes = "gate"\nno = "gate"\n'
    [found] = faults(OFFICE + GATE + MENU.partition("[scenario.main.step.open]")[0] + step)
    assert found.path.endswith("open.attribute")
    lookup = '[lookup.spy]\nurl = "http://192.0.2.1/{proof}"\n'
    assert [found.path for found in faults(OFFICE + GATE + MENU + lookup)] == ["lookup.spy.url"]


def test_a_golden_call_supposes_the_right_pin_and_passes_the_action() -> None:
    example = '[[golden]]\nname = "gate"\nwhen = "2027-03-01 10:00"\nfrom = "{}"\nkeys = "50000#"\nexpect = "{}"\nthrough = {}\n'
    for number, through in (("+37060000001", '["gate"]'), ("+37060000009", "[]")):
        text = OFFICE + GATE + MENU + example.format(number, "mailbox.office", through)
        golden.check(text, "office.toml", settings(text))
    text = OFFICE + GATE + MENU + example.format("+37060000009", "mailbox.office", '["gate"]')
    with pytest.raises(golden.GoldenCalls):
        golden.check(text, "office.toml", settings(text))


def test_the_ways_to_an_action_are_found() -> None:
    assert reach(settings(OFFICE + GATE + MENU), "action.gate").ways().found
    assert reach(settings(OFFICE + HEATING), "action.heating").ways().found[0].place.how == "set-off"


def test_only_what_a_call_sets_off_is_the_cores_by_calling() -> None:
    plan, names = compile(settings(ALL), 1_790_000_000_000)
    listed = {row[0]: row[1] for row in read_plan(plan)["ACTN"]}
    assert [listed[names.id("action", name)] != 0xFFFFFFFF for name in ("lamp", "heating", "gate", "disk")] == [
        True, True, False, False,
    ]  # fmt: skip


# ---- secrets --------------------------------------------------------------------------------------------------------


def secrets(folder: Path, text: str) -> Path:
    path = folder / "secrets.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_pin_is_kept_hashed_and_known_again(tmp_path: Path) -> None:
    kept = pins.hashed("4711", cost=4)
    assert "4711" not in kept
    known = read_secrets(secrets(tmp_path, f'[proof.anna]\npin = "{kept}"\n')).proof["anna"].pin
    assert known is not None
    assert pins.is_pin("4711", known.get_secret_value()) and not pins.is_pin("4712", known.get_secret_value())
    assert not pins.is_pin("4711", "scrypt$99$AAAA$AAAA") and not pins.is_pin("4711", "nonsense")


def test_a_pin_written_as_it_is_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsFaults) as found:
        read_secrets(secrets(tmp_path, '[proof.anna]\npin = "4711"\n'))
    assert "linekeeper proof NAME" in str(found.value) and "4711" not in str(found.value)


def test_a_holder_without_a_pin_is_told_of_with_his_place(tmp_path: Path) -> None:
    document = tmp_path / "office.toml"
    document.write_text(OFFICE + GATE + MENU)
    kept = pins.hashed("4711", cost=4)
    office = load.read(
        document, secrets(tmp_path, f'[proof.anna]\npin = "{kept}"\n[proof.boris]\ntotp = "{"A" * 32}"\n')
    )
    [said] = [fault for fault in office.warnings if fault.id == "no-proof"]
    assert said.path == "action.gate.holders[1]" and "linekeeper proof boris" in said.message


# ---- templates ------------------------------------------------------------------------------------------------------


def test_a_message_may_have_the_call_in_it() -> None:
    assert fill("ON", KNOWN) == "ON"
    assert fill('{"by": {{ name | tojson }}, "at": {{ expires_at }}}', KNOWN) == '{"by": "Mr \\"K\\"", "at": 5}'
    assert fill("{% if queue %}{{ queue }}{% else %}none{% endif %}", KNOWN) == "none"


@pytest.mark.parametrize(
    "text",
    [
        "{{ proof }}",
        "{{ ''.__class__ }}",
        "{{ caller.__init__ }}",
        "{{ caller['x'] }}",
        "{% for x in range(10) %}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% set a = caller ~ caller %}",
        "{{ cycler('a') }}",
        "{% include 'secrets.toml' %}",
        "{% macro a() %}{% endmacro %}",
        "{{ caller | replace('+', '++++') }}",
        "{{ caller | tojson | tojson | tojson | tojson }}",
        "{{ caller | attr('x') }}",
        "{{ caller",
        "{% raw %}" * 3,
        "{{ (" + "(" * 2000 + "caller" + ")" * 2000 + ") }}",
        "{{ caller " + "~ caller " * 400 + "}}" + "x" * LONGEST,
    ],
)
def test_what_a_template_may_not_do_is_a_fault_and_costs_little(text: str) -> None:
    with pytest.raises(Unfit):
        fill(text, KNOWN)
    assert text.endswith("x") or fault(text)


def test_a_message_that_comes_out_too_long_is_refused() -> None:
    with pytest.raises(Unfit, match="4096"):
        fill("{{ name }}" * 400, {**KNOWN, "name": "n" * 128})
