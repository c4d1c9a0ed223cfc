# SPDX-License-Identifier: GPL-2.0-or-later
"""What an e-mail about a message says, and that the audio in it is what was said."""

import math
import struct
import wave
from array import array
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import msgspec
import pytest

from appliance.control.messages import Message
from appliance.mail.audio import small
from appliance.mail.letter import letter
from appliance.settings.models import Settings
from tests.settings.documents import TWO, settings

MESSAGE = Message(
    7, "sales", 1_790_000_000_000, "+37060000001", "Mr Kazlauskas", 62_000, "/x.wav", "00" * 32, "new", False, 0, "due"
)
DOCUMENT = (
    TWO + '[mailbox.sales]\nmail = ["a@example.com"]\n[mail]\nhost = "mail.example.com"\nfrom = "box@example.com"\n'
)
TO = ("a@example.com", "b@example.com")


def office(language: str = "en") -> Settings:
    return settings(DOCUMENT.replace("[office]\n", f'[office]\nlanguage = "{language}"\n'))


def read(mail: EmailMessage) -> EmailMessage:
    """As whoever gets it reads it."""
    got = message_from_bytes(mail.as_bytes(), policy=default)
    assert isinstance(got, EmailMessage)
    return got


def body(mail: EmailMessage) -> str:
    part = mail.get_body()
    assert part is not None
    return str(part.get_content())


def test_it_tells_who_called_when_and_how_long() -> None:
    mail = read(letter(office(), MESSAGE, TO, b"RIFF"))
    assert mail["From"] == "Small Ltd <box@example.com>"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Subject"] == "Message from Mr Kazlauskas +37060000001 in Sales"
    assert mail["Message-ID"] == "<7.sales@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.timestamp() == MESSAGE.at / 1000
    told = body(mail).splitlines()
    assert told[2:5] == ["From: Mr Kazlauskas +37060000001", "When: 2026-09-21 at 17:13", "Length: 1 minute 2 seconds"]
    [audio] = mail.iter_attachments()
    assert (audio.get_content_type(), audio.get_filename()) == ("audio/x-wav", "2026-09-21-1713-37060000001.wav")
    assert audio.get_content() == b"RIFF"


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("ru", "Сообщение, Mr Kazlauskas +37060000001, ящик Sales", "Длина: 1 минуту 2 секунды"),
        ("uk", "Повідомлення, Mr Kazlauskas +37060000001, скринька Sales", "Тривалість: 1 хвилину 2 секунди"),
    ],
)
def test_it_speaks_the_language_of_the_office(language: str, subject: str, words: str) -> None:
    mail = read(letter(office(language), MESSAGE, TO))
    assert mail["Subject"] == subject
    assert words in body(mail)
    assert not list(mail.iter_attachments())


def test_a_name_from_outside_adds_no_header_and_no_line() -> None:

    evil = msgspec.structs.replace(MESSAGE, name="A\r\nBcc: all@example.com\r\n\r\nhello " + "x" * 500, caller="1\n2")
    mail = read(letter(office(), evil, TO))
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Message from A Bcc: all@example.com hello xxx")
    assert len(mail["Subject"]) < 120
    assert "\nBcc:" not in body(mail)


def test_a_withheld_number_is_told_as_such() -> None:

    mail = read(letter(office(), msgspec.structs.replace(MESSAGE, caller="", name=""), TO))
    assert mail["Subject"] == "Message from a withheld number in Sales"


def tone(path: Path, rate: int, hz: int, seconds: float = 1.0) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        samples = (round(12_000 * math.sin(2 * math.pi * hz * n / rate)) for n in range(round(seconds * rate)))
        file.writeframes(array("h", samples).tobytes())
    return path


def decoded(mu_law: bytes) -> list[int]:
    """G.711 µ-law, as ITU-T writes it."""
    out = []
    for byte in mu_law:
        value = ~byte & 0xFF
        size = (((value & 0x0F) << 3) + 0x84 << (value >> 4 & 7)) - 0x84
        out.append(-size if value & 0x80 else size)
    return out


def strength(samples: list[int], hz: int, rate: int = 8000) -> float:
    """Of one tone, 0 to 32767."""
    real = sum(s * math.cos(2 * math.pi * hz * n / rate) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hz * n / rate) for n, s in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples)


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_the_audio_is_small_and_sounds_as_before(tmp_path: Path, rate: int) -> None:
    made = small(tone(tmp_path / "a.wav", rate, 700))
    kind, channels, hz = struct.unpack_from("<HHI", made, 20)
    assert (made[:4], made[8:12], kind, channels, hz) == (b"RIFF", b"WAVE", 7, 1, 8000)
    assert struct.unpack_from("<I", made, 4)[0] == len(made) - 8
    at = made.index(b"data")
    [length] = struct.unpack_from("<I", made, at + 4)
    samples = decoded(made[at + 8 : at + 8 + length])
    assert abs(length - 8000) <= 1
    assert 11_000 < strength(samples, 700) < 13_000
    assert strength(samples, 1400) < 300
    assert len(made) < 8200


def test_what_is_above_what_a_telephone_carries_comes_back_as_no_noise(tmp_path: Path) -> None:
    made = small(tone(tmp_path / "a.wav", 16_000, 7600))
    samples = decoded(made[made.index(b"data") + 8 :])
    assert strength(samples, 400) < 600


def test_what_is_no_recording_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"a\.wav"):
        small(path)
    with pytest.raises(OSError):
        small(tmp_path / "none.wav")


def test_a_message_of_half_an_hour_is_not_attached(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        for _ in range(1800):
            file.writeframes(bytes(16_000))
    with pytest.raises(ValueError, match="longer"):
        small(path)
