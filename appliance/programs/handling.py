# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests about what people do with calls, carried out by call control."""

from appliance.calls.control import CallControl
from appliance.control import messages
from appliance.control.handling import CallFor, Disturb, Forward, Handling, Park, Press, Supervise, Take
from appliance.control.messages import Refused
from appliance.settings import dialled
from appliance.settings.models import Settings


def carry_out(control: CallControl, asked: Handling) -> object:
    """What it answers. Raises KeyError, CoreError, NotDialled, Refused."""
    desk = control.desk
    match asked:
        case Park(call=call, slot=slot, by=by):
            return messages.Parked(desk.park_call(control.calls[call], slot, by))
        case Take(call=call, by=by):
            desk.supervision.take(control.calls[call], phones(control.rules.settings, asked), by)
        case Supervise(call=call, how=how, by=by):
            desk.supervision.listen(control.calls[call], phones(control.rules.settings, asked), how, by)
        case Press(call=call, person=person, code=code, number=number, by=by):
            desk.press(control.calls[call], person, code.replace("-", "_"), number, by)
        case CallFor(person=person, number=number, by=by):
            phones_of = dialled.telephones(control.rules.settings, person)
            return messages.Dialled((desk.call_for(person, phones_of, number, by),))
        case Disturb(person=person, may=may):
            control.set_dnd(person, not may)
        case Forward(person=person, when=when, number=number):
            desk.forward(person, when.replace("-", "_"), number)
    return messages.Done()


def phones(settings: Settings, asked: messages.Say | Take | Supervise) -> list[str]:
    """The telephones of a request. Raises NotDialled, Refused."""
    found = [dialled.phone(settings, name) for name in asked.phones]
    if asked.person:
        found += dialled.telephones(settings, asked.person)
    if not found:
        raise Refused("bad-request", "phones or a person are needed")
    return list(dict.fromkeys(found))
