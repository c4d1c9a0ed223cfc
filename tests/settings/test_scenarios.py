# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario of steps becomes, read from the plan it compiles to."""

from datetime import UTC, datetime

import pytest

from appliance.core import Core
from appliance.core.names import Because, Do, Fact, Why
from appliance.settings.compile import compile
from tests.settings.documents import FULL, TWO, WIRED, graph, settings
from tests.settings.plan_reader import NONE, Plan, Step, read_plan

NOW = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()) * 1000
CITY = 1
QUEUE, CHAIN, PERSON, VOICEMAIL, HANG_UP, OUTSIDE, LIST, TRUST = 2, 3, 4, 5, 6, 7, 8, 9
SAY, MENU, COLLECT, LOOK_UP, SET, COMPARE, ACTION, SKILL, LOAD, HISTORY, MANAGER, LAST, PRIORITY = range(10, 23)
SALES = WIRED + '[queue.sales]\npeople = ["anna", "boris"]\n'
MOBILE = WIRED.replace('["desk2"]', '["desk2"]\nmobile = "+37061111111"') + '[outside]\nlines = ["city"]\n'


class Compiled:
    """A document, its plan, and the steps of its scenario by name."""

    def __init__(self, text: str) -> None:
        data, self.names = compile(settings(text), NOW)
        Core(data)
        self.plan: Plan = read_plan(data)
        self.index = {self.names.name(step[0]): i for i, step in enumerate(self.plan["STEP"])}

    def at(self, name: str) -> int:
        """The index of a step of the scenario main, or of another by its whole name."""
        return self.index.get(f"scenario.main.step.{name}", self.index.get(name, NONE))

    def step(self, name: str) -> Step:
        return self.plan.step(self.at(name))

    def path(self, index: int) -> str:
        """The name of the step at an index, as at() takes it."""
        return "" if index == NONE else self.names.name(self.plan["STEP"][index][0]).removeprefix("scenario.main.step.")

    def ways(self, name: str) -> tuple[str, str]:
        """Where a step goes next, and where other."""
        step = self.step(name)
        return self.path(step.next), self.path(step.other)

    def exits(self, name: str) -> dict[str, str]:
        """Where a step goes for keys and reasons."""
        found = self.plan.exits(self.at(name))
        return {chr(on) if on < 128 else Because(on - 128).name: self.path(to) for on, to in found.items()}

    def first(self, called: str = "1") -> str:
        """Where a call to a number on the line city begins."""
        return self.path(self.plan.dial(CITY, called))


def compiled(*steps: str, before: str = WIRED) -> Compiled:
    return Compiled(graph(*steps, before=before))


def test_a_call_begins_with_the_first_step_and_a_name_is_a_step_of_the_scenario_first() -> None:
    made = compiled(
        'a: do = "say"; prompt = "hello"; next = "anna"',
        'anna: do = "say"; prompt = "bye"; next = "person.anna"; failed = "a"',
    )
    assert made.first() == "a"
    assert made.step("a")[1:4] == (SAY, 0, made.names.id("prompt", "hello"))
    assert (made.ways("a"), made.exits("a")) == (("anna", ""), {})
    assert (made.ways("anna"), made.exits("anna")) == (("own.person.anna", ""), {"FAILED": "a"})
    assert made.names.prompts[made.names.id("prompt", "bye")].file == "/bye.wav"


def test_a_menu_sends_each_key_where_it_says_and_keeps_what_was_pressed() -> None:
    made = compiled(
        'a: do = "menu"; prompt = "hello"; attribute = "topic"; tries = 2; timeout = 7; extensions = true; no_key = "b"; '
        'keys = { 1 = "queue.sales", "*" = "a", "#" = { to = "b", skill = "german", level = 30, value = "support" } }',
        'b: do = "menu"; prompt = "bye"; keys = { 0 = "mailbox.office" }; otherwise = "a"; no_key = "anna"; '
        'wrong_key = "b"; failed = "a"',
        before=SALES + "[skill.german]\n",
    )
    step = made.step("a")
    assert (step.kind, step.small, step.least, step.ms) == (MENU, 2, 1, 7000)
    assert step.value == NONE
    assert made.exits("a") == {"1": "a.keys.1.value", "*": "a.keys.*.value", "#": "a.keys.#.value", "NO_KEY": "b"}
    assert [made.ways(f"a.keys.{key}.value")[0] for key in "1*"] == ["own.queue.sales", "a"]
    assert made.names.named(made.plan["ATTR"][made.step("a.keys.1.value").what][0]) == ("attribute", "topic")
    assert made.ways("a") == ("", "own.mailbox.office")
    sets, wants = made.step("a.keys.#.value"), made.step("a.keys.#.skill")
    assert (sets.kind, sets.what, made.plan.text(sets.value), made.ways("a.keys.#.value")[0]) == (
        *(SET, 0, "support"),
        "a.keys.#.skill",
    )
    assert (wants.kind, wants.what, wants.small, made.ways("a.keys.#.skill")[0]) == (SKILL, 0, 30, "b")
    assert made.step("b").value == NONE
    assert made.exits("b") == {"0": "own.mailbox.office", "NO_KEY": "own.person.anna", "WRONG_KEY": "b", "FAILED": "a"}


