# SPDX-License-Identifier: GPL-2.0-or-later
"""Many telephones, or a trunk with many callers, on one socket, who do with a call what people do."""

import asyncio
from collections.abc import Callable

from testbed.sip import LOOPBACK, Dialog, Message, Telephone, credentials, response

from appliance.programs.demo.office import CREW_PASSWORD

RELAY = "application/dtmf-relay"


class Telephones(Telephone):
    """A bench telephone that can also give up, refuse, press keys, hold, hand on, and vanish."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._given_up: set[str] = set()  # Call-IDs cancelled; an answer that crossed it is ended (RFC 3261 section 15)
        self._past: set[str] = set()  # Call-IDs we answer nothing new about
        self._vanished: set[str] = set()  # and nothing at all
        self._users: dict[str, str] = {}  # by Call-ID: whose account calls
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    # ---- what people do ---------------------------------------------------------------------------------------------

    def call_as(self, user: str, called: str) -> Dialog:
        """By a telephone of the office, with digest."""
        dialog = self.call(user, called)
        self._users[dialog.call_id] = user
        return dialog

    def cancel(self, dialog: Dialog) -> None:
        """Give up a call that nobody has answered yet."""
        text = self._request(
            "CANCEL", dialog.target, dialog.local, dialog.remote, dialog.call_id, dialog.cseq, dialog.via
        )
        self._insist(f"{dialog.call_id} CANCEL", text)
        self._given_up.add(dialog.call_id)

    def leave(self, dialog: Dialog) -> None:
        """By CANCEL or BYE, whichever it takes."""
        if dialog.call_id not in self.dialogs:
            return
        if dialog.up:
            self.hang_up(dialog)
        else:
            self.cancel(dialog)

    def refuse(self, dialog: Dialog, status: str) -> None:
        self._reply(dialog, status, "")
        self._over(dialog, 0)

    def press(self, dialog: Dialog, keys: str) -> None:
        """By INFO, one after another."""
        for key in keys:
            self._ask(dialog, "INFO", body=f"Signal={key}\r\nDuration=160\r\n", kind=RELAY)

    def hold(self, dialog: Dialog, on: bool) -> None:
        self.direction = "sendonly" if on else "sendrecv"
        self._ask(dialog, "INVITE", more=f"Contact: <sip:{LOOPBACK}:{self.port}>\r\n", body=self._sdp())
        self.direction = ""

    def hand_on(self, dialog: Dialog, to: str) -> None:
        """REFER (RFC 3515)."""
        self._ask(dialog, "REFER", more=f"Refer-To: <sip:{to}@{LOOPBACK}>\r\nContact: <sip:{LOOPBACK}:{self.port}>\r\n")

    def vanish(self, dialog: Dialog) -> None:
        """The cable is pulled: no BYE, no answer."""
        self._vanished.add(dialog.call_id)
        self._over(dialog, 0)

    def _ask(self, dialog: Dialog, method: str, more: str = "", body: str = "", kind: str = "application/sdp") -> None:
        dialog.cseq += 1
        via = self._via()
        self._insist(f"{dialog.call_id} {method}", self._within(dialog, method, via, more, body, kind))

    # ---- waiting ----------------------------------------------------------------------------------------------------

    async def until(self, true: Callable[[], bool], within: float) -> bool:
        """Whether it came true in time; looked at whenever something was heard."""
        if true():
            return True
        waiter = (true, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(within):
                await waiter[1]
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiter)

    def stir(self) -> None:
        for true, future in self._waiting:
            if not future.done() and true():
                future.set_result(None)

    # ---- what they hear ---------------------------------------------------------------------------------------------

    def _asked(self, request: Message, at: int) -> None:
        call_id, method = request.headers["call-id"], request.method
        if call_id in self._vanished:
            return
        within = ";tag=" in request.headers["to"]
        if call_id not in self.dialogs and method != "ACK" and (within or call_id in self._past):
            gone = "200 OK" if method in ("BYE", "CANCEL", "NOTIFY") else "481 Call Does Not Exist"
            self.send(response(request, gone))
        else:
            super()._asked(request, at)
        self.stir()

    def _response(self, answer: Message, at: int) -> None:
        call_id = answer.headers["call-id"]
        dialog = self.dialogs.get(call_id)
        user = self._users.get(call_id)
        if dialog and user and dialog.cseq == 1 and answer.method == "INVITE" and answer.status == 401:
            self._answered(f"{call_id} INVITE")
            self.send(self._request("ACK", dialog.target, dialog.local, answer.headers["to"], call_id, 1, dialog.via))
            self._again_as(dialog, user, answer)
        elif call_id not in self._vanished:
            super()._response(answer, at)
            if dialog and dialog.up and call_id in self._given_up and call_id in self.dialogs:
                self._given_up.discard(call_id)
                self.hang_up(dialog)
        self.stir()

    def _again_as(self, dialog: Dialog, user: str, challenge: Message) -> None:
        dialog.cseq, dialog.via = 2, self._via()
        allowed = credentials(challenge, user, CREW_PASSWORD, "INVITE", dialog.target)
        more = f"Contact: <sip:{user}@{LOOPBACK}:{self.port}>\r\nAuthorization: {allowed}\r\n"
        text = self._request(
            "INVITE", dialog.target, dialog.local, dialog.remote, dialog.call_id, 2, dialog.via, more, self._sdp()
        )
        self._insist(f"{dialog.call_id} INVITE", text)

    def _over(self, dialog: Dialog, status: int) -> None:
        for method in ("INVITE", "INFO", "REFER", "CANCEL"):
            self._answered(f"{dialog.call_id} {method}")
        self._past.add(dialog.call_id)
        super()._over(dialog, status)
        self.stir()
