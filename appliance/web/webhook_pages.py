# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of webhooks: where other programs are told what happens, and whether it arrives."""

import base64
import secrets

from starlette.responses import Response

from appliance.store.webhooks import TooMany
from appliance.web.access import SETTERS, Refusal, Row, Visit, now
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
        url, kinds = asked.text("url").strip(), _chosen(asked)
        if not addresses.is_url(url):
            return await self.webhooks(asked, asked.say("That is no http or https address without a password."), 422)
        if not kinds:
            return await self.webhooks(asked, asked.say("Choose at least one kind of events."), 422)
        secret = events.SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        try:
            asked.office.webhooks.add(url, secret, kinds, asked.name, now())
        except TooMany:
            return await self.webhooks(asked, asked.say("There are as many webhooks as there may be."), 409)
        asked.note("webhook-made", url)
        return await self.webhooks(asked, made=secret)

    async def test(self, asked: Visit) -> Response:
        id = self._id(asked)
        asked.office.webhooks.put(id, events.body(events.TEST, now(), {"by": asked.name}), now())
        self._box.look()
        return asked.to("/webhooks")

    async def remove(self, asked: Visit) -> Response:
        id = self._id(asked)
        asked.office.webhooks.remove(id)
        asked.note("webhook-removed", str(id))
        return asked.to("/webhooks")

    @staticmethod
    def _id(asked: Visit) -> int:
        id = asked.text("webhook")
        if not (id.isascii() and id.isdigit() and len(id) < 16 and asked.office.webhooks.of(int(id))):
            raise Refusal(404, "There is no such webhook.")
        return int(id)


def _chosen(asked: Visit) -> frozenset[str]:
    return frozenset(each for each in asked.form.getlist("kind") if isinstance(each, str)) & frozenset(events.KINDS)
