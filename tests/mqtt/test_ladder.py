# SPDX-License-Identifier: GPL-2.0-or-later
"""The ladder of actions as its table: what fires, and that nothing else does."""

from itertools import product
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Secret

from appliance.mqtt.ladder import Ask, Decision, Deny, Facts, Fire, First, Memory, Proof, decide, note, rehearsed
from appliance.mqtt.proofs import WRONG, prove
from appliance.settings import pins
from appliance.settings.actions import Action
from appliance.settings.passwords import ProofSecret

NOW = 1_790_000_000_000
ANNA, BORIS = "+37060000001", "+37060000002"
PIN = Proof("anna", "pin")
DENIED = Deny("not-listed")

CLASSES = (0, 1, 2, 3, 4)
KINDS = ("sip", "modem", "fxo")
PRESENTATIONS = {  # number, and whether it is exactly one of the list
    "listed": (ANNA, True),
    "other": ("+37060000009", False),
    "a beginning of a listed one": (ANNA[:-1], False),
    "longer than a listed one": (ANNA + "1", False),
    "withheld": ("", False),
    "withheld on a list that says so": ("", True),
}
KEYS = {
    "none": None,
    "right": PIN,
    "wrong": WRONG,
    "used": Proof("anna", "pin", "used"),
    "of another kind": Proof("a", "code"),
}


def action(class_: int = 2, **changes: Any) -> Action:
    more: dict[str, Any] = {"challenge": "pin", "holders": ("anna", "boris"), "hours": "day"} if class_ >= 2 else {}
    more |= {"second": True} if class_ >= 3 else {}
    return Action.model_validate(
        {"class": class_, "callers": "residents", "lines": ("city",), "topic": "t", "payload": "p", **more, **changes}
    )


def facts(number: str = ANNA, **changes: Any) -> Facts:
    known = Facts("r1", NOW, NOW + 10_000, "city", "sip", "claimed", number, bool(number), calling=False, enabled=True)
    return known._replace(**changes)


def memory(**changes: Any) -> Memory:
    return Memory(**{"used": {"used": NOW}, **changes})


def go(name: str, rule: Action, known: Facts, kept: Memory) -> Decision:
    decision = decide(name, rule, known, kept)
    note(name, rule, known, decision, kept)
    return decision


# ---- the table ------------------------------------------------------------------------------------------------------


def may_fire(class_: int, kind: str, trust: str, how: str, keys: str, rule: Action, known: Facts) -> bool:
    """The table of the ladder, as its users read it."""
    if how != "listed" or known.line != "city" or known.request == "again" or known.expires <= NOW:
        return False
    if class_ >= 2 and not known.open:
        return False
    if keys in ("wrong", "used", "of another kind"):
        return False
    match class_:
        case 0 | 1:
            return True
        case 2 if known.calling:
            return rule.by_number and (keys == "right" or (kind in ("modem", "fxo") and trust == "network"))
        case 2:
            return keys == "right" or (rule.by_number and kind != "sip" and trust in ("network", "proven", "ours"))
        case 3 | 4:
            return keys == "right" and not known.calling
    raise AssertionError


