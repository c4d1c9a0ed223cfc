# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings and messages heard in the browser: by whom they may be, piece by piece, and written down."""

import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.store.reader import Reader
from appliance.web.access import Refusal
from appliance.web.sounds import part
from tests.web.kept import Kept, T, tone
from tests.web.programs import Program
from tests.web.visitors import Site, site

SAID = tone(40_000)  # two and a half seconds


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    (tmp_path / "state").mkdir()
    kept = Kept(tmp_path / "state")
    async with kept:
        yield kept


@pytest.fixture
async def box(tmp_path: Path, kept: Kept) -> AsyncIterator[Site]:
    async with site(tmp_path / "pages", kept.socket, kept.settings, kept.state) as box:
        box.people()
        box.office.change("employee", person="anna")
        yield box


async def test_a_recording_is_decrypted_while_it_is_played_from_any_place(box: Site, kept: Kept) -> None:
    one = kept.recording(kept.call(), SAID)
    await kept.journal.durable()
    assert SAID[:64] not in (kept.state / "recordings" / one.file).read_bytes()
    address = f"/recordings/{one.id}/sound"
    async with box.logged_in("supervisor") as visitor:
        whole = await visitor.get(address)
        assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
        assert whole.headers["cache-control"] == "private, no-store"
        with wave.open(io.BytesIO(whole.content)) as sound:
            assert (sound.getnchannels(), sound.getframerate()) == (2, 16_000)
            assert sound.readframes(50_000) == SAID
        size = len(whole.content)
        for header, start, end in (
            ("bytes=0-", 0, size), ("bytes=0-9", 0, 10), ("bytes=40-50", 40, 51), ("bytes=63999-64100", 63_999, 64_101),
            ("bytes=100001-", 100_001, size), ("bytes=-7", size - 7, size), (f"bytes=5-{size + 99}", 5, size),
        ):  # fmt: skip
            piece = await visitor.get(address, headers={"Range": header})
            assert piece.status_code == 206
            assert piece.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert piece.content == whole.content[start:end], header
        assert (await visitor.get(address, headers={"Range": f"bytes={size}-"})).status_code == 416
        assert (await visitor.get(address, headers={"Range": "lines=1-2"})).content == whole.content
    heard = [row for row in box.office.audited() if row.what == "recording-heard"]
    assert [(row.user, row.detail) for row in heard] == [("supervisor", str(one.id))]
    await kept.journal.durable()
    noted = [event.detail for event in Reader(kept.state / "journal.db").events(one.call) if event.kind == "recording"]
    assert [note["state"] for note in noted] == ["heard"]
    assert noted[0]["by"].startswith("supervisor (")


async def test_a_program_finds_recordings_and_hears_pieces_of_them(box: Site, kept: Kept) -> None:
    first, last = (kept.recording(kept.call(T + n), SAID) for n in (0, 60_000))
    await kept.journal.durable()
    async with Program(box, "supervisor") as program:
        assert [one["id"] for one in (await program.get("/recordings")).json()] == [last.id, first.id]
        assert [one["id"] for one in (await program.get(f"/recordings?before={last.id}")).json()] == [first.id]
        [one] = (await program.get(f"/recordings?call={first.call}")).json()
        assert (one["id"], one["person"], one["duration"]) == (first.id, "anna", first.duration)
        address = f"/recordings/{first.id}/audio"
        whole = await program.get(address)
        piece = await program.get(address, headers={"Range": "bytes=40-50"})
        assert (piece.status_code, piece.content) == (206, whole.content[40:51])
        assert (await program.get(address, headers={"Range": "bytes=99999999-"})).status_code == 416
        assert (await program.get("/recordings/7/audio")).status_code == 404
    heard = [(row.user, row.detail) for row in box.office.audited() if row.what == "recording-heard"]
    assert heard == [("supervisor (a program)", str(first.id))]
    async with Program(box, "installer") as program:
        assert (await program.get(address)).status_code == 403


async def test_only_who_may_hear_recordings_finds_them(box: Site, kept: Kept) -> None:
    call = kept.call()
    one = kept.recording(call, SAID)
    await kept.journal.durable()
    for who, may in (
        ("owner", True),
        ("supervisor", True),
        ("installer", False),
        ("employee", False),
        ("reader", False),
    ):
        async with box.logged_in(who) as visitor:
            assert ((await visitor.get(f"/recordings/{one.id}/sound")).status_code == 200) is may
            assert ((await visitor.get("/recordings")).status_code == 200) is may
            page = await visitor.get(f"/calls/{call}")
            assert ("<audio" in page.text) is may
    async with box.logged_in("owner") as visitor:
        assert (await visitor.get("/recordings/5/sound")).status_code == 404
        (kept.state / "recordings" / one.file).write_bytes(b"something else")
        assert (await visitor.get(f"/recordings/{one.id}/sound")).status_code == 503


