# SPDX-License-Identifier: GPL-2.0-or-later
"""Things of the settings as people call them: `queue "Sales"` for `queue.sales`, in any language."""

from collections.abc import Callable

from appliance.languages import Language

Title = Callable[[str, str], str]  # kind, name -> what people call it; "" when that is not known

PLAIN = ("person",)  # kinds whose titles stand without quotation marks


class Things:
    """Speaks of things by the names people gave them."""

    def __init__(self, language: Language, title: Title = lambda kind, name: "") -> None:
        self.language = language
        self._title = title

    def title(self, subject: str) -> str:
        """The name alone of `queue.sales`, in quotation marks unless it is a person's."""
        if not subject:
            return self.language.say("unknown")
        kind, _, name = subject.partition(".")
        title = self._title(kind, name) or name or subject
        return title if kind in PLAIN else self.language.quoted(title)

    def thing(self, subject: str) -> str:
        """What it is and its name: `queue "Sales"`."""
        kind, _, name = subject.partition(".")
        if kind == "step":
            return self.step(name)
        if not self.language.knows(f"kind.{kind}"):
            return self.language.quoted(subject) if subject else self.language.say("unknown")
        return self.language.say(f"kind.{kind}", title=self.title(subject))

    def step(self, path: str) -> str:
        """A step of the plan by its path, as settings/routes.py names them."""
        parts = path.split(".")
        say, title = self.language.say, self.title
        match parts:
            case ["scenario", scenario, "step", name, *_]:
                return say("kind.step-of", title=self.language.quoted(name), scenario=title(f"scenario.{scenario}"))
            case ["scenario", scenario, *rest] if rest:
                name = ".".join(rest)
                known = f"place.{name}"
                return say(
                    "kind.step-of",
                    title=say(known) if self.language.knows(known) else self.language.quoted(name),
                    scenario=title(f"scenario.{scenario}"),
                )
            case ["own", kind, name] | ["own", kind, name, _]:
                return self.thing(f"{kind}.{name}")
            case ["line", line, number]:
                return say(
                    "kind.number", number=f"+{number}" if len(number) > 6 else number, line=title(f"line.{line}")
                )
            case ["outside", *rest] if rest:
                return say("kind.outside", line=title(f"line.{rest[-1]}"))
            case [kind, name, *_] if self.language.knows(f"kind.{kind}"):
                return self.thing(f"{kind}.{name}")
        return say("kind.step", title=self.language.quoted(path))
