# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that go round: whoever keeps one up, a person who is silent or a scenario that leads back, it ends in a mailbox."""

from tests.core.both import Both
from tests.core.box import Box
from tests.core.plans import Office

NIGHT = {"seconds": 5, "extra": 3}  # how long a key is waited for, how often the words are said


def night_desk(*, mailbox: bool = True) -> Office:
    """A menu that leads back to itself, by a word of thanks, when nothing is pressed; 1 is the same, 2 is Anna."""
    office = Office()
    office.line("city", "night")
    office.line("desks")
    office.line("gsm")
    office.person("anna")
    exits: dict[str | int, str] = {"1": "night", "2": "anna"}
    office.step("night", "menu", "night", other="thanks", exits=exits, **NIGHT)  # type: ignore[arg-type]
    office.step("thanks", "say", "thanks", next="night")
    office.step("anna", "person", "anna", next="thanks", extra=20)
    if mailbox:
        office.step("mailbox", "voicemail", "office")
    return office


def listens_on(box: Box, call: str, wanted: list[str]) -> list[str]:
    """What the caller hears, to its end and in silence, till nothing more is said."""
    heard = []
    while wanted and ("ASKS" in wanted[-1] or "SAYS" in wanted[-1]):
        heard.append(wanted[-1].removeprefix(f"{call} "))
        box.done(call)
        wanted = box.wants() or box.wait(5)
    return [*heard, *wanted]


def test_who_hears_a_menu_round_and_round_and_presses_nothing_leaves_a_message() -> None:
    box = Box(night_desk())
    box.arrives("city")
    heard = listens_on(box, "A", box.wants())
    assert heard[:4] == ["ASKS night"] * 3 + ["SAYS thanks"]
    assert len(heard) == 33
    assert heard[-1] == "A MAILBOX office"
    assert box.reasons()[-1] == "STEP mailbox LOOP"
    box.done("A")
    assert box.wants() == ["A ENDED 16", "A OVER voicemail"]


def test_who_presses_a_key_is_heard_out_as_often_again() -> None:
    box = Box(night_desk())
    box.arrives("city")
    wanted = box.wants()
    for _ in range(30):
        box.done("A")
        wanted = box.wants() or box.wait(5)
    box.digit("A", "1")
    heard = listens_on(box, "A", box.wants())
    assert heard.count("ASKS night") + heard.count("SAYS thanks") == 32
    assert wanted and heard[-1] == "A MAILBOX office"


def test_a_caller_somebody_sends_back_to_a_menu_is_heard_out_as_often_again() -> None:
    box = Box(night_desk())
    box.arrives("city")
    box.wants()
    for _ in range(30):
        box.done("A")
        box.wait(5)
    box.sent("A", "night")
    assert len(listens_on(box, "A", [box.wants()[-1]])) == 33


def test_who_presses_keys_for_ever_comes_to_the_mailbox_after_a_thousand_steps() -> None:
    box = Box(night_desk())
    box.arrives("city")
    wanted = box.wants()
    pressed = 0
    while "A MAILBOX office" not in wanted and pressed < 1100:
        box.digit("A", "1")
        wanted = box.wants()
        pressed += 1
    assert (pressed, wanted[-1]) == (1000, "A MAILBOX office")
    assert box.reasons()[-1] == "STEP mailbox LOOP"


def test_a_scenario_that_goes_round_in_circles_without_a_wait_ends_in_the_mailbox() -> None:
    office = Office()
    office.hours("office", (0, 1))
    office.line("city", "round")
    office.step("round", "hours", "office", next="round", other="round")
    office.step("mailbox", "voicemail", "office")
    box = Box(office)
    box.arrives("city")
    assert box.wants() == ["A ANSWERED", "A MAILBOX office"]
    told = box.reasons()
    assert told[-1] == "STEP mailbox LOOP"
    assert sum(line.startswith("STEP round") for line in told) == 64


def test_where_there_is_no_mailbox_a_call_that_goes_round_is_ended() -> None:
    box = Box(night_desk(mailbox=False))
    box.arrives("city")
    assert listens_on(box, "A", box.wants())[-2:] == ["A ENDED 25", "A OVER refused"]
    assert box.reasons()[-1] == "OVER LOOP"


def test_a_caller_who_waits_and_is_asked_for_patience_comes_to_the_mailbox_too() -> None:
    office = Office()
    office.person("anna")
    office.queue("sales", "anna", max_wait=30, music=False)
    office.line("city", "sales")
    office.step("sales", "queue", "sales", next="patience")
    office.step("patience", "say", "patience", next="sales")
    office.step("mailbox", "voicemail", "office")
    box = Box(office)
    box.status("anna", "break")
    box.arrives("city")
    said, wanted = 0, box.wait(30)
    while "A SAYS patience" in wanted:
        said += 1
        box.done("A")
        wanted = box.wait(30)
    assert (said, wanted) == (32, ["A MAILBOX office"])


def test_core_and_model_end_a_silent_call_alike() -> None:
    for mailbox, left in ((True, ["recording"]), (False, [])):
        both = Both(night_desk(mailbox=mailbox))
        both.arrives(1, 0)
        both.is_silent(0, 31)
        assert [both.model.calls[call].state for call in both.under_way] == left
        both.end()
