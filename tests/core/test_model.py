# SPDX-License-Identifier: GPL-2.0-or-later
"""The C core and the plain model decide alike, event for event, in any office on any day.

Some hundred days here; `make model` runs 100,000.
"""

from hypothesis import HealthCheck, given, settings

from tests.core.both import side_by_side
from tests.core.histories import Thing, days, offices
from tests.core.plans import Office


@given(offices, offices, days)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_core_and_model_decide_alike_whatever_happens_in_whatever_office(
    office: Office, other: Office, day: list[Thing]
) -> None:
    side_by_side(office, other, day)
