# SPDX-License-Identifier: GPL-2.0-or-later
"""What callers who wait are told, and when: the real core, lines and people that do as the test says."""

import asyncio
from collections.abc import Callable

import pytest

from appliance import sounds
from appliance.calls.pace import Expected, Ready, remaining, told, turn
from appliance.control.board import Board
from appliance.control.messages import Queue
from tests.calls.office import OFFICE, Office

MINUTE = 60_000
MUSIC = str(sounds.path("music"))
SALES = 'people = ["anna", "boris"]\n'
PROMPTS = '[prompt.jazz]\nfile = "/jazz.wav"\n[prompt.new]\nfile = "/new.wav"\n[prompt.old]\nfile = "/old.wav"\n'


def spoken(text: str, language: str) -> str:
    return f"/{language}/{text}"


def office(offices: Callable[..., Office], queue: str, more: str = "", **how: object) -> Office:
    assert SALES in OFFICE
    document = OFFICE.replace(SALES, SALES + queue) + PROMPTS + more
    return offices(document, **{"spoken": spoken} | how)


async def hears(at: Office, leg: int, file: str) -> int:
    """Until a caller hears this file; its player."""
    for _ in range(500):
        for listener, source in at.lines.heard:
            if listener == leg and at.lines.files.get(source) == file:
                return source
        await asyncio.sleep(0.01)
    raise AssertionError(f"{file} is not heard but {[at.lines.files.get(s) for to, s in at.lines.heard if to == leg]}")


def answer(at: Office, phone: str) -> None:
    at.control.answered(at.leg(phone))


async def test_a_caller_is_told_his_place_and_hears_the_music_of_the_queue_after_it(
    offices: Callable[..., Office],
) -> None:
    at = office(offices, 'music_prompt = "jazz"\nannounce_position = true\n')
    at.call_in(leg=1)
    at.control.played(await hears(at, 1, "/en/Your call is next."))
    await hears(at, 1, "/jazz.wav")
    assert len(at.lines.heard) == 1, "music and words at once"


async def test_a_place_is_right_when_those_before_him_leave(offices: Callable[..., Office], fast: None) -> None:
    at = office(offices, "announce_position = true\nannounce_every = 1\n")
    for leg in (1, 2, 3):
        at.call_in(f"+3706000000{leg}", leg)
    player = await hears(at, 3, "/en/You are number 3 in line.")
    at.control.over(2, 16)
    at.control.played(player)
    at.control.played(await hears(at, 3, "/en/You are number 2 in line."))
    answer(at, "desk1")
    await hears(at, 3, "/en/Your call is next.")


async def test_who_comes_first_by_priority_puts_the_others_a_place_back(
    offices: Callable[..., Office], fast: None
) -> None:
    first = '[callers.vip]\nnumbers = { "+37060000009" = "Ms First" }\npriority = 9\n'
    at = office(offices, "announce_position = true\nannounce_every = 1\n", first)
    at.call_in("+37060000002", 2)
    player = await hears(at, 2, "/en/Your call is next.")
    at.call_in("+37060000009", 9)
    await hears(at, 9, "/en/Your call is next.")
    at.control.played(player)
    await hears(at, 2, "/en/You are number 2 in line.")
    assert [call.caller for call in at.control.waiting("sales")] == ["+37060000009", "+37060000002"]


async def test_everybody_sees_who_is_served_next_and_since_when_the_first_has_waited(
    offices: Callable[..., Office],
) -> None:
    told: list[Queue] = []

    class Watched:
        watched = True

        def tell(self, kind: object, **what: object) -> None:
            told.extend(one for one in what.values() if isinstance(one, Queue))

    first = '[callers.vip]\nnumbers = { "+37060000009" = "Ms First" }\npriority = 9\n'
    at = office(offices, "", first)
    board = Board(at.control, Watched())  # type: ignore[arg-type]
    at.call_in("+37060000002", 2)
    early = at.call
    at.call_in("+37060000009", 9)
    [late] = (call for call in at.control.calls.values() if call is not early)
    board.queue_changed("sales")
    await asyncio.sleep(0)
    [seen] = told
    assert seen.waiting == (late.id, early.id) and seen.oldest == early.queued_at


