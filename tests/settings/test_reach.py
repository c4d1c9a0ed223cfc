# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper reach`: every way by which a call gets to somebody, each once, in words."""

from pathlib import Path

import pytest

from appliance.languages import LANGUAGES
from appliance.programs.reach import main
from appliance.settings import reach as search
from appliance.settings import ways
from appliance.settings.reach import MOST, Unknown, reach
from tests.settings.documents import TWO, WIRED, settings
from tests.settings.shop import SHOP

FULL = Path(__file__).parents[2] / "docs" / "office.full.toml"


def told(text: str, target: str, code: str = "en") -> list[str]:
    return ways.told(reach(settings(text), target), code)


def ending(lines: list[str], end: str) -> list[str]:
    return [line for line in lines if line.endswith(f"-> {end}")]


def test_why_is_extension_123_getting_sales_calls() -> None:
    """dpviz#16: somebody's telephone rings for calls nobody meant for it."""
    lines = told(SHOP, "123")
    assert lines[0] == f"Anna, extension 123: {len(lines) - 2} ways"
    sales = ending(lines, "queue “Sales”")
    assert "Shop, number +37052000002 -> queue “Sales”" in sales
    assert "City, any number -> open by “office” -> menu “Welcome”: key 1 or no key -> queue “Sales”" in sales
    assert "our telephones, 123 dialled -> Anna" in lines


def test_every_kind_of_way_to_a_person_is_found() -> None:
    lines = told(SHOP, "person.anna")
    assert any(line.endswith("on the list “vip” -> personal manager of the list “vip”") for line in lines)
    assert any(line.endswith("skill “German” wanted -> queue “Support” (rung after 20 seconds)") for line in lines)
    assert any(line.endswith("menu “Welcome”: extension 123 dialled -> Anna") for line in lines)
    assert any(line.endswith("attribute “who” is “big” -> chain “Managers”, step 2") for line in lines)
    assert any(
        "look-up “crm” finds nothing -> fewer than 5 wait in queue “Sales” -> queue “Sales”" in line for line in lines
    )


def test_a_person_on_the_line_of_another_number_is_not_told_of_it() -> None:
    assert not [line for line in told(SHOP, "person.carl") if "+37052000001" in line]
    assert "Shop, number +37052000001 -> Boris" in told(SHOP, "boris")


def test_who_is_kept_out_is_told_once_and_not_on_each_way() -> None:
    lines = told(SHOP, "queue.sales")
    assert [line for line in lines if "spam" in line] == ["Callers on the list “spam” are kept out beforehand."]


def test_an_action_is_set_off_by_callers_and_by_steps() -> None:
    lines = told(SHOP, "action.gate")
    assert lines[1] == "City, callers on the list “vip” -> action “gate”"
    assert any(line.endswith("menu “Welcome”: key 5 -> action “gate”") for line in lines)


def test_calls_go_out_over_a_line_by_dialling_and_by_transfer() -> None:
    lines = told(SHOP, "line.city")
    assert "our telephones, 0… dialled -> outside over “City”" in lines
    assert any(line.endswith("5 or more wait in queue “Sales” -> outside over “City”") for line in lines)
    assert any(line.startswith("our telephones, 011, 022, 033 and ") for line in lines)


def test_a_mailbox_tells_why_nobody_answered() -> None:
    lines = told(SHOP, "mailbox.office")
    assert "City, any number -> closed by “office” -> mailbox “Office”" in lines
    assert "our telephones, 102 dialled -> Boris does not answer -> mailbox “Office”" in lines
    assert any("action “gate” refused -> mailbox" in line for line in lines)


def test_a_question_that_makes_no_difference_is_left_out() -> None:
    """Whoever is on the list or not comes to the menu in the end; only who gets to the manager has to be on it."""
    lines = told(SHOP, "queue.sales")
    assert not any("“vip”" in line for line in lines)
    assert "City, any number -> closed by “office” -> mailbox “Office”" in told(SHOP, "mailbox.office")


