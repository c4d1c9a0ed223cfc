# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden calls: the owner's examples go as they say, or it is told what happens instead, and why."""

import re
import time
from pathlib import Path

import pytest

from appliance.languages import LANGUAGES
from appliance.programs import check
from appliance.settings import golden
from appliance.settings.golden import Failure, GoldenCalls
from tests.settings.documents import WIRED, faults, settings
from tests.settings.shop import SHOP

MONDAY, SUNDAY = "2027-01-04 10:00", "2027-01-10 15:00"


def example(expect: str, when: str = MONDAY, **fields: object) -> str:
    """One [[golden]]; `to` and `from` are given as to_ and from_."""
    shown = {"name": "Example", "when": when, "from": "+37060000009", "expect": expect}
    shown |= {key.rstrip("_"): value for key, value in fields.items()}
    written = (
        f"{key} = {str(value).replace(chr(39), chr(34)) if isinstance(value, list) else chr(34) + str(value) + chr(34)}"
        for key, value in shown.items()
    )
    return "\n[[golden]]\n" + "\n".join(written) + "\n"


def failed(*examples: str, text: str = SHOP) -> list[Failure]:
    return golden.failures(settings(text + "".join(examples)))


def said(one: str, text: str = SHOP) -> str:
    """What is told of an example that fails."""
    [failure] = failed(one, text=text)
    return failure.said


def test_a_call_on_sunday_afternoon_is_recorded() -> None:
    assert failed(example("mailbox.office", SUNDAY)) == []
    assert said(example("person.anna", SUNDAY)).endswith("a message in mailbox “Office”; expected: answered by Anna")


@pytest.mark.parametrize("when", ["2027-03-28 03:00", "2027-03-28 03:59"])
def test_a_time_that_clocks_go_forward_over_is_told(when: str) -> None:
    [fault] = faults(SHOP + example("mailbox.office", when))
    assert (fault.id, fault.path) == ("not-accepted", "golden[0].when")
    assert fault.message == (
        f'"{when}" never is: clocks in Europe/Vilnius go forward over it; accepted: a time there is'
    )


@pytest.mark.parametrize("when", ["2027-03-28 02:59", "2027-03-28 04:00", "2027-10-31 03:30"])
def test_the_times_beside_it_are_sound_and_so_is_one_that_comes_twice(when: str) -> None:
    assert failed(example("mailbox.office", when)) == []


def test_who_picks_up_when_rung_has_the_call() -> None:
    assert failed(example("person.boris", keys="1", answers="boris", through=["prompt.welcome", "queue.sales"])) == []


def test_whom_a_menu_asks_all_day_long_in_vain_is_put_through_to_the_offices_mailbox_not_the_first() -> None:
    day = '[hours.day]\nweek = { mon = ["09:00-18:00"] }\n[mailbox.anna]\n[prompt.hello]\ntext = "Hello"\n'
    asks = '[scenario.main]\nstart = "a"\n[scenario.main.step.a]\ndo = "menu"\nprompt = "hello"\notherwise = "b"\n'
    asks += 'keys = { 1 = "anna" }\n[scenario.main.step.b]\ndo = "hours"\nhours = "day"\nopen = "a"\nclosed = "anna"\n'
    assert failed(example("mailbox.office", MONDAY), text=WIRED + day + asks.replace('"anna"', '"mailbox.anna"')) == []


def test_who_is_away_is_not_rung_so_cannot_answer() -> None:
    away = example("mailbox.office", keys="1", answers="anna", away=["anna"])
    assert failed(away) == []
    assert failed(example("person.anna", keys="1", answers="anna")) == []


def test_nobody_answers_unless_the_example_says_who() -> None:
    assert failed(example("mailbox.office", keys="1", through=["person.anna", "person.boris"])) == []


def test_a_listed_caller_has_the_gate_opened_and_gets_his_manager() -> None:
    kazlauskas = example("person.anna", from_="+37060000001", answers="anna", through=["action.gate"])
    assert failed(kazlauskas) == []
    stranger = example("person.anna", from_="+37060000002", keys="1", answers="anna", through=["action.gate"])
    assert said(stranger).endswith("it does not pass action “gate” where it should")


def test_what_must_be_passed_is_passed_in_order() -> None:
    right = example("mailbox.office", keys="1", through=["queue.sales", "anna"])
    wrong = example("mailbox.office", keys="1", through=["anna", "queue.sales"])
    assert failed(right) == []
    assert "does not pass queue “Sales” where it should" in said(wrong)


def test_keys_are_pressed_as_each_menu_asks() -> None:
    assert failed(example("person.boris", keys="41", answers="boris", through=["prompt.welcome", "sales"])) == []
    assert failed(example("person.boris", keys="942", answers="boris", through=["queue.support"])) == []


def test_digits_are_entered_where_they_are_collected_and_the_keys_after_them_in_the_next_menu() -> None:
    order = example("person.boris", keys="3777#", answers="boris", through=["prompt.order", "queue.sales"])
    assert failed(order) == []


def test_an_extension_is_dialled_in_a_menu() -> None:
    assert failed(example("person.anna", keys="123", answers="anna")) == []


def test_a_key_that_begins_an_extension_is_still_a_key() -> None:
    assert failed(example("person.anna", keys="1", answers="anna", through=["queue.sales"])) == []


def test_a_caller_who_presses_nothing_is_waited_for() -> None:
    assert failed(example("person.anna", answers="anna", through=["queue.sales"])) == []


def test_a_gate_opened_by_a_key_is_self_service() -> None:
    assert failed(example("self-service", keys="5", through=["action.gate"])) == []


def test_a_caller_met_with_silence_is_refused() -> None:
    assert failed(example("refused", from_="+37055555555")) == []