async def test_the_announcement_stops_as_somebody_answers_and_nothing_is_told_any_more(
    offices: Callable[..., Office], fast: None
) -> None:
    at = office(offices, 'announce_position = true\nannounce_every = 1\npromotions = ["new"]\n')
    at.call_in(leg=1)
    player = await hears(at, 1, "/en/Your call is next.")
    rung = at.leg("desk1")
    answer(at, "desk1")
    assert player in at.lines.over
    assert at.lines.heard == {(1, rung), (rung, 1)}, "the same moment, both hear each other and nothing else"
    files = len(at.lines.files)
    await asyncio.sleep(0.2)
    assert len(at.lines.files) == files and at.lines.heard == {(1, rung), (rung, 1)}


async def test_who_is_answered_while_he_hears_music_is_told_nothing_any_more(
    offices: Callable[..., Office], fast: None
) -> None:
    at = office(offices, 'promotions = ["new"]\npromote_every = 10\n')
    at.call_in(leg=1)
    at.control.played(await hears(at, 1, "/new.wav"))
    await hears(at, 1, MUSIC)
    rung = at.leg("desk1")
    answer(at, "desk1")
    files = len(at.lines.files)
    await asyncio.sleep(0.3)
    assert len(at.lines.files) == files and at.lines.heard == {(1, rung), (rung, 1)}


async def test_those_who_are_rung_are_rung_on_while_he_is_told_something(
    offices: Callable[..., Office], fast: None
) -> None:
    at = office(offices, "announce_position = true\nannounce_every = 1\n")
    at.call_in(leg=1)
    at.control.rang(at.leg("desk1"))
    at.control.played(await hears(at, 1, "/en/Your call is next."))
    await hears(at, 1, "/en/Your call is next.")
    rung = [leg for phone in ("desk1", "desk2") for leg in at.lines.legs[phone]]
    assert len(rung) == 2 and not any(at.asked("hang up", leg) for leg in rung)


async def test_somebody_who_is_rung_later_does_not_cut_off_what_is_being_said(offices: Callable[..., Office]) -> None:
    at = office(offices, "announce_position = true\n")
    at.control.set_status("boris", "away", "")
    at.call_in(leg=1)
    player = await hears(at, 1, "/en/Your call is next.")
    assert "desk2" not in at.lines.legs
    at.control.set_status("boris", "available", "")
    assert at.leg("desk2"), "he is rung now"
    assert (1, player) in at.lines.heard and len(at.lines.heard) == 1


async def test_promotions_come_in_turn(offices: Callable[..., Office], fast: None) -> None:
    at = office(offices, 'promotions = ["new", "old"]\npromote_every = 10\n')
    at.call_in(leg=1)
    for file in ("/new.wav", "/old.wav", "/new.wav"):
        at.control.played(await hears(at, 1, file))


async def test_a_text_is_said_again_and_again_instead_of_music(offices: Callable[..., Office], fast: None) -> None:
    wait = '[prompt.wait]\ntext = "Please wait."\nlanguage = "en"\n'
    at = office(offices, 'music_prompt = "wait"\n', wait)
    at.call_in(leg=1)
    first = await hears(at, 1, "/en/Please wait.")
    at.control.played(first)
    assert await hears(at, 1, "/en/Please wait.") != first


@pytest.mark.parametrize("prompt", ['file = "/jazz.wav"', 'text = "Please wait."'])
async def test_music_that_is_broken_gives_way_to_our_own(offices: Callable[..., Office], prompt: str) -> None:
    how = {"spoken": lambda text, language: ""}
    at = office(offices, 'music_prompt = "wait"\n', f"[prompt.wait]\n{prompt}\n", **how)
    at.call_in(leg=1)
    await asyncio.sleep(0)
    if "file" in prompt:
        at.lines.gone(at.lines.port("/jazz.wav"))
        at.control.stopped(at.lines.port("/jazz.wav"), "it cannot be opened")
    [(leg, player)] = at.lines.heard
    assert leg == 1 and at.lines.files[player].endswith("music.wav")


