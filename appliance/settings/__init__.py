# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings document: models, validation, history, compiling to a plan."""
