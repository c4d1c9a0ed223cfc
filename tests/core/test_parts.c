/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The structures of the core, one by one.
 */
#include <string.h>

#include "calls.h"
#include "suites.h"
#include "deadlines.h"
#include "draft.h"
#include "fifo.h"
#include "hours.h"
#include "legs.h"
#include "numbers.h"
#include "people.h"
#include "queues.h"
#include "refusals.h"
#include "remembered.h"

static struct purse purse = {.allowed = 1000000};

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

static uint32_t find(const struct lk_numbers *numbers, const char *number)
{
    return lk_numbers_find(numbers, number, strlen(number));
}

static void exact_number_comes_before_prefix_and_long_prefix_before_short(void)
{
    static const char *const written[] = {"37060000001", "370*", "37060*", "101", "123456789012345", "123456789012345*"};
    static struct draft draft;
    struct lk_numbers numbers;

    draft = (struct draft){0};
    add_numbers(&draft, 8, 6, written, (const uint32_t[]){0, 1, 2, 3, 4, 5});
    CHECK(lk_numbers_read(&numbers, draft.table[NUMB].bytes, 8, 6));
    CHECK(find(&numbers, "37060000001") == 0);
    CHECK(find(&numbers, "37060000002") == 2);
    CHECK(find(&numbers, "37050000002") == 1);
    CHECK(find(&numbers, "101") == 3);
    CHECK(find(&numbers, "1011") == LK_NO_CALLER);
    CHECK(find(&numbers, "10") == LK_NO_CALLER);
    CHECK(find(&numbers, "") == LK_NO_CALLER);
    CHECK(find(&numbers, "123456789012345") == 4);
    CHECK(find(&numbers, "1234567890123456") == 5);
    CHECK(find(&numbers, "+37060000001") == LK_NO_CALLER);
    CHECK(find(&numbers, "3706000000a") == LK_NO_CALLER);
}

static void full_table_still_ends_every_search(void)
{
    static const char *const written[] = {"1", "2", "3", "4"};
    static struct draft draft;
    struct lk_numbers numbers;

    draft = (struct draft){0};
    add_numbers(&draft, 4, 4, written, (const uint32_t[]){0, 1, 2, 3});
    CHECK(lk_numbers_read(&numbers, draft.table[NUMB].bytes, 4, 4));
    for (uint32_t i = 0; i < 4; i++)
        CHECK(find(&numbers, written[i]) == i);
    CHECK(find(&numbers, "5") == LK_NO_CALLER);
    CHECK(lk_numbers_read(&numbers, NULL, 0, 0));
    CHECK(find(&numbers, "5") == LK_NO_CALLER);
}

static void keys_that_are_no_numbers_are_refused(void)
{
    static const uint8_t keys[][12] = {
        {0x0b},                                  /* a digit 10 */
        {0x01, 0x01},                            /* a gap */
        {1, 0, 0, 0, 0, 0, 0, 0, 1},             /* a caller that is not there */
        {0, 0, 0, 0, 0, 0, 0, 0x80},             /* the empty prefix would be everybody */
        {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}, /* 16 digits */
    };
    struct lk_numbers numbers;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CHECK(!lk_numbers_read(&numbers, keys[i], 1, 1));
}

const struct test number_tests[] = {
    {"exact number comes before prefix and long prefix before short",
     exact_number_comes_before_prefix_and_long_prefix_before_short},
    {"full table still ends every search", full_table_still_ends_every_search},
    {"keys that are no numbers are refused", keys_that_are_no_numbers_are_refused},
    {0},
};

/* ---- hours -------------------------------------------------------------------------------------------------------- */

