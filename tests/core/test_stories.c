/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stories of an office, each also with memory that runs out: people 101..103, queue 7, mailbox 77, line 301.
 */
#include <string.h>

#include "suites.h"
#include "draft.h"

enum { ANNA = 101, BORIS, CILE, SALES = 7, MAILBOX = 77, CITY = 301, DESKS, LAMP = 501 };

static struct lk_core *core;
static lk_ms now;

/* What the box wants done, in words. */
static const char *wanted(void)
{
    static char text[4096];
    size_t at = 0;
    struct lk_command c;

    text[0] = 0;
    while (lk_core_command(core, &c)) {
        char *to = text + at;
        size_t room = sizeof text - at;
        const char *gap = at > 0 ? ", " : "";
        unsigned long long call = c.call;
        int size = 0;

        switch (c.kind) {
        case LK_DO_RING:
            size = snprintf(to, room, "%s%llu rings %u as %u", gap, call, c.target, c.leg);
            break;
        case LK_DO_DIAL:
            size = snprintf(to, room, "%s%llu dials %s through %u as %u", gap, call, c.number, c.target, c.leg);
            break;
        case LK_DO_STOP:
            size = snprintf(to, room, "%s%llu stops %u (%d)", gap, call, c.leg, c.value);
            break;
        case LK_DO_ANSWER:
            size = snprintf(to, room, "%s%llu is answered", gap, call);
            break;
        case LK_DO_PLAY:
            size = snprintf(to, room, "%s%llu hears music of %u", gap, call, c.target);
            break;
        case LK_DO_BRIDGE:
            size = snprintf(to, room, "%s%llu talks to %u", gap, call, c.leg);
            break;
        case LK_DO_MAILBOX:
            size = snprintf(to, room, "%s%llu leaves a message in %u", gap, call, c.target);
            break;
        case LK_DO_ACTION:
            size = snprintf(to, room, "%s%llu switches %u", gap, call, c.target);
            break;
        case LK_DO_HANG_UP:
            size = snprintf(to, room, "%s%llu is hung up (%d)", gap, call, c.value);
            break;
        case LK_DO_OVER:
            size = snprintf(to, room, "%s%llu is over (%d by %u in %u)", gap, call, c.value, c.target, c.queue);
            break;
        default:
            CHECK(false);
        }
        at += (size_t)size;
        CHECK(at < sizeof text);
    }
    while (lk_core_trace(core, &(struct lk_trace){0}))
        continue;
    return text;
}

static void expect_at(int line, const char *expected)
{
    const char *got = wanted();

    if (strcmp(got, expected) == 0)
        return;
    fprintf(stderr, "%s:%d:\n  expected: %s\n  got:      %s\n", __FILE__, line, expected, got);
    exit(1);
}

#define EXPECT(text) expect_at(__LINE__, text)

static void feed(struct lk_event event)
{
    CHECK(lk_core_feed(core, &event, now) == LK_OK);
}

#define FEED(...) feed((struct lk_event){.kind = __VA_ARGS__})

static void arrives(uint64_t call, uint32_t line, const char *number, const char *called)
{
    struct lk_event event = {.kind = LK_EV_ARRIVED, .call = call, .line = line};

    memcpy(event.number, number, strlen(number));
    memcpy(event.other, called, strlen(called));
    feed(event);
}

/* Time goes on, with a tick whenever one is due. */
static void wait(lk_ms ms)
{
    lk_ms until = now + ms;

    while (lk_core_deadline(core) <= until) {
        now = lk_core_deadline(core);
        FEED(LK_EV_TICK);
        CHECK(lk_core_deadline(core) > now);
    }
    now = until;
}

/* Hours till 1,000,000 -> queue 7 -> chain of Cile -> mailbox 77; on line 302, 0* dials through 301. */
static struct draft office(bool round_robin)
{
    struct draft draft = {.calls_max = 3};
    uint32_t people[3] = {add_person(&draft, ANNA, 0), add_person(&draft, BORIS, 5000), add_person(&draft, CILE, 0)};

