# SPDX-License-Identifier: GPL-2.0-or-later
"""All that the switch says: recordings converted and texts spoken before the first call needs them."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

from appliance.calls import prompts, telling
from appliance.languages.spoken import Spoken
from appliance.settings.load import Office
from appliance.settings.models import Settings
from appliance.sounds.recordings import Recordings, Unheard
from appliance.sounds.speech import Speech, Unspoken

log = logging.getLogger("switch")

MAKE_WITHIN = 60.0  # seconds for all prompts of a document


def recordings(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every recording a document names: where, and its path."""
    for name, prompt in settings.prompt.items():
        if prompt.file is not None:
            yield f"prompt.{name}.file", prompt.file
    if settings.hold.music is not None:
        yield "hold.music", settings.hold.music
    if settings.voicemail.greeting is not None:
        yield "voicemail.greeting", settings.voicemail.greeting


class Said:
    """Files of what is said, in two folders."""

    def __init__(self, state: Path) -> None:
        self.speech, self.recordings = Speech(state / "spoken"), Recordings(state / "converted")

    def played(self, settings: Settings) -> Settings:
        """The settings with recordings as they are played."""
        file = self.recordings.file
        prompt = {
            name: one.model_copy(update={"file": file(one.file)}) if one.file is not None else one
            for name, one in settings.prompt.items()
        }
        hold, voicemail = settings.hold, settings.voicemail
        if hold.music is not None:
            hold = hold.model_copy(update={"music": file(hold.music)})
        if voicemail.greeting is not None:
            voicemail = voicemail.model_copy(update={"greeting": file(voicemail.greeting)})
        return settings.model_copy(update={"prompt": prompt, "hold": hold, "voicemail": voicemail})

    async def prepare(self, office: Office) -> tuple[str, ...]:
        """Have recordings converted and the texts of prompts spoken; what is to be said of those that cannot be."""
        settings = office.settings
        language = settings.office.language
        said = {name: one.spoken(language) for name, one in settings.prompt.items()}
        texts = {f"prompt.{name}.text": text for name, text in said.items() if text is not None}
        texts |= {f'"{text[0]}"': text for text in prompts.kept_out(settings)}
        self.speech.use(settings.speech.voices)
        ours = [(text, language) for text in Spoken(language).fixed()]  # made after these, or when they are wanted
        self.speech.hold([*texts.values(), *ours, *telling.texts(settings), *prompts.texts(settings)])
        faults, ends = [], asyncio.get_running_loop().time() + MAKE_WITHIN
        for place, path in recordings(settings):
            try:
                _in_time(ends)
                await self.recordings.prepare(path)
            except (Unheard, Unspoken) as fault:
                faults.append(f"{place}: {path} will not be heard: {fault}")
        for place, text in texts.items():
            try:
                _in_time(ends)
                await self.speech.speak(*text)
            except Unspoken as fault:
                faults.append(f"{place}: cannot be spoken, and will not be heard: {fault}")
        for told in faults:
            log.warning("%s", told)
        self.recordings.hold(path for _, path in recordings(settings))
        return tuple(faults)

    async def words(self, office: Office) -> None:
        """Have spoken what callers who wait are told, and telephones of their codes; where that cannot be they hear a tone."""
        try:
            for text in (*prompts.texts(office.settings), *telling.texts(office.settings)):
                await self.speech.speak(*text)
        except Unspoken as fault:
            log.warning("callers who wait are told nothing, telephones hear tones instead of words: %s", fault)

    async def sentences(self, office: Office) -> None:
        """All sentences; most are there already, and calls do not wait for the rest."""
        language = office.settings.office.language
        for text in Spoken(language).fixed():
            if not await self.or_nothing(text, language):
                return  # so it will be with the others
        await self.words(office)

    async def or_nothing(self, text: str, language: str) -> str:
        """A voice that is missing ends no call."""
        try:
            return await self.speech.speak(text, language)
        except Unspoken as fault:
            log.warning("%.60r is not heard: %s", text, fault)
            return ""


def _in_time(ends: float) -> None:
    if asyncio.get_running_loop().time() > ends:
        raise Unspoken("what comes before it took too long")
