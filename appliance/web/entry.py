# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages one comes in by: first run, log-in, log-out."""

import re
import time

from starlette.responses import Response

from appliance.store.office import NameTaken, User
from appliance.store.tokens import Wrong
from appliance.web import tongue
from appliance.web.access import ALL, ANYBODY, COOKIE, EACH, NEWCOMER, OWNER, Refusal, Row, Visit, now
from appliance.web.proofs import Busy, Checker, Tries, WeakPassword, code_is_good, hashed, is_local, matches

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,30}")


class Entry:
    """First run, log-in and log-out."""

    def __init__(self, wrong: Wrong | None = None) -> None:
        """wrong: where wrong tries outlive a restart."""
        self.checker = Checker()
        self.tries = Tries(time.time, wrong)

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/first-run", frozenset({NEWCOMER}), self.first_run),
            Row("POST", "/first-run", frozenset({NEWCOMER}), self.set_owner),
            Row("GET", "/log-in", ALL - {NEWCOMER}, self.form),
            Row("POST", "/log-in", frozenset({ANYBODY}) | EACH, self.log_in),
            Row("POST", "/log-out", EACH, self.log_out),
        )

    async def first_run(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        """Sets the owner's password; from the local network alone."""
        if not is_local(asked.address):
            raise Refusal(403, "The owner's password is set from the local network.")
        return asked.page("first_run.html", status, wrong=wrong, name=asked.text("name") or OWNER)

    async def set_owner(self, asked: Visit) -> Response:
        if not is_local(asked.address):
            raise Refusal(403, "The owner's password is set from the local network.")
        name, password = asked.text("name").strip().lower(), asked.text("password")
        if not USER_NAME.fullmatch(name):
            return await self.first_run(asked, asked.say("A user name has 1 to 31 of a-z, 0-9, . _ and -."), 422)
        if password != asked.text("again"):
            return await self.first_run(asked, asked.say("The two passwords are not the same."), 422)
        try:
            kept = str(await self.checker.of(hashed, password, name))
            owner = User(name, OWNER, kept, "", 0, "", str(asked.words.globals["language"]), now())
            asked.office.add(owner, first=True)
        except WeakPassword:
            return await self.first_run(asked, asked.say(WEAK), 422)
        except NameTaken:
            return asked.to("/log-in")
        except Busy:
            raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
        asked.office.audit(now(), name, asked.address, "owner-set")
        return asked.enter(owner, asked.to("/begin"))

    async def form(self, asked: Visit, wrong: str = "", status: int = 200) -> Response:
        to = asked.text("to") or asked.request.query_params.get("to", "")
        return asked.page("log_in.html", status, wrong=wrong, to=ours(to), name=asked.text("name")[:31])

    async def log_in(self, asked: Visit) -> Response:
        name, password = asked.text("name").strip().lower(), asked.text("password")
        if (wait := self.tries.wait(name, asked.address)) > 0:
            words = asked.say("Too many wrong tries. Try again in {} s.").format(int(wait) + 1)
            response = await self.form(asked, words, 429)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        user = asked.office.user(name)
        self.tries.wrong(name, asked.address)  # taken back below: many at once count too
        try:
            right = await self.checker.of(matches, user.password if user else None, password)
        except Busy:
            raise Refusal(503, "Too many try to log in at once. Try again in a moment.") from None
        if user and right and user.totp:
            right = code_is_good(asked.office, user, asked.text("code"), time.time())
        if not user or not right:
            asked.office.audit(now(), name if USER_NAME.fullmatch(name) else "", asked.address, "log-in-failed")
            return await self.form(asked, asked.say("Name, password or code is not right."), 403)
        self.tries.right(name, asked.address)
        asked.office.audit(now(), name, asked.address, "log-in")
        return asked.enter(user, asked.to(ours(asked.text("to"))))

    async def log_out(self, asked: Visit) -> Response:
        if asked.session:
            asked.office.end(asked.session.id, asked.session.user)
        asked.note("log-out")
        response = asked.to("/log-in")
        response.delete_cookie(COOKIE)
        return response


WEAK = "A password has 10 to 200 characters, at least 5 different ones, and is not the name."


def ours(path: str) -> str:
    """Where to go after the log-in: a path of ours, else the first page."""
    return path if re.fullmatch(r"/(?![/\\])[A-Za-z0-9._~/-]{0,200}(\?[A-Za-z0-9._~%&=+:-]{0,400})?", path) else "/"


def known_language(code: str) -> str:
    return code if code in tongue.LANGUAGES else ""
