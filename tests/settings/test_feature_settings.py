# SPDX-License-Identifier: GPL-2.0-or-later
"""What is dialled means one thing, whatever codes, slots and extensions an office chooses."""

import pytest

from appliance.calls.features import dialled
from appliance.settings.feature_rules import slots
from tests.settings.documents import TWO, faults, settings

OUTSIDE = TWO + '[line.city]\nkind = "sip"\nhost = "192.0.2.1"\n[outside]\nprefix = "9"\nlines = ["city"]\n'
QUEUE = '[queue.sales]\npeople = ["anna"]\nextension = "01"\n'


@pytest.mark.parametrize(
    ("more", "path", "words"),
    [
        ('[features]\npickup = "*72"\n', "features.forward_always_on", '"*72" could be `features.pickup` too'),
        ('[features]\npickup = "101"\n', "features.pickup", '"101" is the extension of person.anna; accepted: another'),
        (
            '[features]\nforward_busy_on = "10"\n',
            "features.forward_busy_on",
            '"10" is the beginning of "101", the extension of person.anna',
        ),
        ('[features]\ndnd_on = "75"\n', "features.dnd_on", '"75" is a slot of parking'),
        (
            '[features]\nforward_always_on = "*6"\n',
            "features.forward_always_on",
            '"*6" with a number behind it could be',
        ),
        ('[features]\nswap = "##"\n', "features.swap", '"##" is `features.transfer`'),
        ('[features]\nthree_way = "*0*"\n', "features.three_way", '"*0*" begins as `features.swap`'),
        ('[features]\npickup = "8"\n', "features.pickup", "2 to 6 of 0 to 9"),
        ('[features]\ndnd_on = "112"\n', "features.dnd_on", "keep people from calling for help"),
        ('[parking]\nfirst = "98"\n', "parking.first", '"101" is the extension of person.anna; accepted: other slots'),
        ('[room.board]\nextension = "101"\n', "room.board.extension", '"101" is the extension of person.anna'),
        ('[room.board]\nextension = "300"\npin = "12"\n', "room.board.pin", "4 to 12 digits"),
        ('[hold]\nkeys = { 1 = "prices" }\n', "hold.keys.1", 'there is no prompt "prices"'),
        ('[hold]\nprompt = "prices"\n', "hold.prompt", 'there is no prompt "prices"'),
    ],
)
def test_what_could_mean_two_things_is_told_with_its_place(more: str, path: str, words: str) -> None:
    told = [str(fault) for fault in faults(TWO + more)]
    assert any(f" {path}: " in one and words in one for one in told), told


def test_a_code_does_not_begin_as_numbers_outside_do() -> None:
    [fault] = faults(OUTSIDE + '[features]\ndnd_on = "91"\n')
    assert 'features.dnd_on: "91" begins with the outside prefix "9"' in str(fault)


def test_a_page_and_a_pickup_that_are_dialled_alike_are_told_to_who_chooses_codes() -> None:
    """*81 and 01, or *8 and 101: a document that chooses none must not be refused, and the longer code counts."""
    assert not faults(TWO + QUEUE.replace('"01"', '"200"') + "[features]\n")
    [fault] = faults(TWO + QUEUE + "[features]\n")
    assert fault.path == "features.paging" and "could be `features.pickup` too" in str(fault)
    assert not faults(TWO + QUEUE)
    assert dialled(settings(TWO + QUEUE), "*8101") == ("paging", "queue.sales")
    assert dialled(settings(TWO), "*8101") == ("pickup", "person.anna")


def test_a_document_that_says_nothing_of_parking_has_the_slots_nobody_else_has() -> None:
    assert slots(settings(TWO)) == tuple(str(n) for n in range(71, 80))
    assert "75" not in slots(settings(TWO.replace('"101"', '"75"')))
    assert not faults(TWO.replace('"101"', '"75"'))