@pytest.mark.parametrize(
    ("keys", "key", "kept"),
    [
        ('1 = { to = "sales", value = "invoices" }, 2 = "sales"', "1", ["invoices"]),
        ('1 = { to = "sales", value = "invoices" }, 2 = "sales"', "2", ["2"]),
        ('1 = "sales", 2 = "sales"', "1", ["1"]),
    ],
)
def test_what_a_key_stands_for_is_kept_once(keys: str, key: str, kept: list[str]) -> None:
    """It was kept twice where a key has a value, first as the key: so it stood in the journal, and in the why."""
    menu = f'a: do = "menu"; prompt = "hello"; attribute = "topic"; keys = {{ {keys} }}'
    plan, names = compile(settings(graph(menu, before=SALES)), NOW)
    core = Core(plan)
    core.feed(Fact.ARRIVED, NOW, call=1, line=names.id("line", "city"))
    core.feed(Fact.DIGIT, NOW, call=1, value=ord(key))
    assert [command.number for command in core.commands() if command.kind == Do.SET] == kept
    assert sum(line.rule == Why.SET for line in core.trace()) == 1


def test_a_menu_whose_keys_have_no_value_keeps_the_key_itself() -> None:
    made = compiled('a: do = "menu"; prompt = "hello"; attribute = "topic"; keys = { 1 = "anna" }')
    assert made.names.named(made.plan["ATTR"][made.step("a").value][0]) == ("attribute", "topic")
    assert made.exits("a") == {"1": "own.person.anna"}


def test_digits_are_collected_and_looked_up_with_a_way_for_every_failure() -> None:
    made = compiled(
        'a: do = "collect"; prompt = "hello"; attribute = "order"; least = 4; most = 8; timeout = 9; next = "b"',
        'b: do = "look-up"; lookup = "crm"; attribute = "who"; found = "c"; failed = "a"; not_found = "queue.sales"',
        'c: do = "look-up"; lookup = "crm"; found = "person.anna"',
        before=SALES + '[lookup.crm]\nurl = "http://127.0.0.1/?n={caller}&o={order}"\ntimeout = 3\n',
    )
    asks, looks = made.step("a"), made.step("b")
    assert (asks.kind, asks.small, asks.least, asks.most, asks.ms, asks.value) == (COLLECT, 3, 4, 8, 9000, 0)
    assert made.ways("a") == ("b", "own.mailbox.office")
    assert (looks.kind, looks.what, looks.value, looks.ms) == (LOOK_UP, made.names.id("lookup", "crm"), 1, 3000)
    assert made.ways("b") == ("c", "own.queue.sales")
    assert made.exits("b") == {"FAILED": "a", "TIMED_OUT": "a"}
    assert (made.step("c").value, made.exits("c"), made.ways("c")[1]) == (NONE, {}, "own.mailbox.office")
    assert made.names.lookups[looks.what].url.endswith("{order}")


def test_each_ending_of_a_queue_may_have_a_way_of_its_own() -> None:
    made = compiled(
        'a: do = "queue"; queue = "sales"; full = "b"; empty = "mailbox.office"; waited = "person.anna"',
        'b: do = "chain"; chain = "all"; unanswered = "c"',
        'c: do = "voicemail"',
        before=SALES + '[chain.all]\nsteps = [{ people = ["anna"] }]\n',
    )
    assert (made.step("a").kind, made.ways("a")) == (QUEUE, ("own.mailbox.office", ""))
    assert made.exits("a") == {
        "QUEUE_FULL": "b",
        "QUEUE_EMPTY": "own.mailbox.office",
        "LEFT_EMPTY": "own.mailbox.office",
        "MAX_WAIT": "own.person.anna",
    }
    assert (made.step("b").kind, made.ways("b")) == (CHAIN, ("c", ""))
    assert made.step("c")[1:4] == (VOICEMAIL, 0, made.names.id("mailbox", "office"))


