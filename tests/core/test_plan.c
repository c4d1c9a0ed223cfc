/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Plans: what is read, and that no damage gets past the check.
 */
#include <string.h>

#include "suites.h"
#include "draft.h"
#include "plan.h"

static struct draft office(void)
{
    struct draft draft = {.calls_max = 4};
    uint32_t people[3];

    for (uint32_t i = 0; i < 3; i++)
        people[i] = add_person(&draft, 101 + i, 0);
    add_members(&draft, 3, people);
    add_queue(&draft, (struct queue_draft){.id = 7, .ring_ms = 20000, .max_wait_ms = 60000, .count = 3, .music = true});
    add_chain_step(&draft, 15000, 0, 1);
    add_chain(&draft, 8, 0, 1);
    add_open(&draft, 0, 1000000);
    add_hours(&draft, 9, 0, 1);
    add_step(&draft, 201, 1, 0, 0, 1, 3);
    add_step(&draft, 202, 2, 0, 0, 2, NONE);
    add_step(&draft, 203, 3, 0, 0, 3, NONE);
    add_step(&draft, 204, 5, 0, 77, NONE, NONE);
    add_step(&draft, 205, 4, 20, 2, 3, NONE);
    add_step(&draft, 206, 6, 0, 17, NONE, NONE);
    add_step(&draft, 207, 7, 1, 0, 5, NONE);
    add_step(&draft, 208, 8, 0, 0, 5, 0);
    add_line(&draft, 301, 0);
    add_line(&draft, 302, NONE);
    add_dial(&draft, 1, 4, "103");
    add_dial(&draft, 1, 6, "0*");
    add_dial(&draft, 1, 5, "00*");
    add_list(&draft, 401);
    add_caller(&draft, 1);
    add_numbers(&draft, 4, 1, (const char *const[]){"37060000001"}, (const uint32_t[]){0});
    add_action(&draft, 501, 0, 3);
    finish(&draft);
    return draft;
}

static void sound_plan_is_read_as_written(void)
{
    struct draft draft = office();
    struct lk_plan plan;
    struct lk_queue_rule queue;
    lk_ms until;

    CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_OK);
    queue = lk_plan_queue(&plan, 0);
    CHECK(plan.calls_max == 4 && queue.id == 7 && queue.music && queue.strategy == 0 && queue.people.count == 3);
    CHECK(lk_plan_open(&plan, 0, 5, &until) && until == 1000000);
    CHECK(lk_plan_line(&plan, 302) == 1 && lk_plan_line(&plan, 303) == LK_NO_INDEX);
    CHECK(lk_plan_first_step(&plan, 0, "999", 3) == 0);
    CHECK(lk_plan_first_step(&plan, 1, "999", 3) == LK_NO_INDEX);
    CHECK(lk_plan_first_step(&plan, 1, "103", 3) == 4);
    CHECK(lk_plan_first_step(&plan, 1, "10", 2) == LK_NO_INDEX);
    CHECK(lk_plan_first_step(&plan, 1, "01", 2) == 6);
    CHECK(lk_plan_first_step(&plan, 1, "001", 3) == 5);
}

static void longest_walk_is_known_and_a_loop_is_cut(void)
{
    struct draft draft = office();
    struct lk_plan plan;
    uint8_t scratch[16] = {0};

    CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_OK);
    CHECK(lk_plan_walk(&plan, scratch) == 5); /* list, hours, queue, chain, voicemail */
    add_step(&draft, 209, 8, 0, 0, 8, 8);
    finish(&draft);
    memset(scratch, 0, sizeof scratch);
    CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_OK);
    CHECK(lk_plan_walk(&plan, scratch) == LK_WALK_MAX);
}

static void every_truncation_is_refused(void)
{
    struct draft draft = office();
    struct lk_plan plan;

    for (size_t size = 0; size < draft.size; size++) {
        uint8_t *cut = malloc(size + 1);

        CHECK(cut != NULL);
        memcpy(cut, draft.bytes, size);
        CHECK(lk_plan_read(&plan, cut, size) == LK_BAD_PLAN);
        if (size >= 32) {
            seal(cut, size);
            CHECK(lk_plan_read(&plan, cut, size) == LK_BAD_PLAN || size >= draft.size - 8);
        }
        free(cut);
    }
}

static void every_changed_byte_is_refused_by_the_checksum(void)
{
    struct draft draft = office();
    struct lk_plan plan;

    for (size_t at = 0; at < draft.size; at++) {
        if (at >= 16 && at < 20)
            continue; /* calls_max: any sensible number is as good as another */
        draft.bytes[at] ^= 0x5a;
        CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_BAD_PLAN);
        draft.bytes[at] ^= 0x5a;
    }
    CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_OK);
}

