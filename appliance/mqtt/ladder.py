# SPDX-License-Identifier: GPL-2.0-or-later
"""May an action be set off? The ladder of docs/actions.md: pure, deny by default; times are ms UTC.

`decide` looks and changes nothing; `note` remembers what was decided, before anything is done about it.
"""

import hashlib
from typing import Literal, NamedTuple

import msgspec

from appliance.settings.actions import ACCESS, COMFORT, DESTRUCTIVE, INFORM, SECURITY, Action
from appliance.settings.steps import TRUST

MINUTE = 60_000  # ms
SEEN_FOR = 5 * MINUTE  # a request that comes again later than that is too old in any case
REHEARSAL_LASTS = 24 * 60 * MINUTE
CALLED_BACK = 3  # times within lock_out that one number is called back
LOCKED_MAX = 24 * 60 * MINUTE  # a lock-out lasts no longer
LOCKS_ALL = 4  # times `tries` lock the action for everybody
BY_NUMBER = ("modem", "fxo")  # kinds of lines whose numbers come from the network, not from the caller
BELIEVED = TRUST.index("network")

How = Literal["pin", "totp", "code", ""]


class Proof(NamedTuple):
    """What keys proved: whose they are, "" when nobody's; `once` is what must not be taken again."""

    holder: str
    how: How = ""
    once: str = ""


class Facts(NamedTuple):
    """All that is known when an action is due."""

    request: str
    now: int
    expires: int
    line: str
    kind: str  # of the line: sip, modem, fxo, gateway
    trust: str  # in the number, as in the settings; "none" when it is withheld
    number: str  # normalised; "" when withheld
    listed: bool  # on the action's list; from class 1 on exactly this number
    calling: bool = True  # the call alone sets it off; else a step of its scenario does
    open: bool = True  # within the action's hours
    proof: Proof | None = None  # None: no keys were given
    called_back: bool = False  # we called the number, and talk to whoever answered there
    pressed: bool = False  # he pressed a key in this call: he wants it, and has not only picked up
    enabled: bool = False  # class 4: by a file on this box
    pending: bool = False  # class 4: the delay of the last one is not over


class Fire(NamedTuple):
    """Do it, after so many ms in which it can be aborted."""

    after: int = 0
    rehearsal: bool = False


class Ask(NamedTuple):
    """Not yet: something is still wanted."""

    what: Literal["keys", "call-back", "second"]


class Deny(NamedTuple):
    reason: str


Decision = Fire | Ask | Deny


class First(msgspec.Struct, frozen=True):
    """Who set off what needs two."""

    holder: str
    number: str
    at: int


class Memory(msgspec.Struct):
    """What is remembered of all actions, also over restarts; by action, or by action and number."""

    seen: dict[str, int] = {}  # requests
    fired: dict[str, list[int]] = {}
    wrong: dict[str, list[int]] = {}
    locked: dict[str, int] = {}  # until when
    used: dict[str, int] = {}  # codes that are good once
    first: dict[str, First] = {}
    called: dict[str, list[int]] = {}
    rehearsed: dict[str, tuple[str, int]] = {}  # what exactly, and when it was confirmed
    under_way: dict[str, str] = {}  # actions of which nobody knows yet what became, by request


def decide(name: str, action: Action, facts: Facts, memory: Memory) -> Decision:
    """In this order; the first thing that stands against it is the answer."""
    for against in (_against_request, _against_caller, _against_lock_out, _against_proof, _against_often):
        if answer := against(name, action, facts, memory):
            return answer
    if action.class_ >= SECURITY and action.second and not _is_second(name, action, facts, memory):
        return Ask("second")
    if action.class_ == DESTRUCTIVE:
        return Fire(action.delay * 1000, action.dry_run or not is_rehearsed(name, action, facts.now, memory))
    return Fire()


def _against_request(name: str, action: Action, facts: Facts, memory: Memory) -> Decision | None:
    if facts.request in memory.seen:
        return Deny("replayed")
    if facts.expires <= facts.now:
        return Deny("expired")
    if not INFORM <= action.class_ <= DESTRUCTIVE:
        return Deny("unknown-class")
    if action.class_ == DESTRUCTIVE and not facts.enabled:
        return Deny("not-enabled")
    return Deny("pending") if facts.pending else None


def _against_caller(name: str, action: Action, facts: Facts, memory: Memory) -> Decision | None:
    if facts.line not in action.lines:
        return Deny("other-line")
    if action.callers is not None or action.class_ >= COMFORT or facts.calling:
        if not facts.number:
            return Deny("withheld")
        if not facts.listed:
            return Deny("not-listed")
    if action.least_trust is not None and trust(facts.trust) < trust(action.least_trust):
        return Deny("not-believed")
    if facts.calling and not action.set_off_by_calling:
        return Deny("not-by-calling")
    return Deny("closed") if action.hours is not None and not facts.open else None


def _against_lock_out(name: str, action: Action, facts: Facts, memory: Memory) -> Decision | None:
    locked = (memory.locked.get(key, 0) for key in (name, _key(name, facts)))
    return Deny("locked-out") if max(locked) > facts.now else None


