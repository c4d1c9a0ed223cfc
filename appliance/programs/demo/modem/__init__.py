# SPDX-License-Identifier: GPL-2.0-or-later
"""A modem that is none, for the demo office and for tests: it shares nothing with `lines/`, which talks to it."""
