/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <string.h>

#include "bytes.h"
#include "hours.h"

#define DIAL_NUMBER 32

const uint32_t lk_plan_size[LK_TABLES] = {
    [LK_LINE] = 16, [LK_PRSN] = 32, [LK_SKIL] = 4, [LK_PSKL] = 8, [LK_MEMB] = LK_MEMBER_RECORD, [LK_QUEU] = 48, [LK_CHST] = 16,
    [LK_CHAN] = 12, [LK_OPEN] = 16, [LK_HOUR] = 12, [LK_ATTR] = 4, [LK_TEXT] = 32, [LK_STEP] = LK_STEP_RECORD, [LK_EXIT] = 8,
    [LK_DIAL] = 40, [LK_CALR] = 16, [LK_NUMB] = 12, [LK_LIST] = 8, [LK_ACTN] = 24,
};

struct lk_run lk_plan_run(const uint8_t *at)
{
    return (struct lk_run){lk_u32(at), lk_u32(at + 4)};
}

uint32_t lk_plan_id(const struct lk_plan *plan, enum lk_table table, uint32_t i)
{
    return lk_u32(lk_plan_record(plan, table, i));
}

struct lk_person_rule lk_plan_person(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_PRSN, i);

    return (struct lk_person_rule){
        .id = lk_u32(at),
        .wrap_up_ms = lk_u32(at + 4),
        .level = at[12],
        .pause_after = at[13],
        .pause_ms = lk_u32(at + 16),
        .mobile = lk_u64(at + 24),
    };
}

struct lk_queue_rule lk_plan_queue(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_QUEU, i);

    return (struct lk_queue_rule){
        .id = lk_u32(at),
        .strategy = (enum lk_strategy)at[4],
        .music = (at[5] & 1) != 0,
        .join_when_empty = (at[5] & 2) != 0,
        .leave_when_empty = (at[5] & 4) != 0,
        .ring_ms = lk_u32(at + 8),
        .max_wait_ms = lk_u32(at + 12),
        .max_length = lk_u32(at + 16),
        .again_after_refusal_ms = lk_u32(at + 20),
        .again_after_no_answer_ms = lk_u32(at + 24),
        .people = lk_plan_run(at + 28),
        .wrap_up_ms = lk_u32(at + 36),
        .any_skill_after_ms = lk_u32(at + 40),
        .weight = lk_u32(at + 44),
    };
}

struct lk_chain_step_rule lk_plan_chain_step(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_CHST, i);

    return (struct lk_chain_step_rule){.ring_ms = lk_u32(at), .people = lk_plan_run(at + 4)};
}

struct lk_run lk_plan_chain(const struct lk_plan *plan, uint32_t i)
{
    return lk_plan_run(lk_plan_record(plan, LK_CHAN, i) + 4);
}

struct lk_step_rule lk_plan_step(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_STEP, i);

    return (struct lk_step_rule){
        .id = lk_u32(at),
        .kind = lk_u16(at + 4),
        .extra = lk_u16(at + 6),
        .what = lk_u32(at + 8),
        .next = lk_u32(at + 12),
        .other = lk_u32(at + 16),
        .exits = {lk_u32(at + 20), lk_u16(at + 24)},
        .least = at[26],
        .most = at[27],
        .value = lk_u32(at + 28),
        .ms = lk_u32(at + 32),
    };
}

struct lk_action_rule lk_plan_action(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_ACTN, i);

    return (struct lk_action_rule){
        .id = lk_u32(at), .list = lk_u32(at + 4), .lines = lk_u64(at + 8), .trust = at[17]};
}

struct lk_caller_rule lk_plan_caller(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_CALR, i);

    return (struct lk_caller_rule){.lists = lk_u64(at), .manager = lk_u32(at + 8), .priority = lk_u32(at + 12)};
}

uint32_t lk_plan_withheld(const struct lk_plan *plan)
{
    for (uint32_t i = 0; i < plan->count[LK_LIST]; i++) {
        uint32_t caller = lk_u32(lk_plan_record(plan, LK_LIST, i) + 4);

        if (caller != LK_NO_INDEX)
            return caller;
    }
    return LK_NO_CALLER;
}

const char *lk_plan_text(const struct lk_plan *plan, uint32_t i)
{
    return (const char *)lk_plan_record(plan, LK_TEXT, i);
}

uint32_t lk_plan_skill(const struct lk_plan *plan, uint32_t person, uint32_t skill)
{
    uint32_t low = 0, high = plan->count[LK_PSKL]; /* the first record not before (person, skill) */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *at = lk_plan_record(plan, LK_PSKL, middle);

        if (lk_u32(at) < person || (lk_u32(at) == person && lk_u16(at + 4) < skill))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == plan->count[LK_PSKL] || lk_u32(lk_plan_record(plan, LK_PSKL, low)) != person ||
        lk_u16(lk_plan_record(plan, LK_PSKL, low) + 4) != skill)
        return 0;
    return lk_u16(lk_plan_record(plan, LK_PSKL, low) + 6);
}

