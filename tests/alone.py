# SPDX-License-Identifier: GPL-2.0-or-later
"""What failed beside other tests, tried once more with the machine to itself: telephones here talk in real time, and
sound comes late when four files of tests share two processors. More than FEW at once is no such thing."""

import json
import sys
from pathlib import Path

import pytest

FAILED = Path(__file__).parents[1] / ".pytest_cache/v/cache/lastfailed"
FEW = 6


def main() -> int:
    failed = sorted(json.loads(FAILED.read_text()))
    if len(failed) > FEW:
        return 1
    print("Failed beside others, and tried once more alone:", *failed, sep="\n  ", flush=True)
    files = dict.fromkeys(name.partition("::")[0] for name in failed)
    return int(pytest.main(["-n", "0", "--last-failed", *files]))  # in the order of their files


if __name__ == "__main__":
    sys.exit(main())
