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

    def called(self, subject: str) -> str:
        """What people call `queue.sales`."""
        kind, _, name = subject.partition(".")
        return self._title(kind, name) or name or subject

    def title(self, subject: str) -> str:
        """The same in quotation marks, unless it is a person's name."""
        if not subject:
            return self.language.say("unknown")
        return (
            self.called(subject) if subject.partition(".")[0] in PLAIN else self.language.quoted(self.called(subject))
        )

    def thing(self, subject: str) -> str:
        """What it is and its name: `queue "Sales"`."""
        kind, _, name = subject.partition(".")
        if kind == "step":
            return self.step(name)
        if not self.language.knows(f"kind.{kind}"):
            return self.language.quoted(subject) if subject else self.language.say("unknown")
        return self.language.say(f"kind.{kind}", title=self.title(subject))

    def step(self, path: str) -> str:
        """A step of the plan by its path, as settings/routes.py and scenarios.py name them."""
        say, title = self.language.say, self.title
        match path.split("."):
            case ["scenario", scenario, "step", name, "keys", key, *_]:
                where = {"title": self.language.quoted(name), "scenario": title(f"scenario.{scenario}")}
                return say("kind.key-of", key=key, **where)
            case ["scenario", scenario, "step", name, *_]:
                return say("kind.step-of", title=self.language.quoted(name), scenario=title(f"scenario.{scenario}"))
            case ["scenario", scenario, place, *_] if self.language.knows(f"place.{place}"):
                where = {"place": say(f"place.{place}"), "scenario": title(f"scenario.{scenario}")}
                leads = self._title("step", path)
                if leads and leads != path:
                    return say("kind.step-leads", title=self.language.quoted(leads), **where)
                return say("kind.step-of", title=where["place"], scenario=where["scenario"])
            case ["own", kind, name, *_]:
                return self.thing(f"{kind}.{name}")
            case ["line", line, "hours", *_]:
                return say("kind.line-hours", line=title(f"line.{line}"))
            case ["line", _, "rejects", action, *_]:
                return say("kind.line-rejects", action=title(f"action.{action}"))
            case ["outside", "refused", why, *_] if self.language.knows(f"refused.{why}"):
                return say("kind.outside-refused", why=say(f"refused.{why}"))
            case ["outside", "price", _, "cheapest", line]:
                return say("kind.outside-cheapest", line=title(f"line.{line}"))
            case ["outside", "emergency", *_, line]:
                return say("kind.outside-emergency", line=title(f"line.{line}"))
            case ["outside", *_, line]:
                return say("kind.outside", line=title(f"line.{line}"))
        return say("kind.step", title=self.language.quoted(path))
