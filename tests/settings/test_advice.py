# SPDX-License-Identifier: GPL-2.0-or-later
"""What is sound but told all the same, before it is saved."""

from pathlib import Path

import pytest

from appliance.settings.faults import Fault
from appliance.settings.load import read, warnings
from tests.settings.documents import EXAMPLE, FULL, TWO, WIRED, graph

LEVELS = TWO.replace('"101"', '"101"\nlevel = 90')
QUEUE = '[queue.q]\npeople = ["anna", "boris"]\n'
SHARES = "shares = { anna = 60, boris = 40 }\n"


def warned(text: str) -> list[Fault]:
    return warnings(text, Path("office.toml"))


@pytest.mark.parametrize("path", [EXAMPLE, FULL])
def test_nothing_is_to_be_said_of_the_examples(path: Path) -> None:
    assert warnings(path.read_text(), path) == []


@pytest.mark.parametrize(
    ("goal", "strategy", "chooses"),
    [
        ("balance", "ring-all", "round-robin: everybody is given the same number of calls, each in turn"),
        ("motivate", "ring-all", "best-first: who does better is given more calls"),
        ("sell-more", "ring-all", "best-first: the best qualified who is free is given the call"),
        ("sell-more", "round-robin", "best-first: "),
        ("shortest-wait", "fixed-order", "ring-all: whoever is quickest takes the call"),
        ("balance", "random", "round-robin"),
    ],
)
def test_a_strategy_that_goes_against_the_goal_is_told_with_what_the_goal_chooses_and_why(
    goal: str, strategy: str, chooses: str
) -> None:
    [fault] = warned(TWO + QUEUE + f'goal = "{goal}"\nstrategy = "{strategy}"\n')
    assert (fault.id, fault.path, fault.line) == ("goal-conflict", "queue.q.strategy", TWO.count("\n") + 4)
    assert f"{strategy} goes against the goal {goal}, which chooses {chooses}" in fault.message


def test_a_goal_of_the_department_counts_too() -> None:
    text = TWO + '[department.d]\npeople = ["anna", "boris"]\ngoal = "balance"\n'
    [fault] = warned(text + '[queue.q]\ndepartment = "d"\nstrategy = "ring-all"\n')
    assert "goes against the goal balance" in fault.message
    assert warned(text + '[queue.q]\ndepartment = "d"\nstrategy = "longest-idle"\n') == []


def test_ring_all_makes_shares_and_levels_pointless() -> None:
    [fault] = warned(TWO + QUEUE + SHARES)
    assert (fault.id, fault.path) == ("goal-conflict", "queue.q.shares")
    assert "its strategy is ring-all" in fault.message
    [fault] = warned(TWO + QUEUE + SHARES + 'goal = "balance"\n')
    assert "balance chooses round-robin" in fault.message
    [fault] = warned(LEVELS + QUEUE)
    assert (fault.path, fault.id) == ("queue.q.strategy", "goal-conflict")
    assert "levels of its people change nothing" in fault.message
    assert warned(LEVELS + QUEUE + QUEUE.replace("queue.q", "queue.best") + 'strategy = "best-first"\n') == []


def test_the_best_first_of_people_who_are_all_alike_is_told() -> None:
    [fault] = warned(TWO + QUEUE + 'goal = "sell-more"\n')
    assert fault.id == "no-difference"
    assert fault.message.startswith("sell-more chooses best-first: ")
    assert warned(LEVELS + QUEUE + 'goal = "sell-more"\n') == []


def test_waits_over_ten_minutes_are_told() -> None:
    [fault] = warned(TWO + QUEUE + "max_wait = 601\n")
    assert (fault.id, fault.path, fault.line) == ("long-wait", "queue.q.max_wait", TWO.count("\n") + 3)
    assert "601 seconds" in fault.message
    steps = ", ".join('{ people = ["anna"], ring_for = 201 }' for _ in range(3))
    assert [w.path for w in warned(TWO + f"[chain.c]\nsteps = [{steps}]\n")] == ["chain.c.steps"]
    assert warned(TWO + QUEUE + "max_wait = 600\n") == []


def test_waits_that_come_to_ten_minutes_one_after_another_are_told() -> None:
    queues = WIRED + "".join(f'[queue.q{i}]\npeople = ["anna"]\nmax_wait = 400\n' for i in (1, 2))
    simple = queues + '[scenario.main]\nopen = "q1"\nunanswered = "q2"\n'
    assert [(w.path, "800" in w.message) for w in warned(simple)] == [("scenario.main", True)]
    first = 'a: do = "queue"; queue = "q1"; unanswered = "b"'
    text = graph(first, 'b: do = "queue"; queue = "q2"', before=queues)
    assert [w.path for w in warned(text)] == ["scenario.main.step.a"]
    spoken = graph(first, 'b: do = "say"; prompt = "hello"; next = "queue.q2"', before=queues)
    assert warned(spoken) == []


def test_a_mobile_that_need_not_confirm_is_told_where_queues_ring_it() -> None:
    """fusionpbx#1220: a mobile's voicemail answers for the whole group."""
    text = WIRED.replace('"102"', '"102"\nmobile = "+37061111111"\nconfirm = false') + '[outside]\nlines = ["city"]\n'
    assert warned(text + QUEUE) == []
    [fault] = warned(text + QUEUE.replace('"boris"', '"boris.all"'))
    assert (fault.path, fault.id) == ("person.boris.confirm", "unconfirmed")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (WIRED.replace('"192.0.2.1"', '"192.0.2.1"\nclosed = "anna"'), "line.city.closed"),
        (WIRED.replace('"192.0.2.1"', '"2001:db8::1"'), "line.city.host"),
        (WIRED + '[scenario.main]\nopen = "anna"\nclosed = "boris"\n', "scenario.main.closed"),
        (TWO + QUEUE + 'widen = [{ after = 120, people = ["carl"] }]\n[person.carl]\n', "queue.q.widen[0].after"),
        (TWO + '[prompt.p]\nfile = "/p.wav"\n[callers.c]\nprompt = "p"\n', "callers.c.prompt"),
        (TWO + QUEUE + "music = false\nannounce_wait = true\n", "queue.q.announce_wait"),
        (
            graph(
                'a: do = "menu"; prompt = "hello"; extensions = true; keys = { 1 = "anna" }',
                before=WIRED.replace('extension = "101"', "").replace('extension = "102"', ""),
            ),
            "scenario.main.step.a.extensions",
        ),
    ],
)
def test_what_is_said_in_vain_is_told(text: str, path: str) -> None:
    [fault] = warned(text)
    assert fault.path == path
    assert path.rpartition(".")[2] in text.splitlines()[fault.line - 1]


def test_warnings_come_with_the_document(tmp_path: Path) -> None:
    (tmp_path / "office.toml").write_text(TWO + QUEUE + "max_wait = 700\n")
    [fault] = read(tmp_path / "office.toml", fill=True).warnings
    assert str(fault).startswith(f"office.toml:{TWO.count(chr(10)) + 3}:12 queue.q.max_wait: ")
