# SPDX-License-Identifier: GPL-2.0-or-later
"""Telephones and an outside world that nobody of this project wrote, for tests: baresip, SIPp, PJSIP, and plain RTP."""
