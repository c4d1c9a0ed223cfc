# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings brought by the browser: of any format, hostile ones, and who may; what callers hear is what was brought."""

import asyncio
import io
import re
import tomllib
import wave
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from appliance.web.access import SETTERS
from tests.telephones.tone import recorded
from tests.web.applying import Applying
from tests.web.programs import Program
from tests.web.visitors import Site, Visitor, site

OFFICE = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[phone.desk1]
[person.anna]
extension = "101"
phones = ["desk1"]
[scenario.main]
open = "person.anna"
[prompt.welcome]
text = "Welcome."  # spoken until there is a recording
"""


@pytest.fixture
async def switch(tmp_path: Path) -> AsyncIterator[Applying]:
    async with Applying(tmp_path, OFFICE) as switch:
        yield switch


@pytest.fixture
async def box(switch: Applying, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", switch.socket, switch.document, tmp_path) as box:
        box.people()
        yield box


@pytest.fixture
async def one(box: Site) -> AsyncIterator[Visitor]:
    async with box.logged_in("installer") as one:
        yield one


async def as_mp3(sound: bytes) -> bytes:
    words = ("ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "mp3", "pipe:1")
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    return (await program.communicate(sound))[0]


async def bring(who: Visitor, sound: bytes, file: str = "Hello.wav", at: str = "new", name: str = "") -> httpx.Response:
    data = {"csrf": await who.csrf("/prompts"), "at": at, "name": name}
    return await who.post("/prompts", data=data, files={"file": (file, sound, "audio/wav")})


def drafted(box: Site) -> dict[str, dict[str, dict[str, str]]]:
    draft = box.office.draft("installer")
    assert draft
    return tomllib.loads(draft.document)


async def test_an_mp3_is_brought_listened_to_and_put_in_force(
    box: Site, switch: Applying, one: Visitor, tmp_path: Path
) -> None:
    answer = await bring(one, await as_mp3(recorded(2.0)), "Hello.mp3", "prompt.welcome")
    assert answer.status_code == 303, answer.text
    said = drafted(box)["prompt"]["welcome"]
    kept = Path(said["file"])
    assert (
        list(said) == ["file"] and kept.parent == tmp_path / "prompts" and switch.brought == [(kept.name, "installer")]
    )
    with wave.open(str(kept)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
        assert 1.9 < sound.getnframes() / 16_000 < 2.2
    page = (await one.get("/prompts")).text
    assert f'src="/prompts/{kept.name}"' in page and "a recording" in page
    heard = await one.get(f"/prompts/{kept.name}")
    assert heard.headers["content-type"] == "audio/wav" and heard.content == kept.read_bytes()
    assert (await one.fill("/settings/draft", "/settings/apply", comment="her voice")).status_code == 200
    assert tomllib.loads(switch.text)["prompt"]["welcome"]["file"] == str(kept)
    assert await bring(one, recorded(), "other.wav", "prompt.welcome") and kept.exists(), (
        "what is in force is never replaced"
    )


async def test_a_new_prompt_music_and_a_greeting_are_brought(box: Site, one: Visitor, tmp_path: Path) -> None:
    for at, name in (("new", "closed-today"), ("hold.music", ""), ("voicemail.greeting", "")):
        assert (await bring(one, recorded(), at=at, name=name)).status_code == 303
    draft = drafted(box)
    files = [draft["prompt"]["closed-today"]["file"], draft["hold"]["music"], draft["voicemail"]["greeting"]]
    assert all(Path(str(file)).parent == tmp_path / "prompts" and Path(str(file)).is_file() for file in files)
    assert (await one.get("/prompts")).text.count("<audio") == 3


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("../../welcome.wav", recorded(0.1))
    return file.getvalue()


HEAD = recorded(0.1)[:44]
HOSTILE = {
    "a zip": zipped(),
    "a picture": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a head alone": HEAD,
    "a head that claims 4 GB": HEAD[:4] + b"\xff" * 4 + HEAD[8:40] + b"\xff" * 4,
    "no channels": HEAD[:22] + b"\0\0" + HEAD[24:] + b"\0" * 4000,
    "RIFF and rubbish": b"RIFF" + bytes(range(256)) * 40,
    "a film that names another file": b"\0\0\0\x18ftypqt  \0\0\0\0qt  "
    + b"\0\0\0\x30moov"
    + b"file:///etc/passwd" * 20,
    "nothing": b"",
}


async def test_what_is_no_recording_is_refused_and_leaves_nothing(box: Site, one: Visitor, tmp_path: Path) -> None:
    for what, content in HOSTILE.items():
        answer = await bring(one, content, "welcome.wav", "prompt.welcome")
        assert answer.status_code == 422 and 'role="alert"' in answer.text, what
    assert box.office.draft("installer") is None
    assert not list((tmp_path / "prompts").glob("*")) if (tmp_path / "prompts").exists() else True


async def test_no_name_leads_out_of_the_folder(box: Site, switch: Applying, one: Visitor, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.suffix == ".wav"}
    for name in ("../office", "/etc/passwd", "a/b", "..", "A", "a" * 40, "x\r\nSet-Cookie: a=b", "", "prompt.x"):
        assert (await bring(one, recorded(0.1), name=name)).status_code == 422, name
    for at in ("prompt.nobody", "person.anna", "office.name", "prompt.../..", ""):
        assert (await bring(one, recorded(0.1), at=at)).status_code == 422, at
    assert {path for path in tmp_path.rglob("*") if path.suffix == ".wav"} == before and not switch.brought
    for file in ("../../etc/passwd", '"; rm -rf /', "a\r\nX: y", "\u202egnp.wav"):
        assert (await bring(one, recorded(0.1), file, name="fine")).status_code == 303, file
    assert {name for name, _ in switch.brought} == {name for name, _ in switch.brought if name.startswith("fine-")}
    for path in ("../office.toml", "%2e%2e%2foffice.toml", "..%2fcontrol.sock", "x.wav", ".hidden.wav"):
        assert (await one.get(f"/prompts/{path}")).status_code == 404, path


async def test_other_files_the_settings_name_are_not_given_out(box: Site, one: Visitor, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(recorded(0.1))
    await one.put_in("prompt/welcome", file=str(secret), text="")
    page = (await one.get("/prompts")).text
    assert "<audio" not in page and "it lies elsewhere on the box" in page
    assert (await one.get("/prompts/secret.wav")).status_code == 404


async def test_a_recording_that_nothing_names_is_deleted_and_no_other(
    box: Site, switch: Applying, one: Visitor, tmp_path: Path
) -> None:
    await bring(one, recorded(0.1), at="prompt.welcome")
    await one.fill("/settings/draft", "/settings/apply")
    old = Path(tomllib.loads(switch.text)["prompt"]["welcome"]["file"])
    refused = await one.fill("/prompts", "/prompts/delete", file=old.name)
    assert refused.status_code == 409 and "It is named by prompt.welcome.file." in refused.text
    await bring(one, recorded(0.2), at="prompt.welcome")
    new = Path(str(drafted(box)["prompt"]["welcome"]["file"]))
    async with box.logged_in("owner") as other, Program(box, "owner") as program:
        assert (await other.fill("/prompts", "/prompts/delete", file=new.name)).status_code == 409, "a draft names it"
        assert (await program.delete(f"/prompts/files/{old.name}")).status_code == 409
        await one.fill("/settings/draft", "/settings/apply")
        assert f'data-file="{old.name}"' in (await other.get("/prompts")).text
        assert (await other.fill("/prompts", "/prompts/delete", file=old.name)).status_code == 303
        assert not old.exists() and new.exists()
        for file in (old.name, "../office.toml", f"../prompts/{new.name}", ""):
            assert (await other.fill("/prompts", "/prompts/delete", file=file)).status_code == 404, file
        await one.put_in("prompt/welcome", file="", text="Welcome.")
        await one.fill("/settings/draft", "/settings/apply")
        assert (await program.delete(f"/prompts/files/{new.name}")).status_code == 200 and not new.exists()
    assert [row.user for row in box.office.audited() if row.what == "prompt-deleted"] == ["owner (a program)", "owner"]


async def test_a_prompt_goes_from_the_draft_unless_something_says_it(box: Site, one: Visitor) -> None:
    assert (await one.fill("/prompts", "/prompts/remove", prompt="nobody")).status_code == 404
    await one.put_in("outside", refused="welcome")
    refused = await one.fill("/prompts", "/prompts/remove", prompt="welcome")
    assert refused.status_code == 409 and "It is named by outside.refused." in refused.text
    await one.fill("/settings/draft", "/settings/discard")
    assert (await one.fill("/prompts", "/prompts/remove", prompt="welcome")).status_code == 303
    assert not drafted(box).get("prompt")


async def test_a_text_is_heard_before_it_is_used(box: Site, one: Visitor, tmp_path: Path) -> None:
    words = "We are closed today."
    page = (await one.fill("/prompts", "/prompts/speak", do="hear", text=words, language="en")).text
    [heard] = re.findall(r'<audio controls autoplay src="(/prompts/[0-9a-f]{32}\.wav)"', page)
    assert words in page and box.office.draft("installer") is None
    answer = await one.get(heard)
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnframes() > 8000
    for wrong in ({"text": "..."}, {"text": ""}, {"text": "x" * 501}, {"language": "../en"}, {"language": "tlh"}):
        fields = {"do": "hear", "text": words, "language": "en"} | wrong
        refused = await one.fill("/prompts", "/prompts/speak", **fields)
        assert refused.status_code == 422 and 'role="alert"' in refused.text, wrong
    await one.fill("/prompts", "/prompts/speak", do="use", text=words, language="en", at="prompt.welcome")
    assert drafted(box)["prompt"]["welcome"] == {"text": words, "language": "en"}
    await one.fill("/prompts", "/prompts/speak", do="use", text=words, at="new", name="closed")
    assert drafted(box)["prompt"]["closed"] == {"text": words}


async def test_a_program_brings_a_recording_by_the_same_way(box: Site, switch: Applying) -> None:
    async with Program(box, "installer") as program:
        sound = {"Content-Type": "application/octet-stream"}
        kept = await program.put("/prompts/closed/audio", content=await as_mp3(recorded(0.5)), headers=sound)
        assert kept.status_code == 200, kept.text
        rows = {row["name"]: row for row in (await program.get("/prompts")).json()["prompts"]}
        file = rows["closed"]["sound"]
        heard = await program.get(f"/prompts/files/{file}", headers={"Range": "bytes=0-3"})
        assert (heard.status_code, heard.content) == (206, b"RIFF")
        assert (await program.put("/prompts/hold.music/audio", content=recorded(0.1), headers=sound)).status_code == 200
        for what, content in HOSTILE.items():
            answer = await program.put("/prompts/welcome/audio", content=content, headers=sound)
            assert answer.status_code == 422, what
        spoken = (await program.post("/prompts/speak", json={"text": "Hello.", "language": "en"})).json()["file"]
        assert (await program.get(f"/prompts/files/{spoken}")).content.startswith(b"RIFF")
        assert (await program.delete("/prompts/closed")).status_code == 200
        assert (await program.get("/prompts")).json()["unnamed"] == [file]
        assert (await program.get("/prompts/files/nothing.wav")).status_code == 404
    assert ("installer (a program)", "prompt-brought") in {(row.user, row.what) for row in box.office.audited()}


async def test_a_file_too_long_is_refused_before_it_is_kept(one: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await bring(one, b"RIFF" + bytes(51_000_000))).status_code == 413


async def test_only_who_may_set_the_office_brings_recordings(box: Site) -> None:
    for role in ("owner", "installer", "supervisor", "employee", "reader"):
        async with box.logged_in(role) as one:
            assert (await one.get("/prompts")).status_code == (200 if role in SETTERS else 403)
            assert (await one.get("/prompts/x.wav")).status_code == (404 if role in SETTERS else 403)
