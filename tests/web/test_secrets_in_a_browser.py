# SPDX-License-Identifier: GPL-2.0-or-later
"""Passwords given on pages reach the programs that use them: the bridge, the mail; each with a file of its own, as on a box."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from appliance.calls.messages import Message
from appliance.control.client import ControlLost, connect
from appliance.control.messages import Office, Watch
from appliance.programs.demo.ports import Ports
from appliance.store.journal import Journal
from appliance.store.office import Office as Pages
from tests.fakes.certificates import Authority
from tests.fakes.mail_server import MailServer
from tests.fakes.mosquitto import Listener, Mosquitto
from tests.telephones import tone
from tests.web.chromium import PHONE, check, look, somebody
from tests.web.visitors import PASSWORD, user

WITHIN = 30.0  # seconds for anything that is waited for
SECRET, POST = "correct horse 8", "battery staple 9"
DOCUMENT = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[sip]
listen = "127.0.0.1"
port = {sip}
[web]
port = {web}
[phone.desk1]
[person.anna]
phones = ["desk1"]
[mqtt]
port = {broker}
[mailbox.sales]
mail = ["anna@example.com"]
[mail]
host = "127.0.0.1"
port = {mail}
ca_file = "{ca}"
from = "box@example.com"
user = "box"
"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def programs(folder: Path, document: Path) -> AsyncIterator[None]:
    """Switch, bridge and pages as systemd starts them; the last two have a secrets file of their own, here not there or old."""
    common = ["--settings", str(document), "--socket", str(folder / "control.sock")]
    own = {
        "switch": ["--state", str(folder / "state")],
        "bridge": ["--state", str(folder / "bridge"), "--secrets", str(folder / "mqtt.toml")],
        "web": [
            "--state",
            str(folder / "state"),
            "--secrets",
            str(folder / "web.toml"),
            "--pages",
            str(folder / "pages"),
        ],
    }
    started = []
    with (folder / "log").open("wb") as log:
        for name, more in own.items():
            command = (sys.executable, "-m", "appliance.programs", name, *common, *more)
            started.append(await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            await process.wait()


async def until(socket: Path, seen: Callable[[Office], bool]) -> None:
    """The switch says so."""
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                async with await connect(socket) as switch:
                    if seen(await switch.request(Watch(0))):
                        return
            except ControlLost:
                pass
            await asyncio.sleep(0.1)


def brokers(connected: bool, why: str = "") -> Callable[[Office], bool]:
    def seen(office: Office) -> bool:
        found = office.bridge.brokers if office.bridge else ()
        return any(one.connected is connected and why in one.why.lower() for one in found)

    return seen


def left(folder: Path) -> None:
    """A message of a caller, of which somebody is to be told by e-mail."""
    file = folder / "state/voicemail/sales/20261128T090000Z-5.wav"
    file.parent.mkdir(parents=True)
    tone.write(file, 440, 1.0)
    known = sha256(file.read_bytes()).hexdigest()
    now = time.time_ns() // 1_000_000
    with closing(Journal(folder / "state/journal.db", lambda id, message: None)) as journal:
        journal.message(Message(5, "sales", now, "+37060000001", "", 1000, file.name, known, mail="due"))


async def give(page: Page, address: str, table: str, **values: str) -> None:
    await page.goto(f"{address}/settings/at/{table}")
    form = page.locator("form[action='/settings/secret']").first
    for key, value in values.items():
        await form.locator(f"[name={key}]").fill(value)
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_have_text("It is kept, and used from now on.")


async def test_the_bridge_and_the_mail_go_by_passwords_given_on_pages_at_once(
    tmp_path: Path, ports: Ports, chromium: Browser
) -> None:
    authority = Authority(tmp_path / "ca")
    broker, mail, web, document = ports.take(), ports.take(), ports.take(), tmp_path / "office.toml"
    document.write_text(DOCUMENT.format(sip=ports.take(2), web=web, broker=broker, mail=mail, ca=authority.file))
    mine, letters = authority.certificate("mail"), tmp_path / "mail"
    server = MailServer(letters, mail, certificate=mine.file, key=mine.key, tls="starttls", login=("box", POST))
    left(tmp_path)
    (tmp_path / "web.toml").write_text('[mail]\npassword = "of yesterday"\n')
    (tmp_path / "web.toml").chmod(0o600)
    with closing(Pages(tmp_path / "pages")) as pages:
        pages.add(user("owner", "owner"))
    address = f"http://127.0.0.1:{web}"
    socket = tmp_path / "control.sock"
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(Mosquitto(tmp_path, broker, users={"box": SECRET}))
        await stack.enter_async_context(server)
        await house.start()
        await stack.enter_async_context(programs(tmp_path, document))
        page = await stack.enter_async_context(somebody(chromium, width=PHONE))
        await until(socket, brokers(False, "authori"))
        await server.tried(2)
        assert server.mails() == []

        await page.goto(f"{address}/log-in")
        await page.fill("#name", "owner")
        await page.fill("#password", PASSWORD)
        await page.click("main form button")
        await page.wait_for_url(f"{address}/")
        for table in ("mqtt", "mail"):
            await check(page, f"{address}/settings/at/{table}", f"secret-of-{table}")
        await give(page, address, "mqtt", user="box", password=SECRET)
        await look(page)
        await until(socket, brokers(True))
        async with Listener(broker, login=("box", SECRET)) as ear:
            await ear.until(lambda: ear.payloads("linekeeper/office/bridge/state")[-1:] == ["online"])

        await give(page, address, "mail", password=POST)
        [letter] = await server.came(1)
        assert letter["X-Login"] == "True"

        await give(page, address, "mqtt", password="wrong this time")  # is seen at once, not at the next restart
        await until(socket, brokers(False, "authori"))
        await page.get_by_text("Take it back", exact=True).click()
        await look(page, "secret-taken-back")
        await page.get_by_role("button", name="Take it back for good").click()
        await expect(page.get_by_role("status").first).to_have_text("It is kept no longer.")
        await page.goto(f"{address}/audit")
        for row in ("secret-kept", "secret-dropped"):
            await expect(page.locator("main")).to_contain_text(row)
        shown = await page.content()
        assert SECRET not in shown and POST not in shown
    kept = (tmp_path / "secrets.toml").read_text()
    assert POST in kept and "[mqtt]" not in kept
    for file in (document, *tmp_path.glob("log"), *(tmp_path / "pages").rglob("*"), *(tmp_path / "state").rglob("*")):
        if file.is_file() and file.name != "secrets.kept.toml":
            assert SECRET.encode() not in file.read_bytes() and POST.encode() not in file.read_bytes(), file
