/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What one fact can set off always fits, nothing is allocated after the start, and nothing is lost when nobody fetches.
 */
#include <string.h>

#include "suites.h"
#include "draft.h"
#include "inside.h"

enum { PEOPLE = 12, CALLS = 8, LINES = 3 };

/* An office of two queues over all people, a chain, a loop of steps without a wait, and a way out. */
static struct draft busy_office(bool round_robin)
{
    struct draft draft = {.calls_max = CALLS};
    uint32_t people[PEOPLE];

    for (uint32_t i = 0; i < PEOPLE; i++)
        people[i] = add_person(&draft, 101 + i, i % 3 * 2000);
    add_members(&draft, PEOPLE, people);
    for (uint32_t i = 0; i < 2; i++)
        add_queue(&draft, (struct queue_draft){.id = 7 + i,
                                               .ring_ms = 7000 + 3000 * i,
                                               .max_wait_ms = 21000,
                                               .max_length = 3,
                                               .again_after_refusal_ms = 5000,
                                               .first = 4 * i,
                                               .count = 8,
                                               .wrap_up_ms = i ? 1500 : UINT32_MAX,
                                               .strategy = round_robin ? ROUND_ROBIN : RING_ALL,
                                               .music = i == 0});
    for (uint32_t i = 0; i < 3; i++)
        add_chain_step(&draft, 7000, 4 * i, 4);
    add_chain(&draft, 9, 0, 3);
    add_step(&draft, 201, 2, 0, 0, 1, NONE); /* queue, queue, chain, person, outside, and round again */
    add_step(&draft, 202, 2, 0, 1, 2, NONE);
    add_step(&draft, 203, 3, 0, 0, 3, NONE);
    add_step(&draft, 204, 4, 7, 5, 4, NONE);
    add_step(&draft, 205, 7, 0, 0, 5, NONE);
    add_step(&draft, 206, 8, 0, 0, 0, 6);
    add_step(&draft, 207, 5, 0, 77, NONE, NONE);
    for (uint32_t i = 0; i < LINES; i++)
        add_line(&draft, 301 + i, i);
    add_list(&draft, 401);
    add_caller(&draft, 1);
    add_numbers(&draft, 4, 1, (const char *const[]){"37060000001"}, (const uint32_t[]){0});
    for (uint32_t i = 0; i < 5; i++)
        add_action(&draft, 501 + i, 0, 7);
    finish(&draft);
    return draft;
}

static uint32_t random_state;

static uint32_t any(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

static struct lk_event any_event(const struct lk_core *core, uint64_t *next_call)
{
    struct lk_event event = {.kind = (uint16_t)(1 + any(LK_EV_LINE)), .call = *next_call - any(CALLS + 2)};
    uint32_t leg = any(PEOPLE + CALLS);

    event.person = any(3) == 0 ? 0 : 101 + any(PEOPLE);
    event.line = 301 + any(LINES);
    event.leg = core->world.legs.at[leg].last_id;
    if (event.leg != 0 && any(4) != 0)
        event.call = core->world.calls.at[core->world.legs.at[leg].call].id;
    if (event.kind == LK_EV_ARRIVED) {
        event.call = (*next_call)++;
        memcpy(event.number, "37060000001", 11);
        memcpy(event.other, "44", 2);
    }
    event.value = event.kind == LK_EV_STATUS ? (int32_t)(any(3) == 0 ? any(5) : 0)
                  : event.kind == LK_EV_DIGIT ? '5'
                  : event.kind == LK_EV_REFUSED ? (any(2) ? 21 : 19)
                                                : (int32_t)(any(4) > 0);
    return event;
}

static void drain(struct lk_core *core)
{
    while (lk_core_command(core, &(struct lk_command){0}))
        continue;
    while (lk_core_trace(core, &(struct lk_trace){0}))
        continue;
}

static void whatever_one_fact_sets_off_fits_and_needs_no_memory(void)
{
    for (uint32_t seed = 1; seed <= 40; seed++) {
        struct draft draft = busy_office(seed % 2 == 0);
        struct purse purse = {.allowed = 1000};
        struct lk_allocator from = purse_of(&purse);
        uint64_t next_call = CALLS + 3;
        lk_ms now = 1000;
        struct lk_core *core;

        random_state = seed;
        CHECK(lk_core_new(&core, &from, draft.bytes, draft.size, NULL, 0) == LK_OK);
        for (uint32_t person = 101; person < 101 + PEOPLE; person++)
            lk_core_feed(core, &(struct lk_event){.kind = LK_EV_REACHABLE, .person = person, .value = 1}, now);
        for (int round = 0; round < 4000; round++) {
            struct lk_event event = any_event(core, &next_call);
            enum lk_error error;

            if (any(400) == 0) { /* the same rules anew, with calls under way */
                purse.allowed = 1000;
                CHECK(lk_core_swap(core, draft.bytes, draft.size, now) <= LK_FULL);
            }
            purse.allowed = 0;
            now += any(3) == 0 ? (lk_ms)any(4000) : 0;
            drain(core);
            error = lk_core_feed(core, &event, now);
            CHECK(error == LK_OK || (core->world.commands.count == 0 && core->world.traces.count == 0));
            CHECK(core->world.commands.count <= core->world.commands_of_feed);
            CHECK(core->world.traces.count < core->world.traces.room);
            CHECK(purse.refused == 0);
            CHECK(error != LK_OK || lk_core_deadline(core) > now);
        }
        lk_core_free(core);
        CHECK(purse.live == 0);
    }
}

static void nothing_is_lost_when_nobody_fetches(void)
{
    struct draft draft = busy_office(false);
    struct purse purse = {.allowed = 1000};
    struct lk_allocator from = purse_of(&purse);
    struct lk_command command = {0};
    struct lk_core *core;
    uint64_t call = 1, told = 0;
    enum lk_error error = LK_OK;

    CHECK(lk_core_new(&core, &from, draft.bytes, draft.size, NULL, 0) == LK_OK);
    while (error == LK_OK) { /* nobody can be rung: each goes straight to voicemail and hangs up */
        struct lk_event arrived = {.kind = LK_EV_ARRIVED, .call = call, .line = 303};

        error = lk_core_feed(core, &arrived, 1000);
        if (error == LK_OK)
            error = lk_core_feed(core, &(struct lk_event){.kind = LK_EV_HUNG_UP, .call = call}, 1000);
        call += error == LK_OK;
    }
    CHECK(error == LK_FULL);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_TICK}, 99999999) == LK_FULL);
    while (lk_core_command(core, &command))
        told += command.kind == LK_DO_OVER;
    CHECK(told == call - 1 && told > 3);
    drain(core);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_TICK}, 99999999) == LK_OK);
    lk_core_free(core);
}

