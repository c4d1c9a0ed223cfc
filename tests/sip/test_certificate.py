# SPDX-License-Identifier: GPL-2.0-or-later
"""The certificate the box makes for itself."""

import ssl
from pathlib import Path

import pytest

from appliance.settings.lines import Sip
from appliance.sip import certificate


def test_it_names_each_address_that_telephones_may_know_the_box_by(tmp_path: Path) -> None:
    made = certificate.of(Sip(tls=True), tmp_path, ["192.0.2.7", "2001:db8::7", "box.example"])
    assert made
    told = ssl._ssl._test_decode_cert(str(made.file))  # type: ignore[attr-defined]
    assert told["subjectAltName"] == (
        ("IP Address", "192.0.2.7"), ("IP Address", "2001:DB8:0:0:0:0:0:7"), ("DNS", "box.example")
    )  # fmt: skip


@pytest.mark.parametrize("tls", [True, False])
def test_one_of_ones_own_is_shown_and_none_without_tls(tmp_path: Path, tls: bool) -> None:
    sip = Sip(tls=tls, certificate="/own.pem", key="/own.key")
    shown = certificate.of(sip, tmp_path, ["192.0.2.7"])
    assert shown == (certificate.Certificate(Path("/own.pem"), Path("/own.key")) if tls else None)
    assert not list(tmp_path.iterdir())