@pytest.mark.parametrize(
    ("header", "found"),
    [("bytes=0-0", (0, 1)), ("bytes=5-", (5, 10)), ("bytes=-3", (7, 10)), ("bytes=-99", (0, 10)), ("bytes=2-99", (2, 10)),
     ("bytes=5-2", None), ("bytes=-", None), ("bytes=0-1,3-4", None), ("bytes=a-b", None), ("", None)],
)  # fmt: skip
def test_a_piece_is_what_the_header_says(header: str, found: tuple[int, int] | None) -> None:
    assert part(header, 10) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_piece_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(Refusal):
        part(header, 10)


async def test_a_message_is_heard_handled_and_deleted_by_whose_mailbox_it_is(box: Site, kept: Kept) -> None:
    hers = kept.message(kept.call(outcome="voicemail", person=""), "anna", name="Ольга")
    offices = kept.message(kept.call(T + 60_000, outcome="voicemail", person=""), "office")
    await kept.journal.durable()
    async with box.logged_in("employee") as visitor:
        page = (await visitor.get("/messages")).text
        assert "Ольга" in page and str(offices.id) not in page
        sound = await visitor.get(f"/messages/{hers.id}/sound", headers={"Range": "bytes=0-99"})
        assert (sound.status_code, len(sound.content)) == (206, 100)
        assert (await visitor.get(f"/messages/{offices.id}/sound")).status_code == 404
        assert (await visitor.fill("/messages", "/messages/handled", message=str(offices.id))).status_code == 404
        assert (await visitor.fill("/messages", "/messages/delete", message=str(offices.id))).status_code == 404
        assert (await visitor.fill("/messages", "/messages/heard", message=str(hers.id))).status_code == 204
        assert (
            await visitor.fill("/messages", "/messages/handled", message=str(hers.id), handled="yes")
        ).status_code == 303
        assert kept.messages.one(hers.id).state == "heard" and kept.messages.one(hers.id).handled
        assert "Not handled after all" in (await visitor.get("/messages")).text
        await visitor.fill("/messages", "/messages/handled", message=str(hers.id), handled="no")
        assert not kept.messages.one(hers.id).handled
        await visitor.fill("/messages", "/messages/delete", message=str(hers.id))
        assert [one.id for one in kept.messages.all()] == [offices.id]
    said = [row.what for row in box.office.audited() if row.what.startswith("message")]
    assert said == ["message-deleted", "message-not-handled", "message-handled", "message-heard"]
    async with box.logged_in("installer") as visitor:
        assert (await visitor.get("/messages")).status_code == 403
    async with box.logged_in("owner") as visitor:
        assert str(offices.id) in (await visitor.get("/messages")).text


async def test_a_message_is_heard_and_handled_on_the_page_of_its_call_and_who_did_is_told(
    box: Site, kept: Kept
) -> None:
    call = kept.call(outcome="voicemail", person="")
    kept.message(call, "anna")
    kept.journal.event(call, T, "voicemail", {})
    await kept.journal.durable()
    async with box.logged_in("employee") as visitor, box.logged_in("supervisor") as other:
        page = (await visitor.get(f"/calls/{call}")).text
        assert f'src="/messages/{call}/sound"' in page and f'download="message-{call}.wav"' in page
        form = {"message": str(call), "handled": "yes", "from": "call"}
        answer = await visitor.fill(f"/calls/{call}", "/messages/handled", **form)
        assert answer.headers["location"] == f"/calls/{call}"
        await kept.journal.durable()
        for address in (f"/calls/{call}", "/messages"):
            assert "Handled: employee 20" in (await other.get(address)).text, address
        assert "message handled" in (await other.get("/calls")).text
        await other.fill("/messages", "/messages/handled", message=str(call), handled="no")
        await kept.journal.durable()
        assert "message handled" not in (await other.get("/calls")).text
    async with box.logged_in("installer") as visitor:
        page = (await visitor.get(f"/calls/{call}")).text
        assert "left a message" in page and "<audio" not in page


async def test_a_form_without_its_secret_changes_no_message(box: Site, kept: Kept) -> None:
    one = kept.message(kept.call(outcome="voicemail", person=""), "office")
    async with box.logged_in("owner") as visitor:
        answer = await visitor.post("/messages/delete", data={"message": str(one.id)})
        assert answer.status_code == 403
    assert kept.messages.one(one.id)
