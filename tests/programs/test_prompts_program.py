# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper prompts`, and what `linekeeper check` says of recordings."""

import subprocess
import wave
from pathlib import Path

import pytest

from appliance.programs import check, prompts
from appliance.sounds.recordings import Unheard, is_ours
from tests.telephones import tone

OFFICE = '[office]\nname = "Example Ltd"\ncountry = "LT"\ntime_zone = "Europe/Vilnius"\nlanguage = "uk"\n'


def mp3(folder: Path) -> Path:
    file = folder / "Welcome to us.mp3"
    source = tone.write(folder / "source.wav", 500, 1.0)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", source, file], check=True)
    return file


def told(document: str, folder: Path) -> list[str]:
    (folder / "office.toml").write_text(OFFICE + document)
    return ["--settings", str(folder / "office.toml"), "--state", str(folder)]


def test_a_recording_becomes_a_prompt_and_what_to_write_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prompts.main(["import", "welcome", str(mp3(tmp_path)), *told("", tmp_path)]) == 0
    made = tmp_path / "prompts" / "welcome.wav"
    assert is_ours(made) and tone.heard(made, 500) == pytest.approx(1.0, abs=0.1)
    assert f'[prompt.welcome]\nfile = "{made}"' in capsys.readouterr().out


def test_a_text_becomes_a_prompt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prompts.main(["say", "hello", "Добрий день", *told("", tmp_path)]) == 0
    uk = (tmp_path / "prompts" / "hello.wav").read_bytes()
    assert prompts.main(["say", "hello", "Добрий день", "--language", "ru", *told("", tmp_path)]) == 0
    assert (tmp_path / "prompts" / "hello.wav").read_bytes() != uk


def test_what_is_no_recording_becomes_none_and_what_was_there_stays(tmp_path: Path) -> None:
    where = told("", tmp_path)
    prompts.main(["import", "welcome", str(mp3(tmp_path)), *where])
    before = (tmp_path / "prompts" / "welcome.wav").read_bytes()
    (tmp_path / "letter.mp3").write_text("Dear all,")
    with pytest.raises(Unheard, match="no recording"):
        prompts.main(["import", "welcome", str(tmp_path / "letter.mp3"), *where])
    assert (tmp_path / "prompts" / "welcome.wav").read_bytes() == before


@pytest.mark.parametrize("name", ["../up", "/etc/x", "Welcome", ""])
def test_a_prompt_has_a_name_of_the_settings(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemExit):
        prompts.main(["say", name, "Hello", *told("", tmp_path)])


def test_all_prompts_are_listed_with_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hold = tone.write(tmp_path / "hold.wav", 500, 2.0)
    sound = f'[prompt.hello]\ntext = "Привіт"\n[prompt.welcome]\nfile = "{mp3(tmp_path)}"\n[hold]\nmusic = "{hold}"\n'
    assert prompts.main(["list", *told(sound, tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "uk: Привіт" in lines[0] and "1.0 s" in lines[1] and "2.0 s" in lines[2]
    assert prompts.main(["list", *told(sound + '[prompt.gone]\nfile = "/nowhere/a.ogg"\n', tmp_path)]) == 1
    assert "cannot be heard: it cannot be read" in capsys.readouterr().out
    assert not [path for path in tmp_path.iterdir() if path.name in ("spoken", "converted")], "these are the switch's"


def test_the_check_of_settings_tells_what_will_not_be_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.wav").write_text("Dear all,")
    told(
        f'[prompt.gone]\nfile = "/nowhere/a.ogg"\n[prompt.letter]\nfile = "{tmp_path}/letter.wav"\n'
        f'[prompt.good]\nfile = "{mp3(tmp_path)}"\n[speech]\nvoices = {{ en = "/nowhere/en.onnx" }}\n',
        tmp_path,
    )
    assert check.main([str(tmp_path / "office.toml")]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert [line.split(":")[1].strip() for line in warnings if "will not be heard" in line] == [
        "prompt.gone.file",
        "prompt.letter.file",
    ]
    assert any("espeak-ng speaks instead" in line for line in warnings)


def test_a_prompt_that_was_imported_is_heard_as_it_is(tmp_path: Path) -> None:
    source = tone.write(tmp_path / "ours.wav", 500, 1.0, 8000)
    prompts.main(["import", "ours", str(source), *told("", tmp_path)])
    with wave.open(str(tmp_path / "prompts" / "ours.wav")) as made:
        assert made.getframerate() == 8000
