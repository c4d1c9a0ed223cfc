# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest a whole box runs in: systemd, telephones, the DAHDI driver (built of Debian's source as the disk is made), and
what makes the kernel a USB device at a host controller of its own. `python -m tests.box.guest`."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.guest import TREE, System, made

# Channels 1 to 4 face 5 to 8. A name of signalling is that of the opposite port: 1 and 2, 5 and 6 are FXO and FXS.
SPANS = """
dynamic=loc,1:0,4,0
dynamic=loc,1:1,4,0
fxsks=1
fxsls=2
fxoks=3-4
fxoks=5
fxols=6
fxsks=7-8
loadzone=us
defaultzone=us
"""
LIBRARIES = "libasound2t64 libopus0 libspeex1 libspeexdsp1 libgsm1 libsrtp2-1 libuuid1 libssl3t64 libudev1"
BOX = System(
    "box",
    f"systemd systemd-sysv iproute2 nftables openssl ca-certificates baresip-core {LIBRARIES} "
    "linux-headers-amd64 dkms gcc make dahdi-dkms dahdi",
    """chroot "$root" dkms autoinstall -k "$kernel"
chroot "$root" modinfo -k "$kernel" dahdi_dynamic_loc dummy_hcd usb_f_serial >/dev/null""",
    f"""mkdir -p /etc/dahdi
cat >/etc/dahdi/system.conf <<'SPANS'
{SPANS}
SPANS
modprobe -r dahdi_transcode dahdi 2>/dev/null  # at the start of the machine it was loaded otherwise
modprobe dahdi auto_assign_spans=1
modprobe -a dahdi_dynamic dahdi_dynamic_loc dahdi_echocan_mg2
dahdi_cfg -v || echo 'no spans'""",
    "main,contrib",
    python=True,
)


def libraries(folder: Path) -> None:
    """PJSIP as our programs here have it; the guest's own libraries are newer than those it was linked with."""
    folder.mkdir()
    found = subprocess.run(
        ["ldd", TREE / "appliance/sip/_sip.abi3.so"], capture_output=True, text=True, check=True
    ).stdout
    for path in re.findall(r"=> (\S*/libpj\S+)", found):
        shutil.copy(path, folder)


if __name__ == "__main__":
    made(BOX)
