# SPDX-License-Identifier: GPL-2.0-or-later
"""What mailboxes keep, how much, and whose lamps tell of it; telephones and lines do as the test says."""

import hashlib
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from appliance.calls import messages
from appliance.calls.messages import Message
from appliance.control import messages as m
from appliance.control import voicemail
from appliance.store.reader import Reader
from tests.calls.office import CALLER, OFFICE, Office

Offices = Callable[..., Office]
WAITS = 'unanswered = "office"\n'
MAILBOX = OFFICE.replace('open = "sales"', 'open = "mailbox.sales"') + "[mailbox.sales]\n"
OTHER = 9  # the leg of another caller
DAY = 86_400_000  # ms


def write(path: Path, seconds: float = 2.0, rate: int = 16_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(round(seconds * rate) * 2))
    return path


def greeted(office: Office) -> list[str]:
    """The prompts a caller hears before he is recorded, played to their end."""
    heard = []
    while not (port := max(office.lines.files)) or not office.lines.files[port].endswith(".part.wav"):
        if office.lines.files[port] in heard[-1:]:
            break
        heard.append(office.lines.files[port])
        office.control.played(port)
    return heard


async def leaves(
    office: Office, seconds: float = 2.0, leg: int = CALLER, number: str = "+37060000001"
) -> Message | None:
    """Somebody calls, is recorded for so long, and hangs up; his message."""
    before = {one.id for one in office.control.messages.all()}
    office.call_in(number, leg)
    greeted(office)
    recording = office.lines.port(".part.wav")
    write(Path(office.lines.files[recording]), seconds)
    office.control.over(leg, 16)
    office.control.stopped(recording, "")
    await office.kept()
    return next((one for one in office.control.messages.all() if one.id not in before), None)


async def test_a_message_is_kept_with_all_that_is_known_of_it(offices: Offices) -> None:
    office = offices(MAILBOX)
    message = await leaves(office, 2.5)
    assert message is not None
    file = office.control.messages.path(message)
    assert (message.mailbox, message.caller, message.name) == ("sales", "+37060000001", "Mr Kazlauskas")
    assert (message.duration, message.state, message.handled) == (2500, "new", False)
    assert message.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    await office.journal.durable()
    assert Reader(office.path).messages() == [message]
    assert await office.outcome() == "voicemail"
    assert (await office.events("voicemail"))[0]["sha256"] == message.sha256
    assert ("voicemail", str(file)) in office.witness.seen


async def test_who_was_reached_at_a_private_number_and_leaves_a_message_is_known_as_himself(offices: Offices) -> None:
    forwards = 'extension = "102"\nforward_always = "0861234567"'
    office = offices(MAILBOX.replace('extension = "102"', forwards) + '[person.cile]\nextension = "103"\n')
    office.control.incoming(CALLER, "desk1", True, "", "", "102")
    boris = office.leg("city")
    office.control.answered(boris)
    office.control.answered(CALLER)
    for key in "##103#":
        office.control.digit(CALLER, key)
    office.control.send(office.call.id, "mailbox.sales")
    greeted(office)
    recording = office.lines.port(".part.wav")
    write(Path(office.lines.files[recording]))
    office.control.over(boris, 16)
    office.control.stopped(recording, "")
    await office.kept()
    [message] = office.control.messages.all()
    assert message.caller == "102"


async def test_what_was_heard_saved_and_handled_survives_a_restart(offices: Offices) -> None:
    office = offices(MAILBOX)
    message = await leaves(office)
    assert message is not None
    office.control.messages.change(message.id, office.control.now(), state="saved", handled=True, by="anna")
    office.close()
    again = offices(MAILBOX, messages=Reader(office.path).messages())
    assert [(one.state, one.handled) for one in again.control.messages.of("sales")] == [("saved", True)]
    assert (await again.events("message"))[0] == {
        "mailbox": "sales",
        "state": "saved",
        "handled": True,
        "by": "anna",
    }


