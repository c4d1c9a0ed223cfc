# SPDX-License-Identifier: GPL-2.0-or-later
"""What the broker is still to be told. Pure and bounded; `now` is any monotonic clock in seconds."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from appliance.control.messages import ActionDue
from appliance.mqtt.topics import Message, removed

MOMENT_LIFE = 10.0  # seconds after which a momentary event is no news
MOMENTS_MAX = 512  # half of what Mosquitto keeps for a listener that is slow; what is more would push out the newest
ACTIONS_MAX = 64
OWED_MAX = 64
PUT_OFF, PUT_OFF_MOST = 5.0, 600.0  # seconds until a text that was refused for now is told again, doubling
PUT_OFF_FOR = 86_400.0  # seconds; after a day it is no news


class Due(NamedTuple):
    """An accepted action: its one publication and until when it may be made."""

    message: Message
    event: ActionDue
    until: float
    strict: bool = False  # only where the message itself carries its expiry: MQTT 5


class Owed(NamedTuple):
    """A text message that the broker is told however late."""

    id: int
    message: Message


class Outbox:
    """Retained topics by their last state; momentary events, actions and text messages in order."""

    def __init__(self) -> None:
        self.dropped = 0  # momentary events given up: too old, or too many
        self._kept: dict[str, Message] = {}
        self._changed: dict[str, None] = {}  # topics the broker has not confirmed, oldest change first
        self._moments: deque[tuple[float, Message]] = deque()
        self._actions: deque[Due] = deque()
        self._owed: deque[Owed] = deque()
        self._put_off: tuple[float, float, float] | None = None  # the oldest: first when, until when, by how much

    def keep(self, messages: Iterable[Message]) -> None:
        """New last states of retained topics; a state equal to the last one is no change."""
        for message in messages:
            if self._kept.get(message.topic) != message:
                self._kept.pop(message.topic, None)  # last changed, last told: the bridge is online after all else
                self._kept[message.topic] = message
                self._changed[message.topic] = None

    def replace(self, messages: Mapping[str, Message]) -> None:
        """The whole retained state; topics no longer in it are forgotten by the broker too."""
        self.keep(messages.values())
        self.keep([removed(topic) for topic in self._kept.keys() - messages.keys()])

    def holds(self, topic: str) -> bool:
        """Whether this retained topic is ours to tell."""
        return topic in self._kept

    def again(self) -> None:
        """Everything retained is to be told once more: the broker may have lost it."""
        self._changed = dict.fromkeys(self._kept)

    def add(self, message: Message, now: float) -> None:
        if len(self._moments) == MOMENTS_MAX:
            self._moments.popleft()
            self.dropped += 1
        self._moments.append((now + MOMENT_LIFE, message))

    def act(self, due: Due) -> bool:
        """Take an action to be carried out; False when too many wait already."""
        if len(self._actions) == ACTIONS_MAX:
            return False
        self._actions.append(due)
        return True

    def expired(self, now: float) -> list[Due]:
        """Actions that came too late; each is given once."""
        late = [due for due in self._actions if due.until <= now]
        self._actions = deque(due for due in self._actions if due.until > now)
        return late

    def action(self) -> Due | None:
        """The oldest action; it stays until `acted()`."""
        return self._actions[0] if self._actions else None

    def acted(self, due: Due) -> None:
        """This action has been tried, it is not to be tried again."""
        if due in self._actions:
            self._actions.remove(due)

    @property
    def room(self) -> int:
        """For so many text messages."""
        return OWED_MAX - len(self._owed)

    def owe(self, owed: Owed) -> None:
        self._owed.append(owed)

    def owed(self, now: float) -> Owed | None:
        """The oldest text message, unless it is put off; it stays until `paid()`."""
        if not self._owed or (self._put_off and now < self._put_off[1]):
            return None
        return self._owed[0]

    def put_off(self, now: float) -> float | None:
        """The broker does not take the oldest text message for now: seconds until it is told again; None: no more."""
        first, _, last = self._put_off or (now, now, PUT_OFF / 2)
        if now - first >= PUT_OFF_FOR:
            return None
        pause = min(2 * last, PUT_OFF_MOST)
        self._put_off = (first, now + pause, pause)
        return pause

    def paid(self, owed: Owed) -> None:
        """The broker has it, or will never take it."""
        self._owed.remove(owed)
        self._put_off = None

    def moment(self, now: float) -> Message | None:
        """The oldest momentary event that is still news, taken out."""
        while self._moments:
            until, message = self._moments.popleft()
            if until > now:
                return message
            self.dropped += 1
        return None

    def changed(self) -> Message | None:
        """The retained state that waits longest, to be told now. A connection that ends before `confirmed()`: `again()`."""
        if not self._changed:
            return None
        topic = next(iter(self._changed))
        del self._changed[topic]
        return self._kept[topic]

    def confirmed(self, message: Message) -> None:
        """The broker has it; what it has forgotten is forgotten here too, unless it has come back meanwhile."""
        if not message.payload and self._kept.get(message.topic) == message:
            del self._kept[message.topic]
            self._changed.pop(message.topic, None)
