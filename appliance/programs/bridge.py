# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper bridge`: the office on an MQTT broker."""

import asyncio
import gc
from contextlib import suppress
from pathlib import Path

from appliance.control.client import follow
from appliance.control.secrets import BridgeSecrets
from appliance.mqtt.bridge import ActionFiles, Bridge, Logins, Reread
from appliance.mqtt.broker import Login
from appliance.mqtt.enabling import FILE as CLASS_4
from appliance.programs import arguments, notify
from appliance.programs.secrets import Told
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings
from appliance.settings.passwords import FILE, Secrets


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT; while the settings have no broker it waits for others."""
    parser = arguments.parser("bridge", "Tell an MQTT broker what happens, and let it carry out premises actions.")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help=f"the broker's password ({FILE} beside FILE)")
    args = arguments.parse(parser, argv)
    secrets = args.secrets or args.settings.with_name(FILE)
    asyncio.run(notify.until_told(_work(args.settings, secrets, args.socket, args.state)))
    return 0


async def _work(document: Path, secrets: Path, socket: Path, state: Path) -> None:
    """One bridge after the other, each with the settings and logins of its time."""
    told = Told(secrets, socket, BridgeSecrets(0))

    async def reread() -> tuple[Settings, Logins]:
        settings = arguments.settings(document, state)
        return settings, _logins(await told.ask() if settings.mqtt else Secrets())

    settings, logins = await reread()
    actions = ActionFiles(state, document.with_name(CLASS_4), lambda: told.known().proof)
    while True:
        if not settings.mqtt:
            notify.ready("the settings name no broker")
            settings, logins = await _named(socket, reread)
        bridge = Bridge(
            settings,
            socket,
            version=arguments.version(),
            actions=actions,
            secrets=logins,
            on_status=notify.status,
        )
        gc.collect()
        gc.freeze()  # else it is all looked through now and then, for 25 ms in which nobody is told of a call
        notify.ready()
        settings, logins = await bridge.run(reread)


async def _named(socket: Path, reread: Reread) -> tuple[Settings, Logins]:
    """The first settings put in force that name a broker, and its login."""
    applied = asyncio.Event()
    following = asyncio.create_task(follow(socket, lambda _office: applied.set(), lambda _event: None))
    try:
        while True:
            await applied.wait()
            applied.clear()
            with suppress(SettingsFaults, OSError):  # put right, it is applied again
                settings, logins = await reread()
                if settings.mqtt:
                    return settings, logins
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _logins(secrets: Secrets) -> Logins:
    known = secrets.broker | ({"": secrets.mqtt} if secrets.mqtt else {})
    logins = {name: Login(one.user.get_secret_value(), one.password.get_secret_value()) for name, one in known.items()}
    return Logins(logins, secrets.hashing.key.get_secret_value().encode() if secrets.hashing else b"")
