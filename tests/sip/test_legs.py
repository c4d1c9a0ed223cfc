# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls in and out: what the box is told to do with them, in the right order and in any other."""

import asyncio
import os
import socket
import subprocess
import sys
import time

import pytest

from appliance.programs.demo.seen import NotSeen
from appliance.sip._sip import Endpoint, SipError, cause_of
from appliance.sip.names import Heard
from tests.sip.box import CODECS, HOST, Box, Telephone
from tests.sip.wire import Wire, request, sdp

PLACES = 512  # PJSUA_MAX_CALLS, image/pjsip/config_site.h


async def over(box: Box, leg: int) -> tuple[int, int]:
    """SIP status and Q.850 cause a leg ended with."""
    told = await box.told(Heard.OVER, of=leg)
    return told.code, told.value


def ring(box: Box, phone: Telephone, number: str = "+37060000001", name: str = "") -> int:
    return box.sip.call("", phone.contact, number, name)


# ---- a call and its end ----------------------------------------------------------------------------------------------


async def test_a_telephone_is_called_rings_answers_and_hangs_up(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone, name="Sales")
    call = await phone.picks_up(leg, ringing=True)
    assert (await box.told(Heard.EARLY, of=leg)).code == 180
    assert (await box.told(Heard.ANSWERED, of=leg)).kind
    assert (await box.told(Heard.AUDIO, of=leg)).text[0] == "PCMA/8000"
    await call.bye()
    assert await over(box, leg) == (200, 0)


