# SPDX-License-Identifier: GPL-2.0-or-later
"""A shop with a menu, two lines, three people: what the tests of reach and of golden calls are about."""

SHOP = """\
[office]
name = "Shop"
country = "LT"
time_zone = "Europe/Vilnius"
[mqtt]
[phone.desk1]
[phone.desk2]
[phone.desk3]
[person.anna]
extension = "123"
phones = ["desk1"]
[person.boris]
extension = "102"
phones = ["desk2"]
skills = { german = 80 }
[person.carl]
phones = ["desk3"]
mobile = "+37061111111"
[skill.german]
[hours.office]
week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-17:00"] }
holidays = ["LT"]
[line.city]
kind = "sip"
host = "192.0.2.1"
trust = "asserted"
[line.shop]
kind = "sip"
host = "192.0.2.2"
numbers = { "+37052000001" = "person.boris", "+37052000002" = "queue.sales" }
[queue.sales]
people = ["anna", "boris"]
strategy = "round-robin"
[queue.support]
people = ["boris"]
widen = [{ after = 20, people = ["anna"] }]
any_skill_after = 20
[chain.managers]
steps = [{ people = ["carl"] }, { people = ["anna", "boris"], ring_for = 5 }]
extension = "300"
[callers.vip]
numbers = { "+37060000001" = "Mr Kazlauskas" }
manager = "anna"
[callers.spam]
prefixes = ["+3705555"]
refuse = "silence"
[prompt.welcome]
file = "/x/welcome.wav"
[prompt.order]
file = "/x/order.wav"
[lookup.crm]
url = "http://127.0.0.1:9000/who?number={caller}"
[outside]
prefix = "0"
lines = ["city"]
[action.gate]
callers = "vip"
lines = ["city"]
topic = "gate"
payload = "open"
[scenario.main]
start = "hours"
[scenario.main.step.hours]
do = "hours"
hours = "office"
open = "vip"
closed = "mailbox.office"
[scenario.main.step.vip]
do = "callers"
callers = "vip"
listed = "manager"
others = "welcome"
[scenario.main.step.manager]
do = "manager"
unanswered = "welcome"
[scenario.main.step.welcome]
do = "menu"
prompt = "welcome"
extensions = true
keys = { 1 = "queue.sales", 2 = { to = "queue.support", skill = "german" }, 3 = "order", 4 = "welcome", 5 = "gate" }
no_key = "queue.sales"
[scenario.main.step.order]
do = "collect"
prompt = "order"
attribute = "order"
least = 3
most = 5
next = "crm"
[scenario.main.step.crm]
do = "look-up"
lookup = "crm"
attribute = "who"
found = "compare"
not_found = "busy"
[scenario.main.step.compare]
do = "compare"
attribute = "who"
is = "big"
yes = "chain.managers"
no = "welcome"
[scenario.main.step.busy]
do = "load"
queue = "sales"
waiting = 5
yes = "out"
no = "queue.sales"
[scenario.main.step.out]
do = "transfer"
number = "+37067777777"
[scenario.main.step.gate]
do = "action"
action = "gate"
next = "bye"
[scenario.main.step.bye]
do = "hang-up"
"""