static void open_from_the_first_millisecond_till_before_the_last(void)
{
    static struct draft draft;
    const uint8_t *at = draft.table[OPEN].bytes;
    lk_ms until;

    draft = (struct draft){0};
    add_open(&draft, 100, 200);
    add_open(&draft, 300, 400);
    add_open(&draft, 400, 500);
    CHECK(lk_hours_sound(at, 3));
    CHECK(!lk_hours_open(at, 3, 99, &until) && until == 100);
    CHECK(lk_hours_open(at, 3, 100, &until) && until == 200);
    CHECK(lk_hours_open(at, 3, 199, &until) && until == 200);
    CHECK(!lk_hours_open(at, 3, 200, &until) && until == 300);
    CHECK(lk_hours_open(at, 3, 350, &until) && until == 500);
    CHECK(lk_hours_open(at, 3, 400, &until) && until == 500);
    CHECK(!lk_hours_open(at, 3, 500, &until) && until == LK_NONE);
    CHECK(!lk_hours_open(at, 0, 0, &until) && until == LK_NONE);
}

static void crossed_hours_are_refused(void)
{
    static struct draft draft;

    draft = (struct draft){0};
    add_open(&draft, 100, 200);
    add_open(&draft, 199, 300);
    add_open(&draft, 500, 500);
    CHECK(!lk_hours_sound(draft.table[OPEN].bytes, 2));
    CHECK(!lk_hours_sound(draft.table[OPEN].bytes + 32, 1));
}

const struct test hour_tests[] = {
    {"open from the first millisecond till before the last", open_from_the_first_millisecond_till_before_the_last},
    {"crossed hours are refused", crossed_hours_are_refused},
    {0},
};

/* ---- deadlines ---------------------------------------------------------------------------------------------------- */

static void earliest_deadline_comes_first_whatever_is_set_and_cleared(void)
{
    enum { TIMERS = 64 };
    struct lk_allocator from = purse_of(&purse);
    struct lk_deadlines deadlines;
    lk_ms expected[TIMERS];
    uint32_t random = 1, timer = 0;

    CHECK(lk_deadlines_make(&deadlines, &from, TIMERS));
    for (int i = 0; i < TIMERS; i++)
        expected[i] = LK_NONE;
    for (int round = 0; round < 20000; round++) {
        uint32_t earliest = 0;

        random = random * 1103515245 + 12345;
        timer = random >> 16 & (TIMERS - 1);
        expected[timer] = random >> 29 == 0 ? LK_NONE : (lk_ms)(random >> 24);
        lk_deadlines_set(&deadlines, timer, expected[timer]);
        for (uint32_t i = 1; i < TIMERS; i++)
            if (expected[i] < expected[earliest])
                earliest = i;
        CHECK(lk_deadlines_get(&deadlines, timer) == expected[timer]);
        CHECK(lk_deadlines_next(&deadlines, &timer) == expected[earliest]);
        CHECK(expected[earliest] == LK_NONE || timer == earliest);
    }
    lk_deadlines_free(&deadlines, &from);
}

const struct test deadline_tests[] = {
    {"earliest deadline comes first whatever is set and cleared",
     earliest_deadline_comes_first_whatever_is_set_and_cleared},
    {0},
};

/* ---- fifo --------------------------------------------------------------------------------------------------------- */

static void records_come_out_in_the_order_they_went_in(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_fifo fifo;
    const int *got;
    int in = 0, out = 0;

    CHECK(lk_fifo_make(&fifo, &from, sizeof in, 3));
    for (int round = 0; round < 10; round++) {
        for (; fifo.count < fifo.room; in++)
            *(int *)lk_fifo_next(&fifo) = in;
        for (int i = 0; i <= round % 3; i++, out++)
            CHECK(*(const int *)lk_fifo_take(&fifo) == out);
    }
    while ((got = lk_fifo_take(&fifo)) != NULL)
        CHECK(*got == out++);
    CHECK(in == out);
    lk_fifo_free(&fifo, &from);
}

const struct test fifo_tests[] = {
    {"records come out in the order they went in", records_come_out_in_the_order_they_went_in},
    {0},
};

/* ---- people ------------------------------------------------------------------------------------------------------- */

