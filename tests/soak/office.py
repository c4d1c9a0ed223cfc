# SPDX-License-Identifier: GPL-2.0-or-later
"""The office that is open for a day: twelve people, a queue, a menu, mailboxes, and numbers that lead to each."""

import random
from pathlib import Path

from appliance.programs.demo.office import Office
from appliance.programs.demo.ports import Ports

CREW = 12
QUEUE, MENU, MAILBOX, PERSONS = "+37052000000", "+37052000001", "+37052000002", "+3705200002"
UNWANTED = "+37090"  # beginning of callers' numbers that are refused

DOCUMENT = """\
[office]
name = "Example Ltd"
country = "LT"
time_zone = "Europe/Vilnius"

[sip]
listen = "127.0.0.1"
port = {sip}
rtp_ports = [{rtp}, {rtp_end}]
expires_min = 10

[web]
listen = "127.0.0.1"
port = {web}

[line.city]
kind = "sip"
host = "127.0.0.1"
port = {city}
hours = "office"
closed = "mailbox.office"
scenario = "main"
numbers = {{ "{menu}" = "scenario.menu", "{mailbox}" = "mailbox.office", {persons} }}

[hours.office]
week = {{ {week} }}

[queue.sales]
people = [{people}]
strategy = "round-robin"
ring_for = {ring_for}
max_wait = 120

[scenario.main]
open = "sales"
unanswered = "office"

[scenario.menu]
start = "choice"

[scenario.menu.step.choice]
do = "menu"
prompt = "choice"
attribute = "topic"
keys = {{ 1 = "queue.sales", 2 = "address" }}
no_key = "queue.sales"

[scenario.menu.step.address]
do = "say"
prompt = "address"
next = "bye"

[scenario.menu.step.bye]
do = "hang-up"

[prompt.choice]
text = "Sales, press one. Our address, press two."
[prompt.address]
text = "Our address is one, Example Street."

[callers.unwanted]
prefixes = ["{unwanted}"]
refuse = "busy"

[outside]
lines = ["city"]
"""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AGENT = """
[phone.{agent}]

[person.{agent}]
extension = "{extension}"
phones = ["{agent}"]
"""

AGENTS = [f"agent{number}" for number in range(CREW)]


def extension(agent: str) -> str:
    return str(201 + AGENTS.index(agent))


class SoakOffice(Office):
    """It opens and closes when hours are held so."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        super().__init__(folder, ports, crew=CREW)
        self._rtp = next(line for line in self.document.splitlines() if line.startswith("rtp_ports"))
        self.document = self.changed(AGENTS, 5)
        self.settings.write_text(self.document)

    def changed(self, people: list[str], ring_for: int) -> str:
        """The document with other people in the queue."""
        rtp = int(self._rtp.partition("[")[2].partition(",")[0])
        text = DOCUMENT.format(
            sip=self.sip, web=self.web, city=self.city, rtp=rtp, rtp_end=rtp + 599, menu=MENU, mailbox=MAILBOX,
            persons=", ".join(f'"{PERSONS}{n}" = "person.{agent}"' for n, agent in enumerate(AGENTS[:10])),
            week=", ".join(f'{day} = ["00:00-24:00"]' for day in DAYS), unwanted=UNWANTED, ring_for=ring_for,
            people=", ".join(f'"{agent}"' for agent in people),
        )  # fmt: skip
        return text + "".join(AGENT.format(agent=agent, extension=extension(agent)) for agent in AGENTS)

    def any_other(self, chance: random.Random) -> str:
        away = chance.choice(AGENTS)
        return self.changed([agent for agent in AGENTS if agent != away], chance.choice([4, 5, 6]))
