# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded calls: what the settings take and refuse, and the key beside them."""

from pathlib import Path

import pytest

from appliance.settings.faults import SettingsFaults
from appliance.settings.load import read
from tests.settings.documents import TWO, settings, told

RULE = '[recording.rule.anna]\npeople = ["anna"]\n'


def test_a_document_of_before_records_nothing() -> None:
    assert settings(TWO).recording.rule == {} and settings(TWO).recording.encrypt


def test_rules_stay_in_the_order_they_are_written_in() -> None:
    names = ["zeta", "alpha", "mid"]
    office = settings(TWO + "".join(f"[recording.rule.{name}]\n" for name in names))
    assert list(office.recording.rule) == names


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[recording]\nconsent = "words"\n', 'recording.consent: there is no prompt "words"'),
        ('[recording.rule.x]\nqueues = ["sales"]\n', "recording.rule.x.queues[0]: there is no queue"),
        ('[recording.rule.x]\npeople = ["carl"]\n', 'recording.rule.x.people[0]: there is no person "carl"'),
        ('[recording.rule.x]\npeople = ["anna", "anna"]\n', "is in the list already"),
        ('[recording.rule.x]\ndirections = ["up"]\n', "recording.rule.x.directions[0]"),
        ("[recording.rule.x]\npercent = 101\n", "recording.rule.x.percent"),
        ('[recording]\nform = "mp3"\n', "recording.form"),
        ('[recording]\nrefuse = "12"\n', "recording.refuse"),
        ('[features]\nrecord_pause = "*2"\n', "features.consult"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(more: str, words: str) -> None:
    assert words in "\n".join(told(TWO + more))


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.toml"
    path.write_text(TWO + RULE)
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[phone.desk1]\npassword = "a-good-one"\n[phone.desk2]\npassword = "a-good-one"\n')
    secrets.chmod(0o600)
    return path


def test_the_key_is_made_once_where_something_is_to_be_encrypted(office: Path) -> None:
    with pytest.raises(SettingsFaults, match=r"recording\.rule: has no key in secrets\.toml"):
        read(office)
    made = read(office, fill=True).secrets.recording
    assert made is not None and made == read(office, fill=True).secrets.recording
    assert made.key.get_secret_value() not in repr(made)


def test_without_a_rule_or_encryption_none_is_made(office: Path) -> None:
    for document in (TWO, TWO + "[recording]\nencrypt = false\n" + RULE):
        office.write_text(document)
        assert read(office, fill=True).secrets.recording is None


@pytest.mark.parametrize("key", ["", "short", "A" * 44, "A" * 42 + "==", "é" * 43 + "="])
def test_what_is_no_key_is_told(office: Path, key: str) -> None:
    with office.with_name("secrets.toml").open("a") as file:
        file.write(f'[recording]\nkey = "{key}"\n')
    with pytest.raises(SettingsFaults, match=r"recording\.key: .*32 random bytes as base64"):
        read(office)
