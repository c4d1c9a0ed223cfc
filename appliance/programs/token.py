# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper token`: the tokens of programs that use the API: lists, makes and revokes them."""

import time
from contextlib import closing
from datetime import datetime

from appliance.programs import arguments
from appliance.programs.arguments import show
from appliance.store.office import Office
from appliance.store.tokens import Token
from appliance.web.api.scopes import MAY_GIVE, SCOPES
from appliance.web.token_pages import DAY, new


class NotThere(Exception):
    """There is no such token, or user."""

    id = "no-such-token"


class NotHis(Exception):
    """The user's role may not do what the token is to."""

    id = "scope"


def main(argv: list[str]) -> int:
    takes = arguments.with_pages(
        arguments.parser("token", "List tokens of programs that use the API; make, revoke them.")
    )
    takes.add_argument("name", nargs="?", help="what a new token is for; it is printed once")
    takes.add_argument("--user", metavar="USER", help="whose it is: it may no more than he (needed for a new one)")
    takes.add_argument(
        "--scope", action="append", choices=sorted(SCOPES), default=[], help="what it may; several times"
    )
    takes.add_argument("--days", type=arguments.whole(0, 3650), default=0, help="how long; 0: until it is revoked")
    takes.add_argument("--revoke", type=arguments.whole(1, 2**53), metavar="NUMBER", help="it is good no longer")
    args = arguments.parse(takes, argv)
    with closing(Office(arguments.pages(args))) as office:
        if args.revoke:
            _revoke(office, args.revoke)
        elif args.name is None:
            for token in office.tokens.all():
                show(line(token))
        elif not args.user or not args.scope:
            takes.error("a new token needs --user and --scope")
        else:
            _make(office, args.name[:60], args.user, frozenset(args.scope), args.days)
    return 0


def _make(office: Office, name: str, user: str, scopes: frozenset[str], days: int) -> None:
    known, at = office.user(user), time.time_ns() // 1_000_000
    if known is None:
        raise NotThere(f"there is no user {user}")
    if more := scopes - MAY_GIVE[known.role]:
        raise NotHis(f"{user} ({known.role}) may not give {', '.join(sorted(more))}")
    held = new()
    id = office.tokens.add(held, user, name, scopes, at=at, until=at + days * DAY if days else 0)
    office.audit(at, "", "console", "token-made", f"{user}: {name}: {' '.join(sorted(scopes))}")
    show(f"number: {id}\ntoken: {held}")


def _revoke(office: Office, id: int) -> None:
    token = office.tokens.get(id)
    if token is None:
        raise NotThere(f"there is no token {id}")
    office.tokens.revoke(id)
    office.audit(time.time_ns() // 1_000_000, "", "console", "token-revoked", f"{token.user}: {token.name}")
    show(f"{token.name} of {token.user} is good no longer")


def line(token: Token) -> str:
    """Its number, user, name, what it may, and when it was used last."""
    until = f"  until {_when(token.until)}" if token.until else ""
    seen = f"  last used {_when(token.seen)} from {token.address}" if token.seen else "  never used"
    return f"{token.id}  {token.user}  {token.name}  {' '.join(sorted(token.scopes))}{until}{seen}"


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).strftime("%Y-%m-%d %H:%M")
