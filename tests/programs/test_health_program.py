# SPDX-License-Identifier: GPL-2.0-or-later
"""A box from its first minute on: `linekeeper health`, the page, the API and the figures say the same of the real programs."""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

import httpx

from appliance.programs.demo.ports import Ports
from appliance.store.office import Office
from appliance.web.access import OWNER, now
from appliance.web.token_pages import new
from tests.fakes.mosquitto import Mosquitto
from tests.programs.test_run import MQTT, OFFICE, running, web_port
from tests.web.visitors import Visitor, user

WITHIN = 30.0  # seconds for anything that is waited for


async def health(document: Path, *more: str) -> tuple[int, str]:
    """Exit code, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.programs", "health", "--settings", str(document)),
        *("--state", str(document.parent / "state"), *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _none = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def until(page: Visitor, path: str, word: str) -> str:
    async with asyncio.timeout(WITHIN):
        while word not in (text := (await page.get(path)).text):
            await asyncio.sleep(0.2)
    return text


async def test_what_is_wrong_is_told_by_program_page_and_api_until_it_is_mended(tmp_path: Path, ports: Ports) -> None:
    document, broker = tmp_path / "office.toml", ports.take()
    sound = OFFICE.format(sip=ports.take(), web=ports.take()) + MQTT.format(broker=broker)
    document.write_text(sound)
    async with running(document) as run:
        await run.until_ready()
        token = new()
        with closing(Office(tmp_path / "state" / "pages")) as office:
            office.add(user(OWNER, OWNER))
            office.tokens.add(token, OWNER, "a watch", frozenset({"health:read", "metrics:read"}), at=now())
        async with Visitor(f"http://127.0.0.1:{web_port(document)}") as owner:
            await owner.log_in(OWNER)
            page = await until(owner, "/status", f"127.0.0.1:{broker} is not reached")
            assert "No telephone is registered: nobody can be rung." in page and "Something does not work." in page
            assert "It runs, and takes calls." in page
            code, said = await health(document)
            assert code == 2
            for line in (f"BAD   MQTT brokers: The MQTT broker 127.0.0.1:{broker} is not reached",
                         "BAD   Telephones: No telephone is registered", "good  Telephone exchange: It runs",
                         "good  Pages: They are there."):  # fmt: skip
                assert line in said
            async with Mosquitto(tmp_path, broker) as mosquitto:
                await mosquitto.start()
                await until(owner, "/status", "Every broker is reached.")
            document.write_text(sound.replace("[sip]", "[sip]\nports = 5060"))
            assert "sip.ports" in await until(owner, "/status", "The settings file has faults")
            programs = httpx.AsyncClient(base_url=str(owner.base_url), headers={"Authorization": f"Bearer {token}"})
            async with programs:
                told = (await programs.get("/api/v1/health?language=uk")).json()
                assert told["level"] == "bad"
                levels = {one["id"]: one["level"] for one in told["checks"]}
                assert (levels["switch"], levels["phones"], levels["settings"]) == ("good", "bad", "warning")
                assert 'health{check="phones"} 2\n' in (await programs.get("/metrics")).text
    code, said = await health(document, "--quiet", "--language", "ru")
    assert code == 2
    assert "Станция не отвечает" in said and "Страницы не отвечают" in said and "good" not in said
