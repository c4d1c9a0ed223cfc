# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may know what a telephone registers with: whoever has the secret of that telephone's address."""

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
from appliance.settings import provisioning
from appliance.settings.load import Office
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
        """Raises Refused, and KeyError for a telephone that is not there."""
        if isinstance(request, Reboot):
            if request.phone not in office.settings.phone:
                raise KeyError(f"the telephone {request.phone}")
            self._sync(request.phone)
            self._journal.event(0, now_ms(), "reboot", {"phone": request.phone, "by": request.by})
            return Done()
        if isinstance(request, PhonePassword):
            if (
                secret := office.secrets.phone.get(request.phone)
            ) is None or request.phone not in office.settings.phone:
                raise KeyError(f"the telephone {request.phone}")
            self._journal.event(0, now_ms(), "password-told", {"phone": request.phone, "by": request.by})
            return Registers(request.phone, secret.password.get_secret_value())
        if office.settings.provisioning is None:
            raise Refused("unknown", STRANGER)
        match request:
            case Provision():
                return self._given(office, request)
            case ProvisioningSecret(phone=name, by=by):
                phone = office.settings.phone.get(name)
                if phone is None or not phone.mac:
                    raise KeyError(f"an address of the telephone {name}")
                self._journal.event(0, now_ms(), "provisioning-told", {"phone": name, "by": by})
                known = office.secrets, name, phone.bare
                return Known(provisioning.secret(*known), provisioning.admin(*known))

    def _given(self, office: Office, asked: Provision) -> Provisioned:
        for name, phone in office.settings.phone.items():
            if phone.bare == asked.mac:
                wanted = provisioning.secret(office.secrets, name, phone.bare)
                if wanted and hmac.compare_digest(wanted, asked.secret):
                    if asked.book:
                        return Provisioned(name, "", "")
                    self._note(name, asked.source)
                    password = office.secrets.phone[name].password.get_secret_value()
                    return Provisioned(name, password, provisioning.admin(office.secrets, name, phone.bare))
        raise Refused("unknown", STRANGER)

    def _note(self, phone: str, source: str) -> None:
        now = now_ms()
        noted = {one: at for one, at in self._noted.get(phone, {}).items() if now - at < NOTED_EVERY}
        if source not in noted and len(noted) < SOURCES_MOST:
            noted[source] = now
            self._journal.event(0, now, "provisioned", {"phone": phone, "source": source})
        self._noted[phone] = noted
