# SPDX-License-Identifier: GPL-2.0-or-later
"""What the users of our other programs may ask of the switch."""

import pwd
from contextlib import suppress

from appliance.control import messages
from appliance.control.guard import Lift
from appliance.control.handling import CallFor, Disturb, Forward, Park, Press, Supervise, Take
from appliance.control.health import TellBrokers
from appliance.control.modems import Code, Plugged, SendText, Texts
from appliance.control.prompts import DeletePrompt, KeepPrompt, SpeakPrompt
from appliance.control.provisioning import PhonePassword, Provision, ProvisioningSecret, Reboot
from appliance.control.recordings import HearRecording
from appliance.control.restarts import Pending, Restart
from appliance.control.secrets import BridgeSecrets, DropSecret, KeepSecret, MailSecrets

# Beside the box's own user and root: the bridge, where the settings let a broker ask, and the pages, which ask by role.
BROKERS_ASK = frozenset(
    {messages.SetStatus, messages.HangUp, messages.Send, messages.Override, messages.Dial, messages.Say}
    | {SendText, Code}
)
MAY: dict[str, frozenset[type]] = {
    "linekeeper-bridge": frozenset({messages.Watch, messages.ActionResult, messages.ActionKeys, TellBrokers, Texts})
    | {BridgeSecrets}
    | BROKERS_ASK,
    "linekeeper-fence": frozenset({messages.Watch}),
    "linekeeper-web": frozenset(
        {messages.Watch, messages.Check, messages.Apply, messages.History, messages.Document, messages.Restore}
        | {messages.Why, messages.Messages, messages.Mailed, messages.SetMessage, messages.DeleteMessage}
        | {Provision, PhonePassword, ProvisioningSecret, Reboot}
        | {KeepSecret, DropSecret, MailSecrets}
        | {KeepPrompt, SpeakPrompt, DeletePrompt}
        | {Texts, Plugged, Park, Take, Supervise, Press, CallFor, Disturb, Forward, Lift, HearRecording}
        | {Pending, Restart}
        | BROKERS_ASK
    ),
}


def allowed() -> dict[int, frozenset[type]]:
    """What the users of our other programs may ask; systemd/ makes them."""
    users = {}
    for name, requests in MAY.items():
        with suppress(KeyError):  # not made on this machine: everything runs as one user
            users[pwd.getpwnam(name).pw_uid] = requests
    return users
