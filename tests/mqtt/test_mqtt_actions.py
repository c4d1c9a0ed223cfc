# SPDX-License-Identifier: GPL-2.0-or-later
"""What a caller may set off on the premises, and what is refused."""

from typing import Any

import pytest

from appliance.control.messages import ActionDue
from appliance.mqtt import actions
from appliance.mqtt.actions import Limit, Refused
from appliance.settings.models import Action

NOW = 1_790_000_000_000  # ms UTC
FACTS: dict[str, Any] = {
    "callers": "regulars",
    "lines": ("city",),
    "topic": "home/porch/lamp/set",
    "payload": "ON",
    "class_": 0,
}


def due(expires: int = NOW + 5_000) -> ActionDue:
    return ActionDue(seq=1, at=NOW, action="lamp", call=1, request="r1", expires=expires, number="+37060000001")


def action(**changes: Any) -> Action:
    return Action.model_construct(**{**FACTS, **changes})  # as a hostile or newer document might have it


def refused(due: ActionDue, action: Action | None) -> str:
    with pytest.raises(Refused) as refusal:
        actions.message(due, action, NOW)
    return refusal.value.id


def test_the_lamp_is_told_once_with_request_and_expiry_and_is_not_retained() -> None:
    message = actions.message(due(), action(), NOW)
    assert (message.topic, message.payload, message.retain, message.qos) == ("home/porch/lamp/set", b"ON", False, 1)
    assert dict(message.properties) == {"request_id": "r1", "expires_at": str(NOW + 5_000)}
    assert message.expiry == 5  # seconds


def test_nothing_is_carried_out_later_than_ten_seconds_after_it_came() -> None:
    message = actions.message(due(NOW + 3_600_000), action(), NOW)
    assert dict(message.properties)["expires_at"] == str(NOW + 10_000)


def test_what_is_late_is_not_carried_out() -> None:
    assert refused(due(NOW), action()) == "expired"


def test_an_action_the_settings_do_not_have_is_refused() -> None:
    assert refused(due(), None) == "unknown-action"


@pytest.mark.parametrize("higher", [1, 2, 3, 4])
def test_a_gate_is_never_opened_by_a_number_alone(higher: int) -> None:
    assert refused(due(), action(class_=higher)) == "class-not-allowed"


@pytest.mark.parametrize("topic", ["", "home/#", "home/+/set", "$SYS/broker", "home\0/set"])
def test_a_topic_that_reaches_more_than_one_thing_is_refused(topic: str) -> None:
    assert refused(due(), action(topic=topic)) == "bad-topic"


def test_a_payload_too_long_is_refused() -> None:
    assert refused(due(), action(payload="x" * 4097)) == "too-long"


def test_a_caller_who_redials_all_day_does_not_flash_the_lamp_all_day() -> None:
    limit = Limit()
    for n in range(actions.RATE):
        limit.take("lamp", NOW + n)
    with pytest.raises(Refused, match="too-often"):
        limit.take("lamp", NOW + actions.RATE)
    limit.take("bell", NOW + actions.RATE)  # another action has its own measure
    limit.take("lamp", NOW + actions.RATE_SPAN + 1)
