# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do and see at the pages, programs can by the API: a page's act without one is noticed here."""

from pathlib import Path

from appliance.web.access import ROLES
from appliance.web.api.routes import every
from appliance.web.api.scopes import MAY_GIVE
from appliance.web.app import rows
from tests.web.visitors import site

# Those of a person and his browser alone, and why.
BROWSERS = {
    "a browser is let in by a password, a program by a token": (
        "GET /first-run", "POST /first-run", "GET /log-in", "POST /log-in", "POST /log-out",
    ),
    "a stolen token takes nobody's account over: its user's password, codes, sessions and language are his own": (
        "GET /me", "POST /me/language", "POST /me/person", "POST /me/password", "POST /me/codes", "POST /me/end-session",
    ),
    "a token that makes tokens outlives being revoked": ("POST /tokens",),
    "a key that opens backups is shown to an owner, once; programs name one made elsewhere": ("POST /backups/key",),
    "how a page is drawn, and where forms begin": (
        "GET /board/call/{call:int}", "GET /board/person/{person}", "GET /settings/import", "GET /authority",
        "GET /settings/restart/over",
    ),
    "it is open to everybody who reaches the box": (
        "GET /health", "GET /linekeeper-authority.crt", "GET /provisioning/{secret}/{file}",
        "GET /provisioning/{secret}/{mac}/phonebook.xml",
    ),
}  # fmt: skip
# What answers to each of the others, one or more.
ANSWERED = {
    "GET /": "GET /queues, GET /people, GET /lines, GET /calls, GET /phones", "GET /events": "GET /events",
    "POST /board/call": "DELETE /calls/{call}, POST /calls/{call}/park, POST /calls/{call}/send, POST /calls/{call}/take, "
    "POST /calls/{call}/listen",
    "POST /board/person": "PUT /people/{person}/status, PUT /people/{person}/disturb, PUT /people/{person}/forward",
    "POST /board/press": "POST /calls/{call}/press", "GET /codes": "GET /codes",
    "GET /users": "GET /users", "POST /users": "POST /users", "POST /users/change": "PATCH /users/{user}",
    "POST /users/remove": "DELETE /users/{user}",
    "POST /users/end-session": "GET /users/{user}/sessions, DELETE /users/{user}/sessions", "GET /audit": "GET /audit",
    "GET /begin": "GET /draft, GET /modems", "POST /begin": "PATCH /draft, POST /draft/apply",
    "POST /begin/modem": "GET /modems, PATCH /draft", "POST /begin/test": "POST /dial",
    "GET /scenarios": "GET /draft", "GET /scenarios/{scenario}": "GET /draft, POST /draft/try",
    "POST /scenarios/{scenario}/step": "PATCH /draft",
    "POST /scenarios/{scenario}/lead": "PATCH /draft", "POST /scenarios/{scenario}/example": "PATCH /draft",
    "GET /settings": "GET /settings", "GET /settings/at/{path:path}": "GET /draft",
    "POST /settings/at/{path:path}": "PATCH /draft", "POST /settings/add": "PATCH /draft",
    "POST /settings/rename": "POST /draft/rename", "POST /settings/remove": "PATCH /draft",
    "POST /settings/secret": "PUT /secrets/{table}, DELETE /secrets/{table}", "GET /settings/draft": "GET /draft/changes",
    "POST /settings/apply": "POST /draft/apply", "POST /settings/discard": "DELETE /draft",
    "POST /settings/undo": "POST /draft/undo",
    "POST /settings/merge": "POST /draft/merge", "GET /settings/history": "GET /settings/versions",
    "GET /settings/version/{number:int}": "GET /settings/versions/{version}, GET /settings/versions/{version}/changes",
    "POST /settings/restore": "POST /settings/versions/{version}/restore", "GET /settings/export": "GET /draft",
    "POST /settings/import": "PUT /draft",
    "GET /settings/restart": "GET /settings/restart",
    "POST /settings/restart": "POST /settings/restart",
    "GET /settings/check-line/{line}": "GET /lines", "POST /settings/check-line/{line}": "POST /lines/{line}/check",
    "GET /prompts": "GET /prompts", "POST /prompts": "PUT /prompts/{prompt}/audio",
    "POST /prompts/speak": "POST /prompts/speak, PATCH /draft", "POST /prompts/remove": "DELETE /prompts/{prompt}",
    "POST /prompts/delete": "DELETE /prompts/files/{file}", "GET /prompts/{file}": "GET /prompts/files/{file}",
    "GET /calls": "GET /calls/past, GET /calls/search", "GET /calls/export": "GET /calls/table",
    "GET /calls/{call:int}": "GET /calls/{call}, GET /calls/{call}/why, GET /calls/{call}/details",
    "POST /calls/{call:int}/back": "POST /people/{person}/call",
    "POST /calls/{call:int}/list": "PUT /calls/{call}/lists/{list}",
    "POST /calls/{call:int}/unlist": "DELETE /calls/{call}/lists/{list}",
    "GET /messages": "GET /voicemail", "GET /messages/{id:int}/sound": "GET /voicemail/{message}/audio",
    "POST /messages/handled": "PATCH /voicemail/{message}", "POST /messages/heard": "PATCH /voicemail/{message}",
    "POST /messages/delete": "DELETE /voicemail/{message}",
    "GET /recordings": "GET /recordings", "GET /recordings/{id:int}/sound": "GET /recordings/{recording}/audio",
    "GET /texts": "GET /texts", "POST /texts": "POST /texts",
    "GET /hours": "GET /hours, GET /hours/{hours}/year", "POST /hours/week": "PATCH /draft",
    "POST /hours/hold": "PUT /hours/{hours}/override",
    "GET /organisation": "GET /organisation, GET /organisation/duties",
    "GET /what-if": "GET /what-if", "GET /what-if/state": "GET /what-if",
    "GET /what-if/table": "GET /what-if", "POST /what-if/run": "POST /what-if",
    "POST /what-if/cancel": "DELETE /what-if",
    "GET /reports": "GET /reports", "GET /reports/export": "GET /reports/table", "GET /reports/pdf": "GET /reports/paper",
    "GET /status": "GET /health", "GET /backups": "GET /backups", "GET /backups/{name}": "GET /backups/{backup}",
    "GET /tokens": "GET /tokens", "POST /tokens/revoke": "DELETE /tokens/{token}, DELETE /self",
    "GET /webhooks": "GET /webhooks", "POST /webhooks": "POST /webhooks", "POST /webhooks/try": "POST /webhooks/{webhook}/test",
    "POST /webhooks/remove": "DELETE /webhooks/{webhook}",
    "GET /phones": "GET /phones/all", "POST /phones/bind": "POST /phones/bind", "POST /phones/add": "POST /phones",
    "POST /phones/look": "POST /phones/look", "GET /phones/{phone}": "GET /phones/all, GET /draft",
    "POST /phones/{phone}/keys": "PATCH /draft", "POST /phones/{phone}/password": "POST /phones/{phone}/password",
    "POST /phones/{phone}/reboot": "POST /phones/{phone}/reboot", "POST /phones/{phone}/address": "POST /phones/{phone}/address",
    "POST /phones/{phone}/forget": "DELETE /phones/{phone}",
    "POST /gateways/bind": "POST /gateways/bind", "GET /gateways/{line}": "GET /lines, GET /draft",
    "POST /gateways/{line}/password": "POST /gateways/{line}/password",
    "POST /gateways/{line}/address": "POST /gateways/{line}/address",
    "POST /gateways/{line}/reboot": "POST /gateways/{line}/reboot",
}  # fmt: skip
# Whose pages show what is his own alone, which tokens do not tell apart: their programs see the office, and that is all.
OWN_ALONE = {"employee", "reader"}
# What else a role has at a page and not by its programs: his own status, calls and tokens alone, and calls that are tests.
LESS = {
    "POST /board/person": {"installer"},
    "POST /board/press": {"installer"},
    "POST /begin/test": {"installer"},
    "POST /settings/check-line/{line}": {"installer"},
    "POST /calls/{call:int}/back": {"installer"},
    "GET /tokens": {"installer", "supervisor"},
    "POST /tokens/revoke": {"installer", "supervisor"},
}


async def test_each_act_of_a_page_is_an_operation_of_the_api_or_a_browsers_alone(tmp_path: Path) -> None:
    async with site(tmp_path) as box:
        acts = {f"{row.method} {row.path}" for row in rows(box.box)}
    alone = [act for each in BROWSERS.values() for act in each]
    assert len(alone) == len(set(alone)) and not set(alone) & set(ANSWERED)
    assert acts - set(alone) - set(ANSWERED) == set(), "a page can what the API cannot"
    assert (set(alone) | set(ANSWERED)) - acts == set(), "of a page that is no longer there"


async def test_what_answers_is_there_and_for_the_same_roles(tmp_path: Path) -> None:
    operations = {f"{way.method} {way.path}": way for way in every()}
    async with site(tmp_path) as box:
        who = {f"{row.method} {row.path}": row.who for row in rows(box.box)}
    less: dict[str, set[str]] = {}
    for act, answered in ANSWERED.items():
        for one in answered.split(", "):
            assert one in operations, (act, one)
            scope = operations[one].scope
            may = {role for role in ROLES if not scope or scope in MAY_GIVE[role]}
            if missing := (who[act] & set(ROLES)) - OWN_ALONE - may:
                less[act] = less.get(act, set()) | missing
    assert less == LESS
