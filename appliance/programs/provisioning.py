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


def answer(
    office: Office, journal: Journal, sync: Callable[[str], None], request: OfProvisioning
) -> Provisioned | Known | Registers | Done:
    """sync: asks a telephone to start anew. Raises Refused, and KeyError for a telephone that is not there."""
    if isinstance(request, Reboot):
        if request.phone not in office.settings.phone:
            raise KeyError(f"the telephone {request.phone}")
        sync(request.phone)
        journal.event(0, now_ms(), "reboot", {"phone": request.phone, "by": request.by})
        return Done()
    if isinstance(request, PhonePassword):
        if (secret := office.secrets.phone.get(request.phone)) is None or request.phone not in office.settings.phone:
            raise KeyError(f"the telephone {request.phone}")
        journal.event(0, now_ms(), "password-told", {"phone": request.phone, "by": request.by})
        return Registers(request.phone, secret.password.get_secret_value())
    if office.settings.provisioning is None:
        raise Refused("unknown", STRANGER)
    match request:
        case Provision():
            return _given(office, journal, request)
        case ProvisioningSecret(phone=name, by=by):
            phone = office.settings.phone.get(name)
            if phone is None or not phone.mac:
                raise KeyError(f"an address of the telephone {name}")
            journal.event(0, now_ms(), "provisioning-told", {"phone": name, "by": by})
            known = office.secrets, name, phone.bare
            return Known(provisioning.secret(*known), provisioning.admin(*known))


def _given(office: Office, journal: Journal, asked: Provision) -> Provisioned:
    for name, phone in office.settings.phone.items():
        if phone.bare == asked.mac:
            wanted = provisioning.secret(office.secrets, name, phone.bare)
            if wanted and hmac.compare_digest(wanted, asked.secret):
                if asked.book:
                    return Provisioned(name, "", "")
                journal.event(0, now_ms(), "provisioned", {"phone": name, "source": asked.source})
                password = office.secrets.phone[name].password.get_secret_value()
                return Provisioned(name, password, provisioning.admin(office.secrets, name, phone.bare))
    raise Refused("unknown", STRANGER)
