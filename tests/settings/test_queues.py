# SPDX-License-Identifier: GPL-2.0-or-later
"""Whom queues, chains and departments ring, by what, and why they choose so."""

import pytest

from appliance.core import Core
from appliance.settings import goals
from appliance.settings.compile import compile
from tests.settings.documents import TWO, faults, settings
from tests.settings.plan_reader import NONE, Plan, read_plan

NOW = 1_800_000_000_000
STRATEGIES = (
    "ring-all",
    "round-robin",
    "percentage",
    "best-first",
    "longest-idle",
    "fewest-calls",
    "least-talk-time",
    "random",
    "fixed-order",
)
FOUR = (
    TWO.replace('phones = ["desk2"]', 'phones = ["desk2"]\nmobile = "+37061111111"')
    + """
[phone.desk3]
[person.carl]
phones = ["desk3"]
mobile = "8 611 11112"
[person.dora]
mobile = "+37061111113"
[line.city]
kind = "sip"
host = "192.0.2.1"
[outside]
lines = ["city"]
"""
)
SALES = FOUR + '[department.sales]\npeople = ["anna", "boris.all"]\n'


def plan_of(text: str) -> Plan:
    data, _ = compile(settings(text), NOW)
    Core(data)
    return read_plan(data)


def run(plan: Plan, first: int, count: int) -> list[tuple[int, ...]]:
    """Person, ways, share, wait before of each of a run of people."""
    return plan["MEMB"][first : first + count]


def rung(text: str) -> list[tuple[int, ...]]:
    plan = plan_of(text)
    return run(plan, *plan["QUEU"][0][8:10])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_is_known_to_the_core_by_its_number(strategy: str) -> None:
    shares = "shares = { anna = 100 }\n" if strategy == "percentage" else ""
    plan = plan_of(TWO + f'[queue.q]\npeople = ["anna"]\nstrategy = "{strategy}"\n{shares}')
    assert plan["QUEU"][0][1] == STRATEGIES.index(strategy)


def test_people_are_rung_by_telephone_mobile_or_both_and_some_only_later() -> None:
    text = (
        FOUR + '[queue.q]\npeople = ["anna", "boris.mobile", "carl.all"]\nwiden = [{ after = 20, people = ["dora"] }]\n'
    )
    assert rung(text) == [(0, 1, 0, 0), (1, 2, 0, 0), (2, 3, 0, 0), (3, 2, 0, 20_000)]


def test_each_person_is_given_his_share() -> None:
    text = (
        FOUR
        + '[queue.q]\npeople = ["anna", "boris.mobile"]\nshares = { boris = 30, anna = 70 }\nstrategy = "percentage"\n'
    )
    assert rung(text) == [(0, 1, 70, 0), (1, 2, 30, 0)]


def test_a_queue_takes_people_goal_and_wrap_up_from_its_department_and_says_the_rest_itself() -> None:
    text = SALES + 'goal = "balance"\nwrap_up = 9\n[queue.q]\ndepartment = "sales"\n'
    plan = plan_of(text)
    assert run(plan, *plan["QUEU"][0][8:10]) == [(0, 1, 0, 0), (1, 3, 0, 0)]
    assert (plan["QUEU"][0][1], plan["QUEU"][0][10]) == (STRATEGIES.index("round-robin"), 9000)
    plan = plan_of(text + 'people = ["carl"]\nstrategy = "random"\nwrap_up = 0\n')
    assert run(plan, *plan["QUEU"][0][8:10]) == [(2, 1, 0, 0)]
    assert (plan["QUEU"][0][1], plan["QUEU"][0][10]) == (STRATEGIES.index("random"), 0)


def test_a_chain_may_ring_a_department() -> None:
    plan = plan_of(
        SALES + '[chain.c]\nsteps = [{ people = ["carl.mobile"] }, { department = "sales", ring_for = 7 }]\n'
    )
    assert [(ring, run(plan, first, count)) for ring, first, count in plan["CHST"]] == [
        (15_000, [(2, 2, 0, 0)]),
        (7_000, [(0, 1, 0, 0), (1, 3, 0, 0)]),
    ]


def test_limits_of_a_queue_reach_the_core() -> None:
    text = (
        TWO
        + '[queue.q]\npeople = ["anna"]\nleave_when_empty = true\nany_skill_after = 30\nweight = 42\nmusic = false\n'
    )
    assert plan_of(text)["QUEU"][0][2] == 4
    assert plan_of(text)["QUEU"][0][10:] == (NONE, 30_000, 42)


def test_what_a_person_can_and_when_he_is_left_alone_reach_the_core() -> None:
    text = FOUR.replace('extension = "102"', "level = 70\npause_after = 3\npause_for = 0\nskills = { b = 9, a = 100 }")
    plan = plan_of(text + "[skill.a]\n[skill.b]\n[mailbox.m]\n")
    assert plan["PRSN"][1][3:6] == (70, 3, 0)
    assert plan["PRSN"][0][3:6] == (50, 0, 600_000)
    assert plan["PSKL"] == [(1, 0, 100), (1, 1, 9)]


GOALS = [
    ("motivate", "", "best-first"),
    ("motivate", "shares = { anna = 50, boris = 50 }\n", "percentage"),
    ("balance", "", "round-robin"),
    ("sell-more", "", "best-first"),
    ("shortest-wait", "", "ring-all"),
]


