# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and lines that do only what a test says, for races no real telephone can be made to run; see ports.py."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from appliance.calls.ports import Leg, Port


@dataclass
class Puppets:
    """Satisfies calls.ports.Telephony; what was asked of it is in `asked`, in order, and who hears whom in `heard`."""

    registered: dict[str, int] = field(default_factory=dict)  # telephone -> contacts
    usable: set[str] = field(default_factory=set)
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    shown: list[tuple[str, str, str]] = field(default_factory=list)  # telephone, number, name
    identities: list[tuple[str, bool, str]] = field(default_factory=list)  # to lines: caller, withheld, diverted
    displays: dict[Leg, list[tuple[str, str]]] = field(default_factory=dict)  # whom each leg was told it talks with
    called_at_once: list[str] = field(default_factory=list)  # telephones asked to answer by themselves
    legs: dict[str, list[Leg]] = field(default_factory=dict)  # telephone or line -> its legs, oldest first
    files: dict[Port, str] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)  # messages of a telephone, newest
    watched: dict[tuple[str, str], str] = field(default_factory=dict)  # the newest state by package and resource
    asked_for: Callable[[str, str], object] = lambda package, resource: None  # once it is published as "?"
    heard: set[tuple[int, int]] = field(default_factory=set)
    over: set[int] = field(default_factory=set)  # legs and players that tests told to be
    _next: Iterator[int] = field(default_factory=lambda: count(1000))

    def ring_phone(self, phone: str, number: str, name: str, at_once: bool = False) -> list[Leg]:
        self.shown.append((phone, number, name))
        self.called_at_once += [phone] * at_once
        legs = [next(self._next) for _ in range(self.registered.get(phone, 0))]
        self.legs.setdefault(phone, []).extend(legs)
        return legs

    def dial(
        self,
        line: str,
        number: str,
        caller: str,
        name: str,
        *,
        withheld: bool = False,
        diverted: str = "",
        anyway: bool = False,
    ) -> Leg:
        if line not in self.usable and not anyway:
            return 0
        leg = next(self._next)
        self.shown.append((line, number, name))
        self.identities.append((caller, withheld, diverted))
        self.legs.setdefault(line, []).append(leg)
        return leg

    def ringing(self, leg: Leg) -> None:
        self.asked.append(("ringing", leg, 0))

    def early(self, leg: Leg) -> None:
        self.asked.append(("early", leg, 0))

    def answer(self, leg: Leg) -> None:
        self.asked.append(("answer", leg, 0))

    def hang_up(self, leg: Leg, cause: int) -> None:
        self.asked.append(("hang up", leg, cause))

    def press(self, leg: Leg, digits: str) -> None:
        self.asked.append((f"press {digits}", leg, 0))

    def show(self, leg: Leg, number: str, name: str) -> None:
        self.displays.setdefault(leg, []).append((number, name))

    def play(self, path: str, repeat: bool) -> Port:
        return self._file(path)

    def record(self, path: str) -> Port:
        return self._file(path)

    def tape(self, leg: Leg, rate: int, sounds: bool, a_law: bool) -> Port:
        tape = self._file(f"tape of {leg}")
        self.asked.append(("tape", leg, tape))
        return tape

    def pause(self, tape: Port, on: bool) -> None:
        self.asked.append(("pause" if on else "resume", tape, 0))

    def stop(self, port: Port) -> None:
        self.asked.append(("stop", port, 0))
        self.gone(port)

    def gone(self, one: int) -> None:
        """A leg or player that is over hears nobody, and nobody hears it; what is asked of it does nothing."""
        self.over.add(one)
        self.heard = {pair for pair in self.heard if one not in pair}

    def hear(self, listener: int, source: int) -> None:
        if not {listener, source} & self.over:
            self.heard.add((listener, source))

    def unhear(self, listener: int, source: int) -> None:
        self.heard.discard((listener, source))

    def publish(self, package: str, resource: str, body: str) -> None:
        if package == "message-summary":
            self.published[resource] = body
        self.watched[package, resource] = body
        if body == "?":
            self.asked_for(package, resource)

    def referred(self, leg: Leg, status: int) -> None:
        self.asked.append(("referred", leg, status))

    def _file(self, path: str) -> Port:
        port = next(self._next)
        self.files[port] = path
        return port

    def port(self, ending: str) -> Port:
        """The newest player or recording of a file with this ending."""
        return next(port for port, path in reversed(self.files.items()) if path.endswith(ending))
