# SPDX-License-Identifier: GPL-2.0-or-later
"""What a token may, and which of that a user of each role may give away. Pure."""

from collections.abc import Iterable

from appliance.web.access import EACH, EMPLOYEE, INSTALLER, LIMITED, OWNER, READER, SUPERVISOR

PREFIX = "lk_"  # of a token, so that one found in a file is known for what it is


def _(words: str) -> str:
    """Marks words for translation, which is done where they are shown."""
    return words


SCOPES = {
    "office:read": _("queues, people, lines, telephones and hours as they are now"),
    "calls:read": _("calls as they are now and were before, why they went so, and events as they happen"),
    "calls:write": _("send calls elsewhere, park and end them, ring somebody for them"),
    "listen": _("ring a telephone of ours that hears a call, is heard by our side, or talks with both"),
    "callers:write": _("put callers on lists and take them off"),
    "dial": _("have the box call somebody, or say something on telephones"),
    "people:write": _("status, do not disturb and forwarding of people"),
    "hours:write": _("hold hours open or closed"),
    "voicemail:read": _("messages, and what they sound like"),
    "voicemail:write": _("say what became of messages, and delete them"),
    "recordings:read": _("recorded calls, and what they sound like"),
    "texts:read": _("text messages, and what became of them"),
    "texts:write": _("send text messages, which cost money"),
    "settings:read": _("the settings, and those before"),
    "settings:write": _("put settings in force"),
    "phones:write": _("make telephones somebody's, start them anew, forget them"),
    "phones:secrets": _("what telephones register with, and where they find it"),
    "what-if": _("replay days that were under the settings in force and the draft"),
    "reports:read": _("how many calls there were, and how they were answered"),
    "users:read": _("who may log in to the pages"),
    "users:write": _("let people in, change and remove them"),
    "webhooks:read": _("where other programs are told what happens"),
    "webhooks:write": _("say where other programs are told what happens"),
    "backups:read": _("fetch backups, which only their key opens"),
    "audit:read": _("who did what at the pages, and which programs did"),
    "guard:write": _("lift bans"),
    "health:read": _("what is wrong with the box"),
    "metrics:read": _("figures for Prometheus"),
}
EVERY = frozenset(SCOPES)
_WATCH = frozenset({"office:read", "health:read", "metrics:read"})
_DIRECT = frozenset({"calls:read", "calls:write", "callers:write", "listen", "dial", "people:write", "hours:write"})
_PAST = frozenset({"voicemail:read", "voicemail:write", "recordings:read", "texts:read", "texts:write", "reports:read"})
_SET = frozenset({"settings:read", "settings:write", "what-if", "phones:write", "phones:secrets"})
_TELL = frozenset({"webhooks:read", "webhooks:write"})
MAY_GIVE = {
    OWNER: EVERY,
    INSTALLER: _WATCH | {"calls:read", "callers:write", "hours:write", "guard:write"} | _SET | _TELL,
    SUPERVISOR: _WATCH | _DIRECT | _PAST,
    LIMITED: frozenset({"office:read", "calls:read", "calls:write", "listen", "people:write", "recordings:read"}),
    EMPLOYEE: frozenset({"office:read"}),
    READER: frozenset({"office:read"}),
}
assert set(MAY_GIVE) == EACH


def effective(scopes: Iterable[str], role: str) -> frozenset[str]:
    """What a token may whose user has this role now: no more than he could give it today."""
    return frozenset(scopes) & MAY_GIVE.get(role, frozenset())
