# SPDX-License-Identifier: GPL-2.0-or-later
"""What is wrong with a line: recordings of a known signal that went through it go in, figures and findings come out. Pure."""
