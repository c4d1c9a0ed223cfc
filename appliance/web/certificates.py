# SPDX-License-Identifier: GPL-2.0-or-later
"""The certificate the pages show over HTTPS: that of the settings, or one by an authority this box makes for itself.

The authority vouches for names and addresses of local networks alone: whoever has a browser trust it trusts it for nothing else.
"""

import asyncio
import datetime
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.settings.models import Web

log = logging.getLogger("web")

LIVES, AUTHORITY_LIVES = 397, 3650  # days; browsers take no longer ones, of authorities they do
RENEWED_BEFORE = 60  # days
LOOKS_EVERY = 6 * 3600.0  # seconds
EARLIER = datetime.timedelta(days=1)  # a box without a clock of its own may be late
LOCAL = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
LOCAL_NAMES = ("local", "localhost", "lan", "home.arpa", "internal")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Certificate(NamedTuple):
    """Two PEM files."""

    file: Path
    key: Path


class Authority:
    """The authority in a folder and the certificate it gives this box; both are made when they are not there."""

    def __init__(self, folder: Path) -> None:
        self.file, self._key = folder / "authority.pem", folder / "authority.key"
        self.given = Certificate(folder / "pages.pem", folder / "pages.key")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.file.exists() and self._key.exists()):
            self._make()

    @property
    def fingerprint(self) -> str:
        """SHA-256 in pairs of hex digits, as browsers show it."""
        return self._read().fingerprint(hashes.SHA256()).hex(":").upper()

    def renew(self, listen: str, now: datetime.datetime | None = None) -> bool:
        """See that the certificate names this box as it is now and is good for a while; whether a new one was made."""
        now = now or datetime.datetime.now(datetime.UTC)
        wanted = names(listen)
        if self.given.file.exists() and self.given.key.exists():
            old = x509.load_pem_x509_certificate(self.given.file.read_bytes())
            until = old.not_valid_after_utc - datetime.timedelta(days=RENEWED_BEFORE)
            if until > now and set(_named(old)) >= set(wanted) and _by(old, self._read()):
                return False
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Linekeeper")])
        made = _begun(subject, self._read().subject, key, now, LIVES)
        made = made.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        ours = serialization.load_pem_private_key(self._key.read_bytes(), None)
        assert isinstance(ours, ec.EllipticCurvePrivateKey)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(ours.public_key())
        signed = made.add_extension(above, critical=False).sign(ours, hashes.SHA256())
        _keep(self.given, signed, key)
        return True

    def _make(self) -> None:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Linekeeper at {socket.gethostname()[:40]}")])
        made = _begun(name, name, key, now, AUTHORITY_LIVES)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # certificates, lists
        made = made.add_extension(usage, critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        nets = [x509.IPAddress(ipaddress.ip_network(net)) for net in LOCAL]
        local = [*map(x509.DNSName, (*LOCAL_NAMES, *_hostnames())), *nets]
        made = made.add_extension(x509.NameConstraints(local, None), critical=True)
        _keep(Certificate(self.file, self._key), made.sign(key, hashes.SHA256()), key)

    def _read(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.file.read_bytes())


def good_until(file: Path) -> int:
    """When the first certificate in a PEM file runs out, ms UTC. Raises OSError, ValueError."""
    return round(x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.timestamp() * 1000)


def names(listen: str) -> list[x509.GeneralName]:
    """What this box is called, as far as it knows, and its local addresses."""
    hosts = ["localhost", "linekeeper.local", *_hostnames()]
    addresses = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address(listen), *_addresses()}
    local = sorted((one for one in addresses if _is_local(one)), key=lambda one: (one.version, int(one)))
    return [*map(x509.DNSName, dict.fromkeys(hosts)), *map(x509.IPAddress, local)]


def _is_local(address: Address) -> bool:
    return any(address in ipaddress.ip_network(net) for net in LOCAL)


def _hostnames() -> list[str]:
    host = socket.gethostname().split(".")[0].lower()
    good = host.isascii() and host.replace("-", "").isalnum() and len(host) < 64
    return [f"{host}.local", host] if good else []


def _addresses() -> Iterable[Address]:
    """Those by which this box goes to the local network and beyond; nothing is sent."""
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((far, 9))
                yield ipaddress.ip_address(asking.getsockname()[0].partition("%")[0])
        except OSError:  # no way there, or no IPv6
            pass


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - EARLIER)
    return made.not_valid_after(now + datetime.timedelta(days=days))


def _named(certificate: x509.Certificate) -> list[x509.GeneralName]:
    return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


def _by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _keep(where: Certificate, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """The key first: a certificate is there only with its key."""
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    _write(where.key, secret, 0o600)
    _write(where.file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not there."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


class Tls:
    """HTTPS as the settings want it: with their certificate, or the authority's. Raises OSError, ssl.SSLError."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.port, self._listen = web.https_port, web.listen
        self.authority: Authority | None = None
        self._shown = Certificate(Path(web.certificate or ""), Path(web.key or ""))
        if not web.certificate:
            self.authority = Authority(folder)
            self.authority.renew(web.listen)
            self._shown = self.authority.given
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(*self._shown)

    async def keep(self) -> None:
        """Vital: renews the certificate in time, and takes up a new one that was put in place, until cancelled."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            try:
                if self.authority:
                    self.authority.renew(self._listen)
                self.context.load_cert_chain(*self._shown)
            except (OSError, ValueError) as fault:  # ssl.SSLError is an OSError: the one there is goes on
                log.warning("the certificate of HTTPS was not taken up anew: %s", fault)
