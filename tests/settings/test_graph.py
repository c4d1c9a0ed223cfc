# SPDX-License-Identifier: GPL-2.0-or-later
"""What is told of a scenario of steps that would go wrong: where, what and what else."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.core import Core
from appliance.settings.compile import compile
from tests.settings.documents import PROMPTS, WIRED, faults, graph, settings, told

SALES = WIRED + '[queue.sales]\npeople = ["anna"]\n'
SAY = 'do = "say"; prompt = "hello"; next = '
QUEUE = 'do = "queue"; queue = "sales"; unanswered = '
SET = 'do = "set"; attribute = "x"; value = ""; next = '


def only(*steps: str, before: str = SALES) -> tuple[str, str, str]:
    """Id, path and message of the one fault of a scenario; its line must be one of the steps'."""
    text = graph(*steps, before=before)
    [fault] = faults(text)
    assert fault.line > (before + PROMPTS).count("\n"), str(fault)
    key = fault.path.rpartition(".")[2].partition("[")[0]
    assert key in text.splitlines()[fault.line - 1] or "is missing" in fault.message
    return fault.id, fault.path, fault.message


def test_a_step_that_no_way_leads_to_is_told() -> None:
    id, path, message = only(f'a: {SAY}"sales"', f'b: {SAY}"a"')
    assert (id, path) == ("unreached", "scenario.main.step.b")
    assert "no way leads here from a" in message


def test_a_step_reached_only_by_itself_or_another_that_is_not_is_told_too() -> None:
    text = graph(f'a: {SAY}"sales"', f'b: {SAY}"c"', f'c: {QUEUE}"b"', before=SALES)
    assert [fault.path for fault in faults(text)] == ["scenario.main.step.b", "scenario.main.step.c"]


@pytest.mark.parametrize(
    ("steps", "path", "around"),
    [
        ((f'a: {SET}"a"',), "a.next", "a -> a"),
        ((f'a: {SET}"b"', 'b: do = "queue"; queue = "sales"; full = "a"'), "b.full", "a -> b -> a"),
        (
            (f'a: {SAY}"b"', f'b: {SET}"c"', 'c: do = "person"; person = "anna"; unanswered = "b"'),
            "c.unanswered",
            "b -> c -> b",
        ),
        (
            (f'a: {SET}"b"', 'b: do = "chain"; chain = "all"; unanswered = "scenario.main"'),
            "b.unanswered",
            "a -> b -> a",
        ),
    ],
)
def test_a_loop_without_a_step_that_waits_is_told(steps: tuple[str, ...], path: str, around: str) -> None:
    """Somebody who never answers, or a queue that is full, must not send a call round and round."""
    before = SALES + '[chain.all]\nsteps = [{ people = ["anna"] }]\n'
    id, found, message = only(*steps, before=before)
    assert (id, found) == ("endless", f"scenario.main.step.{path}")
    assert around in message
    assert "say, menu, collect, look-up" in message


def test_a_loop_over_two_scenarios_is_told() -> None:
    text = (
        graph(f'a: {SET}"scenario.b"') + f'[scenario.b]\nstart = "s"\n[scenario.b.step.s]\n{SET.replace("; ", chr(10))}'
    )
    [fault] = faults(text + '"scenario.main"\n')
    assert (fault.id, fault.path) == ("endless", "scenario.b.step.s.next")


@pytest.mark.parametrize(
    "waits",
    [
        f'{SAY}"a"',
        'do = "menu"; prompt = "hello"; keys = { 1 = "a" }; otherwise = "a"',
        'do = "collect"; prompt = "hello"; attribute = "y"; next = "a"; otherwise = "a"',
        'do = "look-up"; lookup = "crm"; found = "a"; not_found = "a"',
    ],
)
def test_a_loop_with_a_step_that_always_waits_is_sound(waits: str) -> None:
    before = SALES + '[lookup.crm]\nurl = "http://127.0.0.1/"\n'
    assert (
        told(graph(f'a: {SET}"b"', 'b: do = "queue"; queue = "sales"; unanswered = "c"', f"c: {waits}", before=before))
        == []
    )


MENU = 'do = "menu"; prompt = "hello"; keys = { 1 = "sales" }; '