uint32_t lk_plan_exit(const struct lk_plan *plan, const struct lk_step_rule *step, uint32_t on, uint32_t otherwise)
{
    for (uint32_t i = 0; i < step->exits.count; i++) {
        const uint8_t *at = lk_plan_record(plan, LK_EXIT, step->exits.first + i);

        if (lk_u16(at) == on)
            return lk_u32(at + 4);
    }
    return otherwise;
}

bool lk_plan_open(const struct lk_plan *plan, uint32_t hours, lk_ms now, lk_ms *until)
{
    struct lk_run run = lk_plan_run(lk_plan_record(plan, LK_HOUR, hours) + 4);

    return lk_hours_open(lk_plan_record(plan, LK_OPEN, run.first), run.count, now, until);
}

static uint32_t index_of(const struct lk_plan *plan, enum lk_table table, uint32_t id)
{
    for (uint32_t i = 0; i < plan->count[table]; i++)
        if (lk_plan_id(plan, table, i) == id)
            return i;
    return LK_NO_INDEX;
}

uint32_t lk_plan_line(const struct lk_plan *plan, uint32_t id)
{
    return index_of(plan, LK_LINE, id);
}

uint32_t lk_plan_step_of(const struct lk_plan *plan, uint32_t id)
{
    return index_of(plan, LK_STEP, id);
}

/* How well a pattern fits a number: 0 not at all, the length of a prefix + 1, more than any prefix when exact. */
static size_t fit(const uint8_t *pattern, const char *called, size_t length)
{
    size_t size = 0;

    while (size < DIAL_NUMBER && pattern[size] != 0)
        size++;
    if (size > 0 && pattern[size - 1] == '*' && size - 1 <= length && memcmp(pattern, called, size - 1) == 0)
        return size;
    return size == length && memcmp(pattern, called, size) == 0 ? DIAL_NUMBER + 1 : 0;
}

uint32_t lk_plan_first_step(const struct lk_plan *plan, uint32_t line, const char *called, size_t length)
{
    uint32_t step = lk_u32(lk_plan_record(plan, LK_LINE, line) + 4);
    size_t best = 0;

    for (uint32_t i = 0; i < plan->count[LK_DIAL]; i++) {
        const uint8_t *dial = lk_plan_record(plan, LK_DIAL, i);
        size_t fits;

        if (lk_u32(dial) != line || (fits = fit(dial + 8, called, length)) <= best)
            continue;
        best = fits;
        step = lk_u32(dial + 4);
    }
    return step;
}

uint32_t lk_plan_extension(const struct lk_plan *plan, const char *typed, size_t length, bool *longer)
{
    uint32_t found = LK_NO_INDEX;

    *longer = false;
    for (uint32_t i = 0; i < plan->count[LK_DIAL]; i++) {
        const uint8_t *dial = lk_plan_record(plan, LK_DIAL, i);
        size_t size = strlen((const char *)dial + 8);

        if (lk_u32(dial) != 0 || size < length || memcmp(dial + 8, typed, length) != 0 ||
            memchr(dial + 8, '*', size) != NULL || lk_plan_step(plan, lk_u32(dial + 4)).kind == LK_STEP_OUTSIDE)
            continue;
        if (size == length)
            found = lk_u32(dial + 4);
        else
            *longer = true;
    }
    return found;
}

/* ---- walks ---------------------------------------------------------------------------------------------------------- */

static uint32_t longer(const uint8_t *steps, uint32_t step, uint32_t most)
{
    return step != LK_NO_INDEX && steps[step] > most ? steps[step] : most;
}

bool lk_always_waits(uint16_t kind)
{
    return kind == LK_STEP_SAY || kind == LK_STEP_MENU || kind == LK_STEP_COLLECT || kind == LK_STEP_LOOK_UP ||
           kind == LK_STEP_PARK;
}

uint32_t lk_plan_walk(const struct lk_plan *plan, uint8_t *scratch)
{
    uint32_t longest = 1;
    bool changed = true;

    /* Longest path by relaxation: a round that changes nothing ends it; a loop never ends by itself. */
    while (changed && longest < LK_WALK_MAX) {
        changed = false;
        for (uint32_t i = plan->count[LK_STEP]; i-- > 0;) {
            struct lk_step_rule step = lk_plan_step(plan, i);
            uint32_t after = 0;

            if (!lk_always_waits(step.kind)) {
                after = longer(scratch, step.next, longer(scratch, step.other, 0));
                for (uint32_t e = 0; e < step.exits.count; e++)
                    after = longer(scratch, lk_u32(lk_plan_record(plan, LK_EXIT, step.exits.first + e) + 4), after);
            }
            if (after + 1 <= scratch[i] || after + 1 > LK_WALK_MAX)
                continue;
            scratch[i] = (uint8_t)(after + 1);
            longest = after + 1 > longest ? after + 1 : longest;
            changed = true;
        }
    }
    return longest;
}

uint32_t lk_plan_kind(const struct lk_plan *plan, enum lk_step_kind kind)
{
    for (uint32_t i = 0; i < plan->count[LK_STEP]; i++)
        if (lk_plan_step(plan, i).kind == kind)
            return i;
    return LK_NO_INDEX;
}
