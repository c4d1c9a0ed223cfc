# SPDX-License-Identifier: GPL-2.0-or-later
"""What the line doctor found, in words and in figures, and in each language of the box."""

import msgspec
import pytest

from appliance.control.doctor import Finding, LineChecked, Way
from appliance.doctor import verdict
from appliance.health import line_checks
from appliance.web import tongue

WELL = Way(gain=-0.4, noise=-67.0, delay=148.0, clips=None, lost=0, echo_loss=None, echo_delay=None)
ILL = Way(
    gain=-8.14, noise=-40.2, delay=312.0, clips=-10.0, lost=120, echo_loss=20.4, echo_delay=182.0,
    keys_lost="59", keys_doubled="7", keys_wrong="A",
)  # fmt: skip


def checked(*findings: tuple[str, str], said: Way = WELL, heard: Way = WELL) -> LineChecked:
    found = tuple(msgspec.convert({"id": id, "way": way, "words": "It squeaks.", "todo": "Oil it."}, Finding)
                  for id, way in findings)  # fmt: skip
    return LineChecked(line="gsm", other="city", call=1, at=1, said=said, heard=heard, findings=found)


def words(one: LineChecked, language: str = "en") -> list[str]:
    say = tongue.catalogue(language).gettext
    return [f"{say(each.words).format(*each.gaps)} {say(each.todo)}" for each in line_checks.told(one, "Mobile")]


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (("too-quiet", "said"), "what is said into it arrives 8.1 dB too quiet. Turn this line up: the gain of its microphone"),
        (("too-quiet", "heard"), "what is heard from it is 8.1 dB too quiet. Turn this line up: its volume."),
        (("clipped", "said"), "clipped from -10 dBm0 on"),
        (("gaps", "heard"), "120 ms did not come"),
        (("noise", "said"), "noise of -40 dBm0"),
        (("late", "heard"), "312 ms late"),
        (("echo", "said"), "an echo after 182 ms, 20 dB below"),
        (("lost-keys", "heard"), "at its far end are lost: 5 9."),
        (("doubled-keys", "said"), "heard twice: 7."),
        (("wrong-keys", "said"), "that nobody pressed: A."),
        (("silent", ""), "nothing is heard, either way."),
    ],
)  # fmt: skip
def test_a_finding_names_the_line_the_figure_and_what_to_do(finding: tuple[str, str], told: str) -> None:
    [sentence] = words(checked(finding, said=ILL, heard=ILL))
    assert sentence.startswith("Line “Mobile”: ") and told in sentence


def test_everything_that_can_be_found_has_words_that_what_was_found_fits_into() -> None:
    every = {(id, way) for id in verdict.ORDER for way in ("said", "heard")} - {("silent", "said"), ("silent", "heard")}
    assert set(line_checks.SAYS) == every | {("silent", "")}
    for finding in line_checks.SAYS:
        assert "{" not in words(checked(finding, said=ILL, heard=ILL))[0]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("ru", "Линия «Mobile»: то, что в неё говорят, доходит на 8.1 дБ тише, чем надо."),
        ("uk", "Лінія «Mobile»: те, що в неї кажуть, доходить на 8.1 дБ тихіше, ніж треба."),
    ],
)
def test_it_is_told_in_each_language(language: str, told: str) -> None:
    assert words(checked(("too-quiet", "said"), said=ILL), language)[0].startswith(told)
    figures = line_checks.figures(checked(said=ILL), tongue.catalogue(language).gettext)
    assert figures[0].said == "-8.14 дБ" and figures[0].name not in ("gain", "")


def test_the_figures_of_both_ways() -> None:
    dead = msgspec.structs.replace(WELL, gain=None, delay=None)
    figures = {one.name: (one.said, one.heard) for one in line_checks.figures(checked(said=ILL, heard=dead), str)}
    assert figures["gain"] == ("-8.14 dB", "nothing heard")
    assert figures["clipped from"] == ("-10 dBm0", "not clipped")
    assert figures["echo"] == ("20.4 dB below", "none")
    assert figures["echo after"] == ("182 ms", "–")
    assert figures["keys heard"] == ("2 lost, 1 twice, 1 wrong", "all")


def test_what_a_newer_version_found_is_told_in_its_own_words() -> None:
    assert words(checked(("squeaks", "said"))) == ["It squeaks. Oil it."]
