# SPDX-License-Identifier: GPL-2.0-or-later
"""A mail server: aiosmtpd in a process of its own, which keeps each e-mail as a file."""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.programs.demo.seen import NotSeen
from appliance.programs.demo.tied import TIED

START_WITHIN = 10.0  # seconds


class MailServer:
    """`async with MailServer(folder, port, ...)`; may be ended and begun again on the same port.

    refuse: what is answered for addresses, such as {"x@example.com": "550 No such user"}; to DATA under "DATA", to a mail
    with audio under "AUDIO". hangs: it accepts connections, and says nothing. These may be changed at any time.
    """

    def __init__(
        self, folder: Path, port: int, *, certificate: Path | None = None, key: Path | None = None, tls: str = "none",
        login: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.port = folder, port
        self._words = ["--port", str(port), "--folder", str(folder), "--tls", tls]
        if certificate and key:
            self._words += ["--certificate", str(certificate), "--key", str(key)]
        if login:
            self._words += ["--user", login[0], "--password", login[1]]
        folder.mkdir(parents=True, exist_ok=True)
        self._process: asyncio.subprocess.Process | None = None

    def answers(self, refused: dict[str, str] | None = None, hangs: bool = False) -> None:
        (self.folder / "answers.json").write_text(json.dumps({"refused": refused or {}, "hangs": hangs}))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *TIED, sys.executable, "-W", "ignore", "-m", "tests.fakes.mail_server", *self._words,
            stdout=asyncio.subprocess.PIPE, env={**os.environ},
        )  # fmt: skip
        assert self._process.stdout
        said = await asyncio.wait_for(self._process.stdout.readline(), START_WITHIN)
        if said != b"ready\n":
            raise NotSeen(f"the mail server does not start: {said!r}")

    async def end(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def mails(self) -> list[EmailMessage]:
        """Oldest first."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]

    async def came(self, count: int, within: float = 15.0) -> list[EmailMessage]:
        """So many e-mails. Nothing tells when a file is there."""
        for _ in range(round(within / 0.05)):
            if len(found := self.mails()) >= count:
                return found
            await asyncio.sleep(0.05)
        raise NotSeen(f"{len(self.mails())} e-mails came, waiting for {count}")

    async def tried(self, count: int, within: float = 15.0) -> None:
        """So many connections were made."""
        file = self.folder / "connections"
        for _ in range(round(within / 0.05)):
            if file.exists() and file.stat().st_size >= count:
                return
            await asyncio.sleep(0.05)
        raise NotSeen(f"it was not tried {count} times")


def serve(given: argparse.Namespace) -> None:
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

    folder = Path(given.folder)

    def answers() -> dict[str, object]:
        try:
            return dict(json.loads((folder / "answers.json").read_text()))
        except (OSError, ValueError):
            return {}

    class Handler:
        async def handle_EHLO(
            self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
        ) -> list[str]:
            with (folder / "connections").open("a") as file:
                file.write(".")
            while answers().get("hangs"):
                await asyncio.sleep(0.1)
            session.host_name = hostname  # type: ignore[assignment]
            return responses

        async def handle_RCPT(
            self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
        ) -> str:
            if said := answers().get("refused", {}).get(address):  # type: ignore[attr-defined]
                return str(said)
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            refused: dict[str, str] = answers().get("refused", {})  # type: ignore[assignment]
            if "DATA" in refused or ("AUDIO" in refused and b"audio/x-wav" in envelope.content):
                return refused.get("DATA") or refused["AUDIO"]
            head = f"X-To: {', '.join(envelope.rcpt_tos)}\r\nX-Tls: {session.ssl is not None}\r\n".encode()
            head += f"X-Login: {session.authenticated}\r\n".encode()
            name = f"{len(list(folder.glob('*.eml'))):04}.eml"
            (folder / ".new").write_bytes(head + envelope.content)
            os.replace(folder / ".new", folder / name)
            return "250 OK"

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        login, password = getattr(data, "login", b""), getattr(data, "password", b"")
        good = (login, password) == (given.user.encode(), given.password.encode())
        return AuthResult(success=good, handled=good)  # not handled: the server says that it is wrong

    async def run() -> None:
        context = None
        if given.tls != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(given.certificate, given.key)
        inner = context if given.tls == "starttls" else None

        def made() -> SMTP:
            return SMTP(
                Handler(), tls_context=inner, require_starttls=inner is not None, authenticator=known,
                auth_required=bool(given.user), auth_require_tls=given.tls == "starttls", hostname="mail.example.com",
                data_size_limit=50_000_000,
            )  # fmt: skip

        outer = context if given.tls == "tls" else None
        await asyncio.get_running_loop().create_server(made, "127.0.0.1", given.port, ssl=outer)
        print("ready", flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


def main() -> None:
    parser = argparse.ArgumentParser()
    for word in ("--port", "--folder", "--tls", "--certificate", "--key", "--user", "--password"):
        parser.add_argument(word, default="")
    serve(parser.parse_args())


if __name__ == "__main__":
    main()