static void everybody_is_found_by_id_once(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_ids ids;

    CHECK(lk_ids_make(&ids, &from, 4));
    for (int twice = 0; twice < 2; twice++)
        for (uint32_t i = 0; i < 4; i++)
            lk_ids_add(&ids, (const uint32_t[]){30, 10, UINT32_MAX, 20}[i]);
    CHECK(ids.count == 4);
    CHECK(lk_ids_find(&ids, 10) == 0 && lk_ids_find(&ids, 20) == 1 && lk_ids_find(&ids, 30) == 2);
    CHECK(lk_ids_find(&ids, UINT32_MAX) == 3);
    CHECK(lk_ids_find(&ids, 11) == LK_NO_SLOT && lk_ids_find(&ids, 1) == LK_NO_SLOT);
    lk_ids_free(&ids, &from);
}

static void status_or_a_pause_keeps_calls_from_a_person(void)
{
    struct lk_person person = {.reachable = 1};
    int64_t detail;

    CHECK(lk_person_off_duty(&person, 1000, &detail) == LK_BECAUSE_NONE && detail == 0);
    person.paused = true;
    CHECK(lk_person_off_duty(&person, 1000, &detail) == LK_BECAUSE_PAUSED && detail == 0);
    person.paused_until = 1500;
    CHECK(lk_person_off_duty(&person, 1000, &detail) == LK_BECAUSE_PAUSED && detail == 500);
    person.status = LK_MEETING;
    CHECK(lk_person_off_duty(&person, 1000, &detail) == LK_BECAUSE_STATUS && detail == LK_MEETING);
}

const struct test people_tests[] = {
    {"everybody is found by id once", everybody_is_found_by_id_once},
    {"status or a pause keeps calls from a person", status_or_a_pause_keeps_calls_from_a_person},
    {0},
};

/* ---- queues ------------------------------------------------------------------------------------------------------- */

static void callers_keep_their_order_when_others_leave(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_queues queues = {0};

    CHECK(lk_ids_make(&queues.ids, &from, 2));
    lk_ids_add(&queues.ids, 7);
    lk_ids_add(&queues.ids, 8);
    CHECK(lk_queues_make(&queues, &from, 3, 4));
    CHECK(queues.first == LK_NO_SLOT);
    CHECK(lk_queues_join(&queues, 0, 2, 0) == 1);
    CHECK(lk_queues_join(&queues, 1, 0, 0) == 1);
    CHECK(lk_queues_join(&queues, 0, 3, 0) == 2);
    CHECK(lk_queues_join(&queues, 0, 1, 0) == 3);
    lk_queues_leave(&queues, 3);
    lk_queues_leave(&queues, 3);
    CHECK(queues.first == 2 && queues.next[2] == 0 && queues.next[0] == 1 && queues.next[1] == LK_NO_SLOT);
    lk_queues_leave(&queues, 2);
    lk_queues_leave(&queues, 1);
    CHECK(queues.first == 0 && queues.last == 0 && queues.at[0].waiting == 0 && queues.at[1].waiting == 1);
    lk_queues_take_turn(&queues, 1, 2);
    lk_queues_take_turn(&queues, 1, 0);
    CHECK(lk_queues_member(&queues, 1, 2)->turn < lk_queues_member(&queues, 1, 0)->turn);
    CHECK(lk_queues_member(&queues, 0, 2)->turn == 0);
    lk_queues_set_member(&queues, 0, 1, &(struct lk_member){.turn = 9, .calls = 3, .talk = 5000, .owed = -2});
    lk_queues_take_turn(&queues, 0, 2);
    CHECK(lk_queues_member(&queues, 0, 2)->turn == 10);
    lk_queues_reset(&queues);
    CHECK(lk_queues_member(&queues, 0, 1)->calls == 0 && lk_queues_member(&queues, 0, 1)->talk == 0);
    CHECK(lk_queues_member(&queues, 0, 1)->turn == 9 && lk_queues_member(&queues, 0, 1)->owed == -2);
    lk_queues_free(&queues, &from);
}

