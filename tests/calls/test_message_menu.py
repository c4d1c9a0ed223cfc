# SPDX-License-Identifier: GPL-2.0-or-later
"""The telephone menu of a mailbox, key by key."""

import random

import pytest

from appliance.calls.message_menu import (
    Answer,
    At,
    Box,
    CallBack,
    Choice,
    Delete,
    End,
    Enter,
    Entry,
    Greeting,
    Hear,
    HearGreeting,
    Mark,
    MessageMenu,
    Open,
    Record,
    Stop,
    Wait,
)
from appliance.languages.spoken import Spoken

NOON, HOUR = 1_790_000_000_000, 3_600_000  # ms UTC
ONE, TWO, OLD = 11, 12, 13
BOX = Box(
    "sales",
    (
        Entry(ONE, "+37060000001", NOON - HOUR, "new"),
        Entry(TWO, "", NOON - 24 * HOUR, "new"),
        Entry(OLD, "102", NOON - 240 * HOUR, "heard"),
    ),
    NOON,
)
WORDS = Spoken("en")


class Listener:
    """Somebody on the telephone: hears everything to its end unless he presses a key, and notes what was done."""

    def __init__(self, box: Box | None = BOX, may_call_back: bool = True) -> None:
        self.menu = MessageMenu(WORDS, may_call_back)
        self.heard: list[str | int] = []
        self.done: list[object] = []
        if box:
            self.take(self.menu.opened(box))

    def take(self, answer: Answer) -> None:
        for one in answer:
            match one:
                case Hear(parts=parts):
                    self.heard += parts
                    if parts:
                        self.take(self.menu.ended())
                case HearGreeting(then=then):
                    self.heard += ["his greeting", then]
                    self.take(self.menu.ended())
                case Wait():
                    pass
                case _:
                    self.done.append(one)

    def press(self, keys: str) -> list[str | int]:
        """What he heard since."""
        self.heard = []
        for key in keys:
            self.take(self.menu.key(key))
        return self.heard

    def said(self, key: str) -> str:
        return WORDS.say(key)


def test_he_hears_how_many_there_are_and_then_what_he_may_press() -> None:
    assert Listener().heard == ["You have 2 new messages and 1 old message.", WORDS.say("main")]
    assert Listener(Box("x", (), NOON)).heard == ["You have no messages.", WORDS.say("main-empty")]


def test_he_listens_and_it_is_no_longer_new() -> None:
    him = Listener()
    heard = him.press("5")
    assert heard == ["New message 1.", "From 3 7 0 6 0 0 0 0 0 0 1.", "Today at 13:13.", ONE, WORDS.say("after")]
    assert him.done == [Mark(ONE, "heard")]
    assert him.press("5")[0] == "Message 1."
    assert him.done == [Mark(ONE, "heard")]


def test_a_message_passed_over_before_it_was_heard_stays_new() -> None:
    menu = MessageMenu(WORDS)
    menu.opened(BOX)
    menu.key("5")
    assert menu.key("6") == [Hear((WORDS.message(2, "new"), WORDS.say("withheld"), WORDS.time(NOON - 24 * HOUR, NOON)))]


def test_next_and_previous_and_their_ends() -> None:
    him = Listener()
    assert ONE in him.press("5")
    assert him.press("4") == [WORDS.say("no-previous"), WORDS.say("after")]
    assert TWO in him.press("6")
    assert OLD in him.press("6")
    assert him.press("6") == [WORDS.say("no-next"), WORDS.say("after")]
    assert TWO in him.press("4")


def test_number_and_time_are_told_again() -> None:
    him = Listener()
    him.press("5")
    assert him.press("3") == ["From 3 7 0 6 0 0 0 0 0 0 1.", "Today at 13:13.", WORDS.say("after")]


def test_what_he_deletes_goes_when_he_is_gone_and_not_before() -> None:
    him = Listener()
    him.press("5")
    assert him.press("7")[0] == "Deleted."
    assert TWO in him.heard  # and on to the next
    assert Delete(ONE) not in him.done
    him.press("#")
    assert him.done[-2:] == [Delete(ONE), End()]


def test_what_he_deletes_is_kept_after_all_when_he_says_so() -> None:
    him = Listener()
    him.press("5")
    him.press("7")
    him.press("4")
    assert him.heard[-1] == WORDS.say("after-deleted")
    assert him.press("7") == ["Not deleted.", WORDS.say("after")]
    him.press("#")
    assert not any(isinstance(one, Delete) for one in him.done)


def test_who_hangs_up_has_deleted_too() -> None:
    him = Listener()
    him.press("57")
    assert him.menu.hung_up() == [Delete(ONE)]
    assert him.menu.hung_up() == []


def test_saving_takes_back_a_deletion() -> None:
    him = Listener()
    him.press("5")
    him.press("7")
    him.press("4")
    assert him.press("9") == ["Saved.", WORDS.say("after")]
    assert Mark(ONE, "saved") in him.done
    assert him.menu.hung_up() == []


def test_he_calls_back_who_left_it() -> None:
    him = Listener()
    him.press("5")
    assert him.press("8") == [WORDS.say("calling")]
    assert him.done[-1] == CallBack(ONE)
    assert him.press("5") == [], "he is the menu's no longer"


def test_who_withheld_his_number_cannot_be_called_back() -> None:
    him = Listener()
    him.press("56")
    assert him.press("8") == [WORDS.say("withheld"), WORDS.say("after")]
    assert not any(isinstance(one, CallBack) for one in him.done)


def test_he_records_his_greeting_hears_it_and_keeps_it() -> None:
    him = Listener()
    assert him.press("0") == [WORDS.say("greeting")]
    assert him.done == [Record()]
    him.press("#")
    assert him.done == [Record(), Stop()]
    him.heard = []
    him.take(him.menu.recorded(True))
    assert him.heard == ["his greeting", WORDS.say("greeting-review")]
    assert him.press("1") == [WORDS.say("greeting-kept"), WORDS.say("main")]
    assert him.done[-1] == Greeting(True)


