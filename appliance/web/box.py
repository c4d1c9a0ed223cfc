# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages are made with: the parts of this box they show or ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from appliance.control.feed import Feed
from appliance.settings.models import Settings
from appliance.store.office import Office
from appliance.web.around import Around
from appliance.web.certificates import Authority
from appliance.web.drafts import Drafts
from appliance.web.gateways import Gateways
from appliance.web.known import Known
from appliance.web.prompts import Prompts
from appliance.web.replays import Replays
from appliance.web.reports import Reports
from appliance.web.screen import Screen
from appliance.web.sounds import Listening
from appliance.web.standing import Standing
from appliance.web.telephones import Telephones
from appliance.web.trials import Trials

Card = Callable[[Callable[[str], str]], Sequence[tuple[str, str]]]  # every code, and what it does in a language


@dataclass(frozen=True)
class Box:
    """Put together by the program, and handed to each of the routers."""

    screen: Screen  # the office as it is now; screen.live is None while the switch is away
    office: Office  # the database of the pages
    drafts: Drafts  # settings on their way, and requests to the switch
    state: Path = Path(".")  # the folder of the switch's state: journal, messages, recordings
    card: Card = lambda say: ()
    known: Known = field(default_factory=lambda: Known(Path("office.toml")))  # the settings in force, for their names
    authority: Authority | None = None  # that the box made for its HTTPS
    feed: Feed = field(default_factory=Feed)  # what the switch tells, as it comes
    metrics_from: tuple[str, ...] = ()  # networks that read the figures without a token
    look: Callable[[], None] = lambda: None  # there is something for webhooks
    begun: Settings | None = None  # those the program of the pages started with
    end: Callable[[], None] = lambda: None  # the program of the pages, to be started again
    around: Around = field(default_factory=Around)  # telephones on the network
    listening: Listening = field(default_factory=Listening)  # who listens to what

    @cached_property
    def standing(self) -> Standing:
        """What is wrong, looked at anew when it is asked for."""
        pages = self.authority.given.file.parent if self.authority else None
        return Standing(lambda: self.screen.live, self.drafts, self.known, self.state, self.office, pages)

    @cached_property
    def reports(self) -> Reports:
        return Reports(self.known, self.state)

    @cached_property
    def replays(self) -> Replays:
        return Replays(self.drafts, self.known, self.state)

    @cached_property
    def trials(self) -> Trials:
        return Trials(self.drafts)

    @cached_property
    def telephones(self) -> Telephones:
        return Telephones(self.drafts, self.known, self.around, self.screen)

    @cached_property
    def gateways(self) -> Gateways:
        return Gateways(self.drafts)

    @cached_property
    def prompts(self) -> Prompts:
        return Prompts(self.drafts, self.state)