@pytest.mark.parametrize(
    ("steps", "path", "around"),
    [
        ((f'a: {MENU}otherwise = "a"',), "a.otherwise", "a -> a"),
        ((f'a: {MENU}no_key = "a"',), "a.no_key", "a -> a"),
        ((f'a: {SAY}"a"',), "a.next", "a -> a"),
        ((f'a: {MENU}no_key = "b"', f'b: {SAY}"c"', f'c: {SET}"a"'), "c.next", "a -> b -> c -> a"),
        (
            ('a: do = "collect"; prompt = "hello"; attribute = "y"; next = "sales"; otherwise = "a"',),
            "a.otherwise",
            "a",
        ),
        (
            (f'a: {MENU}otherwise = "b"', 'b: do = "callers"; callers = "vip"; listed = "sales"; others = "a"'),
            "b.others",
            "a -> b -> a",
        ),
        (
            (f'a: {SAY}"b"', 'b: do = "compare"; attribute = "caller"; empty = true; yes = "a"; no = "sales"'),
            "b.yes",
            "a -> b -> a",
        ),
    ],
)
def test_a_loop_that_a_caller_who_presses_nothing_never_leaves_is_told(
    steps: tuple[str, ...], path: str, around: str
) -> None:
    id, found, message = only(*steps, before=SALES + '[callers.vip]\nprefixes = ["+370"]\n')
    assert (id, found) == ("endless", f"scenario.main.step.{path}")
    assert message.startswith("leads a caller who presses nothing round for ever: " + around)
    assert message.endswith("; accepted: with a way out that needs no key")


@pytest.mark.parametrize(
    "steps",
    [
        (f'a: {MENU}wrong_key = "a"; failed = "a"',),
        (f'a: {MENU}otherwise = "a"; no_key = "mailbox.office"',),
        ('a: do = "menu"; prompt = "hello"; keys = { 1 = "b" }', f'b: {SAY}"a"'),
        ('a: do = "collect"; prompt = "hello"; attribute = "y"; next = "a"',),
        (f'a: {MENU}otherwise = "b"', 'b: do = "hours"; hours = "day"; open = "a"; closed = "mailbox.office"'),
        (f'a: {SAY}"b"', f'b: {QUEUE}"a"'),
        (
            f'a: {MENU}otherwise = "b"',
            'b: do = "compare"; attribute = "x"; is = "1"; yes = "mailbox.office"; no = "c"',
            f'c: {SET}"a"',
        ),
    ],
)
def test_a_loop_that_a_key_time_or_something_set_ends_is_sound(steps: tuple[str, ...]) -> None:
    assert told(graph(*steps, before=SALES + '[hours.day]\nweek = { mon = ["09:00-18:00"] }\n')) == []


@pytest.mark.parametrize(
    ("step", "path", "words"),
    [
        (
            'do = "compare"; attribute = "topc"; is = "1"; yes = "sales"; no = "b"',
            "attribute",
            'no step sets "topc"; accepted: topic; did you mean "topic"?',
        ),
        (
            'do = "compare"; attribute = "caller"; yes = "sales"; no = "b"',
            "",
            "one of is, begins, less, more, empty = true",
        ),
        ('do = "compare"; attribute = "caller"; is = "1"; begins = "1"; yes = "sales"; no = "b"', "", "one of is"),
        (
            'do = "compare"; attribute = "called"; begins = "anna"; yes = "sales"; no = "b"',
            "begins",
            '"anna" begins no number',
        ),
        ('do = "load"; queue = "sales"; yes = "sales"; no = "b"', "", "one of waiting, free, on_duty, longest_wait"),
        ('do = "transfer"; number = "+37052000077"; unanswered = "b"', "lines", "is missing; accepted: lines here"),
        ('do = "menu"; prompt = "hello"; keys = { 1 = { to = "b", value = "x" } }', "keys.1.value", "is nowhere kept"),
        (
            'do = "menu"; prompt = "hello"; keys = { 1 = "slaes", 2 = "b" }',
            "keys.1",
            'there is no step, scenario, queue, chain, person or mailbox "slaes"',
        ),
        (
            'do = "menu"; prompt = "hello"; keys = { 1 = { to = "slaes" }, 2 = "b" }',
            "keys.1.to",
            'did you mean "sales"?',
        ),
        (
            'do = "menu"; prompt = "helo"; keys = { 1 = "b" }',
            "prompt",
            'there is no prompt "helo"; accepted: hello, bye; did you mean "hello"?',
        ),
        (
            'do = "menu"; prompt = "hello"; keys = { 1 = { to = "b", skill = "french" } }',
            "keys.1.skill",
            'there is no skill "french"; there is none yet',
        ),
        (
            'do = "collect"; prompt = "hello"; attribute = "y"; least = 5; most = 4; next = "b"',
            "least",
            "5 is more than `most`",
        ),
        ('do = "person"; person = "anna.mobile"; unanswered = "b"', "person", "needs a `mobile` in [person.anna]"),
        ('do = "person"; person = "dora.mobile"; unanswered = "b"', "person", 'there is no person "dora"'),
        ('do = "hours"; hours = "day"; open = "b"; closed = "b"', "hours", 'there is no table of hours "day"'),
        ('do = "action"; action = "gate"; next = "b"', "action", 'there is no action "gate"'),
    ],
)
def test_what_a_step_says_must_agree(step: str, path: str, words: str) -> None:
    before = SALES
    id, found, message = only(
        f"a: {step}", 'b: do = "set"; attribute = "topic"; value = ""; next = "sales"', before=before
    )
    assert found == ("scenario.main.step.a." + path).rstrip(".")
    assert words in message
    assert id


