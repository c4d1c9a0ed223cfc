/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A day of an office in virtual time: people 101..103 in turns, line 301; with memory that runs out, too.
 */
#include "replay.h"

#include <string.h>

#include "suites.h"
#include "draft.h"

enum { PEOPLE = 3, CALLS = 200, CITY = 301, SALES = 7, MAILBOX = 77, MINUTE = 60000 };

static struct draft office(void)
{
    struct draft draft = {.calls_max = 20};
    uint32_t people[PEOPLE], mailbox, queue, step, first;

    for (uint32_t i = 0; i < PEOPLE; i++)
        people[i] = add_person(&draft, 101 + i, 2000);
    first = add_members(&draft, PEOPLE, people);
    queue = add_queue(&draft, (struct queue_draft){.id = SALES,
                                                   .strategy = ROUND_ROBIN,
                                                   .ring_ms = 15000,
                                                   .max_wait_ms = MINUTE,
                                                   .again_after_no_answer_ms = 5000,
                                                   .first = first,
                                                   .count = PEOPLE,
                                                   .wrap_up_ms = NONE,
                                                   .music = true});
    mailbox = add_step(&draft, 901, 5, 0, MAILBOX, NONE, NONE);
    step = add_step(&draft, 902, 2, 0, queue, mailbox, NONE);
    add_line(&draft, CITY, step);
    finish(&draft);
    return draft;
}

struct day {
    struct draft draft;
    struct lk_replay_arrival arrivals[CALLS];
    struct lk_replay_fact facts[PEOPLE + 1];
    struct lk_replay_person people[PEOPLE];
    struct lk_replay_manner manners[1];
    struct lk_replay_call calls[CALLS];
    struct lk_replay_load loads[PEOPLE];
    struct lk_replay replay;
};

/* A caller every 20 s; each talks a minute; some have little patience, and somebody lets some of them ring. */
static void begin(struct day *day)
{
    memset(day, 0, sizeof *day);
    day->draft = office();
    for (uint32_t i = 0; i < PEOPLE; i++) {
        day->facts[i] = (struct lk_replay_fact){.kind = LK_EV_REACHABLE, .id = 101 + i, .value = 1};
        day->people[i] = (struct lk_replay_person){101 + i, i == 2 ? 300 : 0};
    }
    for (uint32_t i = 0; i < CALLS; i++)
        day->arrivals[i] = (struct lk_replay_arrival){
            .at = MINUTE + (lk_ms)i * 20000,
            .line = CITY,
            .patience_ms = i % 3 == 0 ? 10000 : 0,
            .talk_ms = MINUTE,
            .answer_ms = 3000,
            .message_ms = 5000,
        };
    day->replay = (struct lk_replay){
        .plan = day->draft.bytes,
        .plan_size = day->draft.size,
        .arrivals = day->arrivals,
        .facts = day->facts,
        .people = day->people,
        .manners = day->manners,
        .arrival_count = CALLS,
        .fact_count = PEOPLE,
        .person_count = PEOPLE,
    };
}

static enum lk_error run(struct day *day, struct purse *purse)
{
    struct lk_allocator from = purse_of(purse);

    return lk_replay_run(&day->replay, &from, day->calls, day->loads);
}

static enum lk_error a_day(struct purse *purse)
{
    static struct day day;

    begin(&day);
    return run(&day, purse);
}

static void memory_that_runs_out_is_told_and_given_back(void)
{
    starve(a_day);
}

