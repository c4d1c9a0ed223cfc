# SPDX-License-Identifier: GPL-2.0-or-later
"""The why of a call can be read by whoever owns the shop, whatever was decided, in any of the box's languages."""

import re
from zoneinfo import ZoneInfo

import pytest

from appliance.core.names import Because, Fact, Outcome, Status, Why
from appliance.languages import LANGUAGES
from appliance.languages.why import Words

AT = 1_795_412_062_925  # 2026-11-23 05:34:22.925 UTC
TITLES = {
    ("person", "anna"): "Anna",
    ("queue", "sales"): "Sales",
    ("line", "city"): "City",
    ("mailbox", "office"): "Office",
    ("scenario", "main"): "Main",
}
SUBJECTS = ["", "person.anna", "line.city", "queue.sales", "mailbox.office", "step.scenario.main.step.welcome", "x.y"]


def words(code: str, zone: str = "Europe/Vilnius") -> Words:
    return Words(code, ZoneInfo(zone), lambda kind, name: TITLES.get((kind, name), ""))


def said(code: str, rule: Why, reason: Because = Because.NONE, subject: str = "", detail: int = 0) -> str:
    return words(code).said(AT, rule, reason, subject, detail)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("rule", Why)
def test_every_decision_for_every_reason_has_words(rule: Why, code: str) -> None:
    details = list(Outcome) if rule is Why.OVER else [0, 1, 2, 17, 42_000]
    for reason in Because:
        for subject in SUBJECTS:
            for detail in details:
                sentence = said(code, rule, reason, subject, detail)
                assert len(sentence) > 5
                assert not re.search(r"[{}]|Because|person\.|LK_|None|\x00", sentence)
                assert (re.search(r"[а-яіїєґ]", sentence) is None) == (code == "en")


@pytest.mark.parametrize(
    ("decided", "en", "ru", "uk"),
    [
        (
            (Why.ARRIVED, Because.NONE, "line.city", 0),
            "the call came in on line “City”",
            "звонок поступает по линии «City»",
            "дзвінок надходить лінією «City»",
        ),
        (
            (Why.STEP, Because.NONE, "step.line.city.rejects.gate.scenario.main.step.hours", 0),
            "went on to the list of callers of action “gate”",
            "дальше: список звонящих для действия «gate»",
            "далі: список абонентів для дії «gate»",
        ),
        (
            (Why.PASSED, Because.DECLINED, "person.anna", 42_000),
            "Anna is not rung: declined this call before; can be rung for it again in 42 seconds",
            "не звоним: Anna (этот звонок уже был отклонён, снова можно через 42 секунды)",
            "не телефонуємо: Anna (цей дзвінок уже було відхилено, знову можна через 42 секунди)",
        ),
        (
            (Why.PASSED, Because.OFF_DUTY, "person.anna", AT + 3_600_000),
            "Anna is not rung: off duty until 08:34",
            "не звоним: Anna (не дежурит до 08:34)",
            "не телефонуємо: Anna (не чергує до 08:34)",
        ),
        (
            (Why.PASSED, Because.STATUS, "person.anna", Status.MEETING),
            "Anna is not rung: status: in a meeting",
            "не звоним: Anna (статус: совещание)",
            "не телефонуємо: Anna (статус: нарада)",
        ),
        (
            (Why.REFUSED, Because.NONE, "person.anna", 17),
            "Anna could not take the call: busy",
            "Anna не может принять звонок: занято",
            "Anna не може прийняти дзвінок: зайнято",
        ),
        (
            (Why.ANSWERED, Because.NONE, "person.anna", 3200),
            "Anna answered after 3.2 seconds",
            "Anna отвечает через 3,2 секунды",
            "Anna відповідає через 3,2 секунди",
        ),
        (
            (Why.TIMEOUT, Because.MAX_WAIT, "queue.sales", 120_000),
            "has waited in queue “Sales” for 2 minutes: no longer is allowed",
            "звонок ждёт в очереди «Sales» 2 минуты, дольше нельзя",
            "дзвінок чекає в черзі «Sales» 2 хвилини, довше не можна",
        ),
        (
            (Why.PAUSED, Because.NONE, "person.anna", 3),
            "Anna is not rung for a while: 3 calls in a row not answered",
            "Anna: пока не звоним, без ответа подряд уже 3 звонка",
            "Anna: поки не телефонуємо, без відповіді поспіль уже 3 дзвінки",
        ),
        (
            (Why.KEY, Because.KEY, "step.scenario.main.step.welcome", ord("2")),
            "the caller pressed 2 in step “welcome” of scenario “Main”",
            "звонящий нажимает 2: шаг «welcome» сценария «Main»",
            "абонент натискає 2: крок «welcome» сценарію «Main»",
        ),
        (
            (Why.OVER, Because.NONE, "mailbox.office", Outcome.VOICEMAIL),
            "over: voicemail, mailbox “Office”",
            "конец: голосовая почта, ящик «Office»",
            "кінець: голосова пошта, скринька «Office»",
        ),
    ],
)
def test_it_reads_as_a_sentence(decided: tuple[Why, Because, str, int], en: str, ru: str, uk: str) -> None:
    assert [said(code, *decided) for code in ("en", "ru", "uk")] == [en, ru, uk]


def test_nobody_is_called_he_or_she() -> None:
    for rule in Why:
        for reason in Because:
            sentence = said("en", rule, reason, "person.anna", 1)
            assert not re.search(r"\b(he|she|his|her|him)\b", sentence), sentence


def test_it_tells_the_time_of_the_office_not_of_the_machine() -> None:
    hours = (AT, Why.HOURS, Because.OPEN, "hours.office", AT + 7_200_000)
    assert words("en").line(*hours) == "07:34:22.925 hours “office”: open, until 09:34"
    assert words("en", "Asia/Tokyo").line(*hours) == "14:34:22.925 hours “office”: open, until 16:34"


def test_hours_that_never_change_have_no_until() -> None:
    assert said("en", Why.HOURS, Because.CLOSED, "hours.office", 2**63 - 1) == "hours “office”: closed"


def test_who_comes_too_late_is_told_what_with() -> None:
    assert said("en", Why.LATE, subject="person.anna", detail=Fact.ANSWERED) == "Anna answered too late"
    assert said("en", Why.LATE, subject="person.anna", detail=99) == "Anna: came too late to count (fact 99)"


def test_a_caller_met_with_silence_is_told_as_such() -> None:
    told = said("en", Why.LOOKED_UP, Because.TIMED_OUT, "lookup.silence", 60_000)
    assert told.startswith("nobody was rung and nothing was said for 1 minute")
    assert (
        said("en", Why.LOOKED_UP, Because.TIMED_OUT, "lookup.crm", 2000) == "look-up “crm” gave no answer for 2 seconds"
    )


def test_a_caller_who_enters_nothing_is_told_without_a_key() -> None:
    told = said("en", Why.KEY, Because.NO_KEY, "step.scenario.main.step.number", 0)
    assert told == "the caller pressed nothing of use in step “number” of scenario “Main”"


def test_an_action_refused_for_lack_of_trust_is_not_told_as_done() -> None:
    assert "is not due" in said("en", Why.ACTION, Because.TRUST, "action.gate")
