# SPDX-License-Identifier: GPL-2.0-or-later
"""Offices the stories happen in."""

from tests.core.box import NINE
from tests.core.plans import Office


def two_desks() -> Office:
    """Anna and Boris (who needs 5 s after a call) answer one queue; the mailbox after a minute."""
    office = Office()
    office.person("anna")
    office.person("boris", wrap_up=5)
    office.queue("sales", "anna boris", max_wait=60)
    office.line("city", "sales")
    office.line("desks", kind=0)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    office.step("anna", "person", "anna", next="mailbox", extra=25)
    office.step("boris", "person", "boris", next="mailbox", extra=25)
    office.dial("desks", "101", "anna")
    office.dial("desks", "102", "boris")
    office.dial("desks", "100", "sales")
    return office


def turns() -> Office:
    """Three people take turns, 10 s each; two callers may wait; without music."""
    office = Office()
    for person in ("anna", "boris", "cile"):
        office.person(person)
    office.queue("sales", "anna boris cile", strategy="round-robin", ring=10, music=False, max_length=2, wrap_up=3)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    return office


def chain() -> Office:
    """Anna, then Boris and Cile, then Anna again; then the mailbox."""
    office = Office()
    for person in ("anna", "boris", "cile"):
        office.person(person)
    office.chain("managers", (15, "anna"), (10, "boris cile"), (5, "anna"))
    office.line("city", "managers")
    office.step("managers", "chain", "managers", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


def hours() -> Office:
    """Open for an hour from now on, then the mailbox; regulars have the lamp lit, and pass by the hours."""
    office = Office()
    office.person("anna")
    office.hours("office", (NINE, NINE + 3_600_000))
    office.callers("regulars", "37060000001", "4477009000*")
    office.callers("lithuania", "370*", "37060000001")
    office.line("city", "who")
    office.line("backup", "who")
    office.step("who", "list", "regulars", next="anna", other="open")
    office.step("open", "hours", "office", next="anna", other="mailbox")
    office.step("anna", "person", "anna", next="mailbox", extra=20)
    office.step("mailbox", "voicemail", "office")
    office.action("lamp", "regulars", "city")
    return office


def outside() -> Office:
    """Desks call out with 0 through the city line or else the backup, a minute each; 00 is barred; the city leads nowhere."""
    office = Office()
    office.person("anna")
    office.line("desks", kind=0)
    office.line("city")
    office.line("backup")
    office.step("by city", "outside", "city", next="by backup", extra=1, seconds=60)
    office.step("by backup", "outside", "backup", extra=1, seconds=60)
    office.step("barred", "hang-up", 21)
    office.dial("desks", "0*", "by city")
    office.dial("desks", "00*", "barred")
    return office


def two_queues() -> Office:
    """Anna answers sales and support; Boris only support. Who comes when nobody is there may wait in support alone."""
    office = Office()
    office.person("anna")
    office.person("boris")
    office.queue("sales", "anna", max_wait=30)
    office.queue("support", "anna boris", join_when_empty=True, after_no_answer=0)
    office.line("city", "sales")
    office.line("help", "support")
    office.step("sales", "queue", "sales", next="closed")
    office.step("support", "queue", "support", next="closed")
    office.step("closed", "hang-up", 17)
    return office


def mobiles() -> Office:
    """A queue, a chain and extensions that ring mobiles; 9 calls the owner outside, who confirms by a key."""
    office = Office()
    office.line("desks", kind=0)
    office.line("city", "sales")
    office.line("help", "managers")
    office.line("gsm", kind=2)
    office.person("anna", mobile="gsm city")
    office.person("boris", mobile="gsm")
    office.person("cile")
    office.queue("sales", "anna.all boris.mobile cile", max_wait=60)
    office.chain("managers", (10, "boris.mobile anna.mobile"), (10, "cile"))
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("managers", "chain", "managers", next="mailbox")
    office.step("anna", "person", "anna", next="mailbox", extra=20, least=3)
    office.step("boris", "person", "boris", next="mailbox", extra=20, least=2)
    office.step("owner", "outside", "gsm", next="mailbox", text="37061111111", least=1)
    office.step("mailbox", "voicemail", "office")
    for number, step in {"101": "anna", "102": "boris", "9": "owner"}.items():
        office.dial("desks", number, step)
    return office


def pausing() -> Office:
    """Anna is paused for a minute after 2 calls she lets ring, Boris after 3 till he says where he is; Cile never."""
    office = Office()
    office.person("anna", pause_after=2, pause_for=60)
    office.person("boris", pause_after=3)
    office.person("cile")
    office.queue("sales", "anna boris cile", ring=5, after_no_answer=5, max_wait=0)
    office.line("city", "sales")
    office.line("desks", kind=0)
    office.step("sales", "queue", "sales")
    office.step("anna", "person", "anna", extra=10)
    office.dial("desks", "101", "anna")
    return office


def least_talk() -> Office:
    """Who has talked least comes first, and needs 5 s after a call; a call can be sent to the sales or to Cile."""
    office = Office()
    for person in ("anna", "boris", "cile"):
        office.person(person, wrap_up=5)
    office.queue("sales", "anna boris", strategy="least-talk-time", music=False)
    office.line("city", "sales")
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("cile", "person", "cile", next="mailbox", extra=20)
    office.step("mailbox", "voicemail", "office")
    return office


def widening() -> Office:
    """Anna at once, Boris too after 10 s, Cile's mobile too after 20 s; all of them as one."""
    office = Office()
    office.line("city", "sales")
    office.line("gsm", kind=2)
    office.person("anna")
    office.person("boris")
    office.person("cile", mobile="gsm")
    office.queue("sales", "anna", widen=[(10, "boris"), (20, "cile.mobile")], ring=15, max_wait=60, music=False)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


def parking() -> Office:
    """Calls ring Anna; 21 is Boris; a call is parked for 30 s, then who parked it is rung for 20 s; 97 is a service."""
    office = Office()
    office.line("desks", kind=0)
    office.line("city", "anna")
    office.person("anna")
    office.person("boris")
    office.step("anna", "person", "anna", next="mailbox", extra=20)
    office.step("boris", "person", "boris", next="mailbox", extra=20)
    office.step("parked", "park", next="back", seconds=30)
    office.step("back", "sender", next="mailbox", extra=20)
    office.step("service", "park", least=1)
    office.step("mailbox", "voicemail", "office")
    office.dial("desks", "21", "boris")
    office.dial("desks", "97", "service")
    return office


def front_desk() -> Office:
    """A menu said twice at most: 1 sales, 2 in German, 3 the opening hours, 4 a contract's number; or an extension."""
    office = Office()
    office.line("desks", kind=0)
    office.line("city", "welcome")
    office.person("anna", skills={"german": 60})
    office.person("boris", skills={"german": 90})
    office.person("cile")
    office.queue("sales", "cile anna boris", strategy="best-first", any_skill_after=30, max_wait=60, music=False)
    keys: dict[str | int, str] = {"1": "sales", "2": "german", "3": "hours", "4": "contract", "9": "welcome"}
    asks = {"attribute": "topic", "least": 1, "seconds": 5}
    office.step("welcome", "menu", "welcome", other="mailbox", extra=2, exits=keys, **asks)  # type: ignore[arg-type]
    office.step("german", "skill", "german", next="sales", extra=50)
    office.step("hours", "say", "hours", next="welcome")
    office.step(
        "contract", "collect", "contract", "look", "mailbox", 2, attribute="contract", least=3, most=4, seconds=3
    )
    office.step("look", "look-up", "crm", "known", "mailbox", attribute="customer", seconds=2)
    office.step("known", "compare", "customer", "cile", "sales", 0, text="gold")
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("cile", "person", "cile", next="mailbox", extra=20)
    office.step("mailbox", "voicemail", "office")
    for number in ("21", "305"):
        office.dial("desks", number, "cile")
    return office


def known_callers() -> Office:
    """Regulars come first, and to their manager Anna; who was called back by somebody, to him; the rest to the queue."""
    office = Office()
    office.person("anna", wrap_up=5)
    office.person("boris")
    office.queue("sales", "boris", max_wait=60)
    office.callers("regulars", "37060000001", "4477*", manager="anna", priority=10)
    office.hours("office", (NINE, NINE + 3_600_000))
    office.line("city", "open")
    office.step("open", "hours", "office", next="last", other="mailbox")
    office.step("last", "last-person", next="manager", extra=10)
    office.step("manager", "manager", next="sales", extra=10)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


def shares() -> Office:
    """Of the calls Anna has half, Boris three tenths, Cile two tenths."""
    office = Office()
    for person in ("anna", "boris", "cile"):
        office.person(person)
    parts = {"anna": 50, "boris": 30, "cile": 20}
    office.queue("sales", "anna boris cile", strategy="percentage", shares=parts, music=False, max_wait=60)
    office.line("city", "sales")
    office.step("sales", "queue", "sales")
    return office


def left_when_empty() -> Office:
    """Who waits for people who are all gone does not wait on: the mailbox."""
    office = Office()
    office.person("anna")
    office.person("boris")
    office.queue("sales", "anna boris", leave_when_empty=True, max_wait=0)
    office.line("city", "sales")
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


def left_by_the_last() -> Office:
    """Boris is rung for ten seconds, then the queue of Anna alone, left when it is empty; she is paused by one call missed."""
    office = Office()
    office.person("boris")
    office.person("anna", pause_after=1)
    office.queue("sales", "anna", leave_when_empty=True, music=False)
    office.line("city", "boris")
    office.line("direct", "anna")
    office.step("boris", "person", "boris", next="sales", extra=10)
    office.step("anna", "person", "anna", next="mailbox", extra=10)
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office


def gate() -> Office:
    """The gate opens for whom the network vouches for; who was missed comes first; when two wait, a mailbox says so."""
    office = Office()
    office.line("desks", kind=0)
    office.line("city", "believed")
    office.person("anna")
    office.queue("sales", "anna", max_wait=60, music=False)
    office.callers("regulars", "37060000001", withheld=True)
    office.action("gate", "", "city", least_trust=3)
    office.step("believed", "trust", next="gate", other="missed", extra=2)
    office.step("gate", "action", "gate", next="opened", other="missed")
    office.step("opened", "hang-up", 16)
    office.step("missed", "history", next="first", other="before", extra=1)
    office.step("first", "priority", next="sales", extra=50)
    office.step("before", "history", next="spoken", other="listed", extra=0)
    office.step("spoken", "history", next="sales", other="listed", extra=2)
    office.step("listed", "list", "regulars", next="sales", other="waiting")
    office.step("waiting", "load", "sales", next="crowd", other="there", extra=0, count=2)
    office.step("there", "load", "sales", next="free", other="mailbox", extra=2, count=1)
    office.step("free", "load", "sales", next="sales", other="long", extra=1, count=1)
    office.step("long", "load", "sales", next="crowd", other="sales", extra=3, count=30)
    office.step("crowd", "set", "why", next="which", text="busy")
    office.step("which", "compare", "called", "less", "mailbox", 1, text="370")
    office.step("less", "compare", "called", "mailbox", "more", 2, text="37052000000")
    office.step("more", "compare", "called", "mailbox", "sales", 3, text="37052000009")
    office.step("sales", "queue", "sales", next="mailbox")
    office.step("mailbox", "voicemail", "office")
    return office
