# SPDX-License-Identifier: GPL-2.0-or-later
"""What a digest of calls says, in the office's language. No clock, no server. Times are ms UTC."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from appliance.languages import Language, language
from appliance.mail.letter import LONGEST_NAME, plain
from appliance.reports.day import Day
from appliance.reports.load import USUAL, Load, Report
from appliance.settings.models import Settings
from appliance.store.missed import Missed

LISTED = 50  # callers to be called back


def letter(settings: Settings, day: Day, to: Sequence[str], whole: bool = True) -> EmailMessage:
    """To these addresses, with the table of calls or without. The settings have a table [mail]."""
    assert settings.mail is not None
    office, zone = settings.office, ZoneInfo(settings.office.time_zone)
    words = language(office.language)
    until = datetime.fromtimestamp(day.until / 1000, zone)
    attached = day.table if whole else ""
    mail = EmailMessage(SMTP)
    mail["From"] = Address(office.name, addr_spec=settings.mail.from_)
    mail["To"] = tuple(Address(addr_spec=one) for one in to)
    mail["Subject"] = words.say("digest.subject", office=office.name, until=words.moment(day.until, zone))
    mail["Date"] = format_datetime(until)
    mail["Message-ID"] = f"<{day.until}.digest@{settings.mail.from_.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    parts = [_figures(settings, day, words, zone), _queues(settings, day.report, words), _open(day.missed, words, zone)]
    if attached:
        parts.append([words.say("digest.attached")])
    mail.set_content("\n\n".join("\n".join(part) for part in map(list, parts) if part))
    if attached:
        name = f"calls-{until:%Y-%m-%d}.csv"
        mail.add_attachment(
            attached.encode(), maintype="text", subtype="csv", filename=name, params={"charset": "utf-8"}
        )
    return mail


def _figures(settings: Settings, day: Day, words: Language, zone: ZoneInfo) -> Iterator[str]:
    total, since, until = day.report.total, words.moment(day.since, zone), words.moment(day.until, zone)
    yield words.say("digest.span", since=since, until=until, office=settings.office.name) + "\n"
    yield words.say("digest.calls", count=total.calls)
    yield words.say("digest.answered", count=total.answered)
    yield words.say("digest.missed", count=total.missed)
    yield words.say("digest.messages", count=day.messages)
    if total.level is not None:
        within = words.duration(USUAL * 1000)
        yield words.say("digest.level", percent=f"{total.level:.0f}", within=within)
    if total.answered:
        yield words.say("digest.wait", length=words.duration(round(total.mean_wait / 1000) * 1000))
    if total.calls:
        when, load = _busiest(day, zone)
        yield words.say("digest.busiest", when=words.moment(when, zone), calls=words.counted("call", load.calls))


def _busiest(day: Day, zone: ZoneInfo) -> tuple[int, Load]:
    """When the hour with the most calls began, the first of several."""
    first = datetime.fromtimestamp(day.since / 1000, zone)

    def began(weekday: int, hour: int) -> int:
        days = (weekday - first.weekday()) % 7
        days += 7 if days == 0 and hour < first.hour else 0
        return round(datetime.combine(first.date() + timedelta(days), time(hour), zone).timestamp() * 1000)

    return min(
        ((began(*of), one) for of, one in day.report.hours.items()), key=lambda found: (-found[1].calls, found[0])
    )


def _queues(settings: Settings, report: Report, words: Language) -> list[str]:
    """One line for each that had calls, the most first."""
    lines = []
    for name, one in sorted(report.queues.items(), key=lambda queue: (-queue[1].calls, queue[0])):
        said = {"queue": settings.title("queue", name) or name, "count": one.calls, "answered": one.answered}
        if one.level is None:
            lines.append(words.say("digest.queue", missed=one.missed, **said))
        else:
            lines.append(words.say("digest.queue-level", missed=one.missed, percent=f"{one.level:.0f}", **said))
    return [words.say("digest.queues"), *lines] if lines else []


def _open(missed: list[Missed], words: Language, zone: ZoneInfo) -> Iterator[str]:
    yield words.say("digest.open", count=len(missed))
    for one in missed[:LISTED]:
        caller = " ".join(filter(None, (plain(one.name)[:LONGEST_NAME], plain(one.number))))
        calls, when = words.counted("call", one.calls), words.moment(one.at, zone)
        yield words.say("digest.caller", caller=caller, calls=calls, when=when)
    if len(missed) > LISTED:
        yield words.say("digest.more")
