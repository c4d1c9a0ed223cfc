# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest with the DAHDI driver, built from Debian's source package as its disk is made: `python -m tests.dahdi.guest`."""

from tests.guest import System, made

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
DAHDI = System(
    "dahdi",
    "linux-headers-amd64 dkms gcc make dahdi-dkms dahdi",
    """chroot "$root" dkms autoinstall -k "$kernel"
chroot "$root" modinfo -k "$kernel" dahdi_dynamic_loc >/dev/null""",
    f"""mkdir -p /etc/dahdi
cat >/etc/dahdi/system.conf <<'SPANS'
{SPANS}
SPANS
modprobe dahdi auto_assign_spans=1
modprobe -a dahdi_dynamic dahdi_dynamic_loc dahdi_echocan_mg2
dahdi_cfg -v || echo 'no spans'""",
    "main,contrib",
)

if __name__ == "__main__":
    made(DAHDI)
