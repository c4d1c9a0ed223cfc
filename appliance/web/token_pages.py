# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of tokens: made, shown once, revoked. Everybody has his own; the owner sees and revokes all."""

import secrets

from starlette.responses import Response

from appliance.store.tokens import Token, TooMany
from appliance.web.access import EACH, OWNER, Doer, Refusal, Row, Visit, now, standing
from appliance.web.api.scopes import MAY_GIVE, PREFIX, SCOPES, effective
from appliance.web.known import Known

DAY = 86_400_000  # ms
LASTS = (0, 30, 90, 365)  # days
NAME_MAX = 60


class TokenPages:
    def __init__(self, known: Known) -> None:
        self._known = known

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/tokens", EACH, self.tokens),
            Row("POST", "/tokens", EACH, self.make),
            Row("POST", "/tokens/revoke", EACH, self.revoke),
        )

    async def tokens(self, asked: Visit, wrong: str = "", status: int = 200, made: str = "") -> Response:
        return asked.page(
            "tokens.html",
            status,
            tokens=seen(asked),
            scopes=[(scope, words) for scope, words in SCOPES.items() if scope in MAY_GIVE[asked.role]],
            given=asked.text("name")[:NAME_MAX],
            chosen=chosen(asked),
            lasts=LASTS,
            made=made,
            wrong=wrong,
            when=await self._known.when(),
            now=now(),
        )

    async def make(self, asked: Visit) -> Response:
        name, scopes = asked.text("name").strip()[:NAME_MAX], chosen(asked)
        if not name or not name.isprintable():
            return await self.tokens(asked, asked.say("Say what the token is for."), 422)
        if not scopes:
            return await self.tokens(asked, asked.say("Choose at least one thing the token may."), 422)
        if not scopes <= MAY_GIVE[asked.role]:
            raise Refusal(403, "Your role may not do that.")
        days = asked.text("days")
        if days not in map(str, LASTS):
            raise Refusal(400, "That form cannot be read.")
        held = new()
        until = now() + int(days) * DAY if int(days) else 0
        try:
            asked.office.tokens.add(held, asked.name, name, scopes, at=now(), until=until)
        except TooMany:
            return await self.tokens(asked, asked.say("You have as many tokens as one may. Revoke one first."), 409)
        asked.note("token-made", f"{name}: {' '.join(sorted(scopes))}")
        return await self.tokens(asked, made=held)

    async def revoke(self, asked: Visit) -> Response:
        id = asked.text("token")
        if not (id.isascii() and id.isdigit() and len(id) < 16):
            raise Refusal(400, "That form cannot be read.")
        revoke(asked, int(id))
        return asked.to("/tokens")


def seen(asked: Doer) -> list[tuple[Token, list[str]]]:
    """The owner sees all, everybody else his own; and what each may."""
    roles = {user.name: standing(user) for user in asked.office.users()}
    return [
        (each, sorted(effective(each.scopes, roles.get(each.user, ""))))
        for each in asked.office.tokens.all()
        if asked.role == OWNER or each.user == asked.name
    ]


def revoke(asked: Doer, id: int) -> None:
    """Raises Refusal."""
    token = asked.office.tokens.get(id)
    if token is None or not asked.office.tokens.revoke(id, "" if asked.role == OWNER else asked.name):
        raise Refusal(404, "There is no such token.")
    asked.note("token-revoked", f"{token.user}: {token.name}")


def new() -> str:
    """What a program holds: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def chosen(asked: Visit) -> frozenset[str]:
    return frozenset(each for each in asked.form.getlist("scope") if isinstance(each, str)) & frozenset(SCOPES)