def test_a_department_closes_its_queue_outside_its_hours_wherever_a_call_comes_from() -> None:
    text = SALES.replace("[queue.sales]", '[queue.sales]\ndepartment = "us"\nextension = "200"')
    text += '[hours.day]\n[department.us]\npeople = ["boris"]\nhours = "day"\n'
    made = compiled(
        'a: do = "queue"; queue = "sales"; unanswered = "b"; full = "a2"',
        'b: do = "hang-up"',
        'a2: do = "voicemail"',
        before=text,
    )
    assert (made.step("a").kind, made.ways("a")) == (1, ("a.open", "b"))
    assert (made.step("a.open").kind, made.ways("a.open"), made.exits("a.open")) == (
        QUEUE,
        ("b", ""),
        {"QUEUE_FULL": "a2"},
    )
    extension = made.plan.dial(0, "200")
    assert made.path(extension) == "own.queue.sales"
    assert made.ways("own.queue.sales") == ("own.queue.sales.open", "own.mailbox.office")


@pytest.mark.parametrize(("own", "hours"), [("", "all-day"), ('hours = "day"', "day")])
def test_a_department_without_hours_has_those_of_its_branch(own: str, hours: str) -> None:
    text = SALES.replace("[queue.sales]", '[queue.sales]\ndepartment = "us"\nextension = "200"')
    text += '[hours.day]\n[hours.all-day]\n[branch.harbour]\nhours = "all-day"\n'
    text += f'[department.us]\nbranch = "harbour"\nhead = "anna"\npeople = ["boris"]\n{own}\n'
    made = compiled('a: do = "queue"; queue = "sales"', before=text)
    assert made.step("a").kind == 1
    assert made.plan["HOUR"][made.step("a").what][0] == made.names.id("hours", hours)


def test_people_are_rung_by_what_the_step_says() -> None:
    made = compiled(
        'a: do = "person"; person = "boris.all"; ring_for = 9; busy = "b"; unreachable = "c"; unanswered = "c"',
        'b: do = "person"; person = "boris.mobile"',
        'c: do = "manager"; ring_for = 11; mobile = true; unanswered = "d"',
        'd: do = "last-person"; unanswered = "person.boris"',
        before=MOBILE,
    )
    assert made.step("a")[1:4] == (PERSON, 9, 1)
    assert [made.step(name).least for name in "abcd"] == [3, 2, 3, 1]
    assert made.exits("a") == {"BUSY": "b", "RINGING": "b", "UNREACHABLE": "c"}
    assert made.step("b").small == 25
    assert [(made.step(name).kind, made.step(name).small) for name in "cd"] == [(MANAGER, 11), (LAST, 20)]
    assert (made.ways("c")[0], made.ways("d")[0]) == ("d", "own.person.boris")


def test_who_has_a_mobile_alone_is_rung_on_it_everywhere() -> None:
    text = MOBILE + '[person.carl]\nmobile = "8 611 11112"\nextension = "103"\n[queue.q]\npeople = ["anna", "carl"]\n'
    made = Compiled(text + '[scenario.main]\nopen = "carl"\n')
    assert made.step("own.person.carl").least == 2
    assert made.step("scenario.main.open").least == 2
    assert [member[:2] for member in made.plan["MEMB"]] == [(0, 1), (2, 2)]
    assert [person[-1] for person in made.plan["PRSN"]] == [0, 1 << CITY, 1 << CITY]