@pytest.mark.parametrize(
    ("scenario", "path", "words"),
    [
        ('start = "a"\n', "start", 'there is no step "a"; there is none yet'),
        ("", "open", "is missing; accepted: the name of a queue"),
        ('open = "anna"\nstart = "a"\n[scenario.main.step.a]\ndo = "hang-up"\n', "open", "goes ill with steps"),
        ('[scenario.main.step.a]\ndo = "hang-up"\n', "start", "is missing; accepted: the name of the first step: a"),
        ('start = "b"\n[scenario.main.step.ab]\ndo = "hang-up"\n', "start", 'there is no step "b"; accepted: ab'),
    ],
)
def test_a_scenario_has_either_steps_and_a_first_one_or_says_where_a_call_goes(
    scenario: str, path: str, words: str
) -> None:
    [fault] = faults(WIRED + "[scenario.main]\n" + scenario)
    assert fault.path == f"scenario.main.{path}"
    assert words in fault.message


def test_more_attributes_than_a_call_can_keep_are_told() -> None:
    steps = [f'a{i}: do = "set"; attribute = "x{i}"; value = ""; next = "a{i + 1}"' for i in range(33)]
    id, path, _ = only(*steps, 'a33: do = "hang-up"')
    assert (id, path) == ("wrong-count", "scenario.main.step.a32.attribute")


def test_more_steps_than_the_core_takes_in_one_walk_are_told() -> None:
    steps = [f'a{i}: do = "priority"; add = 1; next = "a{i + 1}"' for i in range(63)]
    assert told(graph(*steps, 'a63: do = "hang-up"')) == []
    id, path, _ = only('z: do = "priority"; add = 1; next = "a0"', *steps, 'a63: do = "hang-up"')
    assert (id, path) == ("too-long", "scenario.main.step.z")


def test_an_address_asks_with_nothing_that_is_not_known() -> None:
    text = WIRED + '[lookup.crm]\nurl = "http://127.0.0.1/{caller}{called}{line}?o={ordr}"\n'
    steps = (
        'a: do = "collect"; prompt = "hello"; attribute = "order"; next = "b"',
        'b: do = "look-up"; lookup = "crm"; found = "person.anna"',
    )
    [fault] = faults(graph(*steps, before=text))
    assert (fault.path, fault.line) == ("lookup.crm.url", text.count("\n"))
    assert 'did you mean "order"?' in fault.message
    assert told(graph(*steps, before=text.replace("ordr", "order"))) == []


NAMES = ["a", "b", "c", "d"]
LEADS = st.sampled_from([*NAMES, "sales", "mailbox.office", "person.anna", "scenario.main"])
STEPS = st.one_of(
    LEADS.map(lambda to: f'{SAY}"{to}"'),
    LEADS.map(lambda to: f'{SET}"{to}"'),
    LEADS.map(lambda to: f'do = "queue"; queue = "sales"; full = "{to}"'),
    st.tuples(LEADS, LEADS).map(
        lambda to: f'do = "compare"; attribute = "caller"; empty = true; yes = "{to[0]}"; no = "{to[1]}"'
    ),
    st.dictionaries(st.sampled_from("123*"), LEADS, min_size=1).map(
        lambda keys: (
            'do = "menu"; prompt = "hello"; keys = { '
            + ", ".join(f'"{key}" = "{to}"' for key, to in keys.items())
            + " }"
        )
    ),
)


def spins(plan_steps: dict[str, tuple[bool, list[str]]]) -> bool:
    """Whether a call could go on for ever: a plain walk of every way, as far as it goes without a step that stops it."""
    front = {name for name, (stops, _) in plan_steps.items() if not stops}
    for _ in range(len(plan_steps) + 1):
        front = {to for name in front for to in plan_steps[name][1] if not plan_steps[to][0]}
    return bool(front)


@hypothesis_settings(deadline=None, max_examples=200)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_whatever_steps_lead_where_a_sound_scenario_never_spins_and_the_core_takes_it(written: list[str]) -> None:
    steps = [f"{name}: {step}" for name, step in zip(NAMES, written, strict=False)]
    found = faults(graph(*steps, before=SALES))
    known = dict(zip(NAMES, written, strict=False))
    ways = {
        name: (
            'do = "say"' in step or 'do = "menu"' in step,
            [to for to in NAMES if f'"{to}"' in step and to in known] + ["a"] * ('"scenario.main"' in step),
        )
        for name, step in known.items()
    }
    silent = {
        name: ('do = "queue"' in step, [] if 'do = "menu"' in step else ways[name][1]) for name, step in known.items()
    }
    if not found:
        Core(compile(settings(graph(*steps, before=SALES)), 1_800_000_000_000)[0])
    if not any(fault.id == "no-such-name" for fault in found):
        assert (spins(ways) or spins(silent)) == any(fault.id == "endless" for fault in found)
