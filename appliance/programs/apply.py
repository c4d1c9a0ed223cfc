# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper apply`: puts a settings document in force while calls go on."""

from pathlib import Path

from appliance.control.messages import Apply, Revision
from appliance.programs.arguments import parse, parser
from appliance.programs.ask import ask
from appliance.settings import documents


def main(argv: list[str]) -> int:
    takes = parser("apply", "Put a settings document in force; calls under way end under the old one.")
    takes.add_argument("document", type=Path, nargs="?", help="the new document (the one in force, edited in place)")
    takes.add_argument("--comment", default="", help="kept with the version")
    args = parse(takes, argv)
    text, _ = documents.load(args.document or args.settings)
    print(said(ask(args.socket, lambda switch: switch.request(Apply(0, text, args.comment)))))
    return 0


def said(now: Revision) -> str:
    later = f"; start the programs again for [{'], ['.join(now.restart)}]" if now.restart else ""
    return "".join(f"{warning}\n" for warning in now.warnings) + f"version {now.revision} is in force{later}"