    add_members(&draft, 3, people);
    add_queue(&draft, (struct queue_draft){.id = SALES,
                                           .ring_ms = 20000,
                                           .max_wait_ms = 60000,
                                           .max_length = 2,
                                           .again_after_refusal_ms = 30000,
                                           .again_after_no_answer_ms = 10000,
                                           .count = 2,
                                           .wrap_up_ms = UINT32_MAX,
                                           .strategy = round_robin ? ROUND_ROBIN : RING_ALL,
                                           .music = true});
    add_chain_step(&draft, 15000, 2, 1);
    add_chain(&draft, 8, 0, 1);
    add_open(&draft, 0, 1000000);
    add_hours(&draft, 9, 0, 1);
    add_step(&draft, 201, 1, 0, 0, 1, 3);
    add_step(&draft, 202, 2, 0, 0, 2, NONE);
    add_step(&draft, 203, 3, 0, 0, 3, NONE);
    add_step(&draft, 204, 5, 0, MAILBOX, NONE, NONE);
    add_step(&draft, 205, 7, 1, 0, NONE, NONE);
    add_line(&draft, CITY, 0);
    add_line(&draft, DESKS, NONE);
    add_dial(&draft, 1, 4, "0*");
    add_list(&draft, 401);
    add_caller(&draft, 1);
    add_numbers(&draft, 4, 1, (const char *const[]){"37060000001"}, (const uint32_t[]){0});
    add_action(&draft, LAMP, 0, 1);
    finish(&draft);
    return draft;
}

static enum lk_error open_office(struct purse *purse, bool round_robin)
{
    struct draft draft = office(round_robin);
    struct lk_allocator from = purse_of(purse);
    enum lk_error error = lk_core_new(&core, &from, draft.bytes, draft.size, NULL, 0);

    now = 1000;
    if (error != LK_OK)
        return error;
    for (uint32_t person = ANNA; person <= CILE; person++)
        FEED(LK_EV_REACHABLE, .person = person, .value = 1);
    FEED(LK_EV_LINE, .line = CITY, .value = 1);
    return LK_OK;
}

static enum lk_error close_office(void)
{
    lk_core_free(core);
    return LK_OK;
}

/* ---- the stories -------------------------------------------------------------------------------------------------- */

static enum lk_error desks_ring_and_one_answers(struct purse *purse)
{
    if (open_office(purse, false) != LK_OK)
        return LK_NOMEM;
    arrives(1, CITY, "37060000001", "");
    EXPECT("1 switches 501, 1 is answered, 1 hears music of 7, 1 rings 101 as 1, 1 rings 102 as 2");
    wait(3000);
    FEED(LK_EV_RANG, .call = 1, .leg = 1);
    FEED(LK_EV_ANSWERED, .call = 1, .leg = 2);
    EXPECT("1 stops 1 (26), 1 talks to 2");
    FEED(LK_EV_ANSWERED, .call = 1, .leg = 1); /* too late */
    EXPECT("1 stops 1 (26)");
    wait(100000);
    FEED(LK_EV_LEFT, .call = 1, .leg = 2);
    EXPECT("1 is hung up (16), 1 is over (1 by 102 in 7)");
    arrives(2, CITY, "", "");
    EXPECT("2 is answered, 2 hears music of 7, 2 rings 101 as 3"); /* Boris wraps up */
    wait(5000);
    EXPECT("2 rings 102 as 4");
    FEED(LK_EV_HUNG_UP, .call = 2);
    EXPECT("2 stops 3 (16), 2 stops 4 (16), 2 is over (4 by 0 in 7)");
    CHECK(lk_core_deadline(core) == LK_NONE);
    return close_office();
}

static enum lk_error nobody_answers(struct purse *purse)
{
    if (open_office(purse, false) != LK_OK)
        return LK_NOMEM;
    arrives(1, CITY, "", "");
    wanted();
    FEED(LK_EV_REFUSED, .call = 1, .leg = 1, .value = 21);
    wait(20000);
    EXPECT("1 stops 2 (19)");
    wait(10000);
    EXPECT("1 rings 101 as 3, 1 rings 102 as 4"); /* 30 s after he declined, 10 s after he did not answer */
    wait(20000);
    EXPECT("1 stops 3 (19), 1 stops 4 (19)");
    wait(10000);
    EXPECT("1 rings 103 as 5"); /* 60 s are over: the chain, though Anna and Boris could be rung again */
    wait(15000);
    EXPECT("1 stops 5 (19), 1 leaves a message in 77");
    FEED(LK_EV_DONE, .call = 1);
    EXPECT("1 is hung up (16), 1 is over (2 by 0 in 7)");
    return close_office();
}

