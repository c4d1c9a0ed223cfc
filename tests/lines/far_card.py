# SPDX-License-Identifier: GPL-2.0-or-later
"""Sound cards of modems without a kernel: ALSA is given a plug-in of ours for each that would be `hw:NUMBER,0`.

It is tests/lines/pump/far_card.c, compiled here; a card is two named pipes, and the far end behind them is its clock.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from appliance.sip._sip import Endpoint
from tests.lines.far_end import FarEnd

PLUGIN = Path(__file__).parent / "pump" / "far_card.c"
CONFIG = """
pcm_type.far {{ lib "{library}" }}
pcm.hw {{
  @args [ CARD DEV ]
  @args.CARD {{ type string }}
  @args.DEV {{ type integer }}
  type far
  folder {{ @func concat strings [ "{folder}/card" $CARD ] }}
}}
"""


def alsa(folder: Path) -> Path:
    """What ALSA_CONFIG_PATH has to lead to, for the cards of a folder."""
    library, config = folder / "far_card.so", folder / "alsa.conf"
    how = ["-std=c11", "-D_GNU_SOURCE", "-DPIC", "-O2", "-fPIC", "-shared"]
    subprocess.run(["gcc", *how, PLUGIN, "-lasound", "-o", library], check=True)
    config.write_text(CONFIG.format(library=library, folder=folder))
    return config


class FarCard(FarEnd):
    """Who is heard through a card, plugged in as ALSA's next one of that number."""

    def __init__(self, folder: Path, number: int, says: Sequence[int], ppm: float = 0.0, rate: int = 8000) -> None:
        super().__init__(says, ppm, burst=0.01)
        self.folder, self.name = folder / f"card{number}", f"hw:{number},0"
        self.folder.mkdir()
        (self.folder / "rate").write_text(f"{rate}\n")
        self._gives, self._takes = self._pipe("heard"), self._pipe("said")

    def _pipe(self, name: str) -> int:
        os.mkfifo(self.folder / name)
        return os.open(self.folder / name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def carries(self, sip: Endpoint, leg: int) -> None:
        sip.line_uac(leg, self.name)

    def _take(self, count: int) -> None:
        """It plays by its own clock."""
        self._hear(2 * count)

    def unplug(self) -> None:
        if not self._over.is_set():
            super().unplug()
            shutil.rmtree(self.folder)
            os.close(self._gives)
            os.close(self._takes)
