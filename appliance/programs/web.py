# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper web`: the live page."""

import asyncio
import logging
import socket
from pathlib import Path

from appliance.control.client import follow
from appliance.programs import arguments, notify
from appliance.web.app import listener, serve
from appliance.web.screen import Screen


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT. Raises PortTaken when [web] names a port another program has."""
    parser = arguments.parser("web", "Show the live page of the office.")
    args = arguments.parse(parser, argv)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    web = arguments.settings(args.settings).web
    with listener(web.listen, web.port) as sock:
        asyncio.run(notify.until_told(_work(args.socket, sock, web.listen)))
    return 0


async def _work(control: Path, sock: socket.socket, listen: str) -> None:
    screen = Screen()
    address, port = sock.getsockname()[:2]
    notify.ready(f"http://{f'[{address}]' if ':' in address else address}:{port}/")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(control, screen.on_office, screen.on_event, screen.on_away))
        tasks.create_task(serve(screen, sock, listen))