static enum lk_error turns_go_round(struct purse *purse)
{
    if (open_office(purse, true) != LK_OK)
        return LK_NOMEM;
    arrives(1, CITY, "", "");
    EXPECT("1 is answered, 1 hears music of 7, 1 rings 101 as 1");
    arrives(2, CITY, "", "");
    EXPECT("2 is answered, 2 hears music of 7, 2 rings 102 as 2");
    arrives(3, CITY, "", "");
    EXPECT("3 rings 103 as 3"); /* two wait already: full, so the chain */
    FEED(LK_EV_REFUSED, .call = 1, .leg = 1, .value = 17);
    EXPECT("");
    FEED(LK_EV_REFUSED, .call = 2, .leg = 2, .value = 17);
    EXPECT("1 rings 102 as 4, 2 rings 101 as 5");
    FEED(LK_EV_HUNG_UP, .call = 1);
    FEED(LK_EV_ANSWERED, .call = 2, .leg = 5);
    FEED(LK_EV_HUNG_UP, .call = 2);
    FEED(LK_EV_HUNG_UP, .call = 3);
    EXPECT("1 stops 4 (16), 1 is over (4 by 0 in 7), 2 talks to 5, 2 stops 5 (16), 2 is over (1 by 101 in 7), "
           "3 stops 3 (16), 3 is over (4 by 0 in 0)");
    arrives(4, CITY, "", "");
    EXPECT("4 is answered, 4 hears music of 7, 4 rings 102 as 6"); /* Anna was offered one last */
    return close_office();
}

static enum lk_error turns_and_statuses_survive_a_restart(struct purse *purse)
{
    struct draft draft = office(true);
    struct lk_allocator from = purse_of(purse);
    uint8_t memory[256];
    enum lk_error error;
    size_t size;

    if (open_office(purse, true) != LK_OK)
        return LK_NOMEM;
    arrives(1, CITY, "", "");
    FEED(LK_EV_STATUS, .person = CILE, .value = LK_AWAY);
    size = lk_core_memory(core, NULL, 0);
    CHECK(size == 32 + 3 * 24 + 32 && size <= sizeof memory);
    CHECK(lk_core_memory(core, memory, size - 1) == size && lk_core_memory(core, memory, size) == size);
    close_office();
    for (size_t i = 0; i < size; i++) {
        memory[i] ^= 1;
        error = lk_core_new(&core, &from, draft.bytes, draft.size, memory, size);
        memory[i] ^= 1;
        CHECK(error != LK_OK && core == NULL);
        if (error == LK_NOMEM)
            return error;
        CHECK(error == LK_BAD_MEMORY);
    }
    error = lk_core_new(&core, &from, draft.bytes, draft.size, memory, size - 1);
    CHECK(error == LK_BAD_MEMORY || error == LK_NOMEM);
    if (error == LK_NOMEM)
        return error;
    error = lk_core_new(&core, &from, draft.bytes, draft.size, memory, size);
    if (error != LK_OK)
        return error;
    for (uint32_t person = ANNA; person <= CILE; person++)
        FEED(LK_EV_REACHABLE, .person = person, .value = 1);
    arrives(1, CITY, "", "");
    EXPECT("1 is answered, 1 hears music of 7, 1 rings 102 as 1"); /* Anna had the last one */
    FEED(LK_EV_STATUS, .person = ANNA, .value = LK_BREAK);
    wait(60000);
    EXPECT("1 stops 1 (19), 1 rings 102 as 2, 1 stops 2 (19), 1 leaves a message in 77"); /* Cile is away */
    return close_office();
}

static enum lk_error new_rules_come_while_people_talk_and_wait(struct purse *purse)
{
    struct lk_event third = {.kind = LK_EV_ARRIVED, .call = 3, .line = CITY};
    struct draft draft = {.calls_max = 2}, old = office(false);
    enum lk_error error;

