# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper messages`: lists voicemail, and says what became of it."""

from datetime import datetime
from pathlib import Path

from appliance.control.client import Client
from appliance.control.messages import DeleteMessage, Message, Messages, SetMessage
from appliance.programs.arguments import parse, parser, show
from appliance.programs.ask import ask


def main(argv: list[str]) -> int:
    takes = parser("messages", "List the messages in mailboxes, oldest first; or change one.")
    takes.add_argument("mailbox", nargs="?", default="", help="of this mailbox alone")
    change = takes.add_mutually_exclusive_group()
    change.add_argument("--heard", type=int, metavar="MESSAGE", help="this one was heard")
    change.add_argument("--saved", type=int, metavar="MESSAGE", help="this one is to be kept")
    change.add_argument("--handled", type=int, metavar="MESSAGE", help="somebody did what this one asked for")
    change.add_argument("--delete", type=int, metavar="MESSAGE", help="delete this one")
    args = parse(takes, argv)

    async def asked(switch: Client) -> tuple[Message, ...]:
        if args.heard is not None:
            await switch.request(SetMessage(0, args.heard, state="heard", by="command"))
        elif args.saved is not None:
            await switch.request(SetMessage(0, args.saved, state="saved", by="command"))
        elif args.handled is not None:
            await switch.request(SetMessage(0, args.handled, handled=True, by="command"))
        elif args.delete is not None:
            await switch.request(DeleteMessage(0, args.delete, by="command"))
        else:
            return await listed(switch, args.mailbox)
        return ()

    for message in ask(args.socket, asked):
        show(line(message))
    return 0


async def listed(switch: Client, mailbox: str = "") -> tuple[Message, ...]:
    """All messages, however many answers that takes."""
    found: tuple[Message, ...] = ()
    while more := await switch.request(Messages(0, mailbox, after=found[-1].id if found else 0)):
        found += more
    return found


def line(one: Message) -> str:
    """Number, mailbox, when, how long, state, caller, file."""
    when = datetime.fromtimestamp(one.at / 1000).strftime("%Y-%m-%d %H:%M")
    state = one.state + (", handled" if one.handled else "")
    who = " ".join(filter(None, (one.caller or "withheld", one.name)))
    return f"{one.id}  {one.mailbox}  {when}  {round(one.duration / 1000)} s  {state}  {who}  {Path(one.file)}"
