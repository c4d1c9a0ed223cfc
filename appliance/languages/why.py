# SPDX-License-Identifier: GPL-2.0-or-later
"""The why of a call, in words for whoever owns the shop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from appliance.core.names import Because, Fact, Outcome, Past, Status, Trust, Why
from appliance.languages import FIRST, language
from appliance.languages.things import Things, Title

SILENCE = "lookup.silence"  # the look-up nobody answers, by which callers are met with silence
FOREVER = 1 << 52  # ms UTC; a time beyond it (LK_NOW_MAX) is never reached
DECLINED = 21  # Q.850


@dataclass(frozen=True)
class Line:
    """One decision; the subject is `kind.name`, "" for nobody."""

    at: int
    rule: Why
    reason: Because
    subject: str
    detail: int


class Words:
    """Tells decisions in one language, in the time of one zone, with the titles people gave things."""

    def __init__(self, code: str = FIRST, zone: tzinfo = UTC, title: Title = lambda kind, name: "") -> None:
        self.language = language(code)
        self.zone = zone
        self.things = Things(self.language, title)

    def line(self, at: int, rule: int, reason: int, subject: str, detail: int) -> str:
        """Local time, then what was decided and why."""
        clock = datetime.fromtimestamp(at // 1000, self.zone).strftime("%H:%M:%S")
        return f"{clock}.{at % 1000:03d} {self.said(at, rule, reason, subject, detail)}"

    def said(self, at: int, rule: int, reason: int, subject: str, detail: int) -> str:
        """What was decided and why, without the time."""
        decided = Line(at, Why(rule), Because(reason), subject, detail)
        return _SAYS[decided.rule](self, decided)

    # ---- parts of sentences ----------------------------------------------------------------------------------------

    def because(self, reason: Because) -> str:
        return "" if reason is Because.NONE else self.language.say(f"because.{_key(reason)}")

    def cause(self, cause: int) -> str:
        """A cause of Q.850."""
        known = f"cause.{cause}"
        return self.language.say(known) if self.language.knows(known) else self.language.say("cause.other", n=cause)

    def _say(self, key: str, /, **words: object) -> str:
        return self.language.say(f"why.{key}", **words)

    def _arrived(self, d: Line) -> str:
        if d.detail == 1:
            return self._say("arrived-inside")
        return self._say("arrived-called" if d.detail else "arrived", line=self.things.title(d.subject))

    def _caller(self, d: Line) -> str:
        return self._say("caller", list=self.things.title(d.subject))

    def _step(self, d: Line) -> str:
        match d.subject.split("."):
            case ["step", "callers", name, "before" | "refuse" as what, *_]:
                key = "listed" if what == "before" else "kept-out"
                return self._say(key, list=self.things.title(f"callers.{name}"))
        step = self.things.thing(d.subject)
        if d.reason is Because.NONE:
            return self._say("step", step=step)
        return self._say("step-because", step=step, because=self.because(d.reason))

    def _hours(self, d: Line) -> str:
        words = {"hours": self.things.title(d.subject), "because": self.because(d.reason)}
        if not 0 < d.detail < FOREVER:
            return self._say("hours", **words)
        return self._say("hours-until", **words, until=self.language.moment(d.detail, self.zone, d.at))

    def _queued(self, d: Line) -> str:
        return self._say("queued", queue=self.things.title(d.subject), place=d.detail)

    def _rung(self, d: Line) -> str:
        return self._say("rung", who=self.things.title(d.subject), because=self.because(d.reason))

    def _passed(self, d: Line) -> str:
        return self._say("passed", who=self.things.title(d.subject), because=self._why_not(d))

    def _why_not(self, d: Line) -> str:
        """Why somebody is not rung, with how long where that is known."""
        reason, detail = d.reason, d.detail
        say, told = self.language.say, 0 < detail < FOREVER
        match reason:
            case Because.STATUS:
                return say("passed.status", status=self._status(detail))
            case Because.WRAP_UP if told:
                return say("passed.wrap-up", wait=self.language.duration(detail))
            case Because.DECLINED | Because.NO_ANSWER:
                key = f"passed.{_key(reason)}"
                return say(f"{key}-again", wait=self.language.duration(detail)) if told else say(key)
            case Because.NO_SKILL | Because.PAUSED:
                key = f"passed.{_key(reason)}"
                return say(f"{key}-until", wait=self.language.duration(detail)) if told else say(key)
            case Because.OFF_DUTY if told:
                return say("passed.off-duty-until", begin=self.language.moment(detail, self.zone, d.at))
            case Because.LATER if told:
                return say("passed.later", wait=self.language.duration(detail))
        return self.because(reason)

    def _status(self, status: int) -> str:
        known = status in Status._value2member_map_
        return self.language.say(f"status.{_key(Status(status))}" if known else "because.status")

    def _refused(self, d: Line) -> str:
        who = self.things.title(d.subject)
        if d.subject.startswith("line."):
            return self._say("refused-line", who=who, cause=self.cause(d.detail))
        if d.detail == DECLINED:
            return self._say("declined", who=who)
        return self._say("refused", who=who, cause=self.cause(d.detail))

    def _answered(self, d: Line) -> str:
        key = "answered-line" if d.subject.startswith("line.") else "answered"
        return self._say(key, who=self.things.title(d.subject), wait=self.language.duration(d.detail))

    def _timeout(self, d: Line) -> str:
        kind = d.subject.partition(".")[0]
        kind = kind if kind in ("person", "queue", "line") else "step"
        who = self.things.thing(d.subject) if kind == "step" else self.things.title(d.subject)
        return self._say(f"timeout-{kind}", who=who, wait=self.language.duration(d.detail))

    def _action(self, d: Line) -> str:
        key = "action-refused" if d.reason is Because.TRUST else "action"
        return self._say(key, action=self.things.title(d.subject))

    def _late(self, d: Line) -> str:
        who = self.things.title(d.subject)
        if d.detail == Fact.ANSWERED:
            return self._say("late-answered", who=who)
        fact = f"fact.{_key(Fact(d.detail))}" if d.detail in Fact._value2member_map_ else ""
        known = self.language.knows(fact)
        return self._say("late", who=who, fact=self.language.say(fact if known else "fact.other", n=d.detail))

    def _left(self, d: Line) -> str:
        return self._say("left-line" if d.subject.startswith("line.") else "left", who=self.things.title(d.subject))

    def _hung_up(self, d: Line) -> str:
        return self._say("hung-up")

    def _over(self, d: Line) -> str:
        outcome = self.language.say(f"outcome.{_key(Outcome(d.detail))}")
        words = {"outcome": outcome, "who": self.things.thing(d.subject), "because": self.because(d.reason)}
        key = "over" + ("-who" if d.subject else "") + ("-because" if d.reason else "")
        return self._say(key, **words)

    def _key(self, d: Line) -> str:
        step = self.things.thing(d.subject)
        if d.reason is Because.NO_KEY or not d.detail:
            return self._say("no-key", step=step)
        match d.reason:
            case Because.EXTENSION:
                return self._say("extension", step=step)
            case Because.WRONG_KEY:
                return self._say("wrong-key", key=chr(d.detail), step=step)
        return self._say("key", key=chr(d.detail), step=step)

    def _set(self, d: Line) -> str:
        return self._say("set", attribute=self.things.thing(d.subject))

    def _looked_up(self, d: Line) -> str:
        wait = self.language.duration(d.detail)
        if d.subject == SILENCE:
            return self._say("silence", wait=wait)
        keys = {Because.FOUND: "found", Because.NOT_FOUND: "not-found", Because.TIMED_OUT: "timed-out"}
        return self._say(keys.get(d.reason, "failed"), lookup=self.things.title(d.subject), wait=wait)

    def _compared(self, d: Line) -> str:
        if not d.subject:
            return self._say(f"compared-number-{_yes(d)}")
        return self._say(f"compared-{_yes(d)}", attribute=self.things.thing(d.subject))

    def _trust(self, d: Line) -> str:
        known = d.detail if d.detail in Trust._value2member_map_ else 0
        return self._say(f"trust-{_yes(d)}", trust=self.language.say(f"trust.{_key(Trust(known))}"))

    def _history(self, d: Line) -> str:
        parts = [self.language.say(f"past.{_key(bit)}") for bit in Past if d.detail & bit]
        return self._say(f"history-{_yes(d)}", past=", ".join(parts) or self.language.say("past.first"))

    def _load(self, d: Line) -> str:
        return self._say(f"load-{_yes(d)}", queue=self.things.title(d.subject), n=d.detail)

    def _skill(self, d: Line) -> str:
        return self._say("skill-level" if d.detail > 1 else "skill", skill=self.things.title(d.subject), n=d.detail)

    def _priority(self, d: Line) -> str:
        return self._say("priority", what=self.things.thing(d.subject), n=d.detail)

    def _paused(self, d: Line) -> str:
        return self._say("paused", who=self.things.title(d.subject), calls=self.language.counted("call", d.detail))

    def _sent(self, d: Line) -> str:
        return self._say("sent", step=self.things.thing(d.subject))

    def _taken(self, d: Line) -> str:
        return self._say("taken", who=self.things.title(d.subject)) if d.subject else self._say("taken-outside")

    def _spoken(self, d: Line) -> str:
        return self._say("said-failed" if d.reason is Because.FAILED else "said", prompt=self.things.title(d.subject))


_SAYS: Mapping[Why, Callable[[Words, Line], str]] = {
    Why.ARRIVED: Words._arrived,
    Why.CALLER: Words._caller,
    Why.STEP: Words._step,
    Why.HOURS: Words._hours,
    Why.QUEUED: Words._queued,
    Why.RUNG: Words._rung,
    Why.PASSED: Words._passed,
    Why.REFUSED: Words._refused,
    Why.ANSWERED: Words._answered,
    Why.TIMEOUT: Words._timeout,
    Why.ACTION: Words._action,
    Why.LATE: Words._late,
    Why.LEFT: Words._left,
    Why.HUNG_UP: Words._hung_up,
    Why.OVER: Words._over,
    Why.KEY: Words._key,
    Why.SET: Words._set,
    Why.LOOKED_UP: Words._looked_up,
    Why.COMPARED: Words._compared,
    Why.TRUST: Words._trust,
    Why.HISTORY: Words._history,
    Why.LOAD: Words._load,
    Why.SKILL: Words._skill,
    Why.PRIORITY: Words._priority,
    Why.PAUSED: Words._paused,
    Why.SENT: Words._sent,
    Why.SAID: Words._spoken,
    Why.TAKEN: Words._taken,
}


def _key(member: Because | Status | Outcome | Trust | Past | Fact) -> str:
    """`no-answer` for NO_ANSWER, as the tables have it."""
    return (member.name or "").lower().replace("_", "-")


def _yes(d: Line) -> str:
    return "no" if d.reason is Because.NO else "yes"
