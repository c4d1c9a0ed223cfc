# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper user`: who may log in to the pages; a way in for an owner who has lost his password."""

import getpass
import secrets
import sys
import time
from contextlib import closing

from appliance.programs import arguments
from appliance.programs.arguments import show
from appliance.store.office import Office, User
from appliance.web.access import OWNER, ROLES
from appliance.web.entry import USER_NAME
from appliance.web.proofs import hashed


class BadName(Exception):
    """Not a user name."""

    id = "bad-name"


class NotThere(Exception):
    """There is no such user."""

    id = "no-such-user"


def main(argv: list[str]) -> int:
    """Lists users; with a name adds that one or gives him another password, which also turns his codes off."""
    takes = arguments.with_pages(arguments.parser("user", "List who may log in to the pages, or add or change one."))
    takes.add_argument("name", nargs="?", help="whom to add, or whose password to set")
    takes.add_argument("--role", choices=ROLES, help=f"what he may (a new one: {OWNER})")
    takes.add_argument("--stdin", action="store_true", help="read the password from standard input")
    takes.add_argument("--make", action="store_true", help="make a password and print it")
    takes.add_argument("--remove", action="store_true", help="he may not log in any longer")
    args = arguments.parse(takes, argv)
    with closing(Office(arguments.pages(args))) as office:
        if args.name is None:
            for user in office.users():
                limits = f" of {user.limits}" if user.limits else ""
                show(f"{user.name}  {user.role}{limits}{'  with codes' if user.totp else ''}")
        elif args.remove:
            _remove(office, args.name)
        else:
            _set(office, args.name, args.role, _password(args.stdin, args.make))
    return 0


def _set(office: Office, name: str, role: str | None, password: str) -> None:
    if not USER_NAME.fullmatch(name):
        raise BadName("a user name has 1 to 31 of a-z, 0-9, . _ and -")
    kept, at = hashed(password, name), time.time_ns() // 1_000_000
    if user := office.user(name):
        office.change(name, password=kept, totp="", totp_step=0, role=role or user.role)
        office.end_all(name)
        office.audit(at, "", "console", "password-set", name)
        show(f"{name} ({role or user.role}) has another password; his sessions have ended")
    else:
        office.add(User(name, role or OWNER, kept, "", 0, "", "", at))
        office.audit(at, "", "console", "user-added", f"{name}: {role or OWNER}")
        show(f"{name} ({role or OWNER}) may log in")


def _remove(office: Office, name: str) -> None:
    if office.user(name) is None:
        raise NotThere(f"there is no user {name}")
    office.remove(name)
    office.audit(time.time_ns() // 1_000_000, "", "console", "user-removed", name)
    show(f"{name} may not log in any longer")


def _password(stdin: bool, make: bool) -> str:
    if make:
        made = secrets.token_urlsafe(12)
        show(f"password: {made}")
        return made
    return sys.stdin.readline().rstrip("\n") if stdin or not sys.stdin.isatty() else getpass.getpass("password: ")
