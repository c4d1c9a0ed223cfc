# SPDX-License-Identifier: GPL-2.0-or-later
"""Asterisk 22 beside us: Debian's package of it in a folder of its own, with the fewest modules that do the same.

`make asterisk` makes the folder (root, about two minutes, 350 MB): Debian's development release by
mmdebstrap, from the mirror this machine's apt uses. It is kept in ~/.cache/linekeeper and made once.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from appliance.programs.demo.ports import Ports
from testbed.sip import Telephone

ROOT = Path(__file__).parents[2]
SYSTEM = Path.home() / ".cache" / "linekeeper" / "asterisk" / "sid"
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")  # the second name is Debian 13's
PASSWORD = "the-crew"
PLAIN, KEYS, RECORDED = "00", "01", "02"  # kinds of numbers: only called, with the transfer key armed, and recorded

MODULES = """
pbx_config app_dial app_queue app_mixmonitor chan_pjsip bridge_native_rtp bridge_simple bridge_softmix
codec_alaw codec_ulaw codec_a_mu codec_g722 codec_opus_open_source res_format_attr_opus codec_resample
format_wav format_pcm res_timing_timerfd
res_rtp_asterisk res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_pjsip
res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_registrar
res_pjsip_authenticator_digest res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip
"""  # split at blanks

CONFIGURATION = {
    "asterisk.conf": """
[directories]
astetcdir = /bench
astmoddir = {modules}
astvarlibdir = /var/lib/asterisk
astdbdir = /bench
astkeydir = /bench
astdatadir = /usr/share/asterisk
astagidir = /bench
astspooldir = /bench
astrundir = /bench
astlogdir = /bench
[options]
verbose = 0
debug = 0
""",
    "logger.conf": "[general]\n[logfiles]\nlog => notice,warning,error\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    "rtp.conf": "[general]\nrtpstart = {rtp}\nrtpend = {rtp_end}\n",
    "pjsip.conf": """
[global]
type = global
endpoint_identifier_order = username,ip
[wire]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}
[telephone](!)
type = endpoint
context = telephones
disallow = all
allow = alaw,g722,opus
direct_media = no
[line]
type = endpoint
context = line
disallow = all
allow = alaw
direct_media = no
[line-from]
type = identify
endpoint = line
match = 127.0.0.1
""",
    # bridge_native_rtp hands on the packets of a plain call; the transfer key has to be looked for, bridge_simple does.
    "extensions.conf": """
[telephones]
[line]
exten => 100,1,Queue(sales)
exten => _+370520000XX,1,Dial(PJSIP/agent${{EXTEN:-2}})
exten => _+370520001XX,1,Dial(PJSIP/agent${{EXTEN:-2}},,tT)
exten => _+370520002XX,1,MixMonitor(/bench/${{UNIQUEID}}.wav)
same => n,Dial(PJSIP/agent${{EXTEN:-2}})
""",
    "queues.conf": "[general]\n[sales]\nstrategy = rrmemory\nringinuse = yes\nautofill = yes\ntimeout = 20\nretry = 1\n",
}
AGENT = """
[{agent}](telephone)
auth = {agent}
aors = {agent}
[{agent}]
type = auth
auth_type = userpass
username = {agent}
password = {password}
[{agent}]
type = aor
max_contacts = 1
"""


class Asterisk:
    """As testbed.office.Switch, with the same people: agent00 and on are called by numbers, or by the queue 100 in turn."""

    name = "Asterisk"
    records = True

    def __init__(self, ports: Ports, *, crew: int) -> None:
        self.sip, self.city = ports.take(), ports.take()
        self.crew = [f"agent{number:02}" for number in range(crew)]
        rtp = ports.take(crew * 10)
        hosts = f"127.0.0.1 localhost {socket.gethostname()}\n"  # it looks for its own name, with every call
        (SYSTEM / "etc" / "hosts").write_text(hosts)
        self.folder = Path(tempfile.mkdtemp(prefix="bench-", dir=SYSTEM))
        inside = "/" + self.folder.name
        modules = next((SYSTEM / "usr" / "lib").glob("*/asterisk/modules"))
        filled = {
            "modules": "/" + str(modules.relative_to(SYSTEM)), "sip": self.sip, "rtp": rtp,
            "rtp_end": rtp + crew * 10 - 1,
        }  # fmt: skip
        for file, text in CONFIGURATION.items():
            (self.folder / file).write_text(text.format(**filled).replace("/bench", inside))
        with (self.folder / "pjsip.conf").open("a") as pjsip:
            pjsip.writelines(AGENT.format(agent=agent, password=PASSWORD) for agent in self.crew)
        with (self.folder / "queues.conf").open("a") as queues:
            queues.writelines(f"member => PJSIP/{agent}\n" for agent in self.crew)
        text = "[modules]\nautoload = no\n" + "".join(f"load = {module}.so\n" for module in MODULES.split())
        (self.folder / "modules.conf").write_text(text)

    def start(self) -> None:
        inside = f"/{self.folder.name}/asterisk.conf"
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                ["chroot", str(SYSTEM), "asterisk", "-f", "-C", inside],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip

    async def ready(self, desks: Telephone) -> None:
        """Every telephone is registered."""
        for _ in range(100):
            try:
                await desks.register(self.crew[0], PASSWORD, within=0.2)
                break
            except (TimeoutError, ConnectionRefusedError):
                await asyncio.sleep(0.1)
        else:
            sys.exit(f"Asterisk does not let a telephone in within 20 s; its last words:\n{self.words()}")
        for agent in self.crew[1:]:
            await desks.register(agent, PASSWORD)

    @property
    def pid(self) -> int:
        return self.process.pid

    def number(self, agent: int, kind: str = PLAIN) -> str:
        return f"+3705200{kind}{agent:02}"

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self) -> str:
        files = [self.folder / "said", self.folder / "log"]
        return "".join("".join(file.read_text().splitlines(keepends=True)[-15:]) for file in files if file.exists())


def version() -> str:
    """As it says itself. Ends the program in a sentence when it is not there, or we are not root."""
    if not (SYSTEM / "usr" / "sbin" / "asterisk").exists():
        sys.exit("Asterisk is not installed beside us: make asterisk (as root)")
    if os.geteuid():
        sys.exit("Asterisk runs in a folder of its own by chroot, which root may.")
    said = subprocess.run(["chroot", str(SYSTEM), "asterisk", "-V"], capture_output=True, text=True, check=True)
    return said.stdout.strip().partition("+")[0]


def install() -> None:
    if SYSTEM.exists():
        return
    if os.geteuid():
        sys.exit("Making a folder with Debian in it takes root.")
    if not shutil.which("mmdebstrap"):
        sys.exit("apt install mmdebstrap")
    sys.path.insert(0, str(ROOT / "image" / "pjsip"))
    from source import debian_mirrors  # type: ignore[import-not-found]

    keyring = next((path for name in KEYRINGS if (path := Path("/usr/share/keyrings") / name).exists()), None)
    partial = SYSTEM.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=apt", "--include=asterisk",
         "--aptopt=APT::Install-Recommends \"false\"",
         "--aptopt=Acquire::Check-Valid-Until \"false\"",  # a mirror may be a snapshot; signatures stay checked
         *([f"--keyring={keyring}"] if keyring else []), "sid", str(partial), next(debian_mirrors())],
        check=True,
    )  # fmt: skip
    partial.rename(SYSTEM)


if __name__ == "__main__":
    install()
