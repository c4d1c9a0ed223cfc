# SPDX-License-Identifier: GPL-2.0-or-later
"""The office on an MQTT broker: topics and actions are pure, bridge talks. Topics: docs and topics.py."""
