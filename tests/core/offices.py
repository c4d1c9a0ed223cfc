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
    """Desks call out with 0 through the city line or else the backup; 00 is barred; the city line leads nowhere."""
    office = Office()
    office.person("anna")
    office.line("desks", kind=0)
    office.line("city")
    office.line("backup")
    office.step("by city", "outside", "city", next="by backup", extra=1)
    office.step("by backup", "outside", "backup", extra=1)
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
