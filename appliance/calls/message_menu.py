# SPDX-License-Identifier: GPL-2.0-or-later
"""The telephone menu of a mailbox: keys and ends of prompts in, what to do out. It knows no clock, file or leg."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from appliance.languages.spoken import Spoken

TRIES = 3  # wrong PINs in one call
TIMES = 3  # what may be pressed is said to somebody who presses nothing
CHOICES = 9  # mailboxes, a key each
LONGEST = 12  # digits of a number or PIN
PATIENCE, BETWEEN = 8.0, 15.0  # seconds without a key: after what may be pressed was said; between digits


class Entry(NamedTuple):
    """A message as the menu needs it."""

    id: int
    caller: str
    at: int  # ms UTC
    state: str


class Box(NamedTuple):
    """An opened mailbox."""

    name: str
    entries: tuple[Entry, ...]
    now: int  # ms UTC


class Choice(NamedTuple):
    """A mailbox that is his, one of several."""

    name: str
    title: str
    new: int  # messages


# ---- what to do -----------------------------------------------------------------------------------------------------


class Hear(NamedTuple):
    """Let him hear these, instead of what he hears: texts, and (numbers) messages. ended() follows."""

    parts: tuple[str | int, ...]


class Wait(NamedTuple):
    """silent() follows if no key does."""

    seconds: float


class Open(NamedTuple):
    """opened(), refused() or locked() follows."""

    number: str
    pin: str


class Enter(NamedTuple):
    """Open a mailbox of his own. opened() follows."""

    name: str


class Mark(NamedTuple):
    message: int
    state: str


class Delete(NamedTuple):
    message: int


class CallBack(NamedTuple):
    """Connect him with who left the message, and he is the menu's no longer; else not_possible() follows."""

    message: int


class Record(NamedTuple):
    """Beep, and record a greeting. recorded() follows after Stop or by itself."""


class Stop(NamedTuple):
    """Record no longer."""


class HearGreeting(NamedTuple):
    """Let him hear what was recorded, then this. ended() follows."""

    then: str


class Greeting(NamedTuple):
    """What was recorded is the greeting from now on; or, not kept, the usual one is."""

    keep: bool


class End(NamedTuple):
    """Hang up."""


Do = Hear | Wait | Open | Enter | Mark | Delete | CallBack | Record | Stop | HearGreeting | Greeting | End
Answer = list[Do]
Later = Callable[[], Answer]


class At(Enum):
    """Where he is."""

    NUMBER = auto()  # gives the number of a mailbox
    PIN = auto()
    CHOICE = auto()  # of his mailboxes
    OPENING = auto()
    MAIN = auto()
    MESSAGE = auto()
    RECORDING = auto()
    REVIEW = auto()
    OVER = auto()


