# SPDX-License-Identifier: GPL-2.0-or-later
"""The password is asked for, once for each request, and nothing is given away to who does not know it."""

import re
import secrets
import statistics
import time

import pytest

from appliance.sip.names import Heard
from tests.sip.box import HOST, Account, Box, Telephone
from tests.sip.wire import Message, Wire, authorization, request, sdp


def shape(answer: Message) -> tuple[str, list[tuple[str, str]]]:
    """What an answer looks like but for the values nobody can foresee."""
    own = ("via", "to", "from", "call-id", "cseq")
    return answer.first, [
        (name, "" if name in own else re.sub('nonce="[0-9a-f]+"', "", value)) for name, value in answer.headers
    ]


class Visitor:
    """Answers challenges of the box as told."""

    def __init__(self, box: Box, wire: Wire, account: Account | None = None) -> None:
        self.box, self.wire, self.account = box, wire, account or box.account()
        self.to = f"<sip:{self.account.name}@{HOST}>"

    async def challenge(self, algorithm: str = "MD5") -> dict[str, str]:
        answer = await self.register("")
        assert answer.status == 401 and "stale" not in answer["www-authenticate"]
        return answer.challenge(algorithm)

    async def register(self, authorization: str, uri: str = "") -> Message:
        return await self.wire.ask(
            request("REGISTER", uri or self.box.uri, self.wire, to=self.to, headers={"Authorization": authorization})
        )

    async def answer(
        self, challenge: dict[str, str], *, nc: int | str = 1, leave_out: str = "", **lies: str
    ) -> Message:
        said = authorization(
            challenge, "REGISTER", lies.pop("uri", self.box.uri), *self.account,
            nc=nc, leave_out=leave_out.split(), **lies,
        )  # fmt: skip
        return await self.register(said)


@pytest.fixture
def visitor(box: Box, wire: Wire) -> Visitor:
    return Visitor(box, wire)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_the_right_password_opens(visitor: Visitor, algorithm: str) -> None:
    challenge = await visitor.challenge(algorithm)
    assert (challenge["realm"], challenge["qop"]) == (HOST, "auth")
    assert (await visitor.answer(challenge)).status == 200


async def test_the_stronger_way_is_offered_first(visitor: Visitor) -> None:
    answer = await visitor.register("")
    assert ["SHA-256" in one for one in answer.all("www-authenticate")] == [True, False]


async def test_an_answer_is_good_once(visitor: Visitor) -> None:
    challenge = await visitor.challenge()
    said = authorization(challenge, "REGISTER", visitor.box.uri, *visitor.account)
    assert (await visitor.register(said)).status == 200
    again = await visitor.register(said)
    assert again.status == 401 and "stale=true" in again["www-authenticate"]


async def test_a_nonce_serves_again_only_with_a_higher_count(visitor: Visitor) -> None:
    challenge = await visitor.challenge()
    counts = [1, 2, 5, 4, 5, 6]
    assert [(await visitor.answer(challenge, nc=n)).status for n in counts] == [200, 200, 200, 401, 401, 200]


async def test_an_answer_listened_to_is_no_good_though_its_nonce_was_forgotten(visitor: Visitor) -> None:
    """The box remembers 4,096 nonces, each at the place that digits 13 to 15 name; another pushes ours out when it has
    the same, and then ours must not become new again."""
    mine = await visitor.challenge()
    place = int(mine["nonce"][8:16], 16) % 4096
    said = authorization(mine, "REGISTER", visitor.box.uri, *visitor.account)
    assert (await visitor.register(said)).status == 200
    knocking = [request("REGISTER", visitor.box.uri, visitor.wire, to=visitor.to) for _ in range(50)]
    for _ in range(2000):
        for knock in knocking:
            visitor.wire.send(knock)
        answers = [await visitor.wire.response() for _ in knocking]
        visitor.wire.responses.all.clear()
        same = [a for a in answers if int(a.challenge()["nonce"][8:16], 16) % 4096 == place]
        if same:
            break
    assert (await visitor.answer(same[0].challenge(), response="0" * 32)).status == 403
    assert "stale=true" in (await visitor.register(said))["www-authenticate"]
    assert (await visitor.answer(same[0].challenge())).status == 200
    assert "stale=true" in (await visitor.register(said))["www-authenticate"]


