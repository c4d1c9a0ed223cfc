# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones the switch itself rings for somebody: a supervisor's, those that are paged, one that is called back."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from appliance.calls.ports import Leg, Telephony

ELSEWHERE, ENDED, NO_ANSWER = 26, 16, 19  # Q.850


@dataclass(slots=True)
class Summons:
    """One ringing of telephones, and what follows from it."""

    answered: Callable[[Leg, str], None]  # the leg, its telephone
    ended: Callable[[Leg], None]  # 0: nobody answered
    all: bool  # every telephone that answers is meant, not the first alone
    ringing: dict[Leg, str] = field(default_factory=dict)
    talking: set[Leg] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Calling:
    """Legs of ours until release()."""

    def __init__(self, telephony: Telephony) -> None:
        self._telephony = telephony
        self.legs: dict[Leg, Summons] = {}

    def ring(
        self,
        phones: Iterable[str],
        number: str,
        name: str,
        within: float,
        answered: Callable[[Leg, str], None],
        ended: Callable[[Leg], None] = lambda leg: None,
        *,
        at_once: bool = False,
        all: bool = False,
    ) -> Summons | None:
        """Ring telephones so many seconds; None when none of them is there."""
        summons = Summons(answered, ended, all)
        for phone in phones:
            for leg in self._telephony.ring_phone(phone, number, name, at_once):
                summons.ringing[leg] = phone
                self.legs[leg] = summons
        if not summons.ringing:
            return None
        summons.timer = asyncio.get_running_loop().call_later(within, self.stop, summons, NO_ANSWER)
        return summons

    def rang(self, leg: Leg) -> bool:
        return leg in self.legs

    def answered(self, leg: Leg) -> bool:
        """Whether it is one of ours."""
        summons = self.legs.get(leg)
        if not summons:
            return False
        phone = summons.ringing.pop(leg, "")
        if not phone:  # stopped a moment ago
            self._telephony.hang_up(leg, ELSEWHERE)
            return True
        summons.talking.add(leg)
        if not summons.all:
            self._stop(summons, ELSEWHERE)
        summons.answered(leg, phone)
        return True

    def over(self, leg: Leg) -> bool:
        summons = self.legs.pop(leg, None)
        if not summons:
            return False
        if leg in summons.talking:
            summons.talking.discard(leg)
            summons.ended(leg)
        elif summons.ringing.pop(leg, None) and not summons.ringing:
            self._still(summons)
            if not summons.talking:
                summons.ended(0)
        return True

    def release(self, leg: Leg) -> None:
        """It is somebody else's from now on."""
        if summons := self.legs.pop(leg, None):
            summons.talking.discard(leg)

    def stop(self, summons: Summons, cause: int = ENDED) -> None:
        """Ring no longer; who answered stays."""
        rang = bool(summons.ringing)
        self._stop(summons, cause)
        if rang and not summons.talking:
            summons.ended(0)

    def hang_up(self, summons: Summons) -> None:
        """End all of it."""
        self._stop(summons, ENDED)
        for leg in summons.talking:
            self._telephony.hang_up(leg, ENDED)

    def close(self) -> None:
        for summons in {id(one): one for one in self.legs.values()}.values():
            self.hang_up(summons)

    def _stop(self, summons: Summons, cause: int) -> None:
        self._still(summons)
        for leg in summons.ringing:
            self._telephony.hang_up(leg, cause)
        summons.ringing.clear()

    @staticmethod
    def _still(summons: Summons) -> None:
        if summons.timer:
            summons.timer.cancel()
            summons.timer = None
