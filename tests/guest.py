# SPDX-License-Identifier: GPL-2.0-or-later
"""Small Debians 13 under QEMU, with Debian's own kernel and its drivers.

`made()` makes the disk of one, once (root, mmdebstrap; some minutes, it stays in the cache folder, and is made anew when what is
to be on it changes). Guest scripts find the tree where it is outside, read-only, and a folder of their own at /share. Emulated
it starts in half a minute, with systemd in a minute.
"""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TREE = Path(__file__).parents[1]
CACHE = Path.home() / ".cache" / "linekeeper"
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")  # the second name is Debian 13's
SIZE = "3G"

PACKAGES = "linux-image-amd64 initramfs-tools kmod udev python3 e2fsprogs"
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")

# On the disk; the rest comes from the shared folder, so that the disk may stay as it is.
BOOT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1
for place in proc:/proc sysfs:/sys tmpfs:/tmp tmpfs:/run; do
    mountpoint -q ${place#*:} || mount -t ${place%:*} none ${place#*:}
done
modprobe -a 9pnet_virtio 9p
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /share
. /share/start
"""
# Where systemd is what starts.
UNIT = """[Unit]
Description=What is to be shown
[Service]
Type=simple
ExecStart=/linekeeper-init
[Install]
WantedBy=multi-user.target
"""

# The tree is where it is outside too: links to what was compiled lead there.
START = """
mkdir -p {tree}
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro tree {tree}
mkdir -p /dev/shm
mountpoint -q /dev/shm || mount -t tmpfs shm /dev/shm
ip link set lo up
{drivers}
cd {tree}
/share/run >/share/said 2>&1
echo $? >/share/code
sync
echo o >/proc/sysrq-trigger
sleep 60
"""

PURE = ("sdnotify",)  # Python alone, of which there is no wheel at PyPI
PROGRAM = """#!/opt/linekeeper/bin/python3
import sys
from appliance.programs.__main__ import main
sys.exit(main())
"""

BUILD = """set -eu
root=$1
kernel=$(ls "$root/lib/modules" | sort -V | tail -n 1)
{build}
cp "$root/boot/vmlinuz-$kernel" "$2/vmlinuz"
cp "$root/boot/initrd.img-$kernel" "$2/initrd"
"""


class System(NamedTuple):
    """What is on a disk. build: shell for when it is made, with $root and the version of its $kernel; drivers: shell for when
    it has started, before the script is run; python: what our programs and tests want of PyPI is in /opt/linekeeper."""

    name: str
    packages: str
    build: str
    drivers: str
    components: str = "main"
    python: bool = False

    @property
    def folder(self) -> Path:
        return CACHE / self.name


class Guest:
    """One run of the guest: script is a program, run as root in it from the folder of the tree. systemd: that starts the machine,
    and the script last; else there is nothing but the script. more: of QEMU's options."""

    def __init__(
        self, system: System, share: Path, script: str, *, systemd: bool = False, more: Sequence[str] = ()
    ) -> None:
        self.system, self.share = system, share
        self.command = [
            *command(system, share, " systemd.mask=dahdi.service" if systemd else " init=/linekeeper-init"),
            *more,
        ]
        share.mkdir(parents=True, exist_ok=True)
        for file in ("code", "said"):
            (share / file).unlink(missing_ok=True)
        (share / "start").write_text(START.format(tree=shlex.quote(str(TREE)), drivers=system.drivers))
        run = share / "run"
        run.write_text(script)
        run.chmod(0o755)

    def run(self, within: float) -> str:
        """What the script said. RuntimeError when it ended otherwise than well, TimeoutError after that many seconds."""
        log = self.share / "console"
        process = subprocess.Popen(
            [*self.command, "-serial", f"file:{log}"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the guest still runs; {self.words(log)}") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        code, said = self.share / "code", self.share / "said"
        if not code.exists() or code.read_text().strip() != "0":
            raise RuntimeError(self.words(said if said.exists() else log))
        return said.read_text()

    def words(self, log: Path) -> str:
        return "".join(log.read_text(errors="replace").splitlines(keepends=True)[-60:]) if log.exists() else ""


def command(system: System, share: Path, start: str) -> list[str]:
    accelerator = ["-accel", "kvm", "-cpu", "host"] if usable_kvm() else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    folders = [
        option
        for tag, folder, more in (("share", share, ""), ("tree", TREE, ",readonly=on"))
        for option in ("-virtfs", f"local,path={folder},mount_tag={tag},security_model=none{more}")
    ]
    return [
        "qemu-system-x86_64", "-machine", "q35", *accelerator, "-smp", "2", "-m", "1024", "-nodefaults",
        "-display", "none", "-no-reboot", "-kernel", str(system.folder / "vmlinuz"), "-initrd", str(system.folder / "initrd"),
        "-append", f"root=/dev/vda rw console=ttyS0 quiet panic=-1{start}",
        "-drive", f"file={system.folder / 'disk'},if=virtio,format=raw,snapshot=on", *folders,
    ]  # fmt: skip


def usable_kvm() -> bool:
    """Only when asked: inside another machine it may stop half-way, while emulation is slow and always works."""
    return os.environ.get("KVM") == "1" and os.access("/dev/kvm", os.R_OK | os.W_OK)


def made(system: System) -> None:
    """Its disk, when it is not there yet or of something else."""
    disk, note = system.folder / "disk", system.folder / "made-of"
    facts = hashlib.sha256(
        repr((system._replace(drivers=""), BOOT, UNIT, BUILD, PACKAGES, requirements())).encode()
    ).hexdigest()
    if disk.exists() and note.exists() and note.read_text() == facts:
        return
    if os.geteuid():
        sys.exit("Making a folder with Debian in it takes root.")
    for program in ("mmdebstrap", "qemu-system-x86_64", "mke2fs"):
        if not shutil.which(program):
            sys.exit("apt install mmdebstrap qemu-system-x86 e2fsprogs")
    began = time.monotonic()
    print(f"making a Debian with {system.name} in {system.folder}, some minutes", flush=True)
    system.folder.mkdir(parents=True, exist_ok=True)
    try:
        root = installed(system)
        (root / "share").mkdir()
        (root / "linekeeper-init").write_text(BOOT)
        (root / "linekeeper-init").chmod(0o755)
        wanted = root / "etc/systemd/system/multi-user.target.wants"
        wanted.mkdir(parents=True, exist_ok=True)
        (wanted.parent / "shown.service").write_text(UNIT)
        (wanted / "shown.service").symlink_to("../shown.service")
        if system.python:
            with_python(root)
        partial = disk.with_suffix(".part")
        partial.unlink(missing_ok=True)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(partial), SIZE], check=True)
    except subprocess.CalledProcessError as fault:
        sys.exit(f"the guest's disk is not made: {fault}")
    shutil.rmtree(root)
    partial.rename(disk)
    note.write_text(facts)
    print(f"made in {time.monotonic() - began:.0f} s", flush=True)


def requirements() -> tuple[list[str], list[str]]:
    """What our programs and the telephones of tests want of PyPI, and what that brings along."""
    project = tomllib.loads((TREE / "pyproject.toml").read_text())
    numpy = [one for one in project["dependency-groups"]["dev"] if one.startswith("numpy")]
    return [*project["project"]["dependencies"], *numpy], project["tool"]["linekeeper"]["constraints"]


def with_python(root: Path) -> None:
    """An environment of its Python at the place where the units expect our programs, filled from here."""
    home = root / "opt/linekeeper"
    subprocess.run(["chroot", root, "python3", "-m", "venv", "--without-pip", "/opt/linekeeper"], check=True)
    [packages] = home.glob("lib/python3.*/site-packages")
    wanted, brought = requirements()
    (home / "constraints").write_text("\n".join(brought))
    pip = [sys.executable, "-m", "pip", "-q", "install", "--no-compile", "--target", packages]
    pip += ["--python-version", packages.parent.name.removeprefix("python"), "--constraint", home / "constraints"]
    pure = [one for one in wanted if one.startswith(PURE)]
    subprocess.run([*pip, "--only-binary=:all:", *(one for one in wanted if one not in pure)], check=True)
    subprocess.run([*pip, "--no-deps", *pure], check=True)
    subprocess.run(["chroot", root, "python3", "-m", "compileall", "-q", "/opt/linekeeper/lib"], check=True)
    program = home / "bin/linekeeper"
    program.write_text(PROGRAM)
    program.chmod(0o755)


def installed(system: System) -> Path:
    """A folder with the Debian in it; its kernel goes beside."""
    sys.path.insert(0, str(TREE / "image" / "pjsip"))
    from source import debian_mirrors  # type: ignore[import-not-found]

    keyring = next((path for name in KEYRINGS if (path := Path("/usr/share/keyrings") / name).exists()), None)
    root = system.folder / "root.part"
    shutil.rmtree(root, ignore_errors=True)
    build = system.folder / "build"
    build.write_text(BUILD.format(build=system.build))
    packages = f"{PACKAGES} {system.packages}".replace(" ", ",")
    subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=apt", f"--components={system.components}", f"--include={packages}",
         "--aptopt=APT::Install-Recommends \"false\"",
         "--aptopt=Acquire::Check-Valid-Until \"false\"",  # a mirror may be a snapshot; signatures stay checked
         *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
         f"--customize-hook=sh {build} \"$1\" {system.folder}",
         *([f"--keyring={keyring}"] if keyring else []), "trixie", str(root), next(debian_mirrors())],
        check=True,
    )  # fmt: skip
    return root
