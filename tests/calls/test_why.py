# SPDX-License-Identifier: GPL-2.0-or-later
"""The why of a call can be read by whoever owns the shop, whatever was decided."""

import pytest

from appliance.calls import why
from appliance.core.names import Because, Why


@pytest.mark.parametrize("reason", Because)
@pytest.mark.parametrize("rule", Why)
def test_every_decision_for_every_reason_has_words(rule: Why, reason: Because) -> None:
    said = why.line(1_795_412_062_925, rule, reason, "person.anna", 1)
    assert said[8] == "." and len(said) > 20
    assert "Because" not in said and "person." not in said


def test_it_reads_as_a_sentence() -> None:
    said = why.line(1_795_412_062_925, Why.PASSED, Because.DECLINED, "person.anna", 42_000)
    assert said.endswith(".925 anna is passed by: he declined it before; again in 42 s")
