# SPDX-License-Identifier: GPL-2.0-or-later
"""A telephone's subscription, spoken by hand."""

import secrets

from tests.sip.box import HOST, Box, Telephone
from tests.sip.wire import Message, Wire

FORMS = {
    "dialog": "application/dialog-info+xml",
    "message-summary": "application/simple-message-summary",
    "presence": "application/pidf+xml",
}


class Watcher:
    def __init__(self, box: Box, phone: Telephone, package: str, resource: str) -> None:
        self.phone, self.package = phone, package
        self.uri = f"sip:{resource}@{HOST}:{box.address[1]}"
        self.call_id, self._to = secrets.token_hex(8), ""

    @property
    def wire(self) -> Wire:
        return self.phone.wire

    async def subscribes(self, expires: int | str = 600, **headers: str) -> Message:
        """A first time, or again."""
        said = {"Event": self.package, "Accept": FORMS.get(self.package, ""), "Expires": str(expires)} | headers
        answer = await self.phone.ask("SUBSCRIBE", self.uri, headers=said, to=self._to, call_id=self.call_id)
        if answer.status == 200 and not self._to:
            self._to = answer["to"]
        return answer

    async def told(self, status: int = 200, within: float = 20.0) -> Message:
        notify = await self.wire.requests.next(
            "NOTIFY", lambda one: one.method == "NOTIFY" and one["call-id"] == self.call_id, within
        )
        self.wire.reply(notify, status)
        return notify
