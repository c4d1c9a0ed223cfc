# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may log in to the pages, by the API. A token changes no account of its own user: what is stolen cannot lock him out."""

from typing import Any

from msgspec import UNSET

from appliance.store.office import NameTaken, User
from appliance.web.access import now
from appliance.web.api import shapes as s
from appliance.web.api.gate import Asked, Way, Wrong
from appliance.web.proofs import Busy, Checker, WeakPassword, hashed


class Users:
    def __init__(self) -> None:
        self._checker = Checker()

    def ways(self) -> tuple[Way, ...]:
        return (
            Way("GET", "/users", "users:read", self.all, "Who may log in", list[s.OneUser]),
            Way("POST", "/users", "users:write", self.add, "Let somebody in", body=s.NewUser, made=True),
            Way("PATCH", "/users/{user}", "users:write", self.change, "Another role or password", body=s.ChangedUser),
            Way("DELETE", "/users/{user}", "users:write", self.remove, "He may not log in any longer"),
            Way("GET", "/users/{user}/sessions", "users:read", self.sessions, "His browsers", list[s.OneSession]),
            Way("DELETE", "/users/{user}/sessions", "users:write", self.end, "He is logged out everywhere"),
        )

    async def all(self, asked: Asked) -> list[s.OneUser]:
        return [
            s.OneUser(each.name, each.role, bool(each.totp), each.person, each.at, each.limits.split())
            for each in asked.box.office.users()
        ]

    async def add(self, asked: Asked) -> s.Done:
        new = asked.body
        self._is_there(asked, new.person)
        kept = await self._hashed(new.password, new.name)
        try:
            asked.box.office.add(
                User(new.name, new.role, kept, "", 0, new.person, "", now(), " ".join(sorted(set(new.limits))))
            )
        except NameTaken:
            raise Wrong(409, "user-exists", "There is a user of that name already.") from None
        asked.note("user-added", f"{new.name}: {new.role}")
        return s.Done()

    async def change(self, asked: Asked) -> s.Done:
        name, new, fields = self._other(asked), asked.body, dict[str, Any]()
        if new.person is not UNSET:
            self._is_there(asked, new.person)
            asked.office.change(name, person=new.person)
            asked.note("person-set", f"{name}: {new.person or '-'}")
        if new.password is not UNSET:
            fields |= {"password": await self._hashed(new.password, name), "totp": "", "totp_step": 0}
            asked.note("password-set", name)
        if new.role is not UNSET:
            fields["role"] = new.role
            asked.note("role-changed", f"{name}: {new.role}")
        if new.limits is not UNSET:
            fields["limits"] = " ".join(sorted(set(new.limits)))
            asked.note("limits-changed", f"{name}: {fields['limits'] or '-'}")
        if fields:
            asked.box.office.change(name, **fields)
            asked.box.office.end_all(name)
        return s.Done()

    async def remove(self, asked: Asked) -> s.Done:
        name = self._other(asked)
        asked.box.office.remove(name)
        asked.note("user-removed", name)
        return s.Done()

    async def sessions(self, asked: Asked) -> list[s.OneSession]:
        of = asked.box.office.sessions(self._named(asked))
        return [s.OneSession(each.address, each.agent, each.began, each.seen) for each in of]

    async def end(self, asked: Asked) -> s.Done:
        name = self._other(asked)
        asked.box.office.end_all(name)
        asked.note("session-ended", name)
        return s.Done()

    @staticmethod
    def _is_there(asked: Asked, person: str) -> None:
        live = asked.box.screen.live
        if person and (live is None or person not in live.people):
            raise Wrong(422, "unknown-person", f"There is nobody of the name {person}.")

    @staticmethod
    def _named(asked: Asked) -> str:
        name = str(asked.path["user"])
        if asked.box.office.user(name) is None:
            raise Wrong(404, "unknown", f"There is no user {name}.")
        return name

    def _other(self, asked: Asked) -> str:
        name = self._named(asked)
        if name == asked.user.name:
            raise Wrong(409, "own-account", "A token does not change the account it is of.")
        return name

    async def _hashed(self, password: str, name: str) -> str:
        try:
            return str(await self._checker.of(hashed, password, name))
        except WeakPassword as weak:
            raise Wrong(422, weak.id, str(weak)) from None
        except Busy:
            raise Wrong(429, "busy", "Too many passwords are being looked at.", {"Retry-After": "2"}) from None
