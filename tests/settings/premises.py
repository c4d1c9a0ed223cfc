# SPDX-License-Identifier: GPL-2.0-or-later
"""A document with an action of each class, for tests."""

OFFICE = """
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"
[mqtt]
[line.city]
kind = "sip"
host = "192.0.2.7"
[line.backup]
kind = "sip"
host = "192.0.2.8"
[hours.day]
week = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], \
fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
[prompt.pin]
file = "/srv/prompts/pin.wav"
[prompt.done]
file = "/srv/prompts/done.wav"
[callers.residents]
numbers = { "+37060000001" = "Mr Kazlauskas", "+37060000002" = "Ms Petraitė" }
"""
LAMP = """
[action.lamp]
callers = "residents"
lines = ["city"]
topic = "home/lamp/set"
payload = "ON"
"""
HEATING = """
[action.heating]
class = 1
callers = "residents"
lines = ["city"]
topic = "home/heating/set"
payload = "21"
"""
GATE = """
[action.gate]
class = 2
callers = "residents"
lines = ["city"]
hours = "day"
challenge = "pin"
holders = ["anna", "boris"]
topic = "gate/set"
payload = '{"open": true, "request_id": "{{ request_id }}"}'
state_topic = "gate/state"
state_expected = "open"
"""
ALARM = """
[action.alarm]
class = 3
callers = "residents"
lines = ["city"]
hours = "day"
challenge = "totp"
second = true
holders = ["anna", "boris"]
topic = "alarm/set"
payload = "disarm"
state_topic = "alarm/state"
state_expected = "disarmed"
"""
DISK = """
[action.disk]
class = 4
callers = "residents"
lines = ["city"]
hours = "day"
challenge = "pin"
second = true
holders = ["anna", "boris"]
topic = "store/format"
payload = "format"
dry_run_payload = "rehearse"
state_topic = "store/state"
state_expected = "done {{ request_id }}"
"""
MENU = """
[scenario.main]
start = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "done"
keys = { 5 = "gate" }
[scenario.main.step.gate]
do = "action"
action = "gate"
prompt = "pin"
next = "open"
refused = "welcome"
[scenario.main.step.open]
do = "say"
prompt = "done"
next = "mailbox.office"
"""
ALL = OFFICE + LAMP + HEATING + GATE + ALARM + DISK + MENU
