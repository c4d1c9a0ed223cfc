# SPDX-License-Identifier: GPL-2.0-or-later
"""The why of a call, in words for whoever owns the shop."""

import time

from appliance.core.names import Because, Outcome, Status, Why

BECAUSE = {
    Because.RING_ALL: "all are rung",
    Because.NEXT_TURN: "it is his turn",
    Because.CHAIN_STEP: "he is next in the chain",
    Because.DIRECT: "he was called",
    Because.OPEN: "open",
    Because.CLOSED: "closed",
    Because.UNREACHABLE: "no telephone of his is registered",
    Because.BUSY: "he is on another call",
    Because.RINGING: "he is being rung for another call",
    Because.NOT_YET: "others come first",
    Because.CALLER: "he is the caller",
    Because.QUEUE_FULL: "the queue is full",
    Because.QUEUE_EMPTY: "nobody in the queue could answer",
    Because.MAX_WAIT: "the longest wait was reached",
    Because.CHAIN_END: "the chain has ended",
    Because.NO_ROUTE: "the number called leads nowhere",
    Because.LINE_DOWN: "the line is down",
    Because.LOOP: "the scenario goes in a circle",
}


def line(at: int, rule: int, reason: int, subject: str, detail: int) -> str:
    """One line of trace: local time, then what was decided and why."""
    clock = time.strftime("%H:%M:%S", time.localtime(at / 1000))
    return f"{clock}.{at % 1000:03d} {_said(Why(rule), Because(reason), subject, detail)}"


def _said(rule: Why, reason: Because, subject: str, detail: int) -> str:
    name = subject.partition(".")[2] or subject
    because = _because(reason, detail)
    match rule:
        case Why.ARRIVED:
            return f"the call came in on {name}" + (" from one of us" if detail else "")
        case Why.CALLER:
            return f"the caller is on the list {name}"
        case Why.STEP:
            return f"went to {name}"
        case Why.HOURS:
            until = time.strftime("%Y-%m-%d %H:%M", time.localtime(detail / 1000)) if 0 < detail < 1 << 42 else ""
            return f"hours {name}: {because}" + (f" until {until}" if until else "")
        case Why.QUEUED:
            return f"waits in {name}, place {detail}"
        case Why.RUNG:
            return f"{name} is rung: {because}"
        case Why.PASSED:
            return f"{name} is passed by: {because}"
        case Why.REFUSED:
            return f"{name} refused or could not be reached (cause {detail})"
        case Why.ANSWERED:
            return f"{name} answered after {detail / 1000:.1f} s"
        case Why.TIMEOUT:
            return f"{name}: time was up" + (f": {because}" if because else "")
        case Why.ACTION:
            return f"the action {name} is due"
        case Why.LATE:
            return f"{name} came too late"
        case Why.LEFT:
            return f"{name} hung up"
        case Why.HUNG_UP:
            return "the caller hung up"
        case Why.OVER:
            return f"over: {Outcome(detail).name.lower()}" + (f", {because}" if because else "")


def _because(reason: Because, detail: int) -> str:
    match reason:
        case Because.NONE:
            return ""
        case Because.STATUS:
            return f"his status is {Status(detail).name.lower()}"
        case Because.WRAP_UP:
            return f"he is still busy with the call before, {detail / 1000:.0f} s more"
        case Because.DECLINED:
            return f"he declined it before; again in {detail / 1000:.0f} s"
        case Because.NO_ANSWER:
            return f"he did not answer before; again in {detail / 1000:.0f} s"
    return BECAUSE[reason]
