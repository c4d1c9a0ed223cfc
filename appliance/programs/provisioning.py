# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may know what a telephone or gateway registers with: whoever has the secret of its address."""

import hmac
from collections.abc import Callable

from appliance.calls.clock import now_ms
from appliance.control.messages import Done, Refused
from appliance.control.provisioning import (
    Known,
    OfProvisioning,
    PhonePassword,
    Provision,
    Provisioned,
    ProvisioningSecret,
    Reboot,
    Registers,
)
from appliance.settings.load import Office
from appliance.settings.passwords import registering
from appliance.settings.provisioning import devices, gateways, registrants
from appliance.store.journal import Journal

STRANGER = "No telephone has that address and that secret."  # whichever of the two it is


NOTED_EVERY = 3_600_000  # ms between two rows of a telephone that fetches its settings again and again
SOURCES_MOST = 8  # addresses in that time which a row is written of; more are none of a telephone that was moved


class Provisioning:
    """What telephones are given, and a bounded note of it in the journal. sync: asks a telephone to start anew."""

    def __init__(self, journal: Journal, sync: Callable[[str], None]) -> None:
        self._journal, self._sync = journal, sync
        self._noted: dict[str, dict[str, int]] = {}  # by telephone: the addresses that fetched its settings, and when

    def answer(self, office: Office, request: OfProvisioning) -> Provisioned | Known | Registers | Done:
        """Raises Refused, and KeyError for a telephone or gateway that is not there."""
        match request:
            case Reboot(phone=name, by=by):
                if name not in office.settings.phone and name not in registrants(office.settings):
                    raise KeyError(f"the telephone {name}")
                self._sync(name)
                self._journal.event(0, now_ms(), "reboot", {"phone": name, "by": by})
                return Done()
            case PhonePassword(phone=name, by=by):
                password = dict(registering(office.settings, office.secrets)).get(name)
                if password is None:
                    raise KeyError(f"the telephone {name}")
                self._journal.event(0, now_ms(), "password-told", {"phone": name, "by": by})
                return Registers(name, password)
        if office.settings.provisioning is None:
            raise Refused("unknown", STRANGER)
        match request:
            case Provision():
                return self._given(office, request)
            case ProvisioningSecret(phone=name, by=by):
                for one in devices(office.settings, office.secrets):
                    if one.account == name:
                        self._journal.event(0, now_ms(), "provisioning-told", {"phone": name, "by": by})
                        return Known(one.secret, one.admin)
                raise KeyError(f"an address of the telephone {name}")

    def _given(self, office: Office, asked: Provision) -> Provisioned:
        for one in devices(office.settings, office.secrets):
            if one.mac == asked.mac and one.secret and hmac.compare_digest(one.secret, asked.secret):
                if asked.book:
                    return Provisioned(one.account, "", "")
                self._note(one.account, asked.source)
                line = gateways(office.settings).get(registrants(office.settings).get(one.account, ""))
                beside = (line.phone if line else None) or ""
                password = dict(registering(office.settings, office.secrets)).get(beside, "")
                return Provisioned(one.account, one.password, one.admin, beside, password)
        raise Refused("unknown", STRANGER)

    def _note(self, phone: str, source: str) -> None:
        now = now_ms()
        noted = {one: at for one, at in self._noted.get(phone, {}).items() if now - at < NOTED_EVERY}
        if source not in noted and len(noted) < SOURCES_MOST:
            noted[source] = now
            self._journal.event(0, now, "provisioned", {"phone": phone, "source": source})
        self._noted[phone] = noted
