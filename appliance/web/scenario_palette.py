# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of steps a scenario is built of, as they lie beside the drawing: grouped by what they do."""

from collections.abc import Mapping
from typing import NamedTuple

from appliance.web import forms
from appliance.web.tongue import marked as _

GROUPS = (
    (_("Decide"), ("hours", "callers", "trust", "history", "load", "compare")),
    (_("Say and ask"), ("say", "menu", "collect", "look-up")),
    (_("Ring"), ("queue", "chain", "person", "manager", "last-person", "transfer")),
    (_("Prepare"), ("skill", "priority", "set")),
    (_("Act and end"), ("action", "voicemail", "hang-up")),
)
TITLES = {
    "hours": _("Hours"),
    "callers": _("List of callers"),
    "trust": _("Trust"),
    "history": _("Earlier calls"),
    "load": _("Load"),
    "compare": _("Compare"),
    "say": _("Say"),
    "menu": _("Menu of keys"),
    "collect": _("Digits"),
    "look-up": _("Look-up"),
    "queue": _("Queue"),
    "chain": _("Chain"),
    "person": _("Person"),
    "manager": _("Manager"),
    "last-person": _("Last person"),
    "transfer": _("Number outside"),
    "skill": _("Skill"),
    "priority": _("Priority"),
    "set": _("Remember"),
    "action": _("Action"),
    "voicemail": _("Voicemail"),
    "hang-up": _("Hang up"),
}


class Kind(NamedTuple):
    """A kind of step, what people call it, and in a line what it does."""

    kind: str
    title: str
    about: str


def palette() -> list[tuple[str, list[Kind]]]:
    return [(words, [Kind(kind, TITLES[kind], _about(kind)) for kind in kinds]) for words, kinds in GROUPS]


def _about(kind: str) -> str:
    return str(step_of(kind)["description"])


def step_of(kind: str) -> Mapping[str, object]:
    """What the models say of a kind of step."""
    return forms.node_at({"scenario": {"": {"step": {"": {"do": kind}}}}}, ("scenario", "", "step", ""))
