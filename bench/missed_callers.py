# SPDX-License-Identifier: GPL-2.0-or-later
"""How long it takes to know who is still to be called back, in a journal of call_list.py: at the start, and after each call."""

import statistics
import tempfile
import time
from pathlib import Path

from call_list import BEGIN, CALLS, fill
from testbed.table import tell, wants_writing

from appliance.store.missed import MissedBook
from appliance.store.reader import Reader

TURNS, LAST = 5, 200  # times all is asked anew; calls that ended last, one after another


def main() -> None:
    write = wants_writing(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        fill(path)
        last = [call.id for call in Reader(path).calls(limit=LAST)]
        anew, after, book = [], [], MissedBook(Reader(path))
        for n in range(TURNS + LAST):
            if n < TURNS:
                book = MissedBook(Reader(path))
            began = time.perf_counter()
            found = book.look(BEGIN, [] if n < TURNS else [last[n - TURNS]])
            (anew if n < TURNS else after).append((time.perf_counter() - began) * 1000)
    rows = [
        [words, str(len(found)), f"{statistics.median(took):.1f}", f"{max(took):.1f}"]
        for words, took in (("the whole journal, at the start", anew), ("after a call", after))
    ]
    tell([[f"of {CALLS:,} calls", "open", "median ms", "most ms"], *rows], write=write)


if __name__ == "__main__":
    main()