async def test_a_message_deleted_is_gone_from_disk_and_journal(offices: Offices) -> None:
    office = offices(MAILBOX)
    message = await leaves(office)
    assert message is not None
    file = office.control.messages.path(message)
    office.control.messages.delete(message.id, office.control.now(), "anna")
    await office.journal.durable()
    assert not file.exists()
    assert Reader(office.path).messages() == []
    with pytest.raises(KeyError):
        office.control.messages.delete(message.id, office.control.now())


async def test_a_row_whose_file_is_gone_goes_too(offices: Offices) -> None:
    office = offices(MAILBOX)
    message = await leaves(office)
    assert message is not None
    office.control.messages.path(message).unlink()
    office.close()
    again = offices(MAILBOX, messages=[message])
    await again.journal.durable()
    assert again.control.messages.all() == []
    assert Reader(again.path).messages() == []


async def test_a_file_nothing_is_known_of_is_a_new_message_of_the_caller_in_the_journal(
    offices: Offices, tmp_path: Path
) -> None:
    write(tmp_path / "voicemail" / "sales" / "20261128T090000Z-7.wav")
    write(tmp_path / "voicemail" / "sales" / "greeting.wav")
    office = offices(MAILBOX, left_by=lambda call: (1_790_000_000_000, "+37060000009", "Mrs Petrauskas"))
    await office.kept()
    [found] = office.control.messages.all()
    assert (found.id, found.at, found.caller, found.name) == (7, 1_790_000_000_000, "+37060000009", "Mrs Petrauskas")
    assert (found.state, found.duration) == ("new", 2000)


async def test_a_full_mailbox_says_so_and_the_call_stays_a_missed_one(offices: Offices) -> None:
    office = offices(MAILBOX + "max_messages = 1\n")
    first = await leaves(office)
    assert first is not None
    office.call_in("+37060000002", OTHER)
    heard = greeted(office)
    assert [Path(file).name for file in heard] == ["beep.wav"]  # nobody speaks here: it is told by tones
    assert ("mailbox-full", "sales") in office.witness.seen
    assert ("missed", "") in office.witness.seen
    assert office.control.messages.all() == [first]
    [refused] = await office.events("voicemail-refused")
    assert refused == {"mailbox": "sales", "why": "messages"}


async def test_a_message_may_last_only_as_long_as_the_mailbox_has_room(offices: Offices) -> None:
    office = offices(MAILBOX + "max_minutes = 1\n")
    await leaves(office, 50)
    settings = office.control.rules.settings
    assert office.control.messages.room(settings, "sales") == 10
    await leaves(office, 9.5, OTHER, "+37060000002")
    with pytest.raises(messages.Full) as full:
        office.control.messages.room(settings, "sales")
    assert full.value.id == "minutes"


async def test_a_full_disk_takes_no_message_from_anybody(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "free", lambda folder: 99_999_999)
    office = offices(MAILBOX)
    office.call_in()
    greeted(office)
    assert (await office.events("voicemail-refused"))[0]["why"] == "disk"


async def test_only_what_was_heard_and_not_saved_goes_with_age(offices: Offices) -> None:
    office = offices(MAILBOX + "keep_for = 30\n")
    legs = range(20, 23)
    new, heard, saved = [await leaves(office, 1, leg, f"+3706000010{leg}") for leg in legs]
    assert new and heard and saved
    now = office.control.now()
    office.control.messages.change(heard.id, now - 30 * DAY, state="heard")
    office.control.messages.change(saved.id, now - 300 * DAY, state="saved")
    office.control.messages.expire(office.control.rules.settings, now - 1000)
    assert len(office.control.messages.all()) == 3
    office.control.messages.expire(office.control.rules.settings, now)
    assert [one.id for one in office.control.messages.all()] == [new.id, saved.id]


GREETINGS = (
    MAILBOX
    + """greeting = "day"
hours = "office"
greeting_closed = "night"
[prompt.day]
file = "/prompts/day.wav"
[prompt.night]
file = "/prompts/night.wav"
[hours.office]
week = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], \
sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
"""
)


