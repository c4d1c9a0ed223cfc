# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes everything Linekeeper needs on this machine: `python3 image/setup --help`.

This file alone must be readable by any Python 3, so that an old one is told what is the matter.
"""

import sys

OLDEST = (3, 11)


def too_old(version):
    """The sentence for a Python that is too old; none for one that will do."""
    if tuple(version[:2]) >= OLDEST:
        return None
    words = "Linekeeper needs Python {}.{} or newer; this is {}.{} ({}). Debian 12 and newer have one: {}"
    return words.format(*(OLDEST + tuple(version[:2]) + (sys.executable, "make setup PYTHON=/usr/bin/python3")))


if __name__ == "__main__":
    complaint = too_old(sys.version_info)
    if complaint:
        sys.exit(complaint)
    from setup import main

    sys.exit(main(sys.argv[1:]))
