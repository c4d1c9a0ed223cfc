# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings the switch starts with: telephones can call for help whatever was written into its files."""

import logging
from dataclasses import dataclass
from pathlib import Path

from appliance.programs.arguments import instead
from appliance.settings import files, load
from appliance.settings.faults import SettingsFaults
from appliance.settings.passwords import FILE, MODE, read_secrets

log = logging.getLogger("settings")

KEPT = "secrets.kept.toml"  # in the state folder: the passwords in force, while their file has faults


@dataclass(frozen=True, slots=True)
class Instead:
    """Something has faults, and something else is in force: an older version, or (None) the document with older passwords."""

    revision: int | None
    why: str


def read(document: Path, state: Path) -> tuple[load.Office, Instead | None]:
    """The document and its secrets; while either has faults, the last that had none.

    Raises SettingsFaults, OSError and files.DiskFull when there is none."""
    try:
        return load.read(document, fill=True), None
    except (SettingsFaults, OSError) as fault:
        secrets = _secrets(document, state, fault)
        if secrets:
            try:
                return load.read(document, secrets), Instead(None, str(fault))
            except (SettingsFaults, OSError):
                pass
        version, office = instead(
            fault, state, lambda text: load.office(text, document, secrets, fill=secrets is None)
        )  # fmt: skip
        return office, Instead(version.number, str(fault))


def _secrets(document: Path, state: Path, fault: SettingsFaults | OSError) -> Path | None:
    """The passwords kept, when those beside the document have faults; None when they have none. Raises the fault."""
    try:
        read_secrets(document.with_name(FILE))
        return None
    except (SettingsFaults, OSError) as why:
        if not (state / KEPT).exists():
            raise fault from None
        log.error("%s", why)
        log.error("%s has faults: the passwords of before are in force instead", FILE)
        return state / KEPT


def keep_secrets(document: Path, state: Path) -> None:
    """Keep the passwords in force: they are in no version of the settings."""
    kept = state / KEPT
    try:
        data = document.with_name(FILE).read_bytes()
        if not kept.exists() or kept.read_bytes() != data:
            files.put(files.prepare(kept, data, MODE), kept)
    except FileNotFoundError:
        return  # an office without telephones
    except (OSError, files.DiskFull) as why:
        log.error("the passwords cannot be kept for a day when their file has faults: %s", why)
