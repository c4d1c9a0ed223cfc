# SPDX-License-Identifier: GPL-2.0-or-later
"""The plain tables of `linekeeper replay`."""

import datetime
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from appliance.reports.estimates import Mean
from appliance.reports.replay import Result, changes, differences_of, means, summary
from appliance.reports.traffic import Record

FIGURES = {
    "calls": "calls from outside",
    "answered": "answered",
    "missed": "missed",
    "abandoned": "  hung up waiting",
    "voicemail": "  voicemail",
    "refused": "  refused",
    "turned_away": "turned away, nobody sought",
    "self_service": "self-service",
    "impossible": "could not come in",
    "median_wait": "wait, median s",
    "p90_wait": "wait, 90 % within s",
    "longest_wait": "wait, longest s",
    "mean_wait": "wait, mean s",
}
SECONDS = 1000  # ms
MINUTES = 60_000  # ms

Columns = Mapping[str, Sequence[Result]]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def figures(columns: Columns) -> list[str]:
    """The runs in figures; of two documents also what each run has more of under the second (the traffic is the same)."""
    runs = {
        name: [summary([record for _, record in r.counted()]) for r in results] for name, results in columns.items()
    }
    found = {name: means(summaries) for name, summaries in runs.items()}
    if len(runs) == 2:
        old, new = runs.values()
        found["difference"] = differences_of(old, new)
    rows = [["", *found]]
    for key, words in FIGURES.items():
        waits = key.endswith("_wait")
        if key in ("turned_away", "self_service", "impossible") and not any(
            column[key].value for column in found.values()
        ):
            continue
        rows.append([words, *(_mean(column[key], SECONDS if waits else 1, waits) for column in found.values())])
    return table(rows)


def loads(columns: Columns) -> list[str]:
    people = list(dict.fromkeys(name for runs in columns.values() for name in runs[0].loads))
    rows = [["", *(f"{what}, {name}" for what in ("calls", "minutes", "rung") for name in columns)]]
    for person in people:
        row = [person]
        for field, unit in (("calls", 1), ("talk", MINUTES), ("rung", 1)):
            for runs in columns.values():
                had = [float(getattr(run.loads[person], field)) if person in run.loads else 0.0 for run in runs]
                row.append(_mean(Mean.of(had), unit, False))
        rows.append(row)
    return table(rows)


def _mean(mean: Mean, unit: int, tenths: bool) -> str:
    value, half = mean.value / unit, mean.half / unit
    form = ".1f" if tenths or half else ".0f"
    return f"{value:{form}} ±{half:.1f}" if half else f"{value:{form}}"


def differences(old: Result, new: Result, zone: ZoneInfo, most: int | None) -> list[str]:
    """The calls of the first run that end otherwise."""
    found, otherwise = changes(old, new)
    total = sum(1 for _ in old.counted())
    lines = [f"{len(found)} of {total} calls end otherwise, {otherwise} more come to the same end by another way."]
    if not found:
        return lines
    rows = [["call", "at", "from", "old", "", "new"]]
    for change in found[:most]:
        at = datetime.datetime.fromtimestamp(change.visit.at / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
        call = str(change.visit.call) if change.visit.call else "made up"
        number = change.visit.number or "withheld"
        rows.append([call, at, number, _end(change.old), "->", _end(change.new)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines += [
        "",
        *("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows),
    ]
    if most is not None and len(found) > most:
        lines.append(f"... and {len(found) - most} more (--all shows them)")
    return lines


def _end(record: Record) -> str:
    words = [record.outcome or "could not come in", record.person, f"({record.queue})" if record.queue else ""]
    return " ".join([*filter(None, words), f"{record.waited / SECONDS:.0f} s"])
