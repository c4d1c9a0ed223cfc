# SPDX-License-Identifier: GPL-2.0-or-later
"""As whom and by what number a trunk is called, read from what SIPp got."""

import pytest

from tests.calls.stories import changed, use
from tests.calls.test_trunks import CALLED, told
from tests.telephones.stage import ANNA_HZ, CALLER, Stage

OURS = "+37052000101"
MOBILE = "+37061111111"


@pytest.mark.parametrize("hidden", [True, False])
async def test_a_hidden_number_is_told_to_the_trunk_alone(stage: Stage, hidden: bool) -> None:
    office = await stage.office()
    pairs = (
        ("[person.anna]\n", f'[person.anna]\nnumber = "{OURS}"\n'),
        ('kind = "sip"\n', 'kind = "sip"\ndial_as = "e164"\n'),
    )
    await use(office, changed(office.document, *pairs))
    anna = await stage.desk(office, "desk1", ANNA_HZ)
    city = await stage.sipp("callee-busy", port=office.city)
    await anna.dial("*31060000009" if hidden else "060000009")
    await anna.closed()
    await city.finished()
    [invite] = told(city, "INVITE")
    assert invite.startswith(f"INVITE sip:{CALLED}@")
    sender = next(line for line in invite.splitlines() if line.startswith("From:"))
    if hidden:
        assert '"Anonymous" <sip:anonymous@anonymous.invalid>' in sender
        assert "Privacy: id\n" in invite and f"P-Asserted-Identity: <sip:{OURS}@127.0.0.1>" in invite
        assert invite.count(OURS) == 1, "the number is also elsewhere"
    else:
        assert f"<sip:{OURS}@" in sender and "Privacy" not in invite


async def test_a_call_passed_on_to_a_mobile_tells_who_called_and_by_whom(stage: Stage) -> None:
    office = await stage.office()
    city = stage.ports.take()
    document = changed(
        office.document,
        ("[person.boris]\n", f'[person.boris]\nmobile = "{MOBILE}"\n'),
        ('people = ["anna", "boris"]', 'people = ["boris.mobile"]'),
        ('[outside]\nlines = ["city"]\n', '[outside]\nlines = ["second"]\n'),
    )
    document += f'\n[line.second]\nkind = "sip"\nhost = "127.0.0.1"\nport = {city}\ncaller = "{OURS}"\ndiverts = true\n'
    await use(office, document)
    second = await stage.sipp("callee-busy", port=city)
    caller = await stage.outside(office, "caller-hangs-up", await stage.ear(), talk=1.0)
    await second.finished()
    [invite] = told(second, "INVITE")
    assert invite.startswith(f"INVITE sip:{MOBILE}@")
    assert f"<sip:{CALLER}@" in next(line for line in invite.splitlines() if line.startswith("From:"))
    assert f"Diversion: <sip:{OURS}@127.0.0.1>;reason=unconditional;counter=1" in invite
    assert f"History-Info: <sip:{OURS}@127.0.0.1>;index=1, <sip:{MOBILE}@127.0.0.1;cause=302>;index=1.1" in invite
    await caller.finished()