@pytest.mark.parametrize("class_", CLASSES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("presentation", PRESENTATIONS)
@pytest.mark.parametrize("keys", KEYS)
def test_the_table_of_the_ladder(class_: int, kind: str, presentation: str, keys: str) -> None:
    number, listed = PRESENTATIONS[presentation]
    first = {"a": First("boris", BORIS, NOW - 1000)}
    for trust, calling, is_open, request, late, line, by_number in product(
        ("claimed", "asserted", "network"), (True, False), (True, False), ("r1", "again"), (True, False),
        ("city", "backup"), (True, False) if class_ == 2 else (False,),
    ):  # fmt: skip
        rule = action(class_, by_number=by_number)
        known = facts(
            number, listed=listed, kind=kind, trust=trust if number else "none", calling=calling, open=is_open,
            request=request, expires=NOW - late, proof=KEYS[keys] if class_ >= 2 else None, line=line,
        )._replace(expires=NOW if late else NOW + 10_000)  # fmt: skip
        kept = memory(seen={"again": NOW - 1000}, first=first)
        decision = decide("a", rule, known, kept)
        right = may_fire(class_, kind, trust, presentation, keys if class_ >= 2 else "none", rule, known)
        assert isinstance(decision, Fire) == right, (decision, known, rule)


@pytest.mark.parametrize("trust", ["claimed", "asserted", "network", "proven"])
def test_a_forged_number_on_a_trunk_opens_no_gate_whatever_the_trunk_says_of_it(trust: str) -> None:
    rule = action(2, by_number=True)
    assert decide("gate", rule, facts(kind="sip", trust=trust, calling=True), Memory()) == Ask("keys")
    assert decide("gate", rule, facts(kind="modem", trust="network", calling=True), Memory()) == Fire()
    assert decide("gate", action(2), facts(kind="modem", trust="network"), Memory()) == Ask("keys")


def test_class_0_is_for_its_list_however_it_is_set_off_and_without_one_for_everybody_by_a_step() -> None:
    lamp, listed = action(0, callers=None), action(0)
    assert decide("lamp", lamp, facts(""), Memory()) == Fire()
    assert decide("lamp", lamp, facts("", calling=True), Memory()) == Deny("withheld")
    for calling in (True, False):
        assert decide("lamp", listed, facts("", calling=calling), Memory()) == Deny("withheld")
        assert decide("lamp", listed, facts("+37060000009", listed=False, calling=calling), Memory()) == DENIED
        assert decide("lamp", listed, facts(calling=calling), Memory()) == Fire()


@pytest.mark.parametrize(
    ("class_", "set_off", "kind", "trust", "number", "keys", "becomes"),
    [
        (0, "calls", "sip", "claimed", "listed", "-", "fires"),
        (0, "calls", "sip", "claimed", "other", "-", "not-listed"),
        (0, "calls", "sip", "claimed", "withheld", "-", "withheld"),
        (1, "calls", "sip", "claimed", "listed", "-", "fires"),
        (1, "calls", "sip", "claimed", "other", "-", "not-listed"),
        (1, "calls", "modem", "network", "withheld", "-", "withheld"),
        (1, "calls", "sip", "claimed", "listed", "at night", "closed"),
        (1, "calls", "sip", "claimed", "listed", "replayed", "replayed"),
        (2, "calls", "sip", "claimed", "listed", "-", "not-by-calling"),
        (2, "calls", "modem", "network", "listed", "-", "not-by-calling"),
        (2, "step", "sip", "claimed", "listed", "-", "asks for keys"),
        (2, "step", "sip", "network", "listed", "-", "asks for keys"),
        (2, "step", "sip", "claimed", "listed", "right", "fires"),
        (2, "step", "sip", "claimed", "listed", "wrong", "wrong-keys"),
        (2, "step", "sip", "claimed", "listed", "late", "wrong-keys"),
        (2, "step", "sip", "claimed", "listed", "right, too late", "expired"),
        (2, "step", "sip", "claimed", "listed", "used", "used-before"),
        (2, "step", "sip", "claimed", "listed", "at night", "closed"),
        (2, "step", "sip", "claimed", "listed", "replayed", "replayed"),
        (2, "step", "sip", "claimed", "other", "right", "not-listed"),
        (2, "step", "sip", "none", "withheld", "right", "withheld"),
        (2, "step", "fxo", "network", "listed", "right", "fires"),
        ("2 by number", "calls", "modem", "network", "listed", "-", "fires"),
        ("2 by number", "calls", "fxo", "network", "listed", "-", "fires"),
        ("2 by number", "calls", "modem", "claimed", "listed", "-", "asks for keys"),
        ("2 by number", "calls", "sip", "claimed", "listed", "-", "asks for keys"),  # forged on a trunk
        ("2 by number", "calls", "sip", "network", "listed", "-", "asks for keys"),  # a trunk that swears to it
        ("2 by number", "calls", "modem", "network", "withheld", "-", "withheld"),
        (3, "calls", "modem", "network", "listed", "-", "not-by-calling"),
        (3, "step", "sip", "claimed", "listed", "-", "asks for keys"),
        (3, "step", "sip", "claimed", "listed", "right", "asks for second"),
        (3, "second", "sip", "claimed", "listed", "right", "fires"),
        (3, "second", "sip", "claimed", "listed", "wrong", "wrong-keys"),
        (3, "second", "sip", "claimed", "other", "right", "not-listed"),
        (3, "second", "modem", "network", "listed", "at night", "closed"),
        (4, "calls", "modem", "network", "listed", "-", "not-by-calling"),
        (4, "step", "modem", "network", "listed", "right", "asks for second"),
        (4, "second", "modem", "network", "listed", "right", "rehearses"),
        (4, "second", "modem", "network", "listed", "wrong", "wrong-keys"),
        (4, "second", "modem", "network", "listed", "replayed", "replayed"),
    ],
)
def test_the_table_as_people_read_it(
    class_: int | str, set_off: str, kind: str, trust: str, number: str, keys: str, becomes: str
) -> None:
    level = int(str(class_)[0])
    late_code = prove(pyotp.TOTP(SECRET).at(NOW // 1000 - 120), "totp", HOLDERS, NOW)
    given: dict[str, Proof | None] = {"right": PIN, "wrong": WRONG, "late": late_code, "used": KEYS["used"]}
    proof = given.get(keys, PIN if level >= 2 and keys != "-" else None)
    kept = memory(seen={"r1": NOW - 1} if keys == "replayed" else {})
    if set_off == "second":
        kept.first["a"] = First("boris", BORIS, NOW - 1000)
    told, listed = {"listed": (ANNA, True), "other": ("+37060000009", False), "withheld": ("", False)}[number]
    expires = NOW if keys == "right, too late" else NOW + 10_000
    known = facts(
        told, listed=listed, kind=kind, trust=trust, calling=set_off == "calls",
        open=keys != "at night", proof=proof, expires=expires,
    )  # fmt: skip
    rule = action(level, by_number=class_ == "2 by number", hours="day")
    match decide("a", rule, known, kept):
        case Deny(reason):
            became = reason
        case Ask(what):
            became = f"asks for {what}"
        case Fire(rehearsal=rehearsal):
            became = "rehearses" if rehearsal else "fires"
    assert became == becomes


def test_a_number_believed_too_little_sets_nothing_off() -> None:
    assert decide("a", action(1, least_trust="asserted"), facts(), Memory()) == Deny("not-believed")
    assert decide("a", action(1, least_trust="asserted"), facts(trust="none"), Memory()) == Deny("not-believed")


# ---- how often ------------------------------------------------------------------------------------------------------


def test_what_fired_rests_and_then_fires_again() -> None:
    kept, heating = Memory(), action(1, cool_down=60)
    assert go("heating", heating, facts(), kept) == Fire()
    assert go("heating", heating, facts(request="r2", now=NOW + 59_999, expires=NOW + 70_000), kept) == Deny(
        "cool-down"
    )
    assert go("heating", heating, facts(request="r3", now=NOW + 60_000, expires=NOW + 70_000), kept) == Fire()


def test_a_lamp_set_off_all_day_is_refused_for_the_rest_of_the_minute() -> None:
    kept, lamp = Memory(), action(0, rate=3)
    told = [go("lamp", lamp, facts(request=f"r{n}", now=NOW + n), kept) for n in range(5)]
    assert told == [Fire(), Fire(), Fire(), Deny("too-often"), Deny("too-often")]
    assert go("lamp", lamp, facts(request="later", now=NOW + 61_000, expires=NOW + 62_000), kept) == Fire()


# ---- wrong keys -----------------------------------------------------------------------------------------------------


def wrong(kept: Memory, times: int, number: str = ANNA, since: int = NOW) -> list[Decision]:
    return [
        go("gate", action(2), facts(number, request=f"{number} {since} {n}", now=since + n, proof=WRONG), kept)
        for n in range(times)
    ]


def test_three_wrong_pins_lock_the_caller_out_and_the_right_one_is_not_looked_at() -> None:
    kept = Memory()
    assert wrong(kept, 3) == [Deny("wrong-keys")] * 3
    assert go("gate", action(2), facts(request="x", now=NOW + 10, proof=PIN), kept) == Deny("locked-out")
    assert go("gate", action(2), facts(BORIS, request="y", now=NOW + 11, proof=PIN), kept) == Fire(), "Boris is not"
    later = NOW + 901_000
    assert go("gate", action(2), facts(request="z", now=later, expires=later + 1, proof=PIN), kept) == Fire()


def test_many_callers_with_wrong_pins_lock_the_action() -> None:
    kept = Memory()
    for n in range(6):
        wrong(kept, 2, f"+3706000010{n}", NOW + n * 10)
    assert go("gate", action(2), facts(BORIS, request="x", now=NOW + 100, proof=PIN), kept) == Deny("locked-out")


def test_the_right_pin_forgives_wrong_ones_before() -> None:
    kept = Memory()
    for n in range(4):
        wrong(kept, 2, since=NOW + n * 20_000)
        at = NOW + n * 20_000 + 10
        assert go("gate", action(2), facts(request=f"x{n}", now=at, expires=at + 1, proof=PIN), kept) == (
            Fire() if n < 4 else Deny("locked-out")
        )


def test_a_code_is_good_once_also_when_it_did_not_help() -> None:
    kept, code = Memory(), Proof("anna", "code", "code 1")
    rule = action(2, challenge="code", cool_down=0)
    assert go("gate", rule, facts(proof=code), kept) == Fire()
    assert go("gate", rule, facts(request="r2", proof=code), kept) == Deny("used-before")
    other = Proof("anna", "code", "code 2")
    assert go("gate", rule, facts(request="r3", proof=other, open=False), kept) == Deny("closed")
    assert go("gate", rule, facts(request="r4", proof=other), kept) == Deny("used-before"), "somebody may have listened"


# ---- call back, second person, class 4 ------------------------------------------------------------------------------


def test_class_2_called_back_is_the_proof_or_asks_for_the_pin_in_that_call() -> None:
    plain, with_pin = action(2, challenge=None, holders=(), call_back="back"), action(2, call_back="back")
    assert decide("gate", plain, facts(calling=True), Memory()) == Ask("call-back")
    assert decide("gate", plain, facts(called_back=True, pressed=True), Memory()) == Fire()
    assert decide("gate", plain, facts(called_back=True), Memory()) == Deny("nothing-pressed"), "he only picked up"
    assert decide("gate", with_pin, facts(called_back=True, proof=PIN), Memory()) == Fire()
    assert not isinstance(decide("gate", with_pin, facts(called_back=True), Memory()), Fire)
    assert not isinstance(decide("gate", action(2), facts(called_back=True), Memory()), Fire)


def test_nobody_is_called_back_over_and_over() -> None:
    kept, rule = Memory(), action(2, call_back="back")
    told = [go("gate", rule, facts(request=f"r{n}", calling=True), kept) for n in range(5)]
    assert told == [Ask("call-back")] * 3 + [Deny("called-back-too-often")] * 2


def test_class_3_needs_a_call_back_beside_the_pin() -> None:
    rule = action(3, second=False, call_back="back")
    assert decide("alarm", rule, facts(proof=PIN), Memory()) == Ask("call-back")
    assert decide("alarm", rule, facts(called_back=True), Memory()) == Ask("keys")
    assert decide("alarm", rule, facts(called_back=True, proof=PIN), Memory()) == Fire()


def test_class_3_needs_two_people_with_two_telephones() -> None:
    rule, boris = action(3), Proof("boris", "pin")

    def after(known: Facts) -> Decision:
        kept = Memory()
        assert go("alarm", rule, facts(proof=PIN), kept) == Ask("second")
        return go("alarm", rule, known._replace(request="r2"), kept)

    assert after(facts(BORIS, proof=boris)) == Fire()
    assert after(facts(BORIS, proof=PIN)) == Ask("second"), "Anna again, at another telephone"
    assert after(facts(ANNA, proof=boris)) == Ask("second"), "another PIN from the same telephone"
    assert after(facts(BORIS, proof=None)) == Ask("keys")
    late = NOW + 121_000
    assert after(facts(BORIS, proof=boris, now=late, expires=late + 1)) == Ask("second")


def test_class_3_without_a_second_or_a_call_back_never_fires_though_a_document_says_so() -> None:
    assert decide("alarm", action(3, second=False), facts(proof=PIN), Memory()) == Deny("no-proof")


def two(kept: Memory, rule: Action, at: int = NOW, **more: Any) -> Decision:
    first = facts(request=f"a{at}", now=at, expires=at + 1, proof=PIN, **more)
    second = facts(BORIS, request=f"b{at}", now=at + 1, expires=at + 2, proof=Proof("boris", "pin"), **more)
    go("disk", rule, first, kept)
    return go("disk", rule, second, kept)


def test_class_4_without_the_file_on_the_box_never_fires() -> None:
    assert two(Memory(), action(4), enabled=False) == Deny("not-enabled")


def test_class_4_rehearses_after_a_delay_and_nothing_else_unless_told_so() -> None:
    kept, rule = Memory(), action(4, delay=30)
    assert two(kept, rule) == Fire(30_000, rehearsal=True)
    rehearsed("disk", rule, NOW, kept)
    assert two(kept, rule, NOW + 100_000) == Fire(30_000, rehearsal=True)


def test_class_4_really_runs_once_after_each_confirmed_rehearsal_of_the_same() -> None:
    kept, rule = Memory(), action(4, dry_run=False)
    assert two(kept, rule) == Fire(60_000, rehearsal=True)
    assert two(kept, rule, NOW + 100_000) == Fire(60_000, rehearsal=True), "the first was not confirmed"
    rehearsed("disk", rule, NOW + 200_000, kept)
    assert two(kept, action(4, dry_run=False, payload="other"), NOW + 200_000) == Fire(60_000, rehearsal=True)
    assert two(kept, rule, NOW + 300_000) == Fire(60_000)
    assert two(kept, rule, NOW + 400_000) == Fire(60_000, rehearsal=True)
    rehearsed("disk", rule, NOW + 400_000, kept)
    assert two(kept, rule, NOW + 400_000 + 24 * 3_600_000) == Fire(60_000, rehearsal=True), "a day ago is too long ago"


def test_a_clock_that_was_wrong_locks_nothing_for_years_and_forgives_no_proof() -> None:
    year = 365 * 86_400_000
    kept, gate_, alarm = Memory(), action(2), action(3)
    ahead = facts(request="ahead", now=NOW + year, expires=NOW + year + 1, proof=PIN)
    assert go("gate", gate_, ahead, kept) == Fire()
    assert go("alarm", alarm, ahead._replace(request="first"), kept) == Ask("second")
    for n in range(3):
        go("gate", gate_, ahead._replace(request=f"w{n}", proof=WRONG), kept)
    boris = facts(BORIS, request="b", proof=Proof("boris", "pin"))
    assert go("alarm", alarm, boris, kept) == Ask("second"), "the first one's word was of another time"
    assert go("gate", gate_, facts(BORIS, request="c", proof=PIN), kept) == Deny("cool-down")
    later = NOW + 11_000
    assert go("gate", gate_, facts(BORIS, request="d", now=later, expires=later + 1, proof=PIN), kept) == Fire()
    assert go("gate", gate_, facts(request="e", now=later, expires=later + 1, proof=PIN), kept) == Deny("locked-out")
    day = NOW + 86_400_000 + 1
    assert go("gate", gate_, facts(request="f", now=day, expires=day + 1, proof=PIN), kept) == Fire()


def test_class_4_during_its_delay_is_not_set_off_again() -> None:
    assert two(Memory(), action(4), pending=True) == Deny("pending")


# ---- whatever comes -------------------------------------------------------------------------------------------------

PROOFS = st.sampled_from([None, WRONG, PIN, Proof("boris", "pin"), Proof("anna", "totp"), Proof("anna", "pin", "used")])
RULES = st.builds(
    action,
    st.sampled_from(CLASSES),
    by_number=st.booleans(),
    second=st.booleans(),
    calling=st.sampled_from([None, True, False]),
    call_back=st.sampled_from([None, "back"]),
    challenge=st.sampled_from([None, "pin", "totp", "code"]),
    least_trust=st.sampled_from([None, "asserted", "network"]),
    dry_run=st.booleans(),
)
FACTS = st.builds(
    Facts,
    request=st.sampled_from(["r1", "r2", "r3", "r4"]),
    now=st.integers(NOW, NOW + 200_000),
    expires=st.integers(NOW, NOW + 200_000),
    line=st.sampled_from(["city", "backup"]),
    kind=st.sampled_from(["sip", "modem", "fxo", "phones", ""]),
    trust=st.sampled_from(["none", "claimed", "asserted", "network", "proven", "ours", "nonsense"]),
    number=st.sampled_from(["", ANNA, BORIS, ANNA + "1"]),
    listed=st.booleans(),
    calling=st.booleans(),
    open=st.booleans(),
    proof=PROOFS,
    called_back=st.booleans(),
    pressed=st.booleans(),
    enabled=st.booleans(),
    pending=st.booleans(),
)


@given(RULES, st.lists(FACTS, max_size=8))
def test_whatever_comes_nothing_fires_without_the_proof_of_its_class(rule: Action, story: list[Facts]) -> None:
    kept, fired = memory(), set()
    before: list[Facts] = []
    for known in story:
        decision = go("a", rule, known, kept)
        if isinstance(decision, Fire):
            assert known.request not in fired and known.now < known.expires and known.line == "city"
            fired.add(known.request)
            assert known.number and known.listed
            assert rule.class_ < 2 or known.open
            keys = known.proof is not None and known.proof.holder and known.proof.how == rule.challenge
            assert known.proof is None or keys
            if rule.class_ == 2:
                trusted = (
                    rule.by_number and known.kind in ("modem", "fxo") and known.trust in ("network", "proven", "ours")
                )
                assert keys or trusted or (rule.call_back and known.called_back and known.pressed)
            if rule.class_ >= 3:
                others = {(e.number, e.proof.holder) for e in before if e.proof and e.proof.holder}
                assert known.proof is not None
                other = any(n != known.number and h != known.proof.holder for n, h in others)
                assert keys and (known.called_back if rule.call_back else True)
                assert known.called_back or (rule.second and other)
            if rule.class_ == 4:
                assert known.enabled and not known.pending and decision.after >= 10_000
                assert decision.rehearsal, "nothing was rehearsed here"
        before.append(known)


# ---- proofs ---------------------------------------------------------------------------------------------------------

KEPT = pins.hashed("4711", cost=4)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SALT = b"sixteen bytes ok"
HOLDERS = {
    "anna": ProofSecret(pin=Secret(KEPT), totp=Secret(SECRET)),
    "boris": ProofSecret(codes=tuple(Secret(pins.hashed(f"1234567{n}", 4, SALT)) for n in range(3))),
}


def test_a_pin_and_a_code_are_known_by_whose_they_are() -> None:
    assert prove("4711", "pin", HOLDERS, NOW) == PIN
    assert prove("4712", "pin", HOLDERS, NOW) == WRONG == prove("", "pin", HOLDERS, NOW)
    found = prove("12345671", "code", HOLDERS, NOW)
    assert (found.holder, found.how) == ("boris", "code") and found.once
    assert found.once != prove("12345672", "code", HOLDERS, NOW).once
    assert prove("4711", "code", HOLDERS, NOW) == WRONG


def test_a_changing_code_is_good_for_its_time_and_once() -> None:
    codes = pyotp.TOTP(SECRET)
    now = NOW // 1000 // 30 * 30
    right = prove(codes.at(now), "totp", HOLDERS, now * 1000)
    assert right == Proof("anna", "totp", f"totp anna {now // 30}")
    assert prove(codes.at(now - 30), "totp", HOLDERS, now * 1000).once == f"totp anna {now // 30 - 1}"
    for late in (-60, 60, 3600):
        assert prove(codes.at(now + late), "totp", HOLDERS, now * 1000) == WRONG
    kept, rule = Memory(), action(2, challenge="totp", cool_down=0)
    assert go("gate", rule, facts(proof=right), kept) == Fire()
    assert go("gate", rule, facts(request="r2", now=NOW + 1, proof=right), kept) == Deny("used-before")
