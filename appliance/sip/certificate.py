# SPDX-License-Identifier: GPL-2.0-or-later
"""The certificate the box shows over TLS: that of the settings, or one it makes for itself when it starts first."""

import ipaddress
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from appliance.settings.lines import Sip

DAYS = 3650  # nobody renews it: telephones are told to take it, or told its fingerprint
MAKES_WITHIN = 20.0  # seconds


class Unmade(OSError):
    """No certificate could be made; the sentence says why."""


class Certificate(NamedTuple):
    """Two PEM files."""

    file: Path
    key: Path


def of(sip: Sip, folder: Path, addresses: Iterable[str]) -> Certificate | None:
    """What is shown, None when TLS is not spoken. folder: where our own is kept; addresses: ours, which it names."""
    if not sip.tls:
        return None
    if sip.certificate and sip.key:
        return Certificate(Path(sip.certificate), Path(sip.key))
    own = Certificate(folder / "sip.pem", folder / "sip.key")
    if not (own.file.exists() and own.key.exists()):
        _make(own, addresses)
    return own


def _make(own: Certificate, addresses: Iterable[str]) -> None:
    """Self-signed; whole or not there."""
    beside = Certificate(own.file.with_suffix(".pem.new"), own.key.with_suffix(".key.new"))
    os.close(os.open(beside.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
                *("-days", str(DAYS), "-subj", "/CN=Linekeeper", "-addext", f"subjectAltName={','.join(map(_named, addresses))}"),
                *("-keyout", str(beside.key), "-out", str(beside.file)),
            ],
            check=True, capture_output=True, text=True, timeout=MAKES_WITHIN,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as fault:
        raise Unmade(f"no certificate could be made for TLS: {getattr(fault, 'stderr', '') or fault}") from None
    os.replace(beside.key, own.key)
    os.replace(beside.file, own.file)


def _named(address: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(address)}"
    except ValueError:
        return f"DNS:{address}"
