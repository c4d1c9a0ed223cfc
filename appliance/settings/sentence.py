# SPDX-License-Identifier: GPL-2.0-or-later
"""What the settings say of themselves and of what is wrong with them: in English, and ready for other languages."""

from collections.abc import Callable


class Sentence(str):
    """English text that knows its words, with a {} for each gap, so that it can be said in another language too."""

    __slots__ = ("gaps", "words")
    words: str
    gaps: tuple[object, ...]

    def __new__(cls, words: str = "", *gaps: object) -> "Sentence":
        made = super().__new__(cls, words.format(*gaps) if gaps else words)
        made.words, made.gaps = words, gaps
        return made

    def into(self, say: Callable[[str], str]) -> str:
        """The same in the language of `say`, which is asked for the words and for those of each sentence in a gap."""
        gaps = (gap.into(say) if isinstance(gap, Sentence) else gap for gap in self.gaps)
        return say(self.words).format(*gaps) if self.gaps else say(self.words)
