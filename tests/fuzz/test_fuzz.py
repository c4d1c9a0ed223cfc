# SPDX-License-Identifier: GPL-2.0-or-later
"""The seeds are the stories, every story survives memory that runs out, and the fuzzers find nothing in some seconds."""

import subprocess
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from tests.core.test_stories import STORIES
from tests.fuzz import seeds
from tests.fuzz.fuzz import SEEDS, WHAT, build, command


def run(*words: str | Path) -> str:
    done = subprocess.run(words, text=True, stdout=PIPE, stderr=STDOUT, errors="replace")
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.fixture(scope="module")
def programs() -> Path:
    return build("starved", *(f"fuzz-{what}" for what in WHAT))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path, seeds.Recorded]]:
    return seeds.write(tmp_path_factory.mktemp("corpus"))


def test_the_seeds_kept_are_the_stories_of_today(written: list[tuple[Path, Path, seeds.Recorded]]) -> None:
    for path in (path for plan, day, _ in written for path in (plan, day)):
        assert path.read_bytes() == (SEEDS / path.parent.name / path.name).read_bytes(), "python -m tests.fuzz.seeds"


@pytest.mark.parametrize("story", range(len(STORIES)), ids=[story.stem for story in STORIES])
def test_a_story_as_bytes_is_the_same_story(
    programs: Path, written: list[tuple[Path, Path, seeds.Recorded]], story: int
) -> None:
    plan, day, box = written[story]
    told = run(programs / "starved", "told", plan, day).splitlines()
    wanted = [" ".join(map(str, (c.kind, c.call, c.leg, c.target, c.queue, c.value, c.number))) for c in box.wanted]
    assert told[: len(wanted)] == wanted


@pytest.mark.parametrize("story", range(len(STORIES)), ids=[story.stem for story in STORIES])
def test_a_story_loses_nothing_when_memory_runs_out(
    programs: Path, written: list[tuple[Path, Path, seeds.Recorded]], story: int
) -> None:
    plan, day, _ = written[story]
    run(programs / "starved", "starve", plan, day)


@pytest.mark.parametrize("what", WHAT)
def test_nothing_is_found_in_some_seconds(programs: Path, what: str) -> None:
    run(*command(programs, what, "-max_total_time=7", "-verbosity=0"))