static void who_matters_more_stands_before_all_who_matter_less(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_queues queues = {0};

    CHECK(lk_ids_make(&queues.ids, &from, 2));
    lk_ids_add(&queues.ids, 7);
    lk_ids_add(&queues.ids, 8);
    CHECK(lk_queues_make(&queues, &from, 1, 5));
    CHECK(lk_queues_join(&queues, 0, 0, 0) == 1 && lk_queues_join(&queues, 1, 1, 0) == 1);
    CHECK(lk_queues_join(&queues, 0, 2, 5) == 1);
    CHECK(lk_queues_join(&queues, 0, 3, 5) == 2);
    CHECK(lk_queues_join(&queues, 0, 4, 3) == 3);
    CHECK(queues.first == 2 && queues.next[2] == 3 && queues.next[3] == 4 && queues.next[4] == 0 && queues.last == 1);
    lk_queues_leave(&queues, 2);
    lk_queues_leave(&queues, 0);
    CHECK(queues.first == 3 && queues.next[4] == 1 && queues.previous[1] == 4 && queues.at[0].waiting == 2);
    lk_queues_free(&queues, &from);
}

const struct test queue_tests[] = {
    {"who matters more stands before all who matter less", who_matters_more_stands_before_all_who_matter_less},
    {"callers keep their order when others leave", callers_keep_their_order_when_others_leave},
    {0},
};

/* ---- what is remembered ------------------------------------------------------------------------------------------- */

static void a_call_keeps_its_values_and_no_others(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_remembered old, new;

    CHECK(lk_remembered_make(&old, &from, 2, 3, 2));
    CHECK(lk_remembered_get(&old, 1, 1)[0] == 0);
    lk_remembered_set(&old, 1, 1, "123456789012345678901234567890123", 33);
    CHECK(strlen(lk_remembered_get(&old, 1, 1)) == LK_NUMBER_MAX);
    lk_remembered_set(&old, 1, 1, "7", 1);
    *lk_remembered_level(&old, 1, 2) = 40;
    CHECK(strcmp(lk_remembered_get(&old, 1, 1), "7") == 0 && lk_remembered_get(&old, 0, 1)[0] == 0);
    CHECK(lk_remembered_make(&new, &from, 5, 4, 3));
    lk_remembered_move(&new, &old);
    CHECK(strcmp(lk_remembered_get(&new, 1, 1), "7") == 0 && *lk_remembered_level(&new, 1, 2) == 40);
    lk_remembered_forget(&new, 1);
    CHECK(lk_remembered_get(&new, 1, 1)[0] == 0 && *lk_remembered_level(&new, 1, 2) == 0);
    lk_remembered_free(&old, &from);
    CHECK(lk_remembered_make(&old, &from, 1, 0, 3));
    lk_remembered_move(&old, &new); /* a plan with fewer attributes is in force */
    lk_remembered_free(&old, &from);
    lk_remembered_free(&new, &from);
}

const struct test remembered_tests[] = {
    {"a call keeps its values and no others", a_call_keeps_its_values_and_no_others},
    {0},
};

/* ---- legs --------------------------------------------------------------------------------------------------------- */

static void legs_belong_to_their_call_till_they_end(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_legs legs;
    uint32_t a, b, c, outside;

    CHECK(lk_legs_make(&legs, &from, 3, 2));
    a = lk_legs_begin(&legs, 0, 1, 0);
    b = lk_legs_begin(&legs, 2, 1, 0);
    c = lk_legs_begin(&legs, 1, 0, 0);
    outside = lk_legs_begin(&legs, 3 + 1, 1, 0);
    CHECK(lk_legs_find(&legs, 1, a) == 0 && lk_legs_find(&legs, 1, b) == 2 && lk_legs_find(&legs, 1, outside) == 4);
    CHECK(lk_legs_find(&legs, 1, c) == LK_NO_SLOT && lk_legs_find(&legs, 1, 0) == LK_NO_SLOT);
    lk_legs_end(&legs, 2);
    CHECK(lk_legs_find(&legs, 1, b) == LK_NO_SLOT && lk_legs_whose(&legs, b) == 2);
    CHECK(legs.first[1] == 0 && legs.at[0].next == 4 && legs.last[1] == 4);
    lk_legs_end(&legs, 0);
    lk_legs_end(&legs, 4);
    CHECK(legs.first[1] == LK_NO_SLOT && legs.last[1] == LK_NO_SLOT && legs.first[0] == 1);
    CHECK(lk_legs_begin(&legs, 2, 0, 0) > outside);
    CHECK(lk_legs_whose(&legs, b) == LK_NO_SLOT);
    lk_legs_free(&legs, &from);
}

