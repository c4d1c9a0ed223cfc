# SPDX-License-Identifier: GPL-2.0-or-later
"""What the answering machine says, to callers and to those who listen to their messages; spoken by a voice."""

from datetime import UTC, datetime, timedelta, tzinfo

from appliance.languages import FIRST, language

FIXED = (  # sentences that are always the same, to be spoken before they are needed
    *("full", "which", "pin", "wrong", "locked", "none", "main", "main-empty", "after", "after-deleted", "withheld"),
    *("saved", "deleted", "not-deleted", "no-next", "no-previous", "not-possible", "calling", "greeting"),
    *("greeting-review", "greeting-kept", "greeting-usual", "greeting-as-before", "bye", "other"),
)


class Spoken:
    """Sentences in one language, times in one zone."""

    def __init__(self, code: str = FIRST, zone: tzinfo = UTC) -> None:
        self.language, self.zone = language(code), zone

    def say(self, key: str, /, **words: object) -> str:
        return self.language.say(f"spoken.{key}", **words)

    def fixed(self) -> list[str]:
        return [self.say(key) for key in FIXED] + [self.counts(new, old) for new in range(4) for old in range(2)]

    def full(self) -> str:
        return self.say("full")

    def counts(self, new: int, old: int) -> str:
        """How many messages there are; one sentence."""
        if not new and not old:
            return self.say("none")
        told = [self.language.counted(unit, n) for unit, n in (("new-message", new), ("old-message", old)) if n]
        return self.say(
            "counts" if len(told) == 1 else "counts-both", **dict(zip(("first", "second"), told, strict=False))
        )

    def choice(self, key: int, title: str, new: int) -> str:
        """A mailbox of several, and the key that opens it."""
        news = self.language.counted("new-message", new) if new else self.say("nothing-new")
        return self.say("choice", title=title, news=news, key=key)

    def message(self, nth: int, state: str) -> str:
        return self.say(f"message-{state}", n=nth)

    def caller(self, number: str) -> str:
        """Digit by digit: a telephone number is no quantity."""
        return self.say("from", number=" ".join(number.removeprefix("+"))) if number else self.say("withheld")

    def time(self, at: int, now: int) -> str:
        """When a message came; ms UTC."""
        when, today = (datetime.fromtimestamp(ms / 1000, self.zone) for ms in (at, now))
        clock = f"{when.hour}:{when.minute:02}"
        if when.date() == today.date():
            return self.say("today", time=clock)
        if when.date() == today.date() - timedelta(days=1):
            return self.say("yesterday", time=clock)
        return self.say("on-day", day=when.day, month=self.say(f"month.{when.month}"), time=clock)
