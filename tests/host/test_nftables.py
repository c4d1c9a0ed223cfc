# SPDX-License-Identifier: GPL-2.0-or-later
"""Bans in the firewall: the real nft on the real kernel, in a network namespace. The stories are in in_namespace.py."""

from pathlib import Path

import pytest

from appliance.host import nftables
from tests.namespace import alone

STORIES = Path(__file__).with_name("in_namespace.py")
POWERLESS = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")


async def test_sources_are_put_into_the_table_and_taken_out() -> None:
    await alone(STORIES, "-k", "table")


async def test_what_the_switch_bans_the_firewall_drops() -> None:
    await alone(STORIES, "-k", "office")


async def test_where_nft_is_refused_that_is_told_once_and_the_switch_goes_on_alone() -> None:
    await alone(STORIES, "-k", "refused", before=POWERLESS)


async def test_where_there_is_no_nft_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(nftables.NoFirewall, match="nft is not there"):
        await nftables.run("")


@pytest.mark.parametrize("text", ["", "anna", "192.0.2.7; flush ruleset", "192.0.2.7\n", "0x7f.1", "192.0.2.7/24"])
def test_only_an_address_gets_into_a_command(text: str) -> None:
    with pytest.raises(ValueError):
        nftables.source(text)