async def test_callers_are_greeted_by_the_hours(offices: Offices) -> None:
    office = offices(GREETINGS)
    office.call_in()
    assert [Path(file).name for file in greeted(office)] == ["day.wav", "beep.wav"]
    office.control.override("office", "closed", None)
    office.call_in("+37060000002", OTHER)
    assert [Path(file).name for file in greeted(office)] == ["night.wav", "beep.wav"]


async def test_a_greeting_recorded_by_telephone_comes_before_that_of_the_settings_but_not_when_closed(
    offices: Offices, tmp_path: Path
) -> None:
    write(tmp_path / "voicemail" / "sales" / "greeting.wav")
    office = offices(GREETINGS)
    office.call_in()
    assert [Path(file).name for file in greeted(office)] == ["greeting.wav", "beep.wav"]
    assert greeted(office) == []
    office.control.override("office", "closed", None)
    office.call_in("+37060000002", OTHER)
    assert [Path(file).name for file in greeted(office)] == ["night.wav", "beep.wav"]


async def test_the_lamps_of_its_people_and_no_others_tell_of_a_new_message(offices: Offices) -> None:
    office = offices(MAILBOX + 'people = ["anna"]\n')
    assert office.lines.published["desk1"] == "Messages-Waiting: no\r\nVoice-Message: 0/0\r\n"
    message = await leaves(office)
    assert message is not None
    for phone in ("desk1", "cordless"):
        assert office.lines.published[phone] == "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n"
    assert office.lines.published["desk2"] == "Messages-Waiting: no\r\nVoice-Message: 0/0\r\n"
    office.control.messages.change(message.id, office.control.now(), state="heard")
    assert office.lines.published["desk1"] == "Messages-Waiting: no\r\nVoice-Message: 0/1\r\n"
    office.apply(MAILBOX + 'people = ["boris"]\n')
    assert office.lines.published["desk1"] == "Messages-Waiting: no\r\nVoice-Message: 0/0\r\n"
    assert office.lines.published["desk2"] == "Messages-Waiting: no\r\nVoice-Message: 0/1\r\n"
    office.apply(MAILBOX.replace('phones = ["desk1", "cordless"]', 'phones = ["desk1"]'))
    assert office.lines.published["cordless"] == "", "a telephone that is nobody's tells of nobody's messages"


async def test_clients_list_and_change_messages(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    office = offices(MAILBOX)
    left = [one.id for leg in (20, 21, 22) if (one := await leaves(office, 1, leg, f"+3706000010{leg}"))]
    assert len(left) == 3
    ask = partial(voicemail.answer, office.control)
    found = ask(m.Messages(0, "sales"))
    assert isinstance(found, tuple)
    assert [one.id for one in found] == left
    assert all(Path(one.file).is_file() for one in found)
    assert ask(m.Messages(0, "office")) == ask(m.Messages(0, mail="due")) == ()
    monkeypatch.setattr(voicemail, "MOST", 2)
    parts = [ask(m.Messages(0)), ask(m.Messages(0, after=left[1]))]
    assert [[one.id for one in part] for part in parts if isinstance(part, tuple)] == [left[:2], left[2:]]
    ask(m.SetMessage(0, left[0], handled=True, by="page"))
    ask(m.DeleteMessage(0, left[1], by="page"))
    ask(m.Mailed(0, left[2], "failed", "550 No such user"))
    kept = {one.id: one for one in office.control.messages.all()}
    assert (kept.keys(), kept[left[0]].handled, kept[left[2]].mail) == ({left[0], left[2]}, True, "failed")
    with pytest.raises(KeyError):
        ask(m.SetMessage(0, left[1], state="new"))
    with pytest.raises(KeyError):
        ask(m.Messages(0, "nobodys"))


async def test_a_message_of_a_mailbox_with_addresses_is_due_by_e_mail(offices: Offices) -> None:
    mail = '[mail]\nhost = "mail.example.com"\nfrom = "box@example.com"\n'
    message = await leaves(offices(MAILBOX + 'mail = ["anna@example.com"]\n' + mail))
    assert message is not None and message.mail == "due"