static void only_so_many_old_rules_are_kept(void)
{
    struct draft draft = busy_office(false);
    struct purse purse = {.allowed = 10000};
    struct lk_allocator from = purse_of(&purse);
    struct lk_core *core;
    lk_ms now = 1000;
    uint64_t call = 1;

    CHECK(lk_core_new(&core, &from, draft.bytes, draft.size, NULL, 0) == LK_OK);
    for (int i = 0; i < 50; i++) /* without calls under the old ones there is no limit */
        CHECK(lk_core_swap(core, draft.bytes, draft.size, now) == LK_OK);
    for (; call < LK_PLANS_MAX; call++) {
        CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_ARRIVED, .call = call, .line = 303}, now) == LK_OK);
        CHECK(lk_core_swap(core, draft.bytes, draft.size, now) == LK_OK);
        drain(core);
    }
    CHECK(lk_core_swap(core, draft.bytes, draft.size, now) == LK_FULL);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_HUNG_UP, .call = 3}, now) == LK_OK);
    CHECK(lk_core_swap(core, draft.bytes, draft.size, now) == LK_OK);
    lk_core_free(core);
    CHECK(purse.live == 0);
}

static void facts_outside_their_range_change_nothing(void)
{
    struct draft draft = busy_office(false);
    struct purse purse = {.allowed = 1000};
    struct lk_allocator from = purse_of(&purse);
    struct lk_core *core;
    struct lk_event unending = {.kind = LK_EV_ARRIVED, .call = 9, .line = 301};
    const struct lk_event bad[] = {
        {.kind = 0},
        {.kind = LK_EV_TAKEN + 1},
        {.kind = UINT16_MAX},
        {.kind = LK_EV_ARRIVED, .call = 0, .line = 301},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 399},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .person = 999},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .number = "1 2"},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .other = "1\n"},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .other = "\xc4\x85"},
        {.kind = LK_EV_STATUS, .person = 101, .value = 5},
        {.kind = LK_EV_STATUS, .person = 101, .value = -1},
        {.kind = LK_EV_STATUS, .person = 0, .value = 0},
        {.kind = LK_EV_REACHABLE, .person = 101, .value = -1},
        {.kind = LK_EV_LINE, .line = 301, .value = 2},
        {.kind = LK_EV_LINE, .line = 0, .value = 1},
        {.kind = LK_EV_REFUSED, .call = 1, .leg = 1, .value = 0},
        {.kind = LK_EV_REFUSED, .call = 1, .leg = 1, .value = 128},
        {.kind = LK_EV_DIGIT, .call = 1, .value = 'x'},
        {.kind = LK_EV_DIGIT, .call = 1, .value = 0},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .trust = LK_TRUST_OURS + 1},
        {.kind = LK_EV_ARRIVED, .call = 9, .line = 301, .history = 4},
        {.kind = LK_EV_FOUND, .call = 1, .value = 2},
        {.kind = LK_EV_FOUND, .call = 1, .value = -2},
        {.kind = LK_EV_FOUND, .call = 1, .value = 1, .number = "1\n"},
        {.kind = LK_EV_OVERRIDE, .what = 999, .value = LK_HELD_OPEN},
        {.kind = LK_EV_OVERRIDE, .what = 0, .value = LK_HELD_CLOSED},
    };

    CHECK(lk_core_new(&core, &from, draft.bytes, draft.size, NULL, 0) == LK_OK);
    memset(unending.other, '1', sizeof unending.other);
    CHECK(lk_core_feed(core, &unending, 1000) == LK_BAD_EVENT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(lk_core_feed(core, &bad[i], 1000) == LK_BAD_EVENT);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_TICK}, -1) == LK_BAD_EVENT);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_TICK}, LK_NOW_MAX + 1) == LK_BAD_EVENT);
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_HUNG_UP, .call = 1}, 1000) == LK_NO_CALL);
    CHECK(core->world.calls.count == 0 && core->world.traces.count == 0 && core->world.commands.count == 0);
    lk_core_free(core);
}

const struct test limit_tests[] = {
    {"whatever one fact sets off fits and needs no memory", whatever_one_fact_sets_off_fits_and_needs_no_memory},
    {"nothing is lost when nobody fetches", nothing_is_lost_when_nobody_fetches},
    {"only so many old rules are kept", only_so_many_old_rules_are_kept},
    {"facts outside their range change nothing", facts_outside_their_range_change_nothing},
    {0},
};
