# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks look at. Times are ms UTC; None: it is not known here and now."""

from dataclasses import dataclass, field

from appliance.control.live import Live
from appliance.host.machine import Machine
from appliance.settings.models import Settings


@dataclass(frozen=True, slots=True)
class Mails:
    """E-mail about messages, and digests: how many wait, since when the oldest; how many were given up lately."""

    waiting: int = 0
    oldest: int | None = None
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook; fault: why the last event did not arrive, "" when it did."""

    url: str
    waiting: int
    lost: int
    fault: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate that is shown to others; fault: it cannot be read."""

    use: str
    until: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Backups:
    """When the newest was made; None: there is none, or it cannot be seen."""

    newest: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    now: int
    live: Live | None = None
    settings: Settings | None = None
    faults: tuple[str, ...] = ()  # of the document as it stands on the disk
    pages: bool | None = True  # they answer
    owner: bool | None = True  # somebody can log in
    drafts: tuple[tuple[str, int], ...] = ()  # whose, and when they were changed last
    mails: Mails | None = None
    hooks: tuple[Hook, ...] | None = None
    certificates: tuple[Shown, ...] = ()
    backups: Backups | None = None  # None: none are wanted
    machine: Machine = field(default_factory=Machine)
