# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper web`: the pages, e-mail about messages, and the digest of calls."""

import asyncio
import gc
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from appliance.calls.features import card
from appliance.control.client import follow
from appliance.control.secrets import MailSecrets
from appliance.mail.digests import Digests
from appliance.mail.post import Post
from appliance.mail.sender import Sender
from appliance.programs import arguments, notify
from appliance.programs.outlets import Allowed, Outlets
from appliance.programs.secrets import Told
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Settings, Web
from appliance.settings.passwords import FILE
from appliance.store.office import Office
from appliance.store.reader import Reader
from appliance.web.app import Https, listener, serve
from appliance.web.asking import Asking
from appliance.web.box import Box
from appliance.web.certificates import Tls
from appliance.web.drafts import Drafts
from appliance.web.known import Known
from appliance.web.named import Named
from appliance.web.screen import Screen
from appliance.webhooks.sender import Sender as Webhooks

log = logging.getLogger("web")


class NoCertificate(Exception):
    """HTTPS is wanted, and its certificate cannot be used."""

    id = "no-certificate"


def main(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT. Raises PortTaken when [web] names a port another program has."""
    parser = arguments.with_pages(arguments.parser("web", "Show the pages of the office."))
    parser.add_argument("--secrets", type=Path, metavar="FILE", help=f"the mail server's password ({FILE} beside FILE)")
    args = arguments.parse(parser, argv)
    told = Told(args.secrets or args.settings.with_name(FILE), args.socket, MailSecrets(0))

    async def password() -> str:
        known = (await told.ask()).mail
        return known.password.get_secret_value() if known else ""

    codes = Codes(args.settings, args.state)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    settings = arguments.settings(args.settings, args.state)
    web = settings.web
    with listener(web.listen, web.port) as sock, closing(Office(arguments.pages(args))) as office, ExitStack() as more:
        https = None
        if web.https:
            https = Https(more.enter_context(listener(web.listen, web.https_port)), _tls(web, arguments.pages(args)))
        authority = https.tls.authority if https else None
        drafts, known = Drafts(args.socket, args.settings), Known(args.settings)
        hooks = Webhooks(office.webhooks, Allowed(args.settings, args.state))
        box = Box(
            Screen(),
            office,
            drafts,
            args.state,
            codes,
            known,
            authority,
            metrics_from=web.metrics_from,
            look=hooks.look,
            begun=settings,
            end=lambda: os.kill(os.getpid(), signal.SIGTERM),
        )
        outlets = Outlets(hooks, settings.monitor)
        post, reader = Post(password), Reader(args.state / "journal.db")

        def sender() -> Sender:
            digests = Digests(post, office.digests, reader)
            return Sender(args.socket, lambda: arguments.settings(args.settings, args.state), post, digests)

        asked = listeners(settings, box)
        asyncio.run(notify.until_told(_work(args.socket, box, sock, web.listen, https, sender, outlets, asked)))
    return 0


def listeners(settings: Settings, box: Box) -> list[Asking | Named]:
    """What hears questions to everybody on the network: telephones', for their settings, and browsers', for our name."""
    heard: list[Asking | Named] = [Asking(box)] if settings.provisioning and settings.provisioning.pnp else []
    here = ipaddress.ip_address(settings.web.listen)
    return heard if here.is_loopback else [*heard, Named()]


def _tls(web: Web, pages: Path) -> Tls:
    """HTTPS as the settings want it. Raises NoCertificate."""
    try:
        tls = Tls(web, pages)
    except (OSError, ValueError) as fault:
        raise NoCertificate(f"HTTPS cannot be spoken with {web.certificate or pages}: {fault}") from fault
    if tls.authority:
        log.info("HTTPS: the authority of this box has the SHA-256 fingerprint %s", tls.authority.fingerprint)
    return tls


class Codes:
    """The card of codes, made anew when the document has changed; while it has faults, as it was."""

    def __init__(self, document: Path, state: Path) -> None:
        self._document, self._state = document, state
        self._of: tuple[int, int] | None = None  # the document it was made of
        self._settings: Settings | None = None

    def __call__(self, say: Callable[[str], str]) -> list[tuple[str, str]]:
        with suppress(SettingsFaults, OSError):
            status = self._document.stat()
            if (of := (status.st_mtime_ns, status.st_size)) != self._of:
                self._of = of
                self._settings = arguments.settings(self._document, self._state)
        return card(self._settings, say) if self._settings else []


async def _work(
    control: Path,
    box: Box,
    sock: socket.socket,
    listen: str,
    https: Https | None,
    sender: Callable[[], Sender],
    outlets: Outlets,
    asked: Sequence[Asking | Named] = (),
) -> None:
    address, port = (https.sock if https else sock).getsockname()[:2]
    gc.collect()
    gc.freeze()  # as in the switch; it is a tenth of what a page takes
    page = f"http{'s' if https else ''}://{f'[{address}]' if ':' in address else address}:{port}/"
    notify.ready(
        page if box.office.users() else f"{page} (nobody can log in yet: {page}first-run sets the owner's password)"
    )
    box.feed.to(box.screen.on_office, box.screen.on_event, box.screen.on_away)
    outlets.join(box.feed)
    async with asyncio.TaskGroup() as tasks:
        outlets.start(tasks)
        tasks.create_task(follow(control, box.feed.on_office, box.feed.on_event, box.feed.on_away))
        tasks.create_task(serve(box, sock, listen, https))
        if https:
            tasks.create_task(https.tls.keep())
        tasks.create_task(sender().run())
        for one in asked:
            tasks.create_task(one.run())
