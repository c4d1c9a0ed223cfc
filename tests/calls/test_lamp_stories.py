# SPDX-License-Identifier: GPL-2.0-or-later
"""A key with a lamp on Anna's telephone shows what Boris's does: the whole switch, his telephone a baresip."""

import re

from tests.calls.lamp_keys import key, lamp
from tests.calls.stories import changed, use
from tests.sip.wire import Wire
from tests.telephones.stage import ANNA_HZ, BORIS_HZ, Stage


async def test_the_lamp_of_a_colleague_blinks_burns_and_goes_out(stage: Stage) -> None:
    office = await stage.office()
    boris = await stage.desk(office, "desk2", BORIS_HZ)
    host, port = office.address.split(":")
    async with Wire((host, int(port))) as wire:
        colleague, his_status = key(office, wire, "dialog", "102"), key(office, wire, "presence", "102")
        assert (await colleague.subscribes()).status == (await his_status.subscribes()).status == 200
        assert lamp(await colleague.told()) == ("terminated", 0)
        while b"<basic>open</basic>" not in (await his_status.told()).body:
            pass  # his telephone has registered a moment ago
        caller = await stage.outside(office, "caller-waits", await stage.ear())
        await boris.rings()
        blinks = await colleague.told()
        assert lamp(blinks) == ("early", 1)
        assert re.search(rb'call-id="leg-[0-9a-f]+"', blinks.body) and b"37060000001" not in blinks.body
        await boris.accept()
        await boris.talks()
        assert lamp(await colleague.told()) == ("confirmed", 2)
        assert b"on-the-phone" in (await his_status.told()).body
        await boris.hang_up()
        assert lamp(await colleague.told()) == ("terminated", 3)
        assert (await key(office, wire, "dialog", "999").subscribes()).status == 404
        await caller.finished()


async def test_annas_telephone_shows_what_boris_does(stage: Stage) -> None:
    """A baresip, which has no lamps: the status beside his name."""
    office = await stage.office()
    people = ('people = ["anna", "boris"]', 'people = ["boris"]')
    await use(office, changed(office.document, people))
    anna = await stage.desk(office, "desk1", ANNA_HZ, watches=["102"])
    await anna.sees("102", "Offline")
    boris = await stage.desk(office, "desk2", BORIS_HZ)
    await anna.sees("102", "Online")
    caller = await stage.outside(office, "caller-waits", await stage.ear())
    await boris.rings()
    await anna.sees("102", "Busy")
    await boris.accept()
    await boris.talks()
    await boris.hang_up()
    await caller.finished()
    await anna.sees("102", "Online")
