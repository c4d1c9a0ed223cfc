# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand wrong passwords, which takes some minutes: `make log-ins`."""

from pathlib import Path

import pytest

from tests.web.test_lock_out import guessed


@pytest.mark.timeout(900)
async def test_ten_thousand_log_ins_lock_the_guesser_out_and_the_owner_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guessed(tmp_path, monkeypatch, 10_000)