static void everybody_is_done_with_and_counted_once(void)
{
    static struct day day, again;
    struct purse purse = {.allowed = 1000};
    uint32_t ends[LK_SELF_SERVICE + 1] = {0}, answered = 0;
    long taken;

    begin(&day);
    CHECK(run(&day, &purse) == LK_OK);
    taken = 1000 - purse.allowed;
    for (uint32_t i = 0; i < CALLS; i++) {
        CHECK(day.calls[i].over_at >= day.arrivals[i].at && day.calls[i].under_way == 0);
        CHECK(day.calls[i].outcome != LK_ANSWERED || day.calls[i].over_at - day.calls[i].answered_at == MINUTE);
        ends[day.calls[i].outcome]++;
    }
    CHECK(ends[0] == 0 && ends[LK_ANSWERED] > 0 && ends[LK_ABANDONED] > 0 && ends[LK_REFUSED] == 0);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        CHECK(day.loads[i].talk_ms == (uint64_t)day.loads[i].calls * MINUTE);
        answered += day.loads[i].calls;
    }
    CHECK(answered == ends[LK_ANSWERED]);
    begin(&again);
    again.replay.arrival_count = CALLS / 2;
    purse.allowed = 1000;
    CHECK(run(&again, &purse) == LK_OK);
    CHECK(1000 - purse.allowed == taken); /* no block more for twice the calls */
}

static bool enough(void *state, uint32_t arrivals)
{
    *(uint32_t *)state = arrivals;
    return false;
}

static void it_stops_when_told_to(void)
{
    enum { MANY = 10000 };
    static struct lk_replay_arrival arrivals[MANY];
    static struct lk_replay_call calls[MANY];
    static struct day day;
    struct purse purse = {.allowed = 1000};
    struct lk_allocator from = purse_of(&purse);
    uint32_t asked_at = 0;

    begin(&day);
    for (uint32_t i = 0; i < MANY; i++) {
        arrivals[i] = day.arrivals[0];
        arrivals[i].at += (lk_ms)i * 2 * MINUTE;
    }
    day.replay.arrivals = arrivals;
    day.replay.arrival_count = MANY;
    day.replay.go_on = enough;
    day.replay.state = &asked_at;
    CHECK(lk_replay_run(&day.replay, &from, calls, day.loads) == LK_OK);
    CHECK(asked_at > 0 && asked_at < MANY && purse.live == 0);
}

static void traffic_out_of_order_is_refused(void)
{
    static struct day day;
    struct purse purse = {.allowed = 1000};

    begin(&day);
    day.arrivals[1].at = 0;
    CHECK(run(&day, &purse) == LK_BAD_EVENT);
    begin(&day);
    day.facts[1].at = -1;
    CHECK(run(&day, &purse) == LK_BAD_EVENT);
    begin(&day);
    day.facts[0].kind = LK_EV_ANSWERED;
    CHECK(run(&day, &purse) == LK_BAD_EVENT);
    begin(&day);
    day.arrivals[1].manners = 1;
    CHECK(run(&day, &purse) == LK_BAD_EVENT);
    CHECK(purse.live == 0);
}

static void a_leg_is_found_however_many_were_rung_since(void)
{
    static struct day day;
    struct purse purse = {.allowed = 1000};

    begin(&day); /* nobody ever picks up: every 20 s a leg or two, all to be stopped when their time is over */
    for (uint32_t i = 0; i < CALLS; i++)
        day.arrivals[i].answer_ms = LK_NEVER;
    CHECK(run(&day, &purse) == LK_OK);
    for (uint32_t i = 0; i < CALLS; i++)
        CHECK(day.calls[i].outcome == (i % 3 == 0 ? LK_ABANDONED : LK_VOICEMAIL));
    for (uint32_t i = 0; i < PEOPLE; i++)
        CHECK(day.loads[i].calls == 0 && day.loads[i].rung > 0);
}

const struct test replay_tests[] = {
    {"memory that runs out is told and given back", memory_that_runs_out_is_told_and_given_back},
    {"everybody is done with and counted once", everybody_is_done_with_and_counted_once},
    {"it stops when told to", it_stops_when_told_to},
    {"traffic out of order is refused", traffic_out_of_order_is_refused},
    {"a leg is found however many were rung since", a_leg_is_found_however_many_were_rung_since},
    {0},
};