async def test_what_cannot_be_spoken_is_left_out_and_the_music_goes_on(offices: Callable[..., Office]) -> None:
    at = office(offices, "announce_position = true\n", spoken=lambda text, language: "")
    at.call_in(leg=1)
    await asyncio.sleep(0.05)
    [(_, player)] = at.lines.heard
    assert at.lines.files[player].endswith("music.wav")
    answer(at, "desk1")
    assert at.call.person == "anna"


async def test_a_promotion_that_fails_is_passed_over(offices: Callable[..., Office], fast: None) -> None:
    at = office(offices, 'promotions = ["new", "old"]\npromote_every = 10\n')
    at.call_in(leg=1)
    at.control.stopped(await hears(at, 1, "/new.wav"), "not a WAV file")
    await hears(at, 1, "/old.wav")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "/uk/Ваш дзвінок наступний."),
        ('[callers.russian]\nnumbers = { "+37060000002" = "" }\nlanguage = "ru"\n', "/ru/Ваш звонок следующий."),
    ],
    ids=["of his line", "of a list he is on"],
)
async def test_he_is_told_in_his_language(offices: Callable[..., Office], more: str, says: str) -> None:
    document = OFFICE.replace(SALES, SALES + "announce_position = true\n")
    document = document.replace('host = "192.0.2.7"\n', 'host = "192.0.2.7"\nlanguage = "uk"\n') + more
    at = offices(document, spoken=spoken)
    at.call_in("+37060000002", 1)
    await hears(at, 1, says)


async def test_he_is_told_in_the_language_he_chose_in_a_menu_and_prompts_are_too(
    offices: Callable[..., Office],
) -> None:
    menu = (
        '[scenario.main]\nstart = "ask"\n[scenario.main.step.ask]\ndo = "menu"\nprompt = "ask"\nattribute = "language"\n'
        'keys = { 1 = { to = "hello", value = "en" }, 2 = { to = "hello", value = "ru" } }\n'
        '[scenario.main.step.hello]\ndo = "say"\nprompt = "hello"\nnext = "queue.sales"\n'
        '[prompt.ask]\nfile = "/ask.wav"\n[prompt.hello]\ntext = "Welcome."\nlanguages = { ru = "hello-ru" }\n'
        '[prompt.hello-ru]\ntext = "Здравствуйте."\nlanguage = "ru"\n'
    )
    document = OFFICE.replace(SALES, SALES + "announce_position = true\n")
    at = offices(document.replace('[scenario.main]\nopen = "sales"\n', menu), spoken=spoken)
    at.call_in("+37060000002", 1)
    await hears(at, 1, "/ask.wav")
    at.control.digit(1, "2")
    at.control.played(await hears(at, 1, "/ru/Здравствуйте."))
    await hears(at, 1, "/ru/Ваш звонок следующий.")


# ---- how long it takes ----------------------------------------------------------------------------------------------


async def answered_calls(at: Office, count: int, monkeypatch: pytest.MonkeyPatch, minutes: float) -> list[int]:
    """So many calls of the queue, each talked for so long; the clock of the office that can be set further."""
    clock = [at.control.now()]
    monkeypatch.setattr(at.control._routing, "now", lambda: clock[0])
    for leg in range(100, 100 + count):
        at.call_in("+37060000002", leg)
        answer(at, "desk1")
        clock[0] += round(minutes * MINUTE)
        at.control.over(leg, 16)
    return clock


