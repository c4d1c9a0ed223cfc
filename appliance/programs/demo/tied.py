# SPDX-License-Identifier: GPL-2.0-or-later
"""Foreign programs that never outlive us: util-linux asks the kernel to end them with their parent, however it ends."""

TIED = ("setpriv", "--pdeathsig", "KILL")  # put before the command
