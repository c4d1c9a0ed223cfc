# SPDX-License-Identifier: GPL-2.0-or-later
"""The units say what the programs take, and each program has a user of its own with no more than it needs."""

import shlex
import subprocess
from pathlib import Path

import pytest

from appliance.programs import arguments
from appliance.programs.may import MAY
from appliance.settings import load

SYSTEMD = Path(__file__).parents[2] / "systemd"
PROGRAMS = ("switch", "bridge", "web", "fence")
MAY_TOO = {"fence": "CAP_NET_ADMIN", "web": "CAP_NET_BIND_SERVICE"}  # beside what any program of the user may
ANYBODYS_PORT = 1024  # and above


def service(program: str) -> dict[str, str]:
    """The settings of a unit, the last of each name."""
    lines = (SYSTEMD / f"linekeeper-{program}.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_unit_starts_its_program_with_arguments_that_it_takes(program: str) -> None:
    binary, name, *given = shlex.split(service(program)["ExecStart"])
    assert (Path(binary).name, name) == ("linekeeper", program)
    parser = arguments.parser(program, "")
    parser.add_argument("--secrets")
    parser.add_argument("--pages")
    assert parser.parse_args(given).socket == Path("/run/linekeeper/control.sock")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_hangs_or_ends_comes_back_and_faulty_settings_do_not_go_round(program: str) -> None:
    unit = service(program)
    assert unit["Type"] == "notify"
    assert int(unit["WatchdogSec"]) > 0
    assert unit["Restart"] in ("always", "on-failure")
    assert unit["RestartPreventExitStatus"] == "78"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_may_do_no_more_than_it_needs(program: str) -> None:
    unit = service(program)
    assert unit["CapabilityBoundingSet"] == MAY_TOO.get(program, "")
    assert unit.get("AmbientCapabilities", "") == unit["CapabilityBoundingSet"]
    for fence in ("NoNewPrivileges", "ProtectHome", "MemoryDenyWriteExecute", "RestrictNamespaces"):
        assert unit[fence] == "yes"
    assert unit["ProtectSystem"] == "strict"
    if program != "switch":
        assert unit["PrivateDevices"] == "yes"


def test_the_switch_has_the_ports_of_modems_and_cards_and_no_other_device() -> None:
    lines = (SYSTEMD / "linekeeper-switch.service").read_text().splitlines()
    unit = service("switch")
    assert "PrivateDevices" not in unit, "it would hide the ports"
    assert unit["DevicePolicy"] == "closed"
    assert [line for line in lines if line.startswith("DeviceAllow")] == [
        "DeviceAllow=char-ttyUSB rw",
        "DeviceAllow=char-ttyACM rw",
        "DeviceAllow=char-dahdi rw",
        "DeviceAllow=char-alsa rw",
    ]
    assert unit["SupplementaryGroups"] == "dialout audio"
    for driver in ("usbserial", "cdc_acm", "snd"):  # else nothing that is plugged in later could be opened
        assert f"modprobe@{driver}.service" in unit["Wants"].split()
        assert f"modprobe@{driver}.service" in unit["After"].split()
    assert unit["CapabilityBoundingSet"] == "" and "raw-io" not in unit["SystemCallFilter"]


@pytest.mark.parametrize(("program", "most"), [("switch", 20), ("bridge", 20), ("web", 20)])
def test_systemd_finds_little_that_a_program_may(program: str, most: int) -> None:
    """Tenths of the exposure that systemd works out from a unit: 0 to 100."""
    unit = SYSTEMD / f"linekeeper-{program}.service"
    how = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={most}", str(unit)]
    looked = subprocess.run(how, capture_output=True, text=True, timeout=60, check=False)
    assert looked.returncode == 0, looked.stdout[-2000:]


def test_a_box_as_it_comes_has_its_page_where_a_browser_looks_and_its_programs_may_listen_there() -> None:
    settings = load.read(SYSTEMD.parent / "office.fresh.toml").settings
    web = settings.web
    assert (web.port, web.https, web.https_port) == (80, True, 443), "http://linekeeper.local is all one writes"
    assert "CAP_NET_BIND_SERVICE" in service("web")["AmbientCapabilities"].split()
    assert min(settings.sip.port, settings.sip.tls_port) >= ANYBODYS_PORT, "the switch may not"


def test_every_user_is_made_and_the_switch_knows_what_each_may_ask() -> None:
    made = (SYSTEMD / "sysusers.d/linekeeper.conf").read_text().splitlines()
    users = {line.split()[1] for line in made if line.startswith("u ")}
    assert users == {service(program)["User"] for program in PROGRAMS}
    assert users == {"linekeeper-switch", *MAY}


def test_the_switch_comes_before_everything_else_on_the_processor() -> None:
    assert service("switch")["CPUSchedulingPolicy"] == "rr"
    assert "CPUSchedulingPolicy" not in service("web")


def test_the_nightly_backup_takes_its_arguments_and_reaches_no_network() -> None:
    unit = service("backup")
    binary, name, *given = shlex.split(unit["ExecStart"])
    assert (Path(binary).name, name) == ("linekeeper", "backup")
    parser = arguments.with_kept(arguments.parser("backup", ""))
    parsed = parser.parse_args(given)
    assert (parsed.pages, parsed.bridge) == (Path("/var/lib/linekeeper-web"), Path("/var/lib/linekeeper-bridge"))
    assert (unit["Type"], unit["RestrictAddressFamilies"], unit["IPAddressDeny"]) == ("oneshot", "none", "any")
    assert "linekeeper-backup.timer" in (SYSTEMD / "linekeeper.target").read_text()


def test_a_recovery_that_the_power_cut_short_is_ended_before_any_program_starts() -> None:
    unit, text = service("recover"), (SYSTEMD / "linekeeper-recover.service").read_text()
    assert shlex.split(unit["ExecStart"])[1:3] == ["recover", "--go-on"]
    assert "ConditionPathExists=/var/lib/.linekeeper.recovering\n" in text
    before = next(line for line in text.splitlines() if line.startswith("Before=linekeeper"))
    assert {
        f"Before=linekeeper-{PROGRAMS[0]}.service",
        *(f"linekeeper-{name}.service" for name in PROGRAMS[1:]),
    } <= set(before.split())
    assert "linekeeper-recover.service" in (SYSTEMD / "linekeeper.target").read_text()


def test_files_of_several_users_lie_in_a_folder_of_roots_which_the_switch_may_write_in() -> None:
    """systemd touches nothing in a folder that belongs to somebody else than the file and root."""
    lines = [line.split() for line in (SYSTEMD / "tmpfiles.d/linekeeper.conf").read_text().splitlines()]
    made = [line for line in lines if line and not line[0].startswith("#")]
    owners = {line[1]: line[3] for line in made if line[0] == "d"}
    touched = {str(Path(line[1]).parent) for line in made if line[0] in ("z", "C")}
    assert touched and {owners[folder] for folder in touched} == {"root"}
    assert [line[6] for line in made if line[:2] == ["a+", "/etc/linekeeper"]] == [
        "user:linekeeper-switch:rwx,mask::rwx"
    ]
