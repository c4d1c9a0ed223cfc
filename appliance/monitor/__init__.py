# SPDX-License-Identifier: GPL-2.0-or-later
"""The call monitor on TCP 1012, in the form programs know from the FRITZ!Box; see docs/monitor.md."""
