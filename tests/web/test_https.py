# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTPS: the box's own authority, which vouches for local names alone; HTTP only says so; an own certificate."""

import asyncio
import contextlib
import datetime
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from appliance.programs.web import NoCertificate, _tls
from appliance.settings import advice, load
from appliance.settings.faults import SettingsFaults
from appliance.settings.models import Web
from appliance.store.office import Office
from appliance.web.app import Https, listener, serve
from appliance.web.box import Box
from appliance.web.certificates import Authority, Tls
from appliance.web.drafts import Drafts
from appliance.web.known import Known
from appliance.web.screen import Screen
from tests.calls.office import OFFICE
from tests.web.visitors import Site, Visitor


@contextlib.asynccontextmanager
async def secure_site(
    folder: Path, web: Web | None = None, socket: Path | None = None, settings: Path | None = None
) -> AsyncIterator[tuple[Site, str, Tls]]:
    """The pages, where HTTP is spoken, and how."""
    document = settings or folder / "office.toml"
    drafts = Drafts(socket or folder / "no.sock", document)
    with (
        listener("127.0.0.1", 0) as plain, listener("127.0.0.1", 0) as sock,
        contextlib.closing(Office(folder)) as office,
    ):  # fmt: skip
        tls = Tls(web or Web(https=True), folder)
        box = Box(Screen(), office, drafts, folder, known=Known(document), authority=tls.authority)
        serving = asyncio.create_task(serve(box, plain, "127.0.0.1", Https(sock, tls)))
        try:
            https = Site(f"https://127.0.0.1:{sock.getsockname()[1]}", box)
            yield https, f"http://127.0.0.1:{plain.getsockname()[1]}", tls
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority))


async def test_who_trusts_the_authority_reaches_the_pages_by_https_and_nobody_else_does(tmp_path: Path) -> None:
    async with secure_site(tmp_path) as (https, http, tls):
        https.people()
        async with httpx.AsyncClient(timeout=20) as one:
            got = await one.get(f"{http}/linekeeper-authority.crt")
            assert got.headers["content-type"] == "application/x-x509-ca-cert"
            (tmp_path / "trusted.pem").write_bytes(got.content)
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await one.get(f"{https.address}/health")
        for name in ("127.0.0.1", "localhost"):
            address = https.address.replace("127.0.0.1", name)
            visitor = Visitor(address, verify=trusting(tmp_path / "trusted.pem"))
            async with visitor as one:
                answer = await one.log_in("owner")
                assert answer.status_code == 303
                assert all(
                    "; Secure" in cookie for cookie in answer.headers.get_list("set-cookie") if "linekeeper=" in cookie
                )
                page = (await one.get("/authority")).text
                assert (
                    tls.authority
                    and tls.authority.fingerprint in page.replace("<wbr>", "")
                    and "nobody on the way" in page
                )


async def test_by_http_it_is_only_said_so(tmp_path: Path) -> None:
    async with secure_site(tmp_path) as (https, http, _tls):
        https.people()
        async with httpx.AsyncClient(base_url=http, timeout=20) as one:
            first = await one.get("/")
            assert first.status_code == 200 and f'href="{https.address}/"' in first.text
            assert "<form" not in first.text and "default-src 'none'" in first.headers["content-security-policy"]
            for path in ("/log-in", "/settings", "/events", "/health", "/board/call/1"):
                answer = await one.get(path)
                assert answer.status_code == 426 and "<form" not in answer.text
            given = {"name": "owner", "password": "horse battery staple"}
            answer = await one.post("/log-in", data=given)
            assert answer.status_code == 426 and "set-cookie" not in answer.headers
            for host in ("evil.example", 'x"><script>', "127.0.0.1/@evil"):
                assert (await one.get("/", headers={"Host": host})).status_code in (400, 421)
        assert https.office.audited() == []


def test_the_authority_can_vouch_for_nothing_in_the_internet(tmp_path: Path) -> None:
    Authority(tmp_path).renew("127.0.0.1")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    for name, good in (("box.local", True), ("example.com", False)):
        (tmp_path / "ext").write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.csr", "-subj", "/CN=Linekeeper")
        done = run(
            "x509", "-req", "-in", "x.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-days", "9", "-extfile", "ext", "-out", "x.pem",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        verdict = run("verify", "-CAfile", "authority.pem", "-purpose", "sslserver", "x.pem")
        assert (verdict.returncode == 0) is good, verdict.stderr
    assert (tmp_path / "authority.key").stat().st_mode & 0o077 == 0
    assert run("verify", "-CAfile", "authority.pem", "-x509_strict", "pages.pem").returncode == 0


def test_a_certificate_is_renewed_in_time_and_when_the_box_has_another_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    now = datetime.datetime.now(datetime.UTC)
    assert authority.renew("127.0.0.1", now)
    first = authority.given.file.read_bytes()
    assert not authority.renew("127.0.0.1", now + datetime.timedelta(days=300))
    assert authority.given.file.read_bytes() == first
    assert authority.renew("127.0.0.1", now + datetime.timedelta(days=350))
    assert authority.renew("192.168.77.7", now)
    kept = Authority(tmp_path)  # a later start: the authority stays, devices trust it already
    assert kept.fingerprint == authority.fingerprint
    trusted = authority.fingerprint
    (tmp_path / "authority.key").unlink()
    assert Authority(tmp_path).fingerprint != trusted
    assert Authority(tmp_path).renew("192.168.77.7", now)  # its certificate was by the one before


async def test_an_own_certificate_is_shown_and_no_authority_offered(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    other = Authority(mine)
    other.renew("127.0.0.1")
    web = Web(https=True, certificate=str(mine / "pages.pem"), key=str(mine / "pages.key"))
    async with secure_site(tmp_path, web) as (https, http, tls):
        assert tls.authority is None and not (tmp_path / "authority.pem").exists()
        async with httpx.AsyncClient(verify=trusting(other.file), timeout=20) as one:
            assert (await one.get(f"{https.address}/health")).status_code == 503  # the switch is away
            assert (await one.get(f"{http}/linekeeper-authority.crt")).status_code == 404


def test_what_is_no_certificate_is_told_in_a_sentence(tmp_path: Path) -> None:
    for name in ("no.pem", "no.key"):
        (tmp_path / name).write_text("nothing")
    web = Web(https=True, certificate=str(tmp_path / "no.pem"), key=str(tmp_path / "no.key"))
    with pytest.raises(NoCertificate, match="HTTPS cannot be spoken with .*no.pem"):
        _tls(web, tmp_path)


def test_settings_that_cannot_be_are_faults_and_open_passwords_are_warned_of(tmp_path: Path) -> None:
    document = tmp_path / "office.toml"

    def read(web: str):  # type: ignore[no-untyped-def]
        return load.parse(f"{OFFICE}\n[web]\n{web}\n", document)

    for web in ('certificate = "/x.pem"', 'key = "/x.key"', "https = true\nhttps_port = 8080"):
        with pytest.raises(SettingsFaults):
            read(web)
    assert not read("").web.https
    ids = lambda web: [one.id for one in advice.warnings(read(web))]  # noqa: E731
    assert "in-clear" in ids('listen = "0.0.0.0"')
    assert "in-clear" not in ids("") + ids('listen = "0.0.0.0"\nhttps = true')
