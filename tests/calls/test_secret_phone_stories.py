# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone is given another password while the office runs."""

from appliance.control import client
from appliance.control.secrets import KeepSecret
from tests.telephones.stage import ANNA_HZ, Stage


async def test_a_telephone_registers_with_the_password_it_was_given_a_moment_ago(stage: Stage) -> None:
    office = await stage.office()
    async with await client.connect(office.socket) as switch:
        await switch.request(KeepSecret(0, "phone", {"password": "another-for-desk1"}, "desk1", by="maria"))
    await stage.desk(office, "desk1", ANNA_HZ, password="another-for-desk1")