@pytest.mark.parametrize(("goal", "more", "strategy"), GOALS)
def test_a_goal_chooses_the_strategy_and_says_why(goal: str, more: str, strategy: str) -> None:
    text = TWO + f'[queue.q]\npeople = ["anna", "boris"]\ngoal = "{goal}"\n{more}'
    office = settings(text)
    choice = goals.choice(office, office.queue["q"])
    assert choice.strategy == strategy
    assert choice.why().startswith(f"{goal} chooses {strategy}: ")
    assert plan_of(text)["QUEU"][0][1] == STRATEGIES.index(strategy)


@pytest.mark.parametrize(
    ("department", "queue", "strategy", "by"),
    [
        ("", "", "ring-all", ""),
        ('goal = "balance"', "", "round-robin", "its department's goal"),
        ('goal = "balance"\nstrategy = "random"', "", "random", "the strategy of its department"),
        ('strategy = "random"', 'goal = "balance"', "round-robin", "its goal"),
        ('goal = "balance"', 'strategy = "ring-all"', "ring-all", "its strategy"),
    ],
)
def test_what_a_queue_says_comes_before_its_department(department: str, queue: str, strategy: str, by: str) -> None:
    office = settings(SALES + department + f'\n[queue.q]\ndepartment = "sales"\n{queue}\n')
    choice = goals.choice(office, office.queue["q"])
    assert (choice.strategy, choice.by) == (strategy, by)


PEOPLE = '[queue.q]\npeople = ["anna", "boris"]\n'


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("[queue.q]\n", "queue.q.people", "is missing; accepted: a list of 1 to 250 people, or a department"),
        (PEOPLE + 'department = "salse"\n', "queue.q.department", 'accepted: sales; did you mean "sales"?'),
        (PEOPLE.replace('"anna"', '"boris.all"'), "queue.q.people[1]", "is in the list already"),
        (PEOPLE.replace('"boris"', '"anna.mobile"').replace('"anna",', ""), "queue.q.people[0]", "needs a `mobile`"),
        (PEOPLE.replace('"boris"', '"anna.desk"'), "queue.q.people[1]", "is not accepted"),
        (
            PEOPLE + "join_when_empty = true\nleave_when_empty = true\n",
            "queue.q.leave_when_empty",
            "goes ill with join_when_empty",
        ),
        (PEOPLE + 'strategy = "percentage"\n', "queue.q.shares", "is missing; accepted: the share of each"),
        (PEOPLE + "shares = { anna = 100 }\n", "queue.q.shares", "boris has none"),
        (PEOPLE + "shares = { anna = 60, boris = 50 }\n", "queue.q.shares", "come to 110 together; accepted: 100"),
        (PEOPLE + "shares = { anna = 50, boris = 50, carl = 0 }\n", "queue.q.shares.carl", "is none of its people"),
        (
            PEOPLE + 'widen = [{ after = 9, people = ["carl"] }, { after = 20, people = ["carl.mobile"] }]\n',
            "queue.q.widen[1].people[0]",
            '"carl" is rung already',
        ),
        (PEOPLE + 'widen = [{ after = 9, people = ["boris.all"] }]\n', "queue.q.widen[0].people[0]", "is rung already"),
        ("[chain.c]\nsteps = [{ ring_for = 5 }]\n", "chain.c.steps[0].people", "is missing; accepted: a list"),
        (
            '[chain.c]\nsteps = [{ people = ["anna"], department = "sales" }]\n',
            "chain.c.steps[0].people",
            "goes ill with a department",
        ),
        ('[callers.c]\nmanager = "eva"\n', "callers.c.manager", 'there is no person "eva"'),
        ('[lookup.silence]\nurl = "http://a/"\n', "lookup.silence", "is one of ours"),
        ('[department.d]\npeople = ["anna"]\nhours = "day"\n', "department.d.hours", "there is none yet"),
    ],
)
def test_what_queues_chains_and_people_say_must_agree(text: str, path: str, words: str) -> None:
    found = {fault.path: fault for fault in faults(SALES + text)}
    assert list(found) == [path]
    assert words in found[path].message
    assert found[path].line > SALES.count("\n")


def test_a_skill_nobody_named_and_a_mobile_without_a_line_are_told() -> None:
    [fault] = faults(TWO.replace('"102"', '"102"\nskills = { german = 5 }'))
    assert (fault.path, fault.line, fault.column) == ("person.boris.skills.german", 13, 12)
    found = faults(FOUR.replace('lines = ["city"]', "lines = []"))
    assert [fault.path for fault in found] == [f"person.{name}.mobile" for name in ("boris", "carl", "dora")]
    assert "the lines of [outside], where there are none" in found[0].message


def test_a_queue_of_two_hundred_and_fifty_people_in_all_is_sound_and_one_more_is_not() -> None:
    names = ["anna", "boris", *(f"p{i}" for i in range(248))]
    listed = ", ".join(f'"{name}"' for name in names[:200])
    text = TWO + "".join(f"[person.{name}]\n" for name in names[2:]) + f"[queue.q]\npeople = [{listed}]\n"
    for later, ids in ((names[200:], []), ([*names[200:], "somebody"], ["no-such-name", "wrong-count"])):
        wider = ", ".join(f'"{name}"' for name in later)
        found = faults(text + f"widen = [{{ after = 9, people = [{wider}] }}]\n")
        assert sorted(fault.id for fault in found) == ids
