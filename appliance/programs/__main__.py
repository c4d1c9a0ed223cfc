# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper PROGRAM ...`: runs one program; whatever ends it is told in one sentence."""

from __future__ import annotations

import sys

OLDEST = (3, 11)
if sys.version_info < OLDEST:  # before any import that such a Python could not read
    sys.exit("linekeeper: Python %d.%d is too old; it needs %d.%d or newer" % (*sys.version_info[:2], *OLDEST))

import ctypes
import errno
import importlib
import logging
import os
import signal
from collections.abc import Iterator

PROGRAMS = {
    "switch": "the exchange itself: telephones, lines, calls, journal",
    "bridge": "the office on an MQTT broker",
    "web": "the pages",
    "fence": "the firewall drops what the switch bans",
    "run": "all three under one parent",
    "demo": "a simulated office to look at",
    "check": "say whether a settings document is sound",
    "apply": "put a settings document in force while calls go on",
    "health": "what is wrong with the box, and what to do about it",
    "history": "list the settings that were ever in force",
    "restore": "put older settings in force again",
    "why": "tell why a call went as it did",
    "guard": "list who is banned for guessing passwords, and lift bans",
    "lines": "list the lines: whether they work, signal and SIM of modems",
    "sms": "list text messages, and send one",
    "ussd": "ask the network of a line something, such as *100#",
    "doctor": "have a line call the box itself, and say what it does to sound and keys",
    "prompts": "list, import or speak what callers are told",
    "messages": "list voicemail, and say what became of it",
    "recordings": "list recorded calls, verify, export, keep and delete them",
    "reach": "list every way a call can get to somebody",
    "codes": "print the card of codes for telephones",
    "hours": "draw a year of opening hours",
    "user": "list who may log in to the pages; add one, or give one another password",
    "token": "list the tokens of programs that use the API; make and revoke them",
    "proof": "make what is kept of a PIN or of codes for premises actions",
    "audit": "print what was decided about premises actions, and check the log",
    "abort": "do not carry out an action whose delay is not over",
    "backup": "make an encrypted copy of all that the box knows",
    "recover": "have the box as a backup has it",
    "replay": "what recorded or made-up traffic would have been under other settings",
}
USAGE = "usage: linekeeper [-h] [--version] PROGRAM ...\n\n{}\n\n`linekeeper PROGRAM -h` tells what it takes.\n"

# Exit codes, of sysexits.h where it has one
REFUSED = 1
WRONG_USAGE, NO_INPUT, UNAVAILABLE, OWN_FAULT, DISK, NO_PERMISSION, SETTINGS = 2, 66, 69, 70, 74, 77, 78
CODES = {
    "settings-faults": SETTINGS,
    "golden-calls": SETTINGS,
    "disk-full": DISK,
    "port-in-use": UNAVAILABLE,
    "no-ports": UNAVAILABLE,
    "socket-in-use": UNAVAILABLE,
    "socket-path": WRONG_USAGE,
    "journal-in-use": UNAVAILABLE,
    "bridge-in-use": UNAVAILABLE,
    "switch-ended": OWN_FAULT,
    "switch-runs": UNAVAILABLE,
    "backup-failed": DISK,
    "backup-folder": NO_PERMISSION,
    "unheard": NO_INPUT,
}
REASONS = {
    errno.ENOENT: (NO_INPUT, "{} is not there"),
    errno.EACCES: (NO_PERMISSION, "no permission for {}"),
    errno.EPERM: (NO_PERMISSION, "no permission for {}"),
    errno.ENOSPC: (DISK, "the disk is full ({})"),
    errno.EDQUOT: (DISK, "the disk is full ({})"),
    errno.EROFS: (DISK, "{} is on a disk that cannot be written"),
    errno.EADDRINUSE: (UNAVAILABLE, "the address is taken by another program ({})"),
    errno.EADDRNOTAVAIL: (UNAVAILABLE, "the address to listen on is not one of this machine ({})"),
}

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> int:
    """The exit code; faults we know are one sentence on stderr, others are a trace with a sentence after it."""
    program, *rest = sys.argv[1:] or ["-h"]
    if program in ("-h", "--help"):
        print(USAGE.format("\n".join(f"  {name:8}{says}" for name, says in PROGRAMS.items())), end="")
        return 0
    if program == "--version":
        from appliance.programs.arguments import version

        print(f"linekeeper {version()}")
        return 0
    if program not in PROGRAMS:
        print(f"linekeeper: there is no program {program[:40]!r}; there are {', '.join(PROGRAMS)}", file=sys.stderr)
        return WRONG_USAGE
    _die_with_parent()
    try:
        return int(importlib.import_module(f"appliance.programs.{program}").main(rest))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        causes = list(_leaves(error))
        told = [told for cause in causes if (told := sentence(cause))]
        if len(told) < len(causes):
            logging.getLogger("linekeeper").critical("a fault in the program itself", exc_info=error)
            told = [(OWN_FAULT, f"{type(error).__name__} ended it; the trace above says where, please report it")]
        for line in told[0][1].splitlines():
            print(f"linekeeper {program}: {line}", file=sys.stderr)
        return told[0][0]


def sentence(error: BaseException) -> tuple[int, str] | None:
    """Exit code and what to tell people, for what is not a fault of the program; None for what is."""
    if type(error).__module__.startswith("appliance.") and isinstance(id := getattr(error, "id", None), str):
        return CODES.get(id, REFUSED), str(error)
    if isinstance(error, ImportError) and error.name:
        return UNAVAILABLE, _not_installed(error.name, error)
    if isinstance(error, OSError):
        code, says = REASONS.get(error.errno or 0, (0, ""))
        if code:
            return code, says.format(error.filename or error.strerror)
        if type(error).__name__ == "SipError":
            return UNAVAILABLE, str(error)
    if type(error).__name__ in ("OperationalError", "DatabaseError") and "full" in str(error):
        return DISK, f"the disk is full ({error})"
    return None


def _not_installed(name: str, error: ImportError) -> str:
    """Which part is missing, and what puts it there."""
    if "libpj" in str(error) or name.startswith("pjsua2"):
        return f"PJSIP is missing ({error}); `make` tells how to build it"
    if name.startswith("appliance."):
        return f"this program is not built whole ({error}); `make` tells how to build it"
    return f"the Python package {name} is missing or broken ({error}); `make` tells how to install it"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group, or the one error."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _die_with_parent() -> None:
    """A child of `linekeeper run` is killed by the kernel when that ends, however it ends."""
    parent = os.environ.get("LINEKEEPER_PARENT", "")
    if parent.isdecimal():
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):  # it ended before we asked
            sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
