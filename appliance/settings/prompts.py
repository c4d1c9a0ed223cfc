# SPDX-License-Identifier: GPL-2.0-or-later
"""Prompts: what callers are told, in one language or several."""

from collections.abc import Iterator

from appliance.settings.tables import Named, Table, setting
from appliance.settings.words import Language, PromptName, SoundFile, SpokenText, Title, VoiceFile


class Speech(Table):
    """How texts are spoken. May be left out: by espeak-ng."""

    voices: dict[Language, VoiceFile] = setting(
        "Piper's voices (its model files), for languages that Piper speaks instead; it is installed apart.",
        {},
        accepts='a table of at most 20 languages: `en = "/var/lib/linekeeper/voices/en_GB-alba-medium.onnx"`',
        max_length=20,
    )


class Prompt(Table):
    """Something said to callers."""

    name: Title = setting("Name on pages. Left out: the name of the table.", "")
    file: SoundFile | None = setting("The recording. Left out: the text is spoken.", None)
    text: SpokenText | None = setting("What the box speaks itself, instead of a recording.", None)
    language: Language | None = setting("Language of the text. Left out: the office's.", None)
    languages: dict[Language, PromptName] = setting(
        "The prompts that say it in other languages, to callers of each.",
        {},
        accepts='a table of at most 20 languages: `ru = "welcome-ru"`',
        max_length=20,
    )

    def names(self) -> Iterator[Named]:
        yield from super().names()
        yield from (Named(("languages", code), prompt, "prompt") for code, prompt in self.languages.items())

    def spoken(self, office: str) -> tuple[str, str] | None:
        """The text and its language, the office's when it has none; None for a recording."""
        return None if self.text is None else (self.text, self.language or office)
