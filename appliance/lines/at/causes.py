# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a call ended: Q.850 causes, as call control has them, and the SIP status of each."""

NORMAL, BUSY, NO_USER, NO_ANSWER, REJECTED, UNSPECIFIED = 16, 17, 18, 19, 21, 31
OUT_OF_ORDER = 38  # the network, or the modem

# Final results of a dialling that did not become a call; NO CARRIER says nothing about why.
RESULTS = {"BUSY": BUSY, "NO ANSWER": NO_ANSWER, "NO DIALTONE": OUT_OF_ORDER, "NO CARRIER": UNSPECIFIED}
LOST = OUT_OF_ORDER  # the modem went, or said nothing any more
REFUSED = 41  # temporary failure: the modem answered ERROR

SIP = {1: 404, 16: 200, 17: 486, 18: 480, 19: 480, 20: 480, 21: 603, 22: 410, 27: 502, 28: 484, 31: 480, 34: 503}
SIP |= {38: 503, 41: 503, 42: 503, 47: 503}


def of_result(result: str) -> int:
    """The cause that a dialling's final result means."""
    return RESULTS.get(result.upper(), LOST if result in ("TIMEOUT", "PORT LOST") else REFUSED)


def sip_status(cause: int) -> int:
    """200 when it ended as calls do."""
    return SIP.get(cause, 480)
