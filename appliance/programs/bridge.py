# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper bridge`: the office on an MQTT broker."""

import asyncio
from pathlib import Path

from appliance.mqtt.bridge import Bridge
from appliance.programs import arguments, notify
from appliance.settings.passwords import FILE, read_secrets


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT; 0 at once when the settings have no broker."""
    parser = arguments.parser("bridge", "Tell an MQTT broker what happens, and let it carry out premises actions.")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help=f"the broker's password ({FILE} beside FILE)")
    args = arguments.parse(parser, argv)
    secrets = args.secrets or args.settings.with_name(FILE)
    asyncio.run(notify.until_told(_work(args.settings, secrets, args.socket)))
    return 0


async def _work(document: Path, secrets: Path, socket: Path) -> None:
    """One bridge after the other, each with the settings of its time."""
    settings = arguments.settings(document)
    if not settings.mqtt:
        notify.ready("the settings name no broker")
    while settings.mqtt:
        login = read_secrets(secrets).mqtt
        bridge = Bridge(
            settings.mqtt,
            settings.action,
            socket,
            version=arguments.version(),
            user=login.user.get_secret_value() if login else None,
            password=login.password.get_secret_value() if login else None,
            on_status=notify.status,
        )
        notify.ready()
        settings = await bridge.run(lambda: arguments.settings(document))
