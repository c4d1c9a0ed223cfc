# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of webhooks: where other programs are told what happens, and whether it arrives."""

import base64
import secrets
from collections.abc import Callable

from starlette.responses import Response

from appliance.store.webhooks import TooMany
from appliance.web.access import SETTERS, Doer, Refusal, Row, Visit, now
from appliance.web.box import Box
from appliance.web.tongue import marked as _
from appliance.webhooks import addresses, events

EVENTS = {  # what each kind of event is, in words; see docs/webhooks.md
    "call.ringing": _("a telephone begins to ring for a call"),
    "call.answered": _("somebody answers a call"),
    "call.ended": _("a call is over"),
    "call.missed": _("a caller was not answered"),
    "voicemail.left": _("a caller left a message"),
    "mailbox.full": _("a mailbox takes no more messages"),
    "emergency.dialled": _("somebody calls for help"),
    "alarm": _("something on the premises is out of order"),
    "line.changed": _("a line is free, in use or out of order"),
    "person.changed": _("somebody's status is another"),
    "settings.applied": _("other settings are in force"),
    "address.banned": _("an address is banned for guessing passwords"),
}


class WebhookPages:
    def __init__(self, box: Box) -> None:
        self._box = box

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", "/webhooks", SETTERS, self.webhooks),
            Row("POST", "/webhooks", SETTERS, self.add),
            Row("POST", "/webhooks/try", SETTERS, self.test),
            Row("POST", "/webhooks/remove", SETTERS, self.remove),
        )

    async def webhooks(self, asked: Visit, wrong: str = "", status: int = 200, made: str = "") -> Response:
        return asked.page(
            "webhooks.html",
            status,
            hooks=asked.office.webhooks.all(),
            kinds=[(kind, EVENTS[kind]) for kind in events.KINDS],
            chosen=_chosen(asked),
            url=asked.text("url")[: addresses.URL_MAX],
            made=made,
            wrong=wrong,
            when=await self._box.known.when(),
        )

    async def add(self, asked: Visit) -> Response:
        try:
            _id, secret = add(asked, asked.text("url").strip(), _chosen(asked))
        except Refusal as refused:
            return await self.webhooks(asked, str(refused), refused.status)
        return await self.webhooks(asked, made=secret)

    async def test(self, asked: Visit) -> Response:
        test(asked, _id(asked), self._box.look)
        return asked.to("/webhooks")

    async def remove(self, asked: Visit) -> Response:
        remove(asked, _id(asked))
        return asked.to("/webhooks")


def add(asked: Doer, url: str, kinds: frozenset[str]) -> tuple[int, str]:
    """One more: its number, and the secret its messages are signed with, which is told once. Raises Refusal."""
    if not addresses.is_url(url):
        raise Refusal(422, asked.say(_("That is no http or https address without a password.")))
    if not kinds:
        raise Refusal(422, asked.say(_("Choose at least one kind of events.")))
    secret = events.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        id = asked.office.webhooks.add(url, secret, kinds, asked.name, now())
    except TooMany:
        raise Refusal(409, asked.say(_("There are as many webhooks as there may be."))) from None
    asked.note("webhook-made", url)
    return id, secret


def test(asked: Doer, id: int, look: Callable[[], None]) -> None:
    """Something is sent there. Raises Refusal."""
    _there(asked, id)
    asked.office.webhooks.put(id, events.body(events.TEST, now(), {"by": asked.by}), now())
    look()


def remove(asked: Doer, id: int) -> None:
    """Raises Refusal."""
    _there(asked, id)
    asked.office.webhooks.remove(id)
    asked.note("webhook-removed", str(id))


def _there(asked: Doer, id: int) -> None:
    if asked.office.webhooks.of(id) is None:
        raise Refusal(404, "There is no such webhook.")


def _id(asked: Visit) -> int:
    text = asked.text("webhook")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _chosen(asked: Visit) -> frozenset[str]:
    return frozenset(each for each in asked.form.getlist("kind") if isinstance(each, str)) & frozenset(events.KINDS)
