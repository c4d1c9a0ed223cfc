# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that can be wrong with a box, and what to do about it: one table, from facts to findings. Pure.

The page, the API, `linekeeper health` and /metrics say what stands here and nothing else. `_` marks words for translation,
which is done where they are shown; `{}` in them are filled with the gaps of a finding.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from appliance.health import line_checks, lines
from appliance.health.facts import Facts, Shown
from appliance.health.findings import UNKNOWN, UNTOLD, UNUSED, Finding, Level, _, bad, warning

WORST: tuple[Level, ...] = ("bad", "warning", "none", "good")

MB = 1_000_000  # bytes
MINUTE, DAY = 60_000, 86_400_000  # ms
BRIDGE_SILENT = 4 * 15_000  # ms; it tells every 15 s
DISK_BAD, DISK_LOW, DISK_SHARE = 200 * MB, 1000 * MB, 0.05
EARLIEST = 1_767_225_600_000  # 2026-01-01: a clock before that was never set
MAIL_LATE = 15 * MINUTE
DRAFT_OLD = DAY
BACKUP_OLD = 2 * DAY
CLOCKS_APART = DAY  # what says that it was made later than that was made by a clock that was wrong
CERTIFICATE_SOON, CERTIFICATE_LAST = 21 * DAY, 3 * DAY  # ours is renewed 60 days before its end
HOT, TOO_HOT = 70.0, 80.0  # degrees Celsius; a Raspberry Pi slows down at 80
LOCAL = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
NAMED_MAX = 10  # names in one sentence


class Check(NamedTuple):
    """One thing that can be wrong; good: what is said when nothing was found."""

    id: str
    name: str
    good: str
    look: Callable[[Facts], Iterable[Finding]]


class Row(NamedTuple):
    """What a check has found, the worst first; never empty."""

    id: str
    name: str
    level: Level
    findings: tuple[Finding, ...]


def examine(facts: Facts) -> list[Row]:
    """Every check, in its order."""
    return [_row(check, facts) for check in CHECKS]


def worst(rows: Iterable[Row]) -> Level:
    """bad, warning or good."""
    levels = {row.level for row in rows}
    return next((level for level in WORST if level in levels and level != "none"), "good")


def by_weight(rows: Iterable[Row]) -> list[Row]:
    """What is wrong first; what is not used last."""
    order: tuple[Level, ...] = ("bad", "warning", "good", "none")
    return sorted(rows, key=lambda row: order.index(row.level))


def _row(check: Check, facts: Facts) -> Row:
    found = sorted(check.look(facts), key=lambda one: WORST.index(one.level)) or [Finding("good", check.good)]
    return Row(check.id, check.name, found[0].level, tuple(found))


# ---- programs