    if (open_office(purse, false) != LK_OK)
        return LK_NOMEM;
    arrives(1, CITY, "", "");
    arrives(2, CITY, "", "");
    FEED(LK_EV_ANSWERED, .call = 1, .leg = 1);
    EXPECT("1 is answered, 1 hears music of 7, 1 rings 101 as 1, 1 rings 102 as 2, 2 is answered, 2 hears music of 7, "
           "1 stops 2 (26), 1 talks to 1, 2 rings 102 as 3");
    add_person(&draft, 50, 0);
    add_person(&draft, ANNA, 3000);
    add_step(&draft, 204, 5, 0, MAILBOX, NONE, NONE);
    add_step(&draft, 210, 4, 10, 0, 0, NONE);
    add_line(&draft, CITY, 1);
    finish(&draft);
    error = lk_core_swap(core, draft.bytes, draft.size, now);
    if (error != LK_OK) {
        FEED(LK_EV_HUNG_UP, .call = 2);
        EXPECT("2 stops 3 (16), 2 is over (4 by 0 in 7)"); /* nothing was lost */
        close_office();
        return error;
    }
    FEED(LK_EV_REACHABLE, .person = 50, .value = 1);
    CHECK(lk_core_feed(core, &third, now) == LK_FULL); /* two calls are as many as the new rules allow */
    wait(20000);
    EXPECT("2 stops 3 (19)"); /* Boris still rings and stops under the old ones */
    FEED(LK_EV_LEFT, .call = 1, .leg = 1);
    EXPECT("1 is hung up (16), 1 is over (1 by 101 in 7), 2 rings 101 as 4");
    arrives(3, CITY, "", "");
    EXPECT("3 rings 50 as 5");
    FEED(LK_EV_ANSWERED, .call = 2, .leg = 4);
    FEED(LK_EV_HUNG_UP, .call = 2); /* the last one under the old rules */
    EXPECT("2 talks to 4, 2 stops 4 (16), 2 is over (1 by 101 in 7)");
    CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_REACHABLE, .person = BORIS, .value = 1}, now) == LK_OK);
    error = lk_core_swap(core, old.bytes, old.size, now);
    if (error == LK_OK) {
        FEED(LK_EV_REFUSED, .call = 3, .leg = 5, .value = 19);
        EXPECT("3 is answered, 3 leaves a message in 77");
    }
    close_office();
    return error;
}

static enum lk_error calling_out(struct purse *purse)
{
    if (open_office(purse, false) != LK_OK)
        return LK_NOMEM;
    FEED(LK_EV_ARRIVED, .call = 1, .line = DESKS, .person = ANNA, .number = "101", .other = "0441214960000");
    EXPECT("1 dials 441214960000 through 301 as 1");
    arrives(2, CITY, "", "");
    EXPECT("2 is answered, 2 hears music of 7, 2 rings 102 as 2"); /* Anna is on the telephone */
    FEED(LK_EV_ANSWERED, .call = 1, .leg = 1);
    FEED(LK_EV_LEFT, .call = 1, .leg = 1);
    EXPECT("1 talks to 1, 1 is hung up (16), 1 is over (1 by 0 in 0), 2 rings 101 as 3");
    FEED(LK_EV_LINE, .line = CITY, .value = 0);
    FEED(LK_EV_ARRIVED, .call = 3, .line = DESKS, .person = CILE, .number = "103", .other = "0441214960000");
    EXPECT("3 is hung up (34), 3 is over (3 by 0 in 0)");
    FEED(LK_EV_ARRIVED, .call = 4, .line = DESKS, .person = CILE, .number = "103", .other = "5");
    EXPECT("4 is hung up (1), 4 is over (3 by 0 in 0)");
    return close_office();
}

#define STORY(name)               \
    static void run_##name(void)  \
    {                             \
        starve(name);             \
    }

STORY(desks_ring_and_one_answers)
STORY(nobody_answers)
STORY(turns_go_round)
STORY(turns_and_statuses_survive_a_restart)
STORY(new_rules_come_while_people_talk_and_wait)
STORY(calling_out)

const struct test story_tests[] = {
    {"desks ring and one answers", run_desks_ring_and_one_answers},
    {"nobody answers", run_nobody_answers},
    {"turns go round", run_turns_go_round},
    {"turns and statuses survive a restart", run_turns_and_statuses_survive_a_restart},
    {"new rules come while people talk and wait", run_new_rules_come_while_people_talk_and_wait},
    {"calling out", run_calling_out},
    {0},
};
