# SPDX-License-Identifier: GPL-2.0-or-later
"""Where PJSIP's source is looked for: apt's own mirrors, Debian's signed index, a stated version."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SHA256 = "6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa"
PRINTED = f"""
'http://deb.debian.org/debian/pool/main/a/asterisk/asterisk_23.1%2bdfsg-1.dsc' asterisk_23.1+dfsg-1.dsc 5 SHA256:{"0" * 64}
'http://mirror/pool/main/a/asterisk/asterisk_23.1%2bdfsg%2b%7ecs6.18.orig-Xamr.tar.xz' asterisk_23.1+dfsg+~cs6.18.orig-Xamr.tar.xz 9 SHA256:{"1" * 64}
'http://mirror/pool/main/a/asterisk/asterisk_23.1%2bdfsg%2b%7ecs6.18.orig-Xpjproject.tar.xz' asterisk_23.1+dfsg+~cs6.18.orig-Xpjproject.tar.xz 677 SHA256:{SHA256}
"""  # noqa: E501  as apt prints it


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """image/pjsip/source.py, which runs as part of a script and so is in no package."""
    monkeypatch.syspath_prepend(ROOT / "image/pjsip")
    for name in ("source", "failure", "build"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import source as module

    monkeypatch.setitem(sys.modules, "source", module)
    return module


def test_the_component_is_found_in_what_apt_prints(source: ModuleType) -> None:
    found = source.parse_print_uris(PRINTED.splitlines())
    assert found.version == "23.1+dfsg+~cs6.18"
    assert found.sha256 == SHA256
    assert found.place.startswith("http://mirror/pool/main/a/asterisk/asterisk_23.1")
    assert source.parse_print_uris(["E: Unable to find a source package for asterisk"]) is None


APT = """\
Dir::Etc::SourceList "{0}/sources.list";
Dir::Etc::SourceParts "{0}/sources.list.d";
Dir::State::Lists "{0}/lists";
"""
ONE_LINE = "deb [arch=amd64] http://mirror.example/debian bookworm main contrib\n"
DEB822 = """\
Types: deb
URIs: http://other.example/debian/
Suites: trixie trixie-updates
Components: main

Types: deb
URIs: http://other.example/debian-security
Suites: trixie-security
Components: main
"""
FOREIGN = "deb http://packages.example/wares stable main\n"


@pytest.mark.parametrize(
    ("one_line", "deb822", "mirrors"),
    [
        (ONE_LINE, "", ["http://mirror.example/debian/", "http://deb.debian.org/debian/"]),
        ("", DEB822, ["http://other.example/debian/", "http://deb.debian.org/debian/"]),
        (
            ONE_LINE + FOREIGN,
            DEB822,
            ["http://mirror.example/debian/", "http://other.example/debian/", "http://deb.debian.org/debian/"],
        ),
        ("", "", ["http://deb.debian.org/debian/"]),
    ],
)
def test_mirrors_are_those_of_this_machines_apt_in_both_its_languages(
    source: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_line: str,
    deb822: str,
    mirrors: list[str],
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "lists").mkdir()
    (tmp_path / "sources.list").write_text(one_line)
    (tmp_path / "sources.list.d/debian.sources").write_text(deb822)
    (tmp_path / "apt.conf").write_text(APT.format(tmp_path))
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    found = list(source.debian_mirrors())
    assert sorted(found) == sorted(mirrors)
    assert found[-1] == "http://deb.debian.org/debian/"


def test_a_newer_version_is_built_only_when_it_was_stated(
    source: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = source.Tarball("http://mirror/newer", "2" * 64, "23.1+dfsg+~cs6.18")
    fetched: list[object] = []
    monkeypatch.setattr(source, "fetch_pinned", lambda into, log: False)
    monkeypatch.setattr(source, "newest_in_sid", lambda work, log: newer)
    monkeypatch.setattr(source, "fetch", lambda tarball, into, log: fetched.append(tarball) or True)
    log = tmp_path / "log"
    with pytest.raises(source.Failure) as caught:
        source.obtain(tmp_path, log, given=None, sha256=None, accepted=None)
    assert "no longer carries" in caught.value.what
    assert "--accept-version '23.1+dfsg+~cs6.18'" in caught.value.advice
    assert fetched == []
    source.obtain(tmp_path, log, given=None, sha256=None, accepted="23.1+dfsg+~cs6.18")
    assert fetched == [newer]


def test_a_download_goes_through_apt_and_is_checked(source: ModuleType, tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.write_bytes(b"a tarball")
    right = hashlib.sha256(b"a tarball").hexdigest()
    log = tmp_path / "log"
    assert source.fetch(source.Tarball(f"copy://{served}", right, "1"), tmp_path / "got.xz", log)
    assert (tmp_path / "got.xz").read_bytes() == b"a tarball"
    assert not source.fetch(source.Tarball(f"copy://{served}", "0" * 64, "1"), tmp_path / "wrong.xz", log)
    assert not (tmp_path / "wrong.xz").exists()
    assert not (tmp_path / "wrong.part").exists()


def test_the_machines_apt_is_neither_read_nor_written(source: ModuleType, tmp_path: Path) -> None:
    options = source.own_apt(tmp_path, "http://deb.debian.org/debian/")
    done = subprocess.run(
        ["apt-get", *options, "update", "--print-uris"], env=os.environ, capture_output=True, text=True, check=True
    )
    places = {line.split("'")[1] for line in done.stdout.splitlines()}
    assert "http://deb.debian.org/debian/dists/sid/main/source/Sources.xz" in places
    assert all(place.startswith("http://deb.debian.org/debian/dists/sid/") for place in places)
    dumped = subprocess.run(["apt-config", *options, "dump"], capture_output=True, text=True, check=True).stdout
    assert f'Dir::State::lists "{tmp_path}/lists"' in dumped
    assert f'Dir::Cache "{tmp_path}"' in dumped


def test_a_patch_that_does_not_fit_ends_the_build_with_a_sentence(source: ModuleType, tmp_path: Path) -> None:
    """Nobody is asked what to do: `make setup` may have nobody there."""
    import build  # type: ignore[import-not-found]

    (tree := tmp_path / "another-version").mkdir()
    with pytest.raises(source.Failure, match="patch epoll-stays failed"):
        build.compile_libraries(tree, tmp_path, tmp_path, 1, build.Steps(tmp_path / "log", print))
