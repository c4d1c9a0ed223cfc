# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Chromium without a screen, driven through its debugging pipe; see the Chrome DevTools Protocol."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

WITHIN = 30.0  # seconds for anything that is waited for; a cold start on a small machine takes some
LARGEST = 64 << 20  # bytes of one message


class Browser:
    """One tab: open a page, ask it things in JavaScript. `complaints` is what the console said of errors."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.complaints: list[str] = []
        self._reader, self._writer = reader, writer
        self._session: dict[str, str] = {}
        self._last = 0

    async def open(self, address: str, *, width: int = 1200, height: int = 800, dark: bool = False) -> None:
        if not self._session:
            target = (await self.do("Target.createTarget", url="about:blank"))["targetId"]
            attached = await self.do("Target.attachToTarget", targetId=target, flatten=True)
            self._session = {"sessionId": attached["sessionId"]}
            await self.do("Runtime.enable")
            await self.do("Log.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        await self.do("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.do("Emulation.setEmulatedMedia", features=[scheme])
        await self.do("Page.navigate", url=address)

    async def until(self, script: str) -> Any:
        """The value of an expression as soon as it is true."""
        async with asyncio.timeout(WITHIN):
            while True:
                answer = await self.do("Runtime.evaluate", expression=script, returnByValue=True)
                if value := answer["result"].get("value"):
                    return value
                await asyncio.sleep(0.05)

    async def do(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol and its answer."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": parameters, **self._session}
        self._writer.write(json.dumps(command).encode() + b"\0")
        async with asyncio.timeout(WITHIN):
            while True:
                said = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                if said.get("id") == self._last:
                    assert "error" not in said, said
                    return dict(said["result"])
                self._hear(said)

    def _hear(self, said: dict[str, Any]) -> None:
        facts = said.get("params", {})
        if said.get("method") == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.complaints.append(facts["entry"]["text"])
        elif said.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(facts["exceptionDetails"]))


@contextlib.asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """A browser with an empty profile, as long as the block lasts."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "this test needs a browser: apt-get install chromium"
    (commands, ours), (theirs, answers) = os.pipe(), os.pipe()
    options = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-pipe"
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        f'exec "$0" {options} --user-data-dir="$1" 3<&{commands} 4>&{answers}',
        chromium,
        str(profile),
        pass_fds=(commands, answers),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(commands)
    os.close(answers)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(LARGEST)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(theirs, "rb"))
    protocol = asyncio.streams.FlowControlMixin()
    writing, _ = await loop.connect_write_pipe(lambda: protocol, os.fdopen(ours, "wb"))
    try:
        yield Browser(reader, asyncio.StreamWriter(writing, protocol, None, loop))
    finally:
        writing.close()  # the browser ends when nobody can command it any more
        reading.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