def test_a_call_transferred_outside_is_answered_there() -> None:
    text = SHOP + (
        '[scenario.out]\nstart = "away"\n[scenario.out.step.away]\ndo = "transfer"\nnumber = "+37067777777"\n'
    )
    text = text.replace('numbers = { "+37052000001"', 'numbers = { "+37052000009" = "scenario.out", "+37052000001"')
    assert failed(example("line.city", line="shop", to="+37052000009"), text=text) == []


def test_the_line_and_the_number_called_choose_the_way() -> None:
    assert failed(example("person.boris", line="shop", to="+37052000001", answers="boris")) == []
    assert failed(example("person.boris", line="shop", to="852000001", answers="boris")) == []


def test_a_withheld_number_is_nobody_in_particular() -> None:
    assert failed(example("mailbox.office", from_="", keys="1")) == []


def test_how_far_a_line_believes_numbers_is_how_far_they_are_believed() -> None:
    text = SHOP.replace('callers = "vip"\nlines', 'callers = "vip"\nleast_trust = "network"\nlines')
    listed = example("person.anna", from_="+37060000001", answers="anna", through=["action.gate"])
    assert "does not pass action “gate”" in said(listed, text)
    assert failed(listed, text=text.replace('trust = "asserted"', 'trust = "network"')) == []


def test_each_example_begins_with_nothing_left_of_the_one_before() -> None:
    """Whose turn it is in a round robin would be another's after the first call."""
    one = example("person.anna", keys="1", answers="anna", through=["queue.sales"])
    [*failures] = failed(one, one, one)
    assert failures == []


def test_the_why_of_what_happened_instead_is_told_in_the_language_of_the_office() -> None:
    for code in LANGUAGES:
        text = SHOP.replace('"Europe/Vilnius"\n', f'"Europe/Vilnius"\nlanguage = "{code}"\n')
        [failure] = failed(example("person.anna", SUNDAY), text=text)
        assert failure.at == "expect"
        assert failure.why[0].startswith("15:00:00.000 ")
        assert any("«office»" in line or "“office”" in line for line in failure.why)
        assert len(failure.why) >= 4


def test_a_failing_example_is_printed_with_its_place_and_the_program_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "office.toml"
    document.write_text(SHOP + example("mailbox.office", SUNDAY) + example("person.anna", SUNDAY))
    assert check.main([str(document)]) == 1
    out = capsys.readouterr().out.splitlines()
    at = document.read_text().splitlines().index('expect = "person.anna"') + 1
    assert out[0].startswith(f"office.toml:{at}:10 golden[1].expect: golden call “Example” does not go as it says: ")
    assert any("hours “office”: closed" in line for line in out[1:])
    document.write_text(SHOP + example("mailbox.office", SUNDAY))
    assert check.main([str(document)]) == 0
    assert ", 1 golden call\n" in capsys.readouterr().out


def test_all_examples_that_fail_are_told_at_once() -> None:
    text = SHOP + example("person.anna", SUNDAY) + example("mailbox.office", SUNDAY) + example("refused", SUNDAY)
    with pytest.raises(GoldenCalls) as raised:
        golden.check(text, "office.toml", settings(text))
    assert [fault.path for fault in raised.value.faults] == ["golden[0].expect", "golden[2].expect"]
    assert raised.value.id == "golden-calls"


def test_a_call_that_ends_nowhere_is_told_so() -> None:
    told = said(example("mailbox.office", keys="5"))
    assert told.endswith("settled without a person; expected: a message in mailbox “Office”")


def test_a_hundred_examples_take_well_under_a_second() -> None:
    examples = [
        example("mailbox.office", f"2027-{1 + i % 12:02}-{1 + i % 28:02} 10:00", keys="1", away=["anna", "boris"])
        for i in range(100)
    ]
    office = settings(SHOP + "".join(examples))
    began = time.process_time()
    assert golden.failures(office) == []
    assert time.process_time() - began < 1.0


def test_a_long_list_of_callers_does_not_slow_examples_down_nor_change_them() -> None:
    office = settings(SHOP + example("person.anna", from_="+37060000001", answers="anna", through=["action.gate"]) * 50)
    many = {f"+3706{i:07}": "" for i in range(200_000)} | {"8 600 00001": "Mr Kazlauskas"}
    vip = office.callers["vip"].model_copy(update={"numbers": many})
    began = time.process_time()
    assert golden.failures(office.model_copy(update={"callers": {**office.callers, "vip": vip}})) == []
    assert time.process_time() - began < 1.0


def test_examples_of_many_years_are_run_under_the_hours_of_their_time() -> None:
    text = SHOP.replace('holidays = ["LT"]', 'holidays = ["LT"]\nclosed = ["2031-03-05"]')
    assert (
        failed(
            example("person.anna", "2026-03-05 10:00", keys="1", answers="anna"),
            example("mailbox.office", "2031-03-05 10:00", keys="1", answers="anna"),
            example("person.anna", "2031-03-06 10:00", keys="1", answers="anna"),
            text=text,
        )
        == []
    )


def test_of_very_many_failures_the_first_are_explained() -> None:
    text = SHOP + "".join(example("refused", SUNDAY) for _ in range(30))
    with pytest.raises(GoldenCalls) as raised:
        golden.check(text, "office.toml", settings(text))
    messages = [fault.message for fault in raised.value.faults]
    assert len(messages) == 30
    assert [message.count("\n") > 3 for message in messages] == [True] * 20 + [False] * 10


def test_the_examples_of_the_page_about_them_are_examples() -> None:
    page = (Path(__file__).parents[2] / "docs" / "why.md").read_text()
    [written] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(settings(f"{SHOP}\n{written}").golden) == 2