def _switch(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        yield bad(
            _("The exchange does not answer: no call is taken."),
            todo=_(
                "It starts again by itself within seconds. If it does not, switch the box off and on; if that does not help, "
                "ask your installer to run `systemctl status linekeeper-switch`."
            ),
        )


def _pages(facts: Facts) -> Iterable[Finding]:
    if facts.pages is False:
        yield bad(
            _("The pages do not answer."),
            todo=_("Calls go on. Ask your installer to run `systemctl status linekeeper-web`."),
        )


def _bridge(facts: Facts) -> Iterable[Finding]:
    if facts.settings is None or facts.settings.mqtt is None:
        return UNUSED
    if facts.live is None:
        return UNKNOWN
    if not _bridge_runs(facts):
        return [
            bad(
                _("The link does not run: lamps, gates and other actions are not carried out. Calls go on."),
                todo=_(
                    "It starts again by itself within seconds. If it does not, ask your installer to run "
                    "`systemctl status linekeeper-bridge`."
                ),
            )
        ]
    return ()


def _bridge_runs(facts: Facts) -> bool:
    bridge = facts.live.bridge if facts.live else None
    return bridge is not None and facts.now - bridge.at < BRIDGE_SILENT


def _brokers(facts: Facts) -> Iterable[Finding]:
    if facts.settings is None or facts.settings.mqtt is None:
        return UNUSED
    if facts.live is None or facts.live.bridge is None or not _bridge_runs(facts):
        return [Finding("none", _("Not known while the link does not run."))]
    return [
        Finding(
            "bad" if one.name == "" else "warning",
            _("The MQTT broker {} is not reached: {}"),
            (one.address, one.why or "?"),
            _("Look whether it runs, and whether its address, user and password are right."),
            "/settings",
        )
        for one in facts.live.bridge.brokers
        if not one.connected
    ]


# ---- calls


def _phones(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        return UNKNOWN
    phones = facts.live.phones
    if not phones:
        return [
            warning(_("No telephone is set."), todo=_("Add telephones and people under Settings."), page="/settings")
        ]
    offline = sorted(one.id for one in phones.values() if not one.contacts)
    todo = _(
        "Look whether they have power and network. One that was never set up needs the name and the password it has in the "
        "settings."
    )
    if len(offline) == len(phones):
        return [bad(_("No telephone is registered: nobody can be rung."), todo=todo)]
    if offline:
        return [warning(_("Not registered: {}."), _named(offline), todo=todo)]
    return ()


def _named(names: list[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" + {more}" if more > 0 else "")


# ---- what is kept


def _disk(facts: Facts) -> Iterable[Finding]:
    todo = _("Delete old recordings and messages, or have them kept for a shorter time under Settings.")
    for disk in facts.machine.disks:
        left = disk.free // MB
        if disk.read_only:
            yield bad(_("The disk cannot be written."), todo=_WORN)
        elif disk.free < DISK_BAD:
            yield bad(_("The disk is full: {} MB are left."), left, todo=todo, page="/recordings")
        elif disk.free < DISK_LOW or disk.free < disk.size * DISK_SHARE:
            yield warning(_("The disk is nearly full: {} MB are left."), left, todo=todo, page="/recordings")


_WORN = _(
    "Its card or disk may be worn out. Save the settings (Settings, Export), then have your installer put in another one."
)


def _journal(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        return UNKNOWN
    if trouble := facts.live.troubles.get("journal"):
        what = _("Calls go on. Make room on the disk; if there is room, its card or disk may be worn out.")
        return [bad(_("What happens is not written down: {}"), trouble.why, todo=what)]
    return ()


def _recordings(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        return UNKNOWN
    troubles, found = facts.live.troubles, []
    if trouble := troubles.get("recording"):
        found.append(
            bad(_("A call was not recorded: {}"), trouble.why, todo=_("Make room on the disk; then try a call."))
        )
    if trouble := troubles.get("recording-key"):
        todo = _("Give the key they were made with on the page of `recording` under Settings.")
        found.append(warning(_("Older recordings cannot be heard: {}"), trouble.why, todo=todo))
    if not found and facts.settings is not None and not facts.settings.recording.rule:
        return UNUSED
    return found


def _settings(facts: Facts) -> Iterable[Finding]:
    trouble = facts.live.troubles.get("settings") if facts.live else None
    todo = _("Open Settings, where faults stand beside their fields; or have your installer run `linekeeper check`.")
    if facts.settings is None and not trouble:
        yield bad(_("The settings cannot be read."), todo=todo, page="/settings")
    elif trouble or facts.faults:
        why = facts.faults[0] if facts.faults else trouble.why if trouble else ""
        yield warning(
            _("The settings file has faults, and older settings are in force: {}"), why, todo=todo, page="/settings"
        )


def _drafts(facts: Facts) -> Iterable[Finding]:
    for user, at in facts.drafts:
        if facts.now - at > DRAFT_OLD:
            yield warning(
                _("{} changed the settings on {}, and has not put it in force."),
                user,
                _day(at),
                todo=_("Put the draft in force under Settings, or drop it."),
                page="/settings",
            )


# ---- others


def _mail(facts: Facts) -> Iterable[Finding]:
    settings = facts.settings
    if settings is not None and settings.digest is None and not any(one.mail for one in settings.mailbox.values()):
        return UNUSED
    if facts.mails is None:
        return UNKNOWN
    mails, found = facts.mails, []
    todo = _("Look at server, user and password of `mail` under Settings, and at the addresses of the mailboxes.")
    if mails.oldest is not None and (late := facts.now - mails.oldest) > MAIL_LATE:
        found.append(
            warning(
                _("E-mails that wait: {}; the oldest for {} minutes."),
                mails.waiting,
                late // MINUTE,
                todo=todo,
                page="/settings",
            )
        )
    if mails.failed:
        words = _("E-mails given up in the last week: {}. Their messages are kept, and can be heard.")
        found.append(warning(words, mails.failed, todo=todo, page="/messages"))
    return found


def _webhooks(facts: Facts) -> Iterable[Finding]:
    if facts.hooks is None:
        return UNTOLD
    if not facts.hooks:
        return UNUSED
    return [
        warning(
            _("The webhook {} is not reached: {} (waiting: {}, given up: {})"),
            hook.url,
            hook.fault,
            hook.waiting,
            hook.lost,
            todo=_("Look whether the program there runs; or remove the webhook."),
            page="/webhooks",
        )
        for hook in facts.hooks
        if hook.fault
    ]


def _backups(facts: Facts) -> Iterable[Finding]:
    if facts.settings is None:
        return UNTOLD
    if facts.backups is None:
        return [
            Finding(
                "none",
                _("No backups are made."),
                todo=_("Make a key by `linekeeper backup --make-key FILE`, and name it in the settings."),
                page="/settings",
            )
        ]
    todo = _("Look at `systemctl status linekeeper-backup`, and whether there is room.")
    if facts.backups.newest is None:
        return [warning(_("There is no backup yet."), todo=todo)]
    if not -CLOCKS_APART < facts.now - facts.backups.newest < BACKUP_OLD:
        return [bad(_("The newest backup is of {}."), _day(facts.backups.newest), todo=todo)]
    return ()


def _certificates(facts: Facts) -> Iterable[Finding]:
    found = [each for one in facts.certificates for each in _certificate(one, facts.now)]
    if facts.live and (trouble := facts.live.troubles.get("tls")):
        words = _("Telephones and lines cannot be spoken with over TLS: {}")
        found.append(bad(words, trouble.why, todo=_CERTIFICATE, page="/settings"))
    return found if found or facts.certificates else UNUSED


_CERTIFICATE = _(
    "Put a new certificate and its key in place of the old ones; a new one of the pages is used within hours."
)


def _certificate(one: Shown, now: int) -> Iterator[Finding]:
    if one.until is None:
        yield bad(_("The certificate of {} cannot be read: {}"), one.use, one.fault, todo=_CERTIFICATE)
    elif one.until <= now:
        words = _("The certificate of {} ran out on {}: it is refused.")
        yield bad(words, one.use, _day(one.until), todo=_CERTIFICATE)
    elif (left := one.until - now) < CERTIFICATE_SOON:
        level: Level = "bad" if left < CERTIFICATE_LAST else "warning"
        yield Finding(level, _("The certificate of {} runs out on {}."), (one.use, _day(one.until)), _CERTIFICATE)


def _bans(facts: Facts) -> Iterable[Finding]:
    if facts.live is None:
        return UNKNOWN
    ours = [one for one in facts.live.bans if _is_local(one)]
    if ours:
        return [
            warning(
                _("Banned in your own network for a wrong password: {}."),
                _named(ours),
                todo=_(
                    "A telephone there may have a wrong password: put it right, and the ban ends by itself, or at once by "
                    "`linekeeper guard --lift ADDRESS`."
                ),
            )
        ]
    if facts.live.bans:
        return [
            Finding(
                "good",
                _("Addresses banned for guessing passwords: {}. Nothing is to be done."),
                (len(facts.live.bans),),
            )
        ]
    return ()


def _is_local(address: str) -> bool:
    try:
        ip = ipaddress.ip_interface(address).ip
        return any(ip in each for each in LOCAL)
    except ValueError:
        return False


def _log_in(facts: Facts) -> Iterable[Finding]:
    if facts.owner is False:
        yield warning(
            _("Nobody can log in yet, so the live page is open to whoever reaches it."),
            todo=_("Set the owner's password on the page /first-run."),
        )


# ---- the machine


def _clock(facts: Facts) -> Iterable[Finding]:
    todo = _("Look whether the box reaches the internet, or have your installer name a time server of your network.")
    if facts.now < EARLIEST:
        return [bad(_("The clock is wrong: it says {}."), _day(facts.now), todo=todo)]
    if facts.machine.clock_set is None:
        return UNTOLD
    if not facts.machine.clock_set:
        return [warning(_("Nothing sets the clock: hours and dates may become wrong."), todo=todo)]
    return ()


def _power(facts: Facts) -> Iterable[Finding]:
    machine = facts.machine
    if machine.low_voltage is None and machine.on_battery is None:
        return UNTOLD
    if machine.low_voltage:
        return [
            warning(
                _("The box gets too little power: it may stop, or spoil its card."),
                todo=_("Use the power supply that was made for it, and a short cable."),
            )
        ]
    if machine.on_battery:
        return [warning(_("The box runs on its battery."), todo=_("Look whether the power is on."))]
    return ()


def _heat(facts: Facts) -> Iterable[Finding]:
    hottest = facts.machine.hottest
    if hottest is None:
        return UNTOLD
    if hottest < HOT:
        return ()
    level: Level = "bad" if hottest >= TOO_HOT else "warning"
    todo = _("Give it air: take it out of the sun or out of a closed cabinet.")
    return [Finding(level, _("The box is hot: {} °C."), (round(hottest),), todo)]


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")


CHECKS: tuple[Check, ...] = (
    Check("switch", _("Telephone exchange"), _("It runs, and takes calls."), _switch),
    Check("lines", _("Lines"), _("Every line can be used."), lines.look),
    Check("line-checks", _("Checked lines"), _("Every line that was checked is well."), line_checks.look),
    Check("phones", _("Telephones"), _("Every telephone is registered."), _phones),
    Check("settings", _("Settings file"), _("It has no faults."), _settings),
    Check("drafts", _("Drafts"), _("No draft was left."), _drafts),
    Check("disk", _("Disk"), _("There is room."), _disk),
    Check("journal", _("Journal"), _("Every call is written down."), _journal),
    Check("recordings", _("Recordings"), _("Calls are recorded as the settings say."), _recordings),
    Check("backups", _("Backups"), _("The newest is of the last two days."), _backups),
    Check("pages", _("Pages"), _("They are there."), _pages),
    Check("log-in", _("Log-in"), _("Only who may can log in."), _log_in),
    Check("certificates", _("Certificates"), _("They are good for a while."), _certificates),
    Check("mail", _("E-mail"), _("None waits for long, none was given up."), _mail),
    Check("webhooks", _("Webhooks"), _("Every event arrives."), _webhooks),
    Check("bridge", _("Link to home automation"), _("It runs."), _bridge),
    Check("brokers", _("MQTT brokers"), _("Every broker is reached."), _brokers),
    Check("bans", _("Guessed passwords"), _("Nobody is banned."), _bans),
    Check("clock", _("Clock"), _("The network sets it."), _clock),
    Check("power", _("Power"), _("There is enough."), _power),
    Check("heat", _("Heat"), _("The box is cool enough."), _heat),
)