class MessageMenu:
    """One call's way through. Each method tells what to do now; keys cut short what is said."""

    def __init__(self, words: Spoken, may_call_back: bool = True, choices: Sequence[Choice] = ()) -> None:
        """choices: his mailboxes, where he has several; key 1 opens the first."""
        self._words, self._may_call_back = words, may_call_back
        self._choices = choices[:CHOICES]
        self.at = At.NUMBER
        self._digits, self._number = "", ""
        self._tries = self._silences = 0
        self._box = Box("", (), 0)
        self._nth = -1  # of the message he is at
        self._states: dict[int, str] = {}
        self._deleted: set[int] = set()
        self._records = False  # a greeting is being recorded, not only asked for
        self._next: Later | None = None  # when what is said has come to its end
        other: Mapping[str, Later] = {"2": self._leave} if self._choices else {}
        self._keys: Mapping[At, Mapping[str, Later]] = {
            At.MAIN: {
                **{"5": self._first, "6": self._first, "1": self._first, "0": self._record, "#": self._bye},
                **other,
            },
            At.MESSAGE: {
                **other,
                **{"5": self._again, "1": self._again, "6": self._forward, "4": self._back, "7": self._delete},
                **{"9": self._save, "8": self._call_back, "3": self._told, "0": self._record, "*": self._options},
                **{"#": self._bye},
            },
            At.CHOICE: {
                **{str(key): partial(self._enter, one) for key, one in enumerate(self._choices, start=1)},
                **{"#": self._bye},
            },
            At.RECORDING: dict.fromkeys("0123456789*#", self._stop),
            At.REVIEW: {
                **{"1": self._keep_greeting, "2": self._record, "3": self._usual_greeting, "*": self._as_before},
                **{"#": self._as_before},
            },
        }

    # ---- what happens -----------------------------------------------------------------------------------------------

    def ask(self, number: str = "") -> Answer:
        """Somebody who must say which mailbox, unless it is known, and prove that he may."""
        self._number = number
        return self._ask_pin() if number else self._ask_number()

    def choose(self) -> Answer:
        """Somebody with several mailboxes says which."""
        self.at = At.CHOICE
        return self._say(*(self._words.choice(n, one.title, one.new) for n, one in enumerate(self._choices, start=1)))

    def opened(self, box: Box) -> Answer:
        self.at, self._box, self._nth = At.MAIN, box, -1
        self._states = {one.id: one.state for one in box.entries}
        new = sum(one.state == "new" for one in box.entries)
        return self._say(self._words.counts(new, len(box.entries) - new), then=self._main)

    def refused(self) -> Answer:
        """That mailbox or PIN is not right; which of them is nobody's business."""
        self._tries += 1
        if self._tries >= TRIES:
            return self._say(self._words.say("wrong"), then=self._bye)
        return self._say(self._words.say("wrong"), then=self._ask_number)

    def locked(self) -> Answer:
        self.at = At.OVER
        return self._say(self._words.say("locked"), then=self._end)

    def key(self, key: str) -> Answer:
        self._silences = 0
        if self.at in (At.NUMBER, At.PIN):
            return self._digit(key)
        press = self._keys.get(self.at, {}).get(key)
        if not press:
            return []  # what is said goes on
        self._next = None
        return press()

    def ended(self) -> Answer:
        """What he was to hear has come to its end."""
        later, self._next = self._next, None
        return later() if later else [Wait(PATIENCE)]

    def silent(self) -> Answer:
        """He pressed nothing."""
        self._silences += 1
        if self._silences >= TIMES:
            return self._bye()
        match self.at:
            case At.NUMBER:
                return self._ask_number()
            case At.PIN:
                return self._ask_pin()
            case At.CHOICE:
                return self.choose()
            case At.MAIN:
                return self._main()
            case At.MESSAGE:
                return self._options()
            case At.REVIEW:
                return self._say(self._words.say("greeting-review"))
        return []

    def recorded(self, whole: bool) -> Answer:
        """A greeting; not whole: nothing can be recorded, or nothing was said."""
        if self.at is not At.RECORDING:
            return []
        if not whole:
            self.at = At.MAIN
            return self._say(self._words.say("not-possible"), then=self._main)
        self.at = At.REVIEW
        return [HearGreeting(self._words.say("greeting-review"))]

    def not_possible(self) -> Answer:
        """Who left a message cannot be called."""
        return self._say(self._words.say("not-possible"), then=self._bye)

    def hung_up(self) -> Answer:
        """What is left to do when he is gone: what he deleted goes now, so that he could have it back till then."""
        self.at = At.OVER
        return self._deletes()

    def _deletes(self) -> Answer:
        gone, self._deleted = sorted(self._deleted), set()
        return [Delete(id) for id in gone]

    # ---- which mailbox, and who asks --------------------------------------------------------------------------------

    def _enter(self, choice: Choice) -> Answer:
        self.at = At.OPENING
        return [Hear(()), Enter(choice.name)]

    def _leave(self) -> Answer:
        """He wants another mailbox: what he deleted in this one goes now."""
        entries = [one.id for one in self._box.entries if one.id not in self._deleted]
        left = sum(self._states[id] == "new" for id in entries)
        name = self._box.name
        self._choices = [one._replace(new=left) if one.name == name else one for one in self._choices]
        return [*self._deletes(), *self.choose()]

    def _ask_number(self) -> Answer:
        self.at, self._digits, self._number = At.NUMBER, "", ""
        return self._say(self._words.say("which"))

    def _ask_pin(self) -> Answer:
        self.at, self._digits = At.PIN, ""
        return self._say(self._words.say("pin"))

    def _digit(self, key: str) -> Answer:
        self._next = None
        if key == "*":
            return self._ask_number() if self.at is At.NUMBER else self._ask_pin()
        if key != "#":
            self._digits = (self._digits + key)[: LONGEST + 1]  # one too many is wrong, not cut to what is right
            return [Hear(()), Wait(BETWEEN)]
        if self.at is At.NUMBER:
            self._number = self._digits
            return self._ask_pin()
        self.at, pin = At.OPENING, self._digits
        self._digits = ""
        return [Hear(()), Open(self._number, pin)]

    # ---- messages ---------------------------------------------------------------------------------------------------

    @property
    def _entry(self) -> Entry:
        return self._box.entries[self._nth]

    def _main(self) -> Answer:
        return self._say(self._words.say("main" if self._box.entries else "main-empty"), *self._other())

    def _other(self) -> Iterable[str]:
        if self._choices:
            yield self._words.say("other")

    def _first(self) -> Answer:
        if not self._box.entries:
            return self._say(self._words.say("none"), then=self._main)
        self.at, self._nth = At.MESSAGE, max(self._nth, 0)
        return self._again()

    def _again(self) -> Answer:
        return self._say(*self._header(), then=self._play)

    def _header(self) -> Iterable[str]:
        yield self._words.message(self._nth + 1, self._states[self._entry.id])
        yield self._words.caller(self._entry.caller)
        yield self._words.time(self._entry.at, self._box.now)

    def _play(self) -> Answer:
        done: Answer = []
        if self._states[self._entry.id] == "new":
            self._states[self._entry.id] = "heard"
            done.append(Mark(self._entry.id, "heard"))
        self._next = self._options
        return [*done, Hear((self._entry.id,))]

    def _options(self) -> Answer:
        after = self._words.say("after-deleted" if self._entry.id in self._deleted else "after")
        return self._say(after, *self._other())

    def _forward(self) -> Answer:
        if self._nth + 1 >= len(self._box.entries):
            return self._say(self._words.say("no-next"), then=self._options)
        self._nth += 1
        return self._again()

    def _back(self) -> Answer:
        if not self._nth:
            return self._say(self._words.say("no-previous"), then=self._options)
        self._nth -= 1
        return self._again()

    def _delete(self) -> Answer:
        if self._entry.id in self._deleted:
            self._deleted.remove(self._entry.id)
            return self._say(self._words.say("not-deleted"), then=self._options)
        self._deleted.add(self._entry.id)
        more = self._nth + 1 < len(self._box.entries)
        return self._say(self._words.say("deleted"), then=self._forward if more else self._options)

    def _save(self) -> Answer:
        self._deleted.discard(self._entry.id)
        self._states[self._entry.id] = "saved"
        return [Mark(self._entry.id, "saved"), *self._say(self._words.say("saved"), then=self._options)]

    def _told(self) -> Answer:
        return self._say(*list(self._header())[1:], then=self._options)

    def _call_back(self) -> Answer:
        if not self._entry.caller or not self._may_call_back:
            words = self._words.say("not-possible" if self._entry.caller else "withheld")
            return self._say(words, then=self._options)
        entry, self.at = self._entry.id, At.OVER
        return self._say(self._words.say("calling"), then=lambda: [CallBack(entry), *self.hung_up()])

    # ---- his own greeting -------------------------------------------------------------------------------------------

    def _record(self) -> Answer:
        self.at = At.RECORDING
        self._records = False
        return self._say(self._words.say("greeting"), then=self._begin)

    def _begin(self) -> Answer:
        self._records = True
        return [Record()]

    def _stop(self) -> Answer:
        """A key: he has said it, or need not be told how it is done."""
        return [Stop()] if self._records else self._begin()

    def _keep_greeting(self) -> Answer:
        return [Greeting(True), *self._home("greeting-kept")]

    def _usual_greeting(self) -> Answer:
        return [Greeting(False), *self._home("greeting-usual")]

    def _as_before(self) -> Answer:
        return self._home("greeting-as-before")

    def _home(self, said: str) -> Answer:
        self.at, self._nth = At.MAIN, -1
        return self._say(self._words.say(said), then=self._main)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def _bye(self) -> Answer:
        self.at = At.OVER
        return self._say(self._words.say("bye"), then=self._end)

    def _end(self) -> Answer:
        return [*self.hung_up(), End()]

    def _say(self, *texts: str, then: Later | None = None) -> Answer:
        self._next = then
        return [Hear(texts)]