async def test_no_two_of_four_thousand_telephones_that_come_at_once_meet(visitor: Visitor) -> None:
    """After a power cut: none is asked a third time because another took the place of its nonce."""
    places = []
    for _ in range(4096 // 64):
        for _ in range(64):
            visitor.wire.send(request("REGISTER", visitor.box.uri, visitor.wire, to=visitor.to))
        places += [int((await visitor.wire.response()).challenge()["nonce"][13:16], 16) for _ in range(64)]
    assert sorted(places) == list(range(4096))


@pytest.mark.parametrize("nonce", ["0" * 48, "", "x", "0" * 47 + "g", "\\" * 48, "0" * 4000])
async def test_a_nonce_the_box_did_not_make_is_asked_for_anew(visitor: Visitor, nonce: str) -> None:
    challenge = await visitor.challenge()
    answer = await visitor.answer(challenge, nonce=nonce)
    if len(nonce) < 4000:
        assert answer.status == 401 and "stale=true" in answer["www-authenticate"]
    assert (await visitor.answer(challenge)).status == 200


@pytest.mark.parametrize("place", [7, 8, 15, 16, 47])
async def test_a_nonce_with_a_digit_changed_is_not_the_boxs(visitor: Visitor, place: int) -> None:
    """Its time, its random part, its seal."""
    challenge = await visitor.challenge()
    nonce = challenge["nonce"]
    other = nonce[:place] + format(int(nonce[place], 16) ^ 1, "x") + nonce[place + 1 :]
    assert "stale=true" in (await visitor.answer(challenge, nonce=other))["www-authenticate"]


@pytest.mark.parametrize(
    "lies",
    [
        {"uri": "sip:elsewhere.example"},
        {"uri": f"sip:{HOST}"},
        {"uri": ""},
        {"uri": "<"},
        {"uri": "tel:+37060000001"},
        {"algorithm": "SHA-512-256"},
        {"algorithm": "MD5-sess"},
        {"qop": "auth-int"},
        {"cnonce": ""},
        {"nc": "00000000"},
        {"nc": "1"},
        {"nc": "-0000001"},
        {"nc": "0x000001"},
        {"response": ""},
        {"response": "0" * 64},
        {"leave_out": "qop"},
        {"leave_out": "qop nc cnonce"},
        {"leave_out": "cnonce"},
        {"leave_out": "nc"},
        {"leave_out": "response"},
        {"leave_out": "username"},
    ],
    ids=str,
)
async def test_an_answer_that_bends_the_rules_is_refused(visitor: Visitor, lies: dict[str, str]) -> None:
    challenge = await visitor.challenge()
    assert (await visitor.answer(challenge, **lies)).status == 403
    refused = await visitor.box.told(Heard.REFUSED, of="REGISTER")
    assert (refused.code, refused.text[1]) == (403, "wrong user or password")
    assert refused.text[3] == visitor.wire.at
    assert (await visitor.answer(challenge)).status == 200  # its nonce is not used up by that


async def test_an_answer_for_another_realm_is_none(visitor: Visitor) -> None:
    challenge = await visitor.challenge()
    answer = await visitor.answer(challenge, realm="elsewhere")
    assert answer.status == 401 and "stale" not in answer["www-authenticate"]


async def test_the_answer_to_one_request_is_no_good_for_another(visitor: Visitor) -> None:
    challenge = await visitor.challenge()
    invite = authorization(challenge, "INVITE", visitor.box.uri, *visitor.account)
    assert (await visitor.register(invite)).status == 403


async def test_several_answers_are_looked_through_for_ours(visitor: Visitor) -> None:
    mine = authorization(await visitor.challenge(), "REGISTER", visitor.box.uri, *visitor.account)
    other = mine.replace(f'realm="{HOST}"', 'realm="elsewhere"')
    answer = await visitor.wire.ask(
        request(
            "REGISTER", visitor.box.uri, visitor.wire, to=visitor.to,
            headers={"Authorization": [other, mine]},
        )
    )  # fmt: skip
    assert answer.status == 200


class Prober:
    """Asks about an account by some method, in the ways scanners do; like `nobody` in all but what is asked for."""

    def __init__(self, box: Box, wire: Wire, method: str, account: Account) -> None:
        self.box, self.wire, self.method, self.account = box, wire, method, account
        self.uri = box.uri if method == "REGISTER" else f"sip:{account.name}@{HOST}:{box.address[1]}"

    async def ask(self, authorization: str = "") -> Message:
        name = self.account.name
        headers = {"Authorization": authorization} | ({"Event": "dialog"} if self.method == "SUBSCRIBE" else {})
        data = request(
            self.method, self.uri, self.wire, user=name, to=f"<sip:{name}@{HOST}>", headers=headers,
            body=sdp() if self.method == "INVITE" else b"",
        )  # fmt: skip
        return await self.wire.ask(data)

    async def answer(self, **lies: str) -> Message:
        """The answer to a challenge; OPTIONS brings none, so it has one of another request."""
        method, self.method = self.method, "REGISTER"
        challenge = (await self.ask()).challenge()
        self.method = method
        return await self.ask(authorization(challenge, method, self.uri, *self.account, **lies))


METHODS = {"REGISTER": (401, 403), "INVITE": (401, 403), "SUBSCRIBE": (401, 403), "OPTIONS": (200, 200)}


@pytest.fixture
def probers(box: Box, wire: Wire, method: str) -> list[Prober]:
    """Of an account that is there and of one that is not, with names as long as each other."""
    there = box.account()
    return [Prober(box, wire, method, Account(name, "wrong")) for name in (there.name, "x" * len(there.name))]


@pytest.mark.parametrize("method", METHODS)
async def test_whether_an_account_exists_is_not_to_be_found_out(probers: list[Prober], method: str) -> None:
    asked, refused = METHODS[method]
    for ask, status in (
        (lambda one: one.ask(), asked),
        (lambda one: one.answer(), refused),
        (lambda one: one.answer(nonce="0" * 48), asked),
        (lambda one: one.answer(realm="elsewhere"), asked),
        (lambda one: one.answer(algorithm="SHA-256"), refused),
        (lambda one: one.answer(response=""), refused),
    ):
        known, unknown = [shape(await ask(one)) for one in probers]
        assert known == unknown and f" {status} " in known[0]


@pytest.mark.parametrize("method", METHODS)
async def test_not_even_by_the_time_it_takes(probers: list[Prober], method: str) -> None:
    """The quickest tenth, as the machine does other things too; what takes longer does so every time it is measured."""
    for _ in range(5):
        took: list[list[float]] = [[], []]
        for _ in range(60):
            for who, times in zip(probers, took, strict=True):
                start = time.perf_counter()
                await who.answer()
                times.append(time.perf_counter() - start)
        wrong, nobody = (statistics.quantiles(times, n=10)[0] for times in took)
        if abs(wrong - nobody) < 0.2 * min(wrong, nobody):
            return
    raise AssertionError((wrong, nobody))


@pytest.mark.parametrize("method", [*METHODS, "MESSAGE", "BYE", "CANCEL", "ACK", "JUMP"])
async def test_a_stranger_does_not_hear_what_runs_here(box: Box, wire: Wire, method: str) -> None:
    """No name, no version: neither in an answer nor in what is said of a message that cannot be read."""
    wire.send(request(method, box.uri, wire, headers={"Event": "dialog"}))
    wire.send(request(method, box.uri, wire).replace(b"CSeq: 1", b"CSeq: x"))
    await wire.ping()
    said = [(name, value) for answer in wire.responses.all for name, value in answer.headers]
    assert not {name for name, _ in said} & {"server", "user-agent", "warning", "organization", "x-powered-by"}
    assert not [value for _, value in said if re.search("pjsip|pjsua|linekeeper", value, re.IGNORECASE)]


async def test_a_telephone_that_offers_nothing_is_asked_again_and_again(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    nonces = set()
    for _ in range(5):
        data = request("REGISTER", box.uri, wire, to=f"<sip:{phone.account.name}@{HOST}>", call_id=secrets.token_hex(8))
        nonces.add((await wire.ask(data)).challenge()["nonce"])
    assert len(nonces) == 5 and not box.told_so_far(Heard.BOUND, Heard.REFUSED)
