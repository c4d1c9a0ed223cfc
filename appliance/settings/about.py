# SPDX-License-Identifier: GPL-2.0-or-later
"""What the steps of a plan are about, by the names the settings give it."""

from appliance.settings import plan_steps as r
from appliance.settings.plan_steps import Routes, Step

KINDS = {  # what steps are about
    r.HOURS: "hours",
    r.QUEUE: "queue",
    r.CHAIN: "chain",
    r.PERSON: "person",
    r.VOICEMAIL: "mailbox",
    r.OUTSIDE: "line",
    r.LIST: "callers",
    r.SAY: "prompt",
    r.MENU: "prompt",
    r.COLLECT: "prompt",
    r.LOOK_UP: "lookup",
    r.COMPARE: "attribute",
    r.ACTION: "action",
    r.SKILL: "skill",
    r.LOAD: "queue",
}
BY_ID = frozenset({r.VOICEMAIL, r.SAY, r.MENU, r.COLLECT, r.LOOK_UP})  # these name it by its id, others by its index


def subject(routes: Routes, step: Step) -> str:
    """Kind and name of what a step leads to or asks about, as `queue.sales`. Raises KeyError for steps about nothing."""
    kind = KINDS[step.kind]
    if step.kind in BY_ID:
        return ".".join(routes.names.named(step.what) or ())
    if kind == "line":
        return f"line.{routes.lines[step.what]}"
    if kind == "attribute":
        return f"attribute.{routes.attributes[step.what]}"
    return f"{kind}.{list(getattr(routes.settings, kind))[step.what]}"
