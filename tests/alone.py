# SPDX-License-Identifier: GPL-2.0-or-later
"""What failed beside other tests, tried again with the machine to itself, twice at most: telephones here talk in real time, and
sound comes late when three files of tests share two processors, or a host has others to serve. More than FEW is no such thing."""

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(__file__).parents[1] / ".pytest_cache/v/cache/lastfailed"
FEW, TRIES = 6, 2


def main() -> int:
    code = 1
    for _ in range(TRIES):
        failed = sorted(json.loads(FAILED.read_text()))
        if len(failed) > FEW:
            return 1
        print("Failed beside others, and tried again alone:", *failed, sep="\n  ", flush=True)
        files = dict.fromkeys(name.partition("::")[0] for name in failed)
        command = [sys.executable, "-m", "pytest", "-n", "0", "--last-failed", *files]  # in the order of their files
        code = subprocess.run(command, check=False).returncode
        if code != 1:
            break
    return code


if __name__ == "__main__":
    sys.exit(main())
