# SPDX-License-Identifier: GPL-2.0-or-later
"""One's own account (password, codes, sessions, language), the users, and the audit log."""

import asyncio
import re
from contextlib import suppress

from starlette.responses import Response

from appliance.reports.qr import squares
from appliance.store.office import NameTaken, User
from appliance.web.access import EACH, OWNER, ROLES, Refusal, Row, Visit, now
from appliance.web.box import Box
from appliance.web.entry import USER_NAME, WEAK, Entry, known_language
from appliance.web.powers import choices
from appliance.web.proofs import Busy, WeakPassword, code_is_good, hashed, matches, new_totp, totp_address

ONLY_OWNER = frozenset({OWNER})
PAGE = 200  # rows of the audit log
ROW = re.compile(r"[1-9][0-9]{0,17}")


class Accounts:
    def __init__(self, entry: Entry, box: Box) -> None:
        self._entry, self._box = entry, box
        self._checker = entry.checker

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/me", EACH, self.me),
            Row("POST", "/me/language", EACH, self.language),
            Row("POST", "/me/person", ONLY_OWNER, self.person),
            Row("POST", "/me/password", EACH, self.password),
            Row("POST", "/me/codes", EACH, self.codes),
            Row("POST", "/me/end-session", EACH, self.end_session),
            Row("GET", "/users", ONLY_OWNER, self.users),
            Row("POST", "/users", ONLY_OWNER, self.add),
            Row("POST", "/users/change", ONLY_OWNER, self.change),
            Row("POST", "/users/remove", ONLY_OWNER, self.remove),
            Row("POST", "/users/end-session", ONLY_OWNER, self.end_his),
            Row("GET", "/audit", ONLY_OWNER, self.audit),
        )

    async def me(self, asked: Visit, wrong: str = "", status: int = 200, secret: str = "") -> Response:
        user = _user(asked)
        secret = secret or new_totp()
        address = "" if user.totp else totp_address(secret, user.name, "Linekeeper")
        return asked.page(
            "me.html",
            status,
            user=user,
            wrong=wrong,
            done=asked.request.query_params.get("done", "")[:20],
            sessions=asked.office.sessions(user.name),
            current=asked.session.id if asked.session else b"",
            when=await self._box.known.when(),
            people=self._people(),
            himself=live.people.get(user.person) if (live := self._box.screen.live) else None,
            secret="" if user.totp else secret,
            address=address,
            drawn=await asyncio.to_thread(squares, address) if address else None,
        )

    async def language(self, asked: Visit) -> Response:
        asked.office.change(asked.name, language=known_language(asked.text("language")))
        return asked.to("/me?done=language")

    async def person(self, asked: Visit) -> Response:
        """Which person of the office one is oneself."""
        if (person := asked.text("person")) not in {"", *self._people()}:
            raise Refusal(400, "That form cannot be read.")
        asked.office.change(asked.name, person=person)
        asked.note("person-set", f"{asked.name}: {person or '-'}")
        return asked.to("/me?done=person")

    async def password(self, asked: Visit) -> Response:
        """A new password, given the old one; all other sessions end."""
        user = _user(asked)
        if not await self._proved(asked, user):
            return await self.me(asked, asked.say("The password you have now is not right."), 403)
        if asked.text("password") != asked.text("again"):
            return await self.me(asked, asked.say("The two passwords are not the same."), 422)
        try:
            kept = str(await self._checker.of(hashed, asked.text("password"), user.name))
        except WeakPassword:
            return await self.me(asked, asked.say(WEAK), 422)
        except Busy:
            raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
        asked.office.change(user.name, password=kept)
        asked.office.end_all(user.name)
        asked.note("password-changed")
        return asked.enter(user, asked.to("/me?done=password"))

    async def codes(self, asked: Visit) -> Response:
        """Codes of six digits are asked for at log-in from now on, or no longer."""
        user = _user(asked)
        if not await self._proved(asked, user):
            return await self.me(asked, asked.say("The password you have now is not right."), 403)
        if user.totp:
            asked.office.change(user.name, totp="", totp_step=0)
            asked.note("codes-off")
            return asked.to("/me?done=codes")
        secret = asked.text("secret")
        if len(secret) != 32 or not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
            raise Refusal(400, "That form cannot be read.")
        if not code_is_good(asked.office, user._replace(totp=secret), asked.text("code"), now() / 1000):
            return await self.me(asked, asked.say("The code is not right; is the clock of the phone?"), 422, secret)
        asked.office.change(user.name, totp=secret)
        asked.office.end_all(user.name)
        asked.note("codes-on")
        return asked.enter(user, asked.to("/me?done=codes"))

    async def end_session(self, asked: Visit) -> Response:
        asked.office.end(_session(asked), asked.name)
        asked.note("session-ended")
        return asked.to("/me?done=session")

    async def end_his(self, asked: Visit) -> Response:
        """A session of somebody else's: his telephone is lost."""
        user = _other(asked)
        asked.office.end(_session(asked), user.name)
        asked.note("session-ended", user.name)
        return asked.to("/users")

    async def users(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        return asked.page(
            "users.html",
            status,
            users=asked.office.users(),
            sessions=asked.office.sessions,
            roles=ROLES,
            wrong=wrong,
            given=asked.text("name"),
            when=await self._box.known.when(),
            people=self._people(),
            limits=await self._limits(),
        )

    async def _limits(self) -> list[tuple[str, str]]:
        """Branches and departments, and what they are called; none while the settings cannot be read."""
        with suppress(Refusal):
            return choices((await self._box.known.names()).settings)
        return []

    async def _limited(self, asked: Visit, before: str = "") -> str:
        """Those chosen in a form that there are, or that were before."""
        known = {one for one, _words in await self._limits()} | set(before.split())
        return " ".join(sorted({str(one) for one in asked.form.getlist("limit")} & known))

    def _people(self) -> dict[str, str]:
        """The people of the office by their ids, with their names; nobody while the switch is away."""
        live = self._box.screen.live
        return {one.id: one.name or one.id for one in live.people.values()} if live else {}

    async def add(self, asked: Visit) -> Response:
        name, role = asked.text("name").strip().lower(), _role(asked)
        person = asked.text("person") if asked.text("person") in self._people() else ""
        if not USER_NAME.fullmatch(name):
            return await self.users(asked, asked.say("A user name has 1 to 31 of a-z, 0-9, . _ and -."), 422)
        try:
            kept = str(await self._checker.of(hashed, asked.text("password"), name))
            asked.office.add(User(name, role, kept, "", 0, person, "", now(), await self._limited(asked)))
        except WeakPassword:
            return await self.users(asked, asked.say(WEAK), 422)
        except NameTaken:
            return await self.users(asked, asked.say("There is a user of that name already."), 409)
        except Busy:
            raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
        asked.note("user-added", f"{name}: {role}")
        return asked.to("/users")

    async def change(self, asked: Visit) -> Response:
        """Another role, or (when one is given) another password, which ends his sessions and turns codes off."""
        user, role, person = _other(asked), _role(asked), asked.text("person")
        if "person" in asked.form and person != user.person and person in {"", *self._people()}:
            asked.office.change(user.name, person=person)
            asked.note("person-set", f"{user.name}: {person or '-'}")
        limits = await self._limited(asked, user.limits)
        if "limits" in asked.form and limits != user.limits:
            asked.office.change(user.name, limits=limits)
            asked.office.end_all(user.name)
            asked.note("limits-changed", f"{user.name}: {limits or '-'}")
        if role != user.role:
            asked.office.change(user.name, role=role)
            asked.office.end_all(user.name)
            asked.note("role-changed", f"{user.name}: {role}")
        if password := asked.text("password"):
            try:
                kept = str(await self._checker.of(hashed, password, user.name))
            except WeakPassword:
                return await self.users(asked, asked.say(WEAK), 422)
            except Busy:
                raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
            asked.office.change(user.name, password=kept, totp="", totp_step=0)
            asked.office.end_all(user.name)
            asked.note("password-set", user.name)
        return asked.to("/users")

    async def remove(self, asked: Visit) -> Response:
        user = _other(asked)
        asked.office.remove(user.name)
        asked.note("user-removed", user.name)
        return asked.to("/users")

    async def audit(self, asked: Visit) -> Response:
        before = asked.request.query_params.get("before", "")
        rows = asked.office.audited(PAGE + 1, int(before) if ROW.fullmatch(before) else 0)
        older = rows[PAGE - 1].id if len(rows) > PAGE else 0
        return asked.page("audit.html", rows=rows[:PAGE], older=older, when=await self._box.known.when())

    async def _proved(self, asked: Visit, user: User) -> bool:
        """Whether he knows the password he has now; wrong ones count as at log-in."""
        tries = self._entry.tries
        if tries.wait(user.name, asked.address) > 0:
            raise Refusal(429, "Too many wrong tries. Wait a little.")
        tries.wrong(user.name, asked.address)
        try:
            right = bool(await self._checker.of(matches, user.password, asked.text("now")))
        except Busy:
            raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
        if right:
            tries.right(user.name, asked.address)
        return right


def _user(asked: Visit) -> User:
    if asked.user is None:
        raise Refusal(401, "Log in first.")
    return asked.user


def _session(asked: Visit) -> bytes:
    try:
        return bytes.fromhex(asked.text("session"))
    except ValueError:
        raise Refusal(400, "That form cannot be read.") from None


def _other(asked: Visit) -> User:
    """The user a form is about; the owner does not take his own role or account away by accident."""
    user = asked.office.user(asked.text("name"))
    if user is None:
        raise Refusal(404, "There is no such user.")
    if user.name == asked.name:
        raise Refusal(409, "Your own account is changed under My account; another owner can remove it.")
    return user


def _role(asked: Visit) -> str:
    if (role := asked.text("role")) not in ROLES:
        raise Refusal(400, "That form cannot be read.")
    return role
