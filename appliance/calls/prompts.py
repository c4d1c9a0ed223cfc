# SPDX-License-Identifier: GPL-2.0-or-later
"""Which file a caller hears when he is told something, in his language."""

from collections.abc import Awaitable, Callable, Iterator
from typing import get_args

from appliance.calls.call import Call
from appliance.languages import LANGUAGES, language
from appliance.languages.waiting import Waiting
from appliance.settings.models import Settings
from appliance.settings.outgoing import Refusal
from appliance.settings.prompts import Prompt
from appliance.settings.rules import TURNED_AWAY

ATTRIBUTE = "language"  # of a call, that a menu or a step `set` may set
PLACES = 20  # in line that are spoken beforehand


def languages(settings: Settings) -> tuple[str, ...]:
    """Those of ours that callers may choose, as far as the settings say so; the office's first."""
    named = [line.language for line in settings.line.values()] + [one.language for one in settings.callers.values()]
    named += [language for prompt in settings.prompt.values() for language in prompt.languages]
    return tuple(one for one in dict.fromkeys((settings.office.language, *named)) if one in LANGUAGES)


def texts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Sentences that callers who wait may hear, each with its language, to be spoken beforehand."""
    queues = settings.queue.values()
    for code in languages(settings):
        words = Waiting(code)
        if any(queue.announce_position for queue in queues):
            yield from ((text, code) for text in words.places(PLACES))
        if any(queue.announce_wait for queue in queues):
            yield from ((text, code) for text in words.waits())
    yield from kept_out(settings)
    if settings.outside.tell_refused and settings.outside.lines:
        yield from ((turned_away(why, settings.office.language), settings.office.language) for why in get_args(Refusal))


def kept_out(settings: Settings) -> Iterator[tuple[str, str]]:
    """Sentences to callers who are turned away, each with its language."""
    if any(table.refuse == "message" and table.prompt is None for table in settings.callers.values()):
        yield from ((turned_away("caller", code), code) for code in languages(settings))


def turned_away(about: str, code: str) -> str:
    """Our own sentence to a caller who is kept out, or to one of ours who may not call a number; about: why."""
    words = language(code)
    if about == "caller":
        return words.say("turned-away.caller")
    return words.say("turned-away.outside", why=words.say(f"refused.{about}"))


def wanted(call: Call) -> str:
    """The language he chose, else that of a list he is on, else that of his line; "" when nothing says."""
    settings = call.rules.settings
    lists = (settings.callers[name].language for name in call.lists if name in settings.callers)
    line = settings.line.get(call.line)
    said = (call.attributes.get(ATTRIBUTE), *lists, line.language if line else None)
    return next((one for one in said if one), "")


class Prompts:
    """Files of prompts and sentences; "" for one that could not be made."""

    def __init__(self, spoken: Callable[[str, str], str], speak: Callable[[str, str], Awaitable[str]]) -> None:
        """spoken: the WAV file of a text in a language, "" when there is none; speak: the same, made when there is none."""
        self._spoken, self._speak = spoken, speak

    def language(self, call: Call) -> str:
        """One of ours, for our own sentences."""
        chosen = wanted(call)
        return chosen if chosen in LANGUAGES else call.rules.settings.office.language

    def of(self, call: Call, name: str) -> str:
        """A prompt in the caller's language."""
        if name.startswith(TURNED_AWAY):
            code = self.language(call)
            return self._spoken(turned_away(name.removeprefix(TURNED_AWAY), code), code)
        prompt = self._chosen(call, name)
        return self.file(call.rules.settings, prompt) if prompt else ""

    def is_text(self, call: Call, name: str) -> bool:
        prompt = self._chosen(call, name)
        return prompt is not None and prompt.text is not None

    def file(self, settings: Settings, prompt: Prompt) -> str:
        said = prompt.spoken(settings.office.language)
        return self._spoken(*said) if said else prompt.file or ""

    async def made(self, text: str, language: str) -> str:
        """The file of a sentence of ours."""
        return self._spoken(text, language) or await self._speak(text, language)

    @staticmethod
    def _chosen(call: Call, name: str) -> Prompt | None:
        prompts = call.rules.settings.prompt
        prompt = prompts.get(name)
        return prompts.get(prompt.languages.get(wanted(call), name)) if prompt else None
