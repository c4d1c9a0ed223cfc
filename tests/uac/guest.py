# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest with ALSA, its loopback driver (a card that faces itself), and what makes the kernel a USB device at a host
controller of its own: `python -m tests.uac.guest`."""

from tests.guest import System, made

LOOPBACK = System(
    "uac",
    "alsa-utils libasound2t64 python3-pyudev",
    'chroot "$root" modinfo -k "$kernel" snd-aloop dummy_hcd usb_f_midi >/dev/null',
    """modprobe snd-aloop pcm_substreams=1
modprobe -a snd-usb-audio option dummy_hcd libcomposite
mount -t configfs config /sys/kernel/config""",
)

if __name__ == "__main__":
    made(LOOPBACK)
