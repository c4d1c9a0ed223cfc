# SPDX-License-Identifier: GPL-2.0-or-later
"""Brokers in the settings: what goes together, and what does not."""

import pytest

from tests.settings.documents import SMALL, faults, settings

MQTT = SMALL + "[mqtt]\n"


def test_a_broker_with_nothing_said_is_that_of_the_box_and_may_ask_for_nothing() -> None:
    mqtt = settings(MQTT).mqtt
    assert mqtt is not None
    assert (mqtt.host, mqtt.port, mqtt.tls, mqtt.protocol) == ("127.0.0.1", 1883, False, "auto")
    assert (mqtt.requests, mqtt.discovery, mqtt.homie, mqtt.privacy) == (False, "off", False, "full")


def test_a_second_broker_is_told_in_its_own_way() -> None:
    office = settings(MQTT + '[broker.cloud]\nhost = "mqtt.example.com"\nport = 8883\ntls = true\nprivacy = "hash"\n')
    assert office.broker["cloud"].privacy == "hash"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (SMALL + "[broker.cloud]\n", "broker.cloud", "needs a table [mqtt]"),
        (MQTT + 'ca_file = "/a.pem"\n', "mqtt.ca_file", "goes with TLS"),
        (MQTT + 'tls = true\nkey_file = "/a.pem"\n', "mqtt.certificate_file", "is missing"),
        (MQTT + "[broker.again]\n", "broker.again", "is the same as mqtt"),
        (MQTT + 'protocol = "3"\n', "mqtt.protocol", "accepted: auto, 5, 3.1.1"),
        (MQTT + 'tls = true\nca_file = "a.pem"\n', "mqtt.ca_file", "the absolute path of a file"),
    ],
)
def test_what_does_not_go_together_is_told_with_its_place(text: str, path: str, words: str) -> None:
    [fault] = faults(text)
    assert fault.path == path and words in fault.message
