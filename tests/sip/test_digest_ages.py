# SPDX-License-Identifier: GPL-2.0-or-later
"""A box whose nonces last a second and that asks for SHA-256 alone."""

import asyncio

import pytest

from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Wire, authorization, request

ENDPOINT = {"nonce_lives": 1, "digest": "sha-256"}


async def test_an_old_nonce_is_told_from_a_wrong_password(box: Box, wire: Wire) -> None:
    """The telephone then tries again by itself and does not ask its user."""
    account = box.account()
    to = f"<sip:{account.name}@{HOST}>"
    challenge = (await wire.ask(request("REGISTER", box.uri, wire, to=to))).challenge("SHA-256")
    await asyncio.sleep(1.2)  # it is time itself that is meant
    said = authorization(challenge, "REGISTER", box.uri, *account)
    answer = await wire.ask(request("REGISTER", box.uri, wire, to=to, headers={"Authorization": said}))
    assert answer.status == 401 and "stale=true" in answer["www-authenticate"]
    again = authorization(answer.challenge("SHA-256"), "REGISTER", box.uri, *account)
    assert (await wire.ask(request("REGISTER", box.uri, wire, to=to, headers={"Authorization": again}))).status == 200


async def test_md5_is_neither_offered_nor_taken_where_it_is_not_wanted(box: Box, wire: Wire) -> None:
    phone = Telephone(box, wire)
    with pytest.raises(KeyError):
        await phone.register(algorithm="MD5")
    to = f"<sip:{phone.account.name}@{HOST}>"
    challenge = (await wire.ask(request("REGISTER", box.uri, wire, to=to))).challenge("SHA-256") | {"algorithm": "MD5"}
    said = authorization(challenge, "REGISTER", box.uri, *phone.account)
    assert (await wire.ask(request("REGISTER", box.uri, wire, to=to, headers={"Authorization": said}))).status == 403
    assert (await phone.register(algorithm="SHA-256")).status == 200