async def test_commands_given_together_are_carried_out_together(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    box.sip.hold(True)
    player = box.sip.play("/nonexistent.wav", False)
    leg = ring(box, phone)
    assert (await phone.register()).status == 200  # the SIP thread goes on meanwhile
    assert not box.told_so_far(Heard.STOPPED, of=player)
    box.sip.hold(False)
    await box.told(Heard.STOPPED, of=player)
    await (await phone.picks_up(leg)).bye()


async def test_the_box_hangs_up_and_says_why(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    call = await phone.picks_up(leg)
    await box.told(Heard.ANSWERED, of=leg)
    box.sip.hang_up(leg, 0, 16)
    assert (await call.hung_up())["reason"] == "Q.850;cause=16"
    assert (await over(box, leg))[1] == 16


async def test_what_becomes_of_a_call_that_is_over_is_nothing_to_the_call_in_its_place(box: Box, wire: Wire) -> None:
    """Calls are put into 512 places in turn; the BYE of one waits there 5 s longer (RFC 3261 17.1.2.2, timer K)."""
    phone = Telephone(box, wire)
    first = ring(box, phone)
    call = await phone.picks_up(first)
    await box.told(Heard.ANSWERED, of=first)
    box.sip.hang_up(first, 480, 16)
    await call.hung_up()
    for _ in range(PLACES - 4):
        refused = ring(box, phone)
        await phone.refuses(486, "Busy Here")
        await box.told(Heard.OVER, of=refused)
    talks = {leg: await phone.picks_up(leg) for leg in [ring(box, phone) for _ in range(8)]}
    with pytest.raises(NotSeen):
        await box.seen.next("an end", lambda event: event.kind == Heard.OVER and event.handle in talks, 6)
    for leg, talk in talks.items():
        await talk.bye()
        assert await over(box, leg) == (200, 0)


async def test_a_call_taken_elsewhere_is_not_shown_as_missed(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    invite = await wire.request("INVITE")
    wire.reply(invite, 180, "Ringing")
    await box.told(Heard.EARLY, of=leg)
    box.sip.hang_up(leg, 0, 26)
    cancel = await wire.request("CANCEL")
    assert "cause=200" in cancel["reason"] and "elsewhere" in cancel["reason"]
    wire.reply(cancel, 200)
    wire.reply(invite, 487, "Request Terminated")
    assert (await over(box, leg))[1] == 26


async def test_a_telephone_that_declines_says_why(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    await phone.refuses(480, "Do Not Disturb", reason='Q.850;cause=17;text="busy"')
    assert await over(box, leg) == (480, 17)


@pytest.mark.parametrize(
    "reason", ["Q.850", "Q.850;cause=", "Q.850;cause=-99999999999999", "SIP;cause=200", "\t;;;", "x" * 900]
)
async def test_a_reason_that_makes_no_sense_is_none(box: Box, wire: Wire, reason: str) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    await phone.refuses(486, "Busy Here", reason=reason)
    code, cause = await over(box, leg)
    assert code == 486 and 0 <= cause <= 127


async def test_the_caller_hangs_up_first(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.progress(call.handle, 180)
    assert (await wire.response()).status == 180
    box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    await call.bye()
    assert await over(box, call.handle) == (200, 0)


async def test_the_caller_gives_up_while_it_rings(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.progress(call.handle, 180)
    call.cancel(await wire.response())
    answers = [await wire.response(final=True) for _ in range(2)]
    assert sorted((answer["cseq"].split()[1], answer.status) for answer in answers) == [
        ("CANCEL", 200),
        ("INVITE", 487),
    ]
    assert (await over(box, call.handle))[0] == 487


@pytest.mark.parametrize("code", [300, 404, 486, 503, 603, 0])
async def test_a_call_is_refused_with_what_the_box_was_told_to(box: Box, wire: Wire, code: int) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.hang_up(call.handle, code, 21)
    await call.answered(code or 603)
    assert (await over(box, call.handle))[1] == 21


async def test_a_caller_without_an_offer_is_made_one(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    call = await phone.call("100", body=b"")
    box.sip.answer(call.handle)
    answer = await wire.response(final=True)
    assert answer.status == 200 and b"m=audio" in answer.body
    box.sip.hang_up(call.handle, 0, 16)
    await over(box, call.handle)


async def test_only_sound_is_offered(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    invite = await phone.refuses(486, "Busy Here")
    assert invite.body.count(b"m=") == invite.body.count(b"m=audio") == 1
    assert b"opus" in invite.body and invite.body.index(b"opus") < invite.body.index(b"PCMA")
    assert invite.uri == phone.contact and invite["user-agent"] == "Linekeeper"
    await over(box, leg)


# ---- commands out of turn --------------------------------------------------------------------------------------------


async def test_a_command_to_a_call_that_is_over_does_nothing_and_is_counted(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    box.sip.hang_up(call.handle, 404, 1)
    await call.answered(404)
    await over(box, call.handle)
    before = box.sip.counts()[0]
    stale = [call.handle, 0, 1, 0xFFFF, 2**64 - 1, call.handle | 0xFFFF, call.handle + (1 << 16)]
    for handle in stale:
        box.sip.answer(handle)
        box.sip.progress(handle, 180)
        box.sip.hang_up(handle, 404, 1)
        box.sip.digits(handle, "1")
        box.sip.stop(handle)
        box.sip.hear(handle, handle)
        box.sip.unhear(handle, handle)
    await box.done()
    assert box.sip.counts()[0] - before == 6 * len(stale)


async def test_answering_twice_changes_nothing(box: Box, wire: Wire) -> None:
    call = await Telephone(box, wire).call("100")
    for _ in range(3):
        box.sip.answer(call.handle)
    await call.answered()
    await box.told(Heard.ANSWERED, of=call.handle)
    for _ in range(3):
        box.sip.answer(call.handle)
        box.sip.progress(call.handle, 180)
    await box.done()
    await wire.ping()
    assert not box.told_so_far(Heard.OVER) and not wire.requests.all
    await call.bye()


async def test_a_call_the_box_makes_is_not_answered_by_the_box(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    box.sip.answer(leg)
    box.sip.progress(leg, 180)
    call = await phone.picks_up(leg)
    await box.told(Heard.ANSWERED, of=leg)
    await call.bye()


async def test_a_player_is_no_call(box: Box, wire: Wire) -> None:
    """Its handle in a command for calls, and the other way round."""
    call = await Telephone(box, wire).call("100")
    player = box.sip.play("/nonexistent.wav", False)
    box.sip.answer(player)
    box.sip.hang_up(player, 404, 1)
    box.sip.digits(player, "1")
    box.sip.stop(call.handle)
    await box.told(Heard.STOPPED, of=player)
    box.sip.hang_up(call.handle, 404, 1)
    await call.answered(404)


async def test_a_call_ended_at_once_after_it_was_begun_is_over(box: Box, wire: Wire) -> None:
    """Both commands wait together when the SIP thread comes to them: the INVITE is out, nobody has answered it yet."""
    phone = Telephone(box, wire)
    legs = [ring(box, phone) for _ in range(20)]
    for leg in legs:
        box.sip.hang_up(leg, 0, 26)
    for leg in legs:
        await box.told(Heard.OVER, of=leg, within=1)
    for _ in legs:
        invite = await wire.request("INVITE")
        wire.reply(invite, 180, "Ringing", tag="t")
        cancel = await wire.request("CANCEL")
        wire.reply(cancel, 200)
        wire.reply(invite, 487, "Request Terminated", tag="t")
        await wire.request("ACK")


async def test_a_telephone_that_answers_what_was_given_up_is_hung_up_on(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    leg = ring(box, phone)
    invite = await wire.request("INVITE")
    wire.reply(invite, 180, "Ringing", tag="t")
    await box.told(Heard.EARLY, of=leg)
    box.sip.hang_up(leg, 0, 26)
    wire.reply(await wire.request("CANCEL"), 200)
    wire.reply(invite, 200, tag="t", body=sdp())
    await wire.request("ACK")
    wire.reply(await wire.request("BYE"), 200)
    assert len([event for event in box.told_so_far(Heard.OVER) if event.handle == leg]) == 1
    assert not box.told_so_far(Heard.ANSWERED)


async def test_a_call_where_nobody_can_be_is_over(box: Box, wire: Wire) -> None:
    for trunk, target in (
        ("", "not a uri"), ("", ""), ("", "sip:"), ("", "tel:1"), ("", "sip:a@b\r\nVia: x"), ("", "sip:" + "a" * 5000),
        ("", "sip:a@127.0.0.1:99999"), ("nowhere", "sip:100@127.0.0.1"),
    ):  # fmt: skip
        leg = box.sip.call(trunk, target, "+37060000001", "")
        assert (await over(box, leg))[0] >= 300, target
    assert not wire.requests.all


async def test_a_telephone_nobody_listens_for_is_told_as_soon_as_the_network_knows(box: Box) -> None:
    async with Wire(box.address) as closed:
        phone = Telephone(box, closed)
        tcp = f"{phone.contact};transport=tcp"
    leg = box.sip.call("", tcp, "+37060000001", "")
    assert (await over(box, leg))[0] == 503


# ---- many ------------------------------------------------------------------------------------------------------------


async def test_three_hundred_calls_leave_nothing_in_use(box: Box, wire: Wire) -> None:
    """Refused, hung up by the telephone, hung up by the box, given up."""
    phone = Telephone(box, wire)
    for _ in range(75):
        refused, short, long, given_up = [ring(box, phone) for _ in range(4)]
        await phone.refuses(486, "Busy Here")
        await (await phone.picks_up()).bye()
        call = await phone.picks_up()
        box.sip.hang_up(long, 0, 16)
        await call.hung_up()
        invite = await wire.request("INVITE")
        wire.reply(invite, 180, "Ringing")
        await box.told(Heard.EARLY, of=given_up)
        box.sip.hang_up(given_up, 0, 16)
        wire.reply(await wire.request("CANCEL"), 200)
        wire.reply(invite, 487, "Request Terminated")
        await wire.request("ACK")
        for leg in (refused, short, long, given_up):
            await box.told(Heard.OVER, of=leg)
    assert box.sip.counts()[2] == 0


async def test_when_the_box_is_full_more_calls_are_refused_at_once_and_then_there_is_room_again(
    box: Box, wire: Wire
) -> None:
    """This box has 200 ports for sound, two a call; PJSIP has 512 calls, the box 2,048 handles."""
    phone = Telephone(box, wire)
    start = time.process_time()  # a busy machine takes longer, but does no more
    legs = [leg for leg in (ring(box, phone) for _ in range(3000)) if leg]
    await box.done(within=60)
    assert time.process_time() - start < 5
    full = {event.handle: event.code for event in box.told_so_far(Heard.OVER)}
    assert set(full.values()) == {503} and len(legs) >= 2048
    ringing = [leg for leg in legs if leg not in full]
    assert len(ringing) in (99, 100) and box.sip.counts()[2] == len(ringing)
    for leg in ringing:
        box.sip.hang_up(leg, 0, 16)
    for leg in ringing:
        await box.told(Heard.OVER, of=leg)
    assert box.sip.counts()[2] == 0
    async with Wire(box.address) as other:
        back = Telephone(box, other)
        leg = ring(box, back)
        await (await back.picks_up(leg)).bye()
        await box.told(Heard.OVER, of=leg)


# ---- the endpoint ----------------------------------------------------------------------------------------------------


async def test_there_is_one_endpoint_a_process(box: Box) -> None:
    with pytest.raises(SipError, match="one SIP endpoint a process"):
        Endpoint(HOST, 1, HOST, 40000, 40010, "x", [])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"listen": "x" * 64}, "listen is too long"),
        ({"realm": "x" * 64}, "realm is too long"),
        ({"user_agent": "x" * 64}, "user_agent is too long"),
        ({"codecs": ["x"] * 17}, "more than 16 codecs"),
        ({"digest": "basic"}, "digest is md5, sha-256 or both"),
    ],
)
def test_an_endpoint_with_wrong_settings_is_not_made(arguments: dict[str, object], what: str) -> None:
    usual = {"listen": HOST, "port": 1, "realm": HOST, "rtp_first": 1, "rtp_last": 2, "user_agent": "x", "codecs": []}
    with pytest.raises(ValueError, match=what):
        Endpoint(**usual | arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("set_phone", ("x" * 64, "0" * 32, "0" * 64)),
        ("set_phone", ("desk", "0" * 31, "0" * 64)),
        ("set_phone", ("desk", "0" * 32, "")),
        ("set_trunk", ("x" * 64, "sip:a", "", "", "", 0)),
        ("set_trunk", ("x", "sip:" + "a" * 256, "", "", "", 0)),
        ("progress", (1, 200)),
        ("hang_up", (1, 200, 0)),
        ("hang_up", (1, 700, 0)),
        ("call", ("", "sip:a\x00b", "", "")),
        ("record", ("\udcff",)),
    ],
)
async def test_what_cannot_be_is_said_at_once(box: Box, method: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError):
        getattr(box.sip, method)(*arguments)


async def test_a_port_in_use_is_said_in_a_sentence_and_a_later_start_works(endpoint: Box) -> None:
    """And with calls under way, an endpoint closes, and another in its place knows nothing of it."""
    with endpoint as box:
        async with Wire(box.address) as wire:
            phone = Telephone(box, wire)
            await phone.register()
            leg = ring(box, phone)
            call = await phone.picks_up(leg)
            await box.told(Heard.ANSWERED, of=leg)
            loop = asyncio.get_running_loop()
            loop.remove_reader(box.sip.fileno())
            closing = loop.run_in_executor(None, box.sip.close)
            await call.hung_up()
            await closing
            assert box.sip.fileno() == -1 and box.sip.events() == []
            with pytest.raises(SipError, match="not running"):
                box.sip.answer(leg)
            old, port = box.sip, box.address[1]
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as other:
                    if kind == socket.SOCK_STREAM:  # else an old connection in TIME_WAIT hinders us
                        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    other.bind((HOST, port))
                    if kind == socket.SOCK_STREAM:
                        other.listen()
                    with pytest.raises(SipError, match=f"port {port} of {HOST} is in use by another program"):
                        box.start()
            files, heard = len(os.listdir("/proc/self/fd")), list(wire.responses.all)
            box.start(opens=False)
            wire.send(request("REGISTER", box.uri, wire))
            await asyncio.sleep(0.2)  # what is not to come cannot be waited for
            assert wire.responses.all == heard
            box.sip.open()
            old.close()
            del old
            loop.add_reader(box.sip.fileno(), box.read)
            assert box.sip.counts()[2] == 0
            assert (await phone.register()).status == 403  # it was let in before
            assert (await Telephone(box, wire).register()).status == 200
            again = box.sip.call("", phone.contact, "+37060000001", "")
            assert again > leg
            await phone.refuses(486, "Busy Here")
            await over(box, again)
            assert len(os.listdir("/proc/self/fd")) - files < 12


def test_a_program_that_just_ends_ends() -> None:
    """With the endpoint open."""
    code = (
        f"from appliance.sip._sip import Endpoint\ne = Endpoint({HOST!r}, 0, {HOST!r}, 40000, 40010, 'x', {CODECS!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=20, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_when_the_sip_thread_can_no_longer_work_that_is_told() -> None:
    """Its wait fails for good when the kernel's queue is closed under it, in a process of its own."""
    code = (
        "import os, select\n"
        "from appliance.sip._sip import Endpoint\n"
        f"e = Endpoint({HOST!r}, 0, {HOST!r}, 40000, 40010, 'x', {CODECS!r})\n"
        "for fd in range(3, 64):\n"
        "    if os.path.exists(f'/proc/self/fd/{fd}') and 'eventpoll' in os.readlink(f'/proc/self/fd/{fd}'):\n"
        "        os.close(fd)\n"
        "while True:\n"
        "    assert select.select([e.fileno()], [], [], 5)[0]\n"
        "    for event in e.events():\n"
        f"        if event[0] == {Heard.DEAD}:\n"
        "            print(event[5][0], flush=True)\n"
        "            os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=20, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "packets can no longer be waited for\n", "")


def test_causes_are_those_of_rfc_3398() -> None:
    assert [cause_of(code) for code in (200, 404, 408, 480, 486, 487, 488, 503, 600, 603, 999, -1)] == [
        16, 1, 102, 18, 17, 16, 79, 41, 17, 21, 31, 16,
    ]  # fmt: skip
