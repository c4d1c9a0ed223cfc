# SPDX-License-Identifier: GPL-2.0-or-later
"""`linekeeper demo`: a small office at work, simulated on this machine alone."""