async def test_the_wait_is_told_from_the_last_calls_and_who_is_there(
    offices: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = office(offices, "announce_wait = true\nmax_wait = 3600\n")
    at.control.set_status("boris", "away", "")
    await answered_calls(at, 3, monkeypatch, 4)
    at.call_in("+37060000003", 1)
    await hears(at, 1, "/en/The expected wait is less than one minute.")
    answer(at, "desk1")
    at.call_in("+37060000004", 2)
    await hears(at, 2, "/en/The expected wait is about 4 minutes.")
    at.call_in("+37060000005", 3)
    await hears(at, 3, "/en/The expected wait is about 8 minutes.")
    at.control.set_status("boris", "available", "")


@pytest.mark.parametrize("why", ["too few calls", "nobody is there", "a skill is wanted"])
async def test_a_wait_that_is_not_known_is_not_told(
    offices: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    skill = (
        '[skill.german]\n[scenario.other]\nstart = "one"\n[scenario.other.step.one]\ndo = "skill"\nskill = "german"\n'
    )
    more = skill + 'next = "queue.sales"\n' if why == "a skill is wanted" else ""
    at = office(offices, "announce_position = true\nannounce_wait = true\njoin_when_empty = true\n", more)
    await answered_calls(at, 2 if why == "too few calls" else 3, monkeypatch, 4)
    if why == "nobody is there":
        for person in ("anna", "boris"):
            at.control.set_status(person, "away", "")
    at.call_in("+37060000003", 1)
    if why == "a skill is wanted":
        at.control.send(at.call.id, "scenario.other")
    at.control.played(await hears(at, 1, "/en/Your call is next."))
    await hears(at, 1, MUSIC)


async def test_a_wait_that_proved_wrong_is_not_told_again(
    offices: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, fast: None
) -> None:
    at = office(
        offices, "announce_position = true\nannounce_wait = true\nannounce_every = 1\nmax_wait = 3600\nring_for = 300\n"
    )
    clock = await answered_calls(at, 3, monkeypatch, 4)
    at.call_in("+37060000003", 1)
    at.control.played(await hears(at, 1, "/en/Your call is next."))
    player = await hears(at, 1, "/en/The expected wait is less than one minute.")
    clock[0] += 61_000
    at.control.played(player)
    at.control.played(await hears(at, 1, "/en/Your call is next."))
    assert await hears(at, 1, "/en/Your call is next."), "his place is told all the same, and alone"


def test_a_call_that_has_lasted_goes_on_as_those_did_that_lasted_so_long() -> None:
    assert remaining(3, [2, 4, 8]) == Ready((1 + 5) / 2, True)
    assert remaining(9, [2, 4, 8]) == Ready(0, False), "nobody knows"


def test_the_turn_comes_after_those_before_him_with_as_many_as_are_there() -> None:
    assert turn(1, [Ready(3, True), Ready(1, True)], 10) == Ready(1, True)
    assert turn(3, [Ready(3, True), Ready(1, True)], 10) == Ready(11, True)
    assert turn(1, [Ready(0, False), Ready(5, True)], 10) == Ready(5, True), (
        "who talks longer than all is not counted on"
    )
    assert turn(2, [Ready(0, False)], 10) == Ready(10, False)


@pytest.mark.parametrize(
    ("minutes", "sure", "longest", "says"),
    [
        (0.0, True, 60, Expected(0, False)),
        (1.0, True, 60, Expected(0, False)),
        (1.1, True, 60, Expected(2, False)),
        (10.5, True, 60, Expected(15, False)),
        (31.0, True, 60, Expected(30, True)),
        (4.0, True, 2, Expected(2, True)),
        (0.0, False, 60, None),
        (4.5, False, 60, Expected(4, True)),
        (4.0, True, 0.5, None),
    ],
)
def test_a_wait_is_told_rounded_up_and_more_than_only_when_it_is(
    minutes: float, sure: bool, longest: float, says: Expected | None
) -> None:
    assert told(Ready(minutes * MINUTE, sure), longest * MINUTE) == says


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds between announcements are hundredths."""
    monkeypatch.setattr("appliance.calls.announcing.REST", 0.05)
    monkeypatch.setattr("appliance.calls.announcing.SECOND", 0.01)
