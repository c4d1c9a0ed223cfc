# SPDX-License-Identifier: GPL-2.0-or-later
"""What clients ask about voicemail, answered by call control."""

from appliance.calls import messages as kept
from appliance.calls.control import CallControl
from appliance.control import messages

MOST = 1000  # messages in one answer


def answer(control: CallControl, request: messages.OfMessages) -> object:
    """Raises KeyError when there is no such message or mailbox, OSError when a file cannot be deleted."""
    held, now = control.messages, control.now()
    match request:
        case messages.Messages(mailbox=mailbox, mail=mail, after=after):
            if mailbox and mailbox not in control.rules.settings.mailbox:
                raise KeyError(f"mailbox {mailbox}")
            found = held.of(mailbox) if mailbox else held.all()
            wanted = [one for one in found if one.id > after and (not mail or one.mail == mail)]
            wanted.sort(key=lambda one: one.id)
            return tuple(_seen(held, one) for one in wanted[:MOST])
        case messages.SetMessage(message=id, state=state, handled=handled, by=by):
            held.change(id, now, state=state, handled=handled, by=by)
        case messages.DeleteMessage(message=id, by=by):
            held.delete(id, now, by)
        case messages.Mailed(message=id, result=result, reason=reason):
            held.mailed(id, now, result, reason)
    return messages.Done()


def _seen(held: kept.Messages, one: kept.Message) -> messages.Message:
    return messages.Message(**{**one._asdict(), "file": str(held.path(one))})
