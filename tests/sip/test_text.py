# SPDX-License-Identifier: GPL-2.0-or-later
"""Any text as name, number or address: the messages the box makes of it are well formed, or there is none."""

import asyncio
import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appliance.sip.names import Heard
from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Message, Wire

# every character but those that a C string or UTF-8 has no place for: these raise ValueError, as test_legs.py shows
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)
nasty = st.text(st.sampled_from('\r\n\t\x7f"\\<>;:@%,()[] =?&/aé€😀\u202e\u0085'), max_size=300)
words = st.one_of(anything, nasty)
NAME_ADDR = re.compile(r'(?:"((?:[^"\\]|\\.)*)"\s*)?<sip:([^@<>]+)@([^<>]+)>;tag=\S+')

fast = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refused_invite(endpoint: Box, target: str, number: str, name: str) -> Message:
    """The INVITE that a telephone got of it."""

    async def one() -> Message:
        with endpoint as box:
            async with Wire(box.address) as wire:
                phone = Telephone(box, wire)
                leg = box.sip.call("", target or phone.contact, number, name)
                invite = await phone.refuses(486, "Busy Here")
                await box.told(Heard.OVER, of=leg)
                assert [message.method for message in wire.requests.all] == ["INVITE", "ACK"]
                return invite

    return asyncio.run(one())


@fast
@given(number=words, name=words)
@example(number="1\r\nX-Evil: 1", name='Sales" <sip:evil@example.com>\r\nX-Evil: 1')
@example(number="", name='"')
@example(number="+37060000001", name="\\")
@example(number="a" * 300, name='"' * 300)
@example(number="é", name="€" * 200)
@example(number="1", name="a" + "€" * 200)
@example(number="1", name="aa" + "😀" * 200)
def test_the_display_of_a_telephone_shows_a_name_and_a_number_and_nothing_else(
    endpoint: Box, number: str, name: str
) -> None:
    invite = refused_invite(endpoint, "", number, name)
    assert {key for key, _ in invite.headers} <= {
        "via", "max-forwards", "from", "to", "contact", "call-id", "cseq", "allow", "supported", "session-expires",
        "min-se", "user-agent", "content-type", "content-length", "authorization",
    }  # fmt: skip
    whole = NAME_ADDR.fullmatch(invite["from"])
    assert whole, invite["from"]
    shown, user, host = whole.groups()
    assert host == HOST
    assert re.fullmatch(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%23)+", user) and len(user) < 64
    if shown is not None:
        said = re.sub(r"\\(.)", r"\1", shown, flags=re.DOTALL)
        kept = "".join(character for character in name if character >= " " and character != "\x7f")
        assert kept.startswith(said) and (said == kept or len(shown.encode()) > 240)
        assert not any(0xDC80 <= ord(character) <= 0xDCFF for character in shown)  # no half of a character


@fast
@given(target=words)
@example(target=f"sip:a@{HOST}:1\r\nX-Evil: 1")
@example(target=f"sip:a@{HOST}:1?Route=%3Csip:{HOST}:2%3E")
@example(target="sip:%0d%0aX-Evil:1@127.0.0.1:1")
def test_a_call_to_any_text_is_over_or_rings_nowhere_and_the_box_lives(endpoint: Box, target: str) -> None:
    async def one() -> None:
        with endpoint as box:
            async with Wire(box.address) as wire:
                leg = box.sip.call("", target, "1", "")
                box.sip.hang_up(leg, 0, 16)
                await box.told(Heard.OVER, of=leg)
                await box.done()
                await wire.ping()

    asyncio.run(one())


@fast
@given(texts=st.lists(words, min_size=5, max_size=5))
def test_settings_of_any_text_leave_the_box_alive(endpoint: Box, texts: list[str]) -> None:
    async def one() -> None:
        with endpoint as box:
            async with Wire(box.address) as wire:
                first, second, third, fourth, fifth = texts
                name = first[:15]
                box.sip.set_phone(name, "0" * 32, "0" * 64)
                box.sip.bind(name, second, third, fourth, 4_000_000_000)
                box.sip.bind(name, third, second, fifth, 2**62)
                box.sip.remove_phone(name)
                if len(second.encode()) < 200:
                    box.sip.set_trunk(name, f"sip:{second}", third[:15], fourth, fifth, 0)
                    box.sip.set_trunk(name, second, third[:15], fourth, fifth, 0)
                    leg = box.sip.call(name, f"sip:{third}@{HOST}:9", fourth, fifth)
                    box.sip.hang_up(leg, 486, 17)
                    await box.told(Heard.OVER, of=leg)
                    box.sip.remove_trunk(name)
                for port in (box.sip.play(first, True), box.sip.record(second)):
                    await box.told(Heard.STOPPED, of=port)
                await box.done()
                await wire.ping()

    asyncio.run(one())
