# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages for people in the office. What they show comes from the control socket alone."""
