# SPDX-License-Identifier: GPL-2.0-or-later
"""The web program killed while it has settings put in force, on the real switch: the old or the new, whole."""

import asyncio
from contextlib import closing
from pathlib import Path

import httpx

from appliance.programs.demo.office import Office as Running
from appliance.programs.demo.ports import Ports
from appliance.settings.history import History
from appliance.store.office import Office
from tests.web.visitors import Visitor, user

LATER = (0.0, 0.02, 0.1, 0.4)  # seconds after the form was sent


async def test_settings_are_whole_whenever_the_web_program_is_killed(tmp_path: Path) -> None:
    with Ports() as ports:
        async with Running(tmp_path, ports) as office:
            with closing(Office(office.state / "pages")) as pages:
                pages.add(user("owner", "owner"))
            before = office.settings.read_text()
            for n, later in enumerate(LATER):
                name = f"Name {n}"
                async with Visitor(office.page.rstrip("/")) as one:
                    await _begin(one, name)
                    token = await one.csrf("/settings/draft")
                    sending = asyncio.create_task(one.post("/settings/apply", data={"csrf": token}))
                    await asyncio.sleep(later)
                    office.kill("web")
                    await asyncio.gather(sending, return_exceptions=True)
                await office.logged("web ready")  # `run` has started it again
                now = office.settings.read_text()
                lines = [line if not line.startswith("name = ") else "" for line in now.splitlines()]
                assert lines == [line if not line.startswith("name = ") else "" for line in before.splitlines()]
                async with Visitor(office.page.rstrip("/")) as one:  # what was not applied is a draft still
                    await one.log_in("owner")
                    assert name in now or name in (await one.get("/settings/draft")).text
                    csrf = await one.csrf("/settings")
                    await one.post("/settings/discard", data={"csrf": csrf})
            current = History(office.state / "history").current()
            assert current and History(office.state / "history").document(current.number) == office.settings.read_text()


async def _begin(one: Visitor, name: str) -> None:
    """Logged in, with a draft of another name for the office."""
    answer: httpx.Response = await one.log_in("owner")
    assert answer.status_code == 303
    assert (await one.put_in("office", name=name)).status_code == 303
