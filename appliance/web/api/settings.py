# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings by the API: read, checked, and put in force by whoever read those that are (If-Match), so no work is lost."""

import hashlib
import re

from starlette.responses import Response

from appliance.control import messages as m
from appliance.settings import documents
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong, said
from appliance.web.restart_pages import due, restart
from appliance.web.settings_pages import changed

TOML = "application/toml"


def ways() -> tuple[Way, ...]:
    return (
        Way("GET", "/settings", "settings:read", read, "The document in force; its ETag is what apply asks for", TOML),
        Way("POST", "/settings/check", "settings:read", check, "Whether a document is sound; golden calls are run",
            s.Warnings, TOML, most=documents.LARGEST),
        Way("PUT", "/settings", "settings:write", apply, "Put a document in force, made from the one of If-Match",
            s.InForce, TOML, headers={"If-Match": "the ETag of the document this one was made from"},
            most=documents.LARGEST),
        Way("GET", "/settings/restart", "settings:read", waiting, "What is taken up only at a start", s.Waiting),
        Way("POST", "/settings/restart", "settings:write", start_anew, "Start what has something to take up", s.Waiting,
            s.StartAnew),
        Way("GET", "/settings/versions", "settings:read", versions, "Every document that was ever in force",
            list[s.Version]),
        Way("GET", "/settings/versions/{version}", "settings:read", version, "One of them", TOML),
        Way("GET", "/settings/versions/{version}/changes", "settings:read", changes,
            "What restoring it would change", list[s.Changed]),
        Way("POST", "/settings/versions/{version}/restore", "settings:write", restore, "Put it in force again",
            s.InForce),
    )  # fmt: skip


def tag(document: str) -> str:
    """What stands for a document in ETag and If-Match: its SHA-256."""
    return hashlib.sha256(document.encode()).hexdigest()


async def read(asked: Asked) -> Response:
    return shown((await asked.box.drafts.in_force()).document)


async def check(asked: Asked) -> s.Warnings:
    checked = await asked.switch(m.Check(0, _text(asked)))
    return s.Warnings(list(checked.warnings))


def made_from(asked: Asked) -> str:
    """The tag in If-Match. Raises Wrong."""
    given = asked.request.headers.get("if-match")
    if given is None:
        raise Wrong(428, "if-match", "If-Match is needed: the ETag of the document that this one was made from.")
    if not (found := re.fullmatch(r'"([0-9a-f]{64})"', given.strip())):
        raise Wrong(412, "changed", "If-Match is not the ETag of the document that is there.")
    return found[1]


async def apply(asked: Asked) -> Response:
    base = made_from(asked)
    document = _text(asked)
    became = await asked.switch(m.Apply(0, document, f"{asked.by}: API"[:200], base))
    asked.note("settings-applied", f"version {became.revision}")
    return said(in_force(became), headers={"ETag": f'"{tag(document)}"'})


async def waiting(asked: Asked) -> s.Waiting:
    found = await due(asked.box)
    return s.Waiting(list(found.switch), list(found.pages), found.calls)


async def start_anew(asked: Asked) -> s.Waiting:
    found = await restart(asked, asked.box, asked.body.end_calls)
    return s.Waiting(list(found.switch), list(found.pages), found.calls)


async def versions(asked: Asked) -> list[s.Version]:
    return [s.Version(each.number, each.at, each.comment, each.sha256) for each in await asked.box.drafts.versions()]


async def version(asked: Asked) -> Response:
    return shown((await asked.switch(m.Document(0, asked.path["version"]))).document)


async def changes(asked: Asked) -> list[s.Changed]:
    old = await asked.switch(m.Document(0, asked.path["version"]))
    now = await asked.box.drafts.in_force()
    return [s.Changed(*one) for one in changed(now.document, old.document)]


async def restore(asked: Asked) -> s.InForce:
    became = await asked.switch(m.Restore(0, asked.path["version"]))
    asked.note("settings-restored", f"version {asked.path['version']} as {became.revision}")
    return in_force(became)


def shown(document: str) -> Response:
    headers = {"ETag": f'"{tag(document)}"', "Cache-Control": "no-store"}
    return Response(document, headers=headers, media_type=TOML)


def in_force(became: m.Revision) -> s.InForce:
    return s.InForce(became.revision, list(became.restart), list(became.warnings))


def _text(asked: Asked) -> str:
    try:
        return bytes(asked.body).decode()
    except UnicodeDecodeError:
        raise Wrong(422, "not-utf-8", "The document is not UTF-8.") from None
