# SPDX-License-Identifier: GPL-2.0-or-later
"""The box as programs see it: HTTP and JSON under /api/v1, see docs/api.md."""
