# SPDX-License-Identifier: GPL-2.0-or-later
"""A Home Assistant of our own, in a folder of its own: begun with one user and one broker, asked over its HTTP interface."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.programs.demo.tied import TIED
from tests.homeassistant.install import HASS

STARTS_WITHIN, SEEN_WITHIN = 90.0, 20.0  # seconds
USER, TOKEN, KEY = "a" * 32, "b" * 32, "d" * 128  # of a house that exists only here
CONFIGURATION = """\
http:
  server_host: 127.0.0.1
  server_port: {port}
logger:
  default: warning
input_boolean:
  rang:
automation: !include automations.yaml
script:
{scripts}
"""


def _users() -> dict[str, Any]:
    user = {
        "id": USER, "group_ids": ["system-admin"], "is_owner": True, "is_active": True, "name": "Owner",
        "system_generated": False, "local_only": True,
    }  # fmt: skip
    token = {
        "id": TOKEN, "user_id": USER, "client_id": None, "client_name": "tests", "client_icon": None,
        "token_type": "long_lived_access_token", "created_at": "2026-01-01T00:00:00+00:00",
        "access_token_expiration": 315360000.0, "token": "c" * 128, "jwt_key": KEY, "last_used_at": None,
        "last_used_ip": None, "expire_at": None, "credential_id": None, "version": "2024.3.3",
    }  # fmt: skip
    groups = [{"id": f"system-{name}", "name": name} for name in ("admin", "users", "read-only")]
    return {"users": [user], "groups": groups, "credentials": [], "refresh_tokens": [token]}


def _entries(broker: int) -> dict[str, Any]:
    data = {
        "broker": "127.0.0.1",
        "port": broker,
        "discovery": True,
        "discovery_prefix": "homeassistant",
        "protocol": "5",
    }
    entry = {
        "entry_id": "e" * 32, "version": 1, "minor_version": 1, "domain": "mqtt", "title": "broker", "data": data,
        "options": {}, "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user",
        "unique_id": None, "disabled_by": None,
    }  # fmt: skip
    return {"entries": [entry]}


class HomeAssistant:
    """start(), end() and start() again; states by the entity's name as the house shows it."""

    def __init__(self, folder: Path, port: int, broker: int, scripts: str = "") -> None:
        self.folder, self.port = folder, port
        store = folder / ".storage"
        store.mkdir(parents=True)
        for key, data in (("auth", _users()), ("core.config_entries", _entries(broker))):
            whole = {"version": 1, "minor_version": 1, "key": key, "data": data}
            (store / key).write_text(json.dumps(whole))
        (folder / "automations.yaml").write_text("[]\n")
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port, scripts=scripts))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self.folder / "said.txt").open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                *TIED, str(HASS), "--config", str(self.folder), "--skip-pip",
                stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, "PYTHONWARNINGS": ""},
            )  # fmt: skip
        await self.until(lambda states: "zone.home" in states, STARTS_WITHIN)

    async def end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        await self._process.wait()
        self._process = None

    async def ask(self, path: str, data: object = None) -> Any:
        return await asyncio.to_thread(self._ask, path, data)

    def _ask(self, path: str, data: object) -> Any:
        body = None if data is None else json.dumps(data).encode()
        headers = {"Authorization": f"Bearer {_word()}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        return text if path == "template" else json.loads(text)

    async def states(self) -> dict[str, dict[str, Any]]:
        """Every entity by its id."""
        return {state["entity_id"]: state for state in await self.ask("states")}

    async def service(self, domain: str, name: str, **data: object) -> None:
        await self.ask(f"services/{domain}/{name}", data)

    async def until(self, seen: Callable[[dict[str, dict[str, Any]]], object], within: float = SEEN_WITHIN) -> None:
        """Wait until its states are so; what they were last is told when they never are."""
        states: dict[str, dict[str, Any]] = {}
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        states = await self.states()
                        if seen(states):
                            return
                    except OSError:  # it does not listen yet
                        pass
                    await asyncio.sleep(0.2)
        except TimeoutError:
            said = (self.folder / "said.txt").read_text()[-3000:]
            shown = {id: state["state"] for id, state in states.items()}
            raise AssertionError(f"not so within {within} s: {shown}\n{said}") from None


def _word() -> str:
    """What proves who asks: a JSON web token."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    head = part(b'{"alg":"HS256","typ":"JWT"}')
    said = head + b"." + part(json.dumps({"iss": TOKEN, "iat": now - 10, "exp": now + 3600}).encode())
    return (said + b"." + part(hmac.new(KEY.encode(), said, hashlib.sha256).digest())).decode()