@pytest.mark.parametrize("text", [SHOP, FULL.read_text()])
def test_nothing_is_lost_by_leaving_questions_out(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    office = settings(text)
    everything = [
        f"{kind}.{name}" for kind in ("person", "queue", "chain", "mailbox") for name in getattr(office, kind)
    ]

    def ends(target: str) -> set[tuple[object, object]]:
        return {(way.entry, way.place) for way in reach(office, target).ways().found}

    short = {target: ends(target) for target in everything}
    monkeypatch.setattr(search, "ASKING", frozenset())
    monkeypatch.setattr(search, "MOST", 10_000)
    assert {target: ends(target) for target in everything} == short


def test_a_circle_in_the_scenario_is_walked_once() -> None:
    lines = told(SHOP, "queue.support")
    assert len(lines) == len(set(lines))
    assert all(line.count("menu “Welcome”") <= 1 for line in lines)


def test_a_bare_name_will_do_where_only_one_thing_has_it() -> None:
    assert told(SHOP, "sales") == told(SHOP, "queue.sales")
    with pytest.raises(Unknown):
        reach(settings(SHOP), "nobody")
    with pytest.raises(Unknown):
        reach(settings(SHOP), "queue.nobody")


def test_nobody_gets_to_a_person_without_extension_or_line() -> None:
    text = TWO.replace('extension = "101"\n', "")
    assert told(text, "anna") == ["Anna: no call gets there"]


def test_a_thousand_ways_are_cut_and_that_is_told() -> None:
    steps = "".join(
        f'[scenario.main.step.s{i}]\ndo = "say"\nprompt = "p"\nnext = "t{i}"\nfailed = "u{i}"\n'
        f'[scenario.main.step.t{i}]\ndo = "say"\nprompt = "q"\nnext = "{after}"\n'
        f'[scenario.main.step.u{i}]\ndo = "say"\nprompt = "r"\nnext = "{after}"\n'
        for i in range(10)
        for after in [f"s{i + 1}" if i < 9 else "person.anna"]
    )
    prompts = "".join(f'[prompt.{name}]\nfile = "/x/{name}.wav"\n' for name in "pqr")
    lines = told(f'{WIRED}{prompts}[scenario.main]\nstart = "s0"\n{steps}', "anna")
    assert lines[0] == f"Anna, extension 101: {MOST} ways"
    assert lines[-1] == f"There may be more ways; these are the first {MOST}."


def test_a_graph_full_of_circles_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 5000)
    n = 12
    steps = "".join(
        f'[scenario.main.step.m{i}]\ndo = "menu"\nprompt = "p"\nwrong_key = "m{(i + 1) % n}"\n'
        + "keys = { "
        + ", ".join(f'{key} = "m{(i + key + 2) % n}"' for key in range(10))
        + " }\n"
        for i in range(n)
    )
    text = f'{WIRED}[prompt.p]\nfile = "/x/p.wav"\n[scenario.main]\nstart = "m0"\n{steps}'.replace(
        '0 = "m2"', '0 = "person.anna"', 1
    )
    lines = told(text, "anna")
    assert "City, any number -> menu “P”: key 0 -> Anna" in lines
    assert lines[-1].startswith("There may be more ways")