def _against_proof(name: str, action: Action, facts: Facts, memory: Memory) -> Decision | None:
    """What the class asks for beside the number."""
    if facts.proof is not None:
        if not facts.proof.holder or facts.proof.how != action.challenge:
            return Deny("wrong-keys")
        if facts.proof.once in memory.used:
            return Deny("used-before")
    if action.class_ <= COMFORT:
        return None
    if action.class_ == ACCESS:
        alone = facts.called_back and action.call_back is not None and action.challenge is None
        if alone and not facts.pressed:
            return Deny("nothing-pressed")
        return (
            None if alone or facts.proof is not None or _by_number(action, facts) else _ask(name, action, facts, memory)
        )
    if action.call_back is not None and not facts.called_back:
        return _ask_call_back(name, action, facts, memory)
    if facts.proof is None:
        return Ask("keys")
    return None if action.second or facts.called_back else Deny("no-proof")


def _ask(name: str, action: Action, facts: Facts, memory: Memory) -> Decision:
    if action.call_back is not None and not facts.called_back:
        return _ask_call_back(name, action, facts, memory)
    return Ask("keys") if action.challenge else Deny("no-proof")


def _ask_call_back(name: str, action: Action, facts: Facts, memory: Memory) -> Decision:
    since = facts.now - action.lock_out * 1000
    if len(_after(memory.called.get(_key(name, facts), []), since)) >= CALLED_BACK:
        return Deny("called-back-too-often")
    return Ask("call-back")


def _by_number(action: Action, facts: Facts) -> bool:
    return action.by_number and facts.kind in BY_NUMBER and trust(facts.trust) > BELIEVED


def _against_often(name: str, action: Action, facts: Facts, memory: Memory) -> Decision | None:
    fired = memory.fired.get(name, [])
    if fired and fired[-1] > facts.now - action.rests * 1000:
        return Deny("cool-down")
    return Deny("too-often") if len(_after(fired, facts.now - MINUTE)) >= action.rate else None


def _is_second(name: str, action: Action, facts: Facts, memory: Memory) -> bool:
    first = memory.first.get(name)
    if first is None or facts.proof is None or not 0 <= facts.now - first.at <= action.second_within * 1000:
        return False
    return first.holder != facts.proof.holder and first.number != facts.number


def is_rehearsed(name: str, action: Action, now: int, memory: Memory) -> bool:
    what, at = memory.rehearsed.get(name, ("", 0))
    return what == mark(action) and 0 <= now - at < REHEARSAL_LASTS


def mark(action: Action) -> str:
    """The same for the same thing done in the same way."""
    return hashlib.sha256(repr(action).encode()).hexdigest()


def trust(named: str) -> int:
    """The more, the better; 0 for none, and for what nobody knows."""
    return TRUST.index(named) + 1 if named in TRUST else 0


# ---- what is remembered ---------------------------------------------------------------------------------------------


def note(name: str, action: Action, facts: Facts, decision: Decision, memory: Memory) -> None:
    """Remember a decision."""
    now, key = facts.now, _key(name, facts)
    _forget(memory, now)
    memory.seen[facts.request] = now
    if facts.proof is not None and facts.proof.once:
        memory.used[facts.proof.once] = now
    match decision:
        case Deny("wrong-keys" | "used-before"):
            _wrong(name, key, action, memory, now)
        case Ask("second") if facts.proof is not None:
            memory.first[name] = First(facts.proof.holder, facts.number, now)
        case Ask("call-back"):
            memory.called[key] = [*memory.called.get(key, []), now][-CALLED_BACK:]
        case Fire(rehearsal=rehearsal):
            memory.fired[name] = [*_after(memory.fired.get(name, []), now - MINUTE), now]
            memory.under_way[facts.request] = name
            memory.first.pop(name, None)
            memory.wrong.pop(key, None)
            if action.class_ == DESTRUCTIVE and not rehearsal:
                memory.rehearsed.pop(name, None)


def rehearsed(name: str, action: Action, now: int, memory: Memory) -> None:
    """A rehearsal was confirmed by the thing itself."""
    memory.rehearsed[name] = (mark(action), now)


def _wrong(name: str, key: str, action: Action, memory: Memory, now: int) -> None:
    span = action.lock_out * 1000
    for of, most in ((key, action.tries), (name, LOCKS_ALL * action.tries)):
        memory.wrong[of] = [*_after(memory.wrong.get(of, []), now - span), now]
        if len(memory.wrong[of]) >= most:
            memory.locked[of] = now + span
            del memory.wrong[of]


def _forget(memory: Memory, now: int) -> None:
    """What no decision looks at any more; codes on paper are never forgotten, those that change are.

    A clock that was wrong and is set back leaves nothing closed for longer than it would have been from now on."""
    memory.fired = {name: [min(at, now) for at in times] for name, times in memory.fired.items()}
    memory.wrong = {key: [min(at, now) for at in times] for key, times in memory.wrong.items()}
    memory.called = {key: [min(at, now) for at in times] for key, times in memory.called.items()}
    memory.locked = {key: min(until, now + LOCKED_MAX) for key, until in memory.locked.items()}
    memory.seen = {request: at for request, at in memory.seen.items() if at > now - SEEN_FOR}
    memory.locked = {key: until for key, until in memory.locked.items() if until > now}
    memory.used = {once: at for once, at in memory.used.items() if at > now - SEEN_FOR or not once.startswith("totp ")}


def _key(name: str, facts: Facts) -> str:
    return f"{name} {facts.number}"


def _after(times: list[int], since: int) -> list[int]:
    return [at for at in times if at > since]
