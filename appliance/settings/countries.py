# SPDX-License-Identifier: GPL-2.0-or-later
"""Tones and habits of a country's exchanges; ITU-T E.180 Supplement 2 and E.182 have the figures. Data, no thought."""

from typing import Literal, NamedTuple

CallerIds = Literal["none", "bell202", "v23", "dtmf"]
Starts = Literal["ring", "polarity", "before-ring"]


class Tone(NamedTuple):
    """hz2: 0 for a single tone. off: 0 for one without pauses. Both in ms."""

    hz: float
    hz2: float
    on: int
    off: int


class Country(NamedTuple):
    """cadence: ms of ringing and pause in turn, for a telephone."""

    name: str
    dial: Tone
    busy: Tone
    congestion: Tone
    cadence: tuple[int, ...]
    caller_id: CallerIds
    starts: Starts = "ring"
    zone: str = ""  # of DAHDI's tones, when it is not the country's own code


def steady(hz: float, hz2: float = 0) -> Tone:
    return Tone(hz, hz2, 800, 0)


def beat(hz: float, on: int, off: int, hz2: float = 0) -> Tone:
    return Tone(hz, hz2, on, off)


EUROPE = (1000, 4000)
BRITAIN = (400, 200, 400, 2000)

COUNTRIES: dict[str, Country] = {
    "us": Country("United States", steady(350, 440), beat(480, 500, 500, 620), beat(480, 250, 250, 620), (2000, 4000),
                  "bell202"),
    "uk": Country("United Kingdom", steady(350, 440), beat(400, 375, 375), beat(400, 400, 350), BRITAIN, "v23",
                  "polarity"),
    "fr": Country("France", steady(440), beat(440, 500, 500), beat(440, 250, 250), (1500, 3500), "v23"),
    "de": Country("Germany", steady(425), beat(425, 480, 480), beat(425, 240, 240), EUROPE, "v23"),
    "es": Country("Spain", steady(425), beat(425, 200, 200), beat(425, 200, 600), (1500, 3000), "v23"),
    "it": Country("Italy", beat(425, 600, 1000), beat(425, 500, 500), beat(425, 200, 200), EUROPE, "v23"),
    "nl": Country("Netherlands", steady(425), beat(425, 500, 500), beat(425, 250, 250), EUROPE, "dtmf", "before-ring"),
    "pl": Country("Poland", steady(425), beat(425, 500, 500), beat(425, 500, 500), EUROPE, "v23"),
    "ru": Country("Russia", steady(425), beat(425, 350, 350), beat(425, 175, 175), (800, 3200), "none"),
    "ua": Country("Ukraine", steady(425), beat(425, 350, 350), beat(425, 175, 175), (800, 3200), "none", zone="ru"),
    "lt": Country("Lithuania", steady(425), beat(425, 350, 350), beat(425, 200, 200), EUROPE, "none", zone="ru"),
    "au": Country("Australia", steady(415, 440), beat(425, 375, 375), beat(425, 375, 375), BRITAIN, "bell202"),
    "cn": Country("China", steady(450), beat(450, 350, 350), beat(450, 700, 700), EUROPE, "dtmf", "before-ring"),
    "jp": Country("Japan", steady(400), beat(400, 500, 500), beat(400, 500, 500), (1000, 2000), "none"),
}  # fmt: skip


def country_of(tones: str | None, *countries: str | None) -> Country:
    """Whose tones count: those named, else those of the first country (ISO 3166-1) that is named, else Germany's."""
    for one in (tones, *countries):
        if one:
            key = {"GB": "uk"}.get(one, one.lower())
            return COUNTRIES.get(key, COUNTRIES["de"])
    return COUNTRIES["de"]


def listened(country: Country, cycles: int) -> tuple[tuple[float, float, int, int, int], ...]:
    """For an ear: DIAL, BUSY and CONGESTION in this order. cycles: of busy tone after which it is believed."""
    tones = ((country.dial, 2), (country.busy, cycles), (country.congestion, cycles))
    return tuple((*tone, number) for tone, number in tones)


DIAL, BUSY, CONGESTION = range(3)  # places in listened()
