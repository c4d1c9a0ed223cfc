# SPDX-License-Identifier: GPL-2.0-or-later
"""Mailboxes: whose they are, what they take and refuse; the server that sends e-mail, and the digest it sends."""

from pathlib import Path

import pytest

from appliance.settings import people, pins
from appliance.settings.passwords import read_secrets
from tests.settings.documents import TWO, settings, told

HOURS = '[hours.office]\nweek = { mon = ["09:00-18:00"] }\n'
PROMPTS = '[prompt.day]\ntext = "Hello"\n[prompt.night]\ntext = "Good night"\n'
MAIL = '[mail]\nhost = "mail.example.com"\nfrom = "box@example.com"\n'
SALES = TWO.replace('"102"', '"102"\nmailbox = "boris"') + "[mailbox.boris]\n[mailbox.sales]\n"


def test_a_mailbox_belongs_to_its_own_person_its_people_and_its_department() -> None:
    document = SALES + 'department = "sales"\npeople = ["anna"]\n[department.sales]\npeople = ["anna", "boris"]\n'
    office = settings(document)
    assert people.of_mailbox(office, "office") == ("anna",)
    assert people.of_mailbox(office, "boris") == ("boris",)
    assert people.of_mailbox(office, "sales") == ("anna", "boris")
    assert people.mailboxes(office, "anna") == ("office", "sales")
    assert people.mailboxes(office, "boris") == ("boris", "sales")


def test_a_mailbox_is_asked_for_by_its_number_or_the_extension_of_its_own_person() -> None:
    office = settings(SALES + 'number = "299"\n')
    assert people.numbered_mailbox(office, "299") == "sales"
    assert people.numbered_mailbox(office, "102") == "boris"
    assert people.numbered_mailbox(office, "300") == ""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('number = "102"\n', 'mailbox.sales.number: "102" is the extension of person.boris; accepted: another'),
        ('greeting = "day"\n', 'mailbox.sales.greeting: there is no prompt "day"'),
        (f'greeting_closed = "night"\n{PROMPTS}', "mailbox.sales.greeting_closed: needs hours"),
        ('mail = ["sales@example.com"]\n', "mailbox.sales.mail: needs a table [mail]"),
        (f'mail = ["a@b.c", "a@b.c"]\n{MAIL}', 'mailbox.sales.mail[1]: "a@b.c" is in the list already'),
        ('people = ["carl"]\n', 'there is no person "carl"'),
        ('department = "sales"\n', "there is no department"),
        ("max_messages = 0\n", "mailbox.sales.max_messages"),
        ("keep_for = -1\n", "mailbox.sales.keep_for"),
        (f'{MAIL}security = "none"\nuser = "box"\n', "mail.user: would have its password sent in clear"),
        (f'{MAIL}security = "none"\nca_file = "/ca.pem"\n', "mail.ca_file: goes with TLS"),
        (f"{MAIL}port = 0\n", "mail.port"),
        ('[digest]\nto = ["a@b.c"]\n', "digest: needs a table [mail]"),
        (f"{MAIL}[digest]\nto = []\n", "digest.to"),
        (f'{MAIL}[digest]\nto = ["a@b.c", "a@b.c"]\n', 'digest.to[1]: "a@b.c" is in the list already'),
        (f'{MAIL}[digest]\nto = ["a@b.c"]\ndays = ["mon", "mon"]\n', 'digest.days[1]: "mon" is in the list already'),
        (f'{MAIL}[digest]\nto = ["a@b.c"]\nat = "24:00"\n', "digest.at"),
    ],
)
def test_what_a_mailbox_or_the_mail_server_cannot_have_is_told_with_its_place(more: str, words: str) -> None:
    assert words in "\n".join(told(SALES + more))


@pytest.mark.parametrize(
    "address", ["anna@example.com", "a.b+c@mail.example.com", "o'neil@example.co.uk", "x@localhost"]
)
def test_an_address_that_is_one(address: str) -> None:
    assert settings(f'{SALES}mail = ["{address}"]\n{MAIL}').mailbox["sales"].mail == (address,)


@pytest.mark.parametrize(
    "address",
    ["", "anna", "@example.com", "anna@", "a b@example.com", "a@b@c", "a..b@c.d", "a@b\\r\\nBcc: c@d", "a@b..c"],
)
def test_an_address_that_is_none(address: str) -> None:
    assert "an e-mail address" in "\n".join(told(f'{SALES}mail = ["{address}"]\n{MAIL}'))


def test_its_pin_is_kept_hashed_beside_the_other_secrets(tmp_path: Path) -> None:
    kept = pins.hashed("4711", cost=4)
    path = tmp_path / "secrets.toml"
    path.write_text(f'[mailbox.sales]\npin = "{kept}"\n[mail]\npassword = "of-the-box"\n')
    path.chmod(0o600)
    secrets = read_secrets(path)
    assert pins.is_pin("4711", secrets.mailbox["sales"].pin.get_secret_value())
    assert secrets.mail is not None
    assert "of-the-box" not in repr(secrets)