@pytest.mark.parametrize(
    ("asked", "what", "small", "text"),
    [
        ('attribute = "topic"; is = "x y"', 0, 0, "x y"),
        ('attribute = "topic"; begins = ""', 0, 1, ""),
        ('attribute = "topic"; less = 5', 0, 2, "5"),
        ('attribute = "topic"; more = 0', 0, 3, "0"),
        ('attribute = "topic"; empty = true', 0, 4, None),
        ('attribute = "caller"; is = "8 600 00001"', 0xFFFFFFFE, 0, "37060000001"),
        ('attribute = "caller"; begins = "+3706"', 0xFFFFFFFE, 1, "3706"),
        ('attribute = "called"; is = "101"', 0xFFFFFFFD, 0, "101"),
        ('attribute = "caller"; empty = true', 0xFFFFFFFE, 4, None),
    ],
)
def test_a_number_is_compared_as_a_number_however_it_is_written(
    asked: str, what: int, small: int, text: str | None
) -> None:
    """GlomarGadaffi/pocket-dial PR#237: numbers compared as raw text fail silently."""
    made = compiled(
        'a: do = "set"; attribute = "topic"; value = "x"; next = "b"',
        f'b: do = "compare"; {asked}; yes = "person.anna"; no = "c"',
        'c: do = "hang-up"; cause = "busy"',
    )
    step = made.step("b")
    assert (step.kind, step.what, step.small) == (COMPARE, what, small)
    assert (made.plan.text(step.value) if step.value != NONE else None) == text
    assert made.ways("b") == ("own.person.anna", "c")
    assert made.step("c")[1:4] == (HANG_UP, 0, 17)


def test_load_history_trust_lists_skills_and_priority_are_as_the_steps_say() -> None:
    made = compiled(
        'a: do = "load"; queue = "sales"; longest_wait = 90; yes = "b"; no = "b"',
        'b: do = "history"; of = "spoken-to"; yes = "c"; no = "d"',
        'c: do = "trust"; least = "network"; enough = "d"; less = "e"',
        'd: do = "callers"; callers = "vip"; listed = "e"; others = "f"',
        'e: do = "skill"; skill = "german"; level = 40; next = "f"',
        'f: do = "priority"; add = 7; next = "g"',
        'g: do = "hours"; hours = "day"; open = "h"; closed = "mailbox.office"',
        'h: do = "action"; action = "gate"; next = "queue.sales"',
        before=SALES
        + "[skill.french]\n[skill.german]\n[callers.all]\n[callers.vip]\n[hours.day]\n[mqtt]\n"
        + '[action.gate]\nlines = ["city"]\nleast_trust = "network"\ntopic = "t"\npayload = ""\n',
    )
    steps = {name: made.step(name) for name in "abcdefgh"}
    assert [steps[name].kind for name in "abcdefgh"] == [LOAD, HISTORY, TRUST, LIST, SKILL, PRIORITY, 1, ACTION]
    assert [steps[name].what for name in "abcdefgh"] == [0, 0, 0, 1, 1, 0, 0, 0]
    assert [steps[name].small for name in "abcdefgh"] == [3, 2, 3, 0, 40, 7, 0, 0]
    assert steps["a"].ms == 90
    assert (made.ways("c"), made.ways("d")) == (("d", "e"), ("e", "f"))
    assert made.ways("h") == ("own.queue.sales", "own.mailbox.office")
    assert made.plan["ACTN"][0][1:] == (NONE, 1 << CITY, 0, 3)


def test_a_call_is_transferred_through_the_lines_in_turn() -> None:
    made = compiled(
        'a: do = "transfer"; number = "8 5 200 0077"; lines = ["two", "city"]; confirm = true; ring_for = 25; unanswered = "b"',
        'b: do = "transfer"; number = "+37052000078"',
        before=WIRED + '[line.two]\nkind = "sip"\nhost = "192.0.2.2"\n[outside]\nprefix = "9"\nlines = ["two"]\n',
    )
    first, second, third = made.step("a"), made.step("a.city"), made.step("b")
    assert [(step.kind, step.what, step.small, step.least) for step in (first, second, third)] == [
        (OUTSIDE, 2, 0, 1),
        (OUTSIDE, 1, 0, 1),
        (OUTSIDE, 2, 0, 0),
    ]
    assert [made.plan.text(step.value) for step in (first, second, third)] == ["+37052000077"] * 2 + ["+37052000078"]
    assert (made.ways("a"), made.ways("a.city"), made.ways("b")[0]) == (
        ("a.city", "b"),
        ("b", "b"),
        "own.mailbox.office",
    )
    assert [step.ms for step in (first, second, third)] == [25_000, 25_000, 60_000]
    assert made.plan.step(made.plan.dial(0, "9112")).value == NONE