@pytest.mark.parametrize(
    ("key", "said", "done"), [("3", "greeting-usual", [Greeting(False)]), ("*", "greeting-as-before", [])]
)
def test_or_takes_the_usual_one_or_leaves_it_as_it_was(key: str, said: str, done: list[object]) -> None:
    him = Listener()
    him.press("0#")
    him.take(him.menu.recorded(True))
    before = len(him.done)
    assert him.press(key)[0] == WORDS.say(said)
    assert him.done[before:] == done


def test_a_greeting_of_nothing_is_not_kept() -> None:
    him = Listener()
    him.press("0#")
    him.heard = []
    him.take(him.menu.recorded(False))
    assert him.heard == [WORDS.say("not-possible"), WORDS.say("main")]


def test_somebody_else_gives_number_and_pin() -> None:
    him = Listener(None)
    him.take(him.menu.ask())
    assert him.press("299#") == [WORDS.say("pin")]
    him.press("4711#")
    assert him.done == [Open("299", "4711")]
    assert him.press("5#0") == [], "keys pressed while it is tried open nothing"
    him.take(him.menu.opened(BOX))
    assert him.menu.at is At.MAIN


def test_a_star_begins_the_digits_anew_and_too_many_are_not_cut() -> None:
    him = Listener(None)
    him.take(him.menu.ask("299"))
    him.press("99*4711#")
    assert him.done == [Open("299", "4711")]
    him = Listener(None)
    him.take(him.menu.ask("299"))
    him.press("1" * 40 + "#")
    assert him.done == [Open("299", "1" * 13)]


def test_three_wrong_pins_are_all_he_has() -> None:
    him = Listener(None)
    him.take(him.menu.ask("299"))
    for _ in range(3):
        if him.menu.at is At.NUMBER:
            him.press("299#")
        him.press("0000#")
        him.heard = []
        him.take(him.menu.refused())
    assert him.heard == [WORDS.say("wrong"), WORDS.say("bye")]
    assert him.done[-1] == End()


def test_who_is_locked_out_is_told_so_and_the_call_ends() -> None:
    him = Listener(None)
    him.take(him.menu.ask("299"))
    him.press("0000#")
    him.heard = []
    him.take(him.menu.locked())
    assert him.heard == [WORDS.say("locked")]
    assert him.done[-1] == End()


def test_who_presses_nothing_is_told_again_and_then_let_go() -> None:
    him = Listener()
    him.heard = []
    him.take(him.menu.silent())
    him.take(him.menu.silent())
    assert him.heard == [WORDS.say("main")] * 2
    him.take(him.menu.silent())
    assert him.heard[-1] == WORDS.say("bye")
    assert him.done == [End()]


def test_whatever_is_pressed_whenever_no_message_goes_that_was_not_deleted() -> None:
    for seed in range(2000):
        dice = random.Random(seed)
        menu, gone = MessageMenu(WORDS), []
        answers = [menu.opened(BOX)]
        for _ in range(dice.randrange(40)):
            match dice.randrange(6):
                case 0:
                    answers.append(menu.ended())
                case 1:
                    answers.append(menu.recorded(dice.random() < 0.5))
                case 2 if dice.random() < 0.2:
                    answers.append(menu.silent())
                case _:
                    answers.append(menu.key(dice.choice("0123456789*#")))
        answers.append(menu.hung_up())
        gone = [one.message for answer in answers for one in answer if isinstance(one, Delete)]
        assert len(gone) == len(set(gone))
        assert menu.at is At.OVER
        assert menu.key("7") == [] and menu.hung_up() == []


# ---- several mailboxes ----------------------------------------------------------------------------------------------

HIS = (Choice("anna", "Anna", 0), Choice("sales", "Sales", 2))


def test_he_hears_which_mailboxes_are_his_and_opens_one_by_its_key() -> None:
    menu = MessageMenu(WORDS, choices=HIS)
    assert menu.choose() == [Hear(("Anna: nothing new. Press 1.", "Sales: 2 new messages. Press 2."))]
    assert menu.key("3") == []
    assert menu.key("2") == [Hear(()), Enter("sales")]
    assert menu.opened(BOX) == [Hear(("You have 2 new messages and 1 old message.",))]
    assert menu.ended() == [Hear((WORDS.say("main"), "2 for another mailbox."))]


def test_he_goes_on_to_another_mailbox_and_what_he_deleted_in_the_first_is_gone() -> None:
    menu = MessageMenu(WORDS, choices=HIS)
    menu.opened(BOX)
    menu.key("5")
    menu.ended()
    menu.key("7")
    assert menu.key("2") == [Delete(ONE), Hear(("Anna: nothing new. Press 1.", "Sales: 1 new message. Press 2."))]
    assert menu.key("1") == [Hear(()), Enter("anna")]
    assert menu.opened(Box("anna", (), NOON)) == [Hear(("You have no messages.",))]
    assert menu.key("5") == [Hear((WORDS.say("none"),))]
    assert menu.hung_up() == []


def test_who_has_one_mailbox_alone_is_told_of_no_other() -> None:
    one = Listener()
    assert one.press("2") == [] and "2 for another mailbox." not in one.press("5")


def test_who_says_nothing_hears_his_mailboxes_again_and_then_it_ends() -> None:
    menu = MessageMenu(WORDS, choices=HIS)
    menu.choose()
    assert menu.silent() == menu.silent() == menu.choose()
    assert menu.silent() == [Hear((WORDS.say("bye"),))]
    assert menu.ended() == [End()]