static void every_field_out_of_its_range_is_refused(void)
{
    static const struct {
        enum draft_table table;
        uint32_t at;
        uint8_t value;
    } wrong[] = {
        {LINE, 4, 8},   /* a step that is not there */
        {LINE, 0, 0},   /* no id (the second byte goes too) */
        {MEMB, 0, 3},   /* a person that is not there */
        {QUEU, 4, LK_STRATEGIES}, /* no such strategy */
        {QUEU, 28, 1},  /* a run of people past the end */
        {CHST, 8, 4},   /* the same */
        {CHAN, 8, 2},   /* a chain past the end */
        {HOUR, 8, 2},   /* hours past the end */
        {OPEN, 7, 127}, /* open after it is closed */
        {STEP, 4, 0},   /* no such kind */
        {STEP, 4, LK_STEPS}, /* the same */
        {STEP, 8, 1},   /* hours that are not there */
        {STEP, 12, 8},  /* a next step that is not there */
        {STEP, 16, 8},  /* the same */
        {STEP, 40 * 3 + 8, 0},    /* no mailbox */
        {STEP, 40 * 4 + 6, 0},    /* rung for no time */
        {STEP, 40 * 5 + 8, 128},  /* no such cause */
        {STEP, 40 * 6 + 6, 32},   /* more digits taken away than there are */
        {DIAL, 0, 2},   /* a line that is not there */
        {DIAL, 4, 8},   /* a step that is not there */
        {CALR, 0, 2},   /* a list that is not there */
        {ACTN, 4, 1},   /* the same */
    };
    struct lk_plan plan;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct draft draft = office();

        draft.table[wrong[i].table].bytes[wrong[i].at] = wrong[i].value;
        if (wrong[i].value == 0)
            draft.table[wrong[i].table].bytes[wrong[i].at + 1] = 0;
        finish(&draft);
        CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_BAD_PLAN);
    }
    for (uint32_t i = 0; i < 2; i++) { /* a ring of no length */
        struct draft draft = office();

        memset(draft.table[i ? QUEU : CHST].bytes + (i ? 8 : 0), 0, 4);
        finish(&draft);
        CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_BAD_PLAN);
    }
    for (uint32_t calls = 0; calls <= LK_CALLS_MAX + 1; calls += LK_CALLS_MAX + 1) {
        struct draft draft = office();

        draft.calls_max = calls;
        finish(&draft);
        CHECK(lk_plan_read(&plan, draft.bytes, draft.size) == LK_BAD_PLAN);
    }
}

/* Whatever a plan with a good checksum says, a core made of it can be used without a fault: the sanitizers watch. */
static void damage_with_a_right_checksum_never_leads_astray(void)
{
    struct draft draft = office();
    uint8_t *bytes = malloc(draft.size);
    uint32_t random = 99;
    int made = 0;

    CHECK(bytes != NULL);
    for (int round = 0; round < 30000; round++) {
        struct purse purse = {.allowed = 1000};
        struct lk_allocator from = purse_of(&purse);
        struct lk_core *core;
        struct lk_command command;

        memcpy(bytes, draft.bytes, draft.size);
        for (int changes = 0; changes <= round % 3; changes++) {
            random = random * 1103515245 + 12345;
            bytes[32 + (random >> 8) % (draft.size - 32)] = (uint8_t)(random >> 3);
        }
        seal(bytes, draft.size);
        if (lk_core_new(&core, &from, bytes, draft.size, NULL, 0) != LK_OK) {
            CHECK(purse.live == 0);
            continue;
        }
        made++;
        for (uint32_t person = 101; person < 104; person++)
            lk_core_feed(core, &(struct lk_event){.kind = LK_EV_REACHABLE, .person = person, .value = 1}, 1000);
        lk_core_feed(core, &(struct lk_event){.kind = LK_EV_LINE, .line = 301, .value = 1}, 1000);
        for (uint32_t i = 0; i < 4; i++) {
            struct lk_event event = {.kind = LK_EV_ARRIVED, .call = i + 1, .line = 301 + i % 2, .number = "37060000001"};

            memcpy(event.other, i == 3 ? "0123" : "103", 4);
            lk_core_feed(core, &event, 1000 + i);
        }
        for (lk_ms now = 1000; lk_core_deadline(core) < 100000000; ) {
            CHECK(lk_core_deadline(core) > now || now == 1000);
            now = lk_core_deadline(core);
            while (lk_core_command(core, &command))
                continue;
            while (lk_core_trace(core, &(struct lk_trace){0}))
                continue;
            CHECK(lk_core_feed(core, &(struct lk_event){.kind = LK_EV_TICK}, now) == LK_OK);
        }
        lk_core_free(core);
        CHECK(purse.live == 0);
    }
    CHECK(made > 1000);
    free(bytes);
}

const struct test plan_tests[] = {
    {"sound plan is read as written", sound_plan_is_read_as_written},
    {"longest walk is known and a loop is cut", longest_walk_is_known_and_a_loop_is_cut},
    {"every truncation is refused", every_truncation_is_refused},
    {"every changed byte is refused by the checksum", every_changed_byte_is_refused_by_the_checksum},
    {"every field out of its range is refused", every_field_out_of_its_range_is_refused},
    {"damage with a right checksum never leads astray", damage_with_a_right_checksum_never_leads_astray},
    {0},
};