def test_a_way_is_told_for_every_line_however_many_circles_the_menus_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search used to lose itself in the menus, and then said that no call gets to her."""
    monkeypatch.setattr(search, "LOOKED_AT", 500)
    menus = "".join(
        f'[scenario.main.step.m{i}]\ndo = "menu"\nprompt = "p"\nno_key = "{"anna" if i == 39 else f"m{i + 1}"}"\nkeys = {{'
        + ", ".join(f'{key} = "m{(i * 7 + key * 13 + 1) % 40}"' for key in range(10))
        + "}\n"
        for i in range(40)
    )
    text = WIRED + '[prompt.p]\nfile = "/p.wav"\n[scenario.main]\nstart = "m0"\n' + menus
    lines = told(text, "anna")
    assert any(line.startswith("City, any number -> menu “P”: key") and line.endswith("-> Anna") for line in lines)
    assert "our telephones, 101 dialled -> Anna" in lines
    assert lines[-1] == f"There may be more ways; these are the first {len(lines) - 2}."


def test_a_very_long_way_is_not_followed_for_ever() -> None:
    prompt = '[prompt.p]\nfile = "/x/p.wav"\n'
    scenarios = ""
    for a in range(10):
        after = f"scenario.s{a + 1}" if a < 9 else "person.anna"
        scenarios += f'[scenario.s{a}]\nstart = "t0"\n'
        for i in range(199):
            to = f"t{i + 1}" if i < 198 else after
            scenarios += f'[scenario.s{a}.step.t{i}]\ndo = "say"\nprompt = "p"\nnext = "{to}"\n'
    text = f'{WIRED}numbers = {{ "+37052000001" = "scenario.s9" }}\nscenario = "s0"\n{prompt}{scenarios}'
    lines = told(text, "anna")
    assert len([line for line in lines if line.startswith("City, number +37052000001")]) == 1
    assert not [line for line in lines if line.startswith("City, any other number")]
    assert lines[-1].startswith("There may be more ways")


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    "target", ["123", "boris", "carl", "sales", "support", "managers", "gate", "city", "mailbox.office"]
)
def test_every_way_can_be_told_in_every_language(target: str, code: str) -> None:
    lines = told(SHOP, target, code)
    assert len(lines) > 1
    assert not any("{" in line or "reach." in line for line in lines)
    assert all((" -> " not in line) == (i == 0 or line == lines[-1]) for i, line in enumerate(lines))


def test_all_conditions_have_words() -> None:
    """One step of each kind that looks at something, one after the other, the yes of each leading on."""
    asked = [
        'do = "trust"\nleast = "network"\nenough = "{}"\nless = "mailbox.office"',
        'do = "compare"\nattribute = "caller"\nbegins = "+370"\nyes = "{}"\nno = "mailbox.office"',
        'do = "compare"\nattribute = "called"\nempty = true\nyes = "mailbox.office"\nno = "{}"',
        'do = "set"\nattribute = "n"\nvalue = "5"\nnext = "{}"',
        'do = "compare"\nattribute = "n"\nless = 3\nyes = "mailbox.office"\nno = "{}"',
        'do = "compare"\nattribute = "n"\nmore = 3\nyes = "{}"\nno = "mailbox.office"',
        'do = "history"\nof = "missed-last"\nyes = "{}"\nno = "mailbox.office"',
        'do = "load"\nqueue = "q"\nlongest_wait = 90\nyes = "{}"\nno = "mailbox.office"',
        'do = "load"\nqueue = "q"\nfree = 1\nyes = "mailbox.office"\nno = "{}"',
        'do = "priority"\nadd = 5\nnext = "{}"',
        'do = "last-person"\nunanswered = "{}"',
    ]
    steps = ""
    for i, step in enumerate(asked):
        steps += f"[scenario.main.step.s{i}]\n{step.format(f's{i + 1}' if i + 1 < len(asked) else 'person.anna')}\n"
    text = f'{WIRED}[queue.q]\npeople = ["boris"]\n[scenario.main]\nstart = "s0"\n{steps}'
    [way] = [line for line in told(text, "anna") if line.endswith("-> Anna") and line.startswith("City")]
    assert way.split(" -> ")[1:-1] == [
        "number at least shown by the network",
        "the caller's number begins with “370”",
        "the number called is not empty",
        "attribute “n” is not less than “3”",
        "attribute “n” is more than “3”",
        "the caller's last call was missed",
        "somebody has waited in queue “Q” for 1 minute 30 seconds or longer",
        "fewer than 1 free in queue “Q”",
        "whoever spoke to the caller last does not answer, or there is nobody",
    ]
    for code in LANGUAGES:
        assert len(told(text, "anna", code)) == len(told(text, "anna"))


def test_as_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "office.toml"
    document.write_text(SHOP.replace('"Europe/Vilnius"\n', '"Europe/Vilnius"\nlanguage = "ru"\n'))
    assert main(["102", "--settings", str(document)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Boris, внутренний номер 102: ")
    assert "\nнаши телефоны, набрано 102 -> Boris\n" in out
    assert main(["102", "--settings", str(document), "--language", "en"]) == 0
    assert capsys.readouterr().out.startswith("Boris, extension 102: ")
    assert main(["999", "--settings", str(document), "--language", "en"]) == 1
    assert capsys.readouterr().err.startswith("linekeeper reach: nothing is called “999”; say an extension")
