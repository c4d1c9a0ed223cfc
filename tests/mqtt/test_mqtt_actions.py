# SPDX-License-Identifier: GPL-2.0-or-later
"""The message that carries an action out, and what counts as its answer."""

from typing import Any

import pytest

from appliance.control.messages import ActionDue
from appliance.mqtt import actions
from appliance.mqtt.actions import Refused, expected, is_expected
from appliance.settings.models import Action

NOW = 1_790_000_000_000
FACTS: dict[str, Any] = {
    "callers": "regulars",
    "lines": ("city",),
    "class_": 0,
    "topic": "home/lamp/set",
    "payload": "ON",
    "state_expected": "on {{ request_id }}",
    "state_field": None,
    "dry_run_payload": "rehearse",
}


def due(expires: int = NOW + 5_000) -> ActionDue:
    return ActionDue(
        seq=1, at=NOW, action="lamp", call=1, request="r1", expires=expires, number="+37060000001", keys="5"
    )


def action(**changes: Any) -> Action:
    return Action.model_construct(**{**FACTS, **changes})  # as a hostile or newer document might have it


def refused(due: ActionDue, action: Action) -> str:
    with pytest.raises(Refused) as refusal:
        actions.message(due, action, NOW)
    return refusal.value.id


def test_the_message_is_sure_to_arrive_is_never_kept_and_says_until_when_it_is_good() -> None:
    message = actions.message(due(), action(), NOW)
    assert (message.topic, message.payload, message.qos, message.retain) == ("home/lamp/set", b"ON", 1, False)
    assert message.expiry == 5
    assert dict(message.properties) == {"request_id": "r1", "expires_at": str(NOW + 5_000)}


def test_a_message_is_never_good_for_longer_than_ten_seconds() -> None:
    message = actions.message(due(NOW + 3_600_000), action(), NOW)
    assert message.expiry == 10 and dict(message.properties)["expires_at"] == str(NOW + 10_000)


def test_the_message_has_the_call_in_it_where_it_says_so() -> None:
    text = '{"by": "{{ caller }}", "keys": "{{ keys }}", "id": "{{ request_id }}", "until": {{ expires_at }}}'
    message = actions.message(due(), action(payload=text), NOW)
    assert message.payload == b'{"by": "+37060000001", "keys": "5", "id": "r1", "until": 1790000005000}'
    assert actions.message(due(), action(), NOW, rehearsal=True).payload == b"rehearse"


def test_what_is_late_or_no_message_is_refused() -> None:
    assert refused(due(NOW), action()) == "expired"
    assert refused(due(), action(payload="{{ proof }}")) == "template"
    assert refused(due(), action(payload="x" * 4097)) == "template"


@pytest.mark.parametrize("topic", ["", "home/+/set", "home/#", "$SYS/x", "a\0b"])
def test_topics_that_would_reach_others_are_refused(topic: str) -> None:
    assert refused(due(), action(topic=topic)) == "bad-topic"


@pytest.mark.parametrize(
    ("payload", "field", "wanted", "right"),
    [
        (b"open", None, "open", True),
        (b" open\n", None, "open", True),
        (b"reopen", None, "open", False),
        (b"OPEN", None, "open", False),
        (b"", None, "open", False),
        (b'{"state": "open"}', "state", "open", True),
        (b'{"state": "shut", "x": "open"}', "state", "open", False),
        (b'{"state": true}', "state", "true", True),
        (b'{"state": 21.5}', "state", "21.5", True),
        (b'{"state": null}', "state", "null", False),
        (b'["open"]', "state", "open", False),
        (b"open", "state", "open", False),
        (b"[" * 100_000, "state", "open", False),
        (b"\xff", None, "open", False),
    ],
)
def test_only_the_state_that_was_waited_for_counts(payload: bytes, field: str | None, wanted: str, right: bool) -> None:
    assert is_expected(payload, action(state_field=field), wanted) == right


def test_what_is_waited_for_may_be_of_this_one_time() -> None:
    assert expected(due(), action()) == "on r1"
