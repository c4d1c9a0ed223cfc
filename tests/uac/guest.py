# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest with ALSA and its loopback driver, a card that faces itself: `python -m tests.uac.guest`."""

from tests.guest import System, made

LOOPBACK = System(
    "uac",
    "alsa-utils libasound2t64 python3-pyudev",
    'chroot "$root" modinfo -k "$kernel" snd-aloop >/dev/null',
    "modprobe snd-aloop pcm_substreams=1",
)

if __name__ == "__main__":
    made(LOOPBACK)