@pytest.mark.parametrize(
    "kind", ["queue.sales", "chain.all", "person.anna", "mailbox.office", "scenario.main", "scenario.b"]
)
def test_a_call_can_be_sent_to_everything_that_takes_calls(kind: str) -> None:
    text = SALES + '[chain.all]\nsteps = [{ people = ["anna"] }]\n[scenario.b]\nopen = "chain.all"\n'
    made = compiled('a: do = "menu"; prompt = "hello"; keys = { 1 = "a", 2 = "scenario.b" }', before=text)
    first = {"scenario.main": "a", "scenario.b": "scenario.b.open"}.get(kind, f"own.{kind}")
    own, same = (made.step(name)._replace(id=0, first_exit=0) for name in (f"own.{kind}", first))
    assert own == same
    assert made.exits(f"own.{kind}") == made.exits(first)
    assert made.exits("a")["2"] == "scenario.b.open"
    walked = made.plan.walk(made.at(f"own.{kind}")) if kind != "scenario.main" else [(0, 0)]
    assert kind == "scenario.main" or walked[-1] == (VOICEMAIL, made.names.id("mailbox", "office"))


def test_a_line_is_closed_before_all_its_numbers_and_its_scenario() -> None:
    text = SALES + 'X\n[hours.day]\n[line.two]\nkind = "sip"\nhost = "192.0.2.2"\nhours = "day"\nclosed = "boris"\n'
    text += 'numbers = { "+37052000001" = "queue.sales", "+37052000002" = "queue.sales" }\n'
    made = Compiled(text.replace("X\n", "") + '[scenario.main]\nopen = "anna"\n')
    two = 2
    looks = made.plan.step(made.plan.dial(two, "1"))
    assert (looks.kind, made.path(looks.next), made.path(looks.other)) == (1, "scenario.main.open", "own.person.boris")
    sales = made.plan.dial(two, "37052000001")
    assert sales == made.plan.dial(two, "37052000002")
    assert (made.plan.step(sales).kind, made.path(made.plan.step(sales).next)) == (1, "own.queue.sales")
    assert made.first() == "scenario.main.open"


def test_callers_who_are_refused_never_reach_a_scenario_or_a_number() -> None:
    text = SALES.replace('"192.0.2.1"', '"192.0.2.1"\nnumbers = { "+37052000001" = "queue.sales" }')
    text += '[callers.a]\nrefuse = "busy"\n[callers.friends]\n[callers.b]\nrefuse = "silence"\n'
    text += '[callers.c]\nrefuse = "message"\nprompt = "bye"\n[prompt.bye]\nfile = "/bye.wav"\n'
    made = Compiled(text + '[scenario.main]\nopen = "anna"\n')
    for called, to in (("1", "scenario.main.open"), ("37052000001", "own.queue.sales")):
        at = made.plan.dial(CITY, called)
        ways = []
        while (step := made.plan.step(at)).kind == LIST:
            ways.append((step.what, made.path(step.next)))
            at = step.other
        assert ways == [(0, "callers.a.refuse"), (2, "callers.b.refuse"), (3, "callers.c.refuse")]
        assert made.path(at) == to
    assert made.step("callers.a.refuse")[1:4] == (HANG_UP, 0, 17)
    silent = made.step("callers.b.refuse")
    assert (silent.kind, silent.what, silent.ms) == (LOOK_UP, made.names.id("lookup", "silence"), 60_000)
    assert silent.what not in made.names.lookups
    assert made.plan.step(silent.other)[1:4] == (HANG_UP, 0, 21)
    said = made.step("callers.c.refuse")
    assert (said.kind, made.plan.step(said.next).kind) == (SAY, HANG_UP)
    assert made.path(made.plan.dial(0, "101")) == "own.person.anna"


def test_the_whole_office_of_the_docs_has_every_kind_of_step() -> None:
    made = Compiled(FULL.read_text())
    assert {step[1] for step in made.plan["STEP"]} == set(range(1, 25))
    assert {made.names.named(row[0]) for row in made.plan["SKIL"]} == {("skill", "german"), ("skill", "repairs")}
    assert made.names.title(made.names.id("department", "sales")) == "Sales"
    assert made.names.title(made.names.id("prompt", "order")) == "Number of the order"
    assert made.names.title(made.names.id("attribute", "topic")) == "topic"


def test_one_document_always_comes_to_the_same_plan() -> None:
    text = FULL.read_text()
    assert compile(settings(text), NOW)[0] == compile(settings(text), NOW)[0]


def test_a_document_without_steps_needs_none() -> None:
    assert Compiled(TWO).plan["LINE"][0][1] == NONE
