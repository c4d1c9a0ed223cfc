# SPDX-License-Identifier: GPL-2.0-or-later
"""Many random days through the C core and its model, spread over processes: python -m tests.core.many_days 100000.

Prints how far it is; a disagreement is shrunk, told as a story, and ends it with 1.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from hypothesis import HealthCheck, given, seed, settings

from tests.core.both import Differs, side_by_side
from tests.core.histories import days, offices

BATCH = 1000  # days of one run of hypothesis, which remembers what it tried


def batch(number: int) -> str:
    """The story of a disagreement, or ""."""
    run = settings(max_examples=BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    try:
        run(seed(number)(given(offices, offices, days)(side_by_side)))()
    except Differs as fault:
        return "\n".join([str(fault), *getattr(fault, "__notes__", [])])
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("days", type=int)
    parser.add_argument("--first", type=int, default=0, help="number of the first batch of days, to try others")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args()
    numbers = range(wanted.first, wanted.first + -(-wanted.days // BATCH))
    began = time.monotonic()
    with ProcessPoolExecutor(wanted.processes) as pool:
        running = [pool.submit(batch, number) for number in numbers]
        for done, ended in enumerate(as_completed(running), 1):
            if story := ended.result():
                pool.shutdown(wait=False, cancel_futures=True)
                print(story)
                return 1
            took = time.monotonic() - began
            left = took / done * (len(running) - done)
            print(f"{done * BATCH} days alike, {took / 60:.0f} min, {left / 60:.0f} min to go", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