const struct test leg_tests[] = {
    {"legs belong to their call till they end", legs_belong_to_their_call_till_they_end},
    {0},
};

/* ---- refusals ----------------------------------------------------------------------------------------------------- */

static void refusal_counts_for_its_call_alone(void)
{
    struct lk_allocator from = purse_of(&purse);
    struct lk_refusals refusals;
    lk_ms at;

    CHECK(lk_refusals_make(&refusals, &from, 3, 2));
    CHECK(lk_refusals_get(&refusals, 0, 2, &at) == LK_BECAUSE_NONE);
    lk_refusals_set(&refusals, 0, 2, LK_BECAUSE_DECLINED, 500);
    lk_refusals_set(&refusals, 1, 2, LK_BECAUSE_NO_ANSWER, 600);
    *lk_refusals_passed(&refusals, 0, 0) = LK_BECAUSE_BUSY;
    CHECK(lk_refusals_get(&refusals, 0, 2, &at) == LK_BECAUSE_DECLINED && at == 500);
    CHECK(lk_refusals_get(&refusals, 0, 1, &at) == LK_BECAUSE_NONE);
    lk_refusals_forget(&refusals, 0);
    CHECK(lk_refusals_get(&refusals, 0, 2, &at) == LK_BECAUSE_NONE);
    CHECK(*lk_refusals_passed(&refusals, 0, 0) == LK_BECAUSE_NONE);
    CHECK(lk_refusals_get(&refusals, 1, 2, &at) == LK_BECAUSE_NO_ANSWER && at == 600);
    lk_refusals_free(&refusals, &from);
}

const struct test refusal_tests[] = {
    {"refusal counts for its call alone", refusal_counts_for_its_call_alone},
    {0},
};

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static void calls_are_found_by_id_while_they_last(void)
{
    enum { ROOM = 50, IDS = 300 };
    struct lk_allocator from = purse_of(&purse);
    struct lk_calls calls, moved;
    uint32_t slot[IDS], random = 7;

    CHECK(lk_calls_make(&calls, &from, ROOM));
    CHECK(lk_calls_make(&moved, &from, ROOM + 5));
    for (int i = 0; i < IDS; i++)
        slot[i] = LK_NO_SLOT;
    for (int round = 0; round < 20000; round++) {
        uint32_t id = (random = random * 1103515245 + 12345) >> 8 & 255;

        if (slot[id] != LK_NO_SLOT) {
            CHECK(calls.at[slot[id]].id == id);
            lk_calls_end(&calls, slot[id]);
            slot[id] = LK_NO_SLOT;
        } else if ((slot[id] = lk_calls_begin(&calls, id)) != LK_NO_SLOT) {
            calls.at[slot[id]].state = LK_TALKING;
        } else {
            CHECK(calls.count == ROOM);
        }
        CHECK(lk_calls_find(&calls, id) == slot[id]);
    }
    lk_calls_move(&moved, &calls);
    for (uint32_t id = 0; id < IDS; id++) {
        CHECK(lk_calls_find(&calls, id) == slot[id]);
        CHECK(lk_calls_find(&moved, id) == slot[id]);
    }
    CHECK(moved.count == calls.count);
    while (moved.count < moved.room)
        moved.at[lk_calls_begin(&moved, 1000 + moved.count)].state = LK_WAITING;
    for (uint32_t id = 0; id < IDS; id++)
        CHECK(lk_calls_find(&moved, id) == slot[id]);
    lk_calls_free(&calls, &from);
    lk_calls_free(&moved, &from);
}

const struct test call_tests[] = {
    {"calls are found by id while they last", calls_are_found_by_id_while_they_last},
    {0},
};
