# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper web`: the pages, and e-mail about messages."""

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from appliance.control.client import follow
from appliance.mail.sender import Sender
from appliance.programs import arguments, notify
from appliance.settings.passwords import FILE, read_secrets
from appliance.store.office import Office
from appliance.web.app import listener, serve
from appliance.web.screen import Screen


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT. Raises PortTaken when [web] names a port another program has."""
    parser = arguments.with_pages(arguments.parser("web", "Show the pages of the office."))
    parser.add_argument("--secrets", type=Path, metavar="FILE", help=f"the mail server's password ({FILE} beside FILE)")
    args = arguments.parse(parser, argv)
    secrets = args.secrets or args.settings.with_name(FILE)

    def password() -> str:
        known = read_secrets(secrets).mail
        return known.password.get_secret_value() if known else ""

    sender = partial(Sender, args.socket, lambda: arguments.settings(args.settings, args.state), password)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    web = arguments.settings(args.settings, args.state).web
    with listener(web.listen, web.port) as sock, closing(Office(arguments.pages(args))) as office:
        asyncio.run(notify.until_told(_work(args.socket, sock, web.listen, office, sender)))
    return 0


async def _work(control: Path, sock: socket.socket, listen: str, office: Office, sender: Callable[[], Sender]) -> None:
    screen = Screen()
    address, port = sock.getsockname()[:2]
    page = f"http://{f'[{address}]' if ':' in address else address}:{port}/"
    notify.ready(
        page if office.users() else f"{page} (nobody can log in yet: {page}first-run sets the owner's password)"
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(control, screen.on_office, screen.on_event, screen.on_away))
        tasks.create_task(serve(screen, sock, listen, office))
        tasks.create_task(sender().run())
