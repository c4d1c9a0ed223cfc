# SPDX-License-Identifier: GPL-2.0-or-later
"""What waits for a broker that is away: the last state of everything, no old news, and never more than fits."""

from appliance.control.messages import ActionDue
from appliance.mqtt.outbox import ACTIONS_MAX, MOMENT_LIFE, MOMENTS_MAX, PUT_OFF_FOR, PUT_OFF_MOST, Due, Outbox, Owed
from appliance.mqtt.topics import Message


def state(topic: str, payload: str) -> Message:
    return Message(topic, payload.encode(), True)


def event(payload: str) -> Message:
    return Message("call/event", payload.encode(), False)


def due(request: str, until: float) -> Due:
    facts = ActionDue(seq=1, at=0, action="lamp", call=1, request=request, expires=0)
    return Due(Message("lamp", b"ON", False), facts, until)


def drained(outbox: Outbox) -> list[tuple[str, str]]:
    told = []
    while message := outbox.changed():
        outbox.confirmed(message)
        told.append((message.topic, message.payload.decode()))
    return told


def test_of_many_changes_only_the_last_is_told() -> None:
    outbox = Outbox()
    for n in range(1000):
        outbox.keep([state("line/city/state", str(n)), state("line/backup/state", "idle")])
    assert drained(outbox) == [("line/city/state", "999"), ("line/backup/state", "idle")]
    assert drained(outbox) == []


def test_a_change_while_the_last_one_is_on_its_way_is_told_after_it() -> None:
    outbox = Outbox()
    outbox.keep([state("a", "1")])
    sent = outbox.changed()
    assert sent
    outbox.keep([state("a", "2")])
    outbox.confirmed(sent)
    assert drained(outbox) == [("a", "2")]


def test_after_a_new_connection_everything_is_told_again() -> None:
    outbox = Outbox()
    outbox.keep([state("a", "1"), state("b", "2")])
    drained(outbox)
    outbox.again()
    assert drained(outbox) == [("a", "1"), ("b", "2")]


def test_a_line_taken_out_of_the_settings_disappears_from_the_broker_once() -> None:
    outbox = Outbox()
    outbox.keep([state("a", "1"), state("b", "2")])
    drained(outbox)
    outbox.replace({"a": state("a", "1")})
    assert drained(outbox) == [("b", "")]
    outbox.again()
    assert drained(outbox) == [("a", "1")]


def test_events_come_in_order_and_old_ones_not_at_all() -> None:
    outbox = Outbox()
    outbox.add(event("old"), 0.0)
    outbox.add(event("new"), 5.0)
    outbox.add(event("newer"), 6.0)
    now = MOMENT_LIFE + 1
    first, second = outbox.moment(now), outbox.moment(now)
    assert first and second and (first.payload, second.payload) == (b"new", b"newer")
    assert outbox.moment(now) is None and outbox.dropped == 1


def test_a_flood_of_events_is_bounded_and_the_newest_are_kept() -> None:
    outbox = Outbox()
    for n in range(MOMENTS_MAX + 10):
        outbox.add(event(str(n)), 0.0)
    oldest = outbox.moment(0.0)
    assert oldest and oldest.payload == b"10" and outbox.dropped == 10


def test_an_action_waits_until_it_expires_and_is_then_given_up_once() -> None:
    outbox = Outbox()
    assert outbox.act(due("late", 1.0)) and outbox.act(due("soon", 9.0))
    assert [late.event.request for late in outbox.expired(1.0)] == ["late"]
    assert outbox.expired(1.0) == []
    waiting = outbox.action()
    assert waiting and waiting.event.request == "soon"
    outbox.acted(waiting)
    assert outbox.action() is None


def test_more_actions_than_fit_are_refused() -> None:
    outbox = Outbox()
    assert all(outbox.act(due(str(n), 9.0)) for n in range(ACTIONS_MAX))
    assert not outbox.act(due("one more", 9.0))


def test_a_text_refused_for_now_waits_longer_each_time_and_is_given_up_after_a_day() -> None:
    outbox, now, pauses = Outbox(), 100.0, []
    outbox.owe(first := Owed(1, event("first")))
    outbox.owe(second := Owed(2, event("second")))
    while (pause := outbox.put_off(now)) is not None:
        assert outbox.owed(now) is None and outbox.owed(now + pause) is first
        pauses.append(pause)
        now += pause
    assert pauses[:3] == [5.0, 10.0, 20.0] and max(pauses) == PUT_OFF_MOST
    assert PUT_OFF_FOR <= sum(pauses) < PUT_OFF_FOR + PUT_OFF_MOST
    outbox.paid(first)
    assert outbox.owed(now) is second, "at once"
