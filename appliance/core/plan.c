/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <string.h>

#include "bytes.h"
#include "hours.h"

#define HEADER 32u
#define ENTRY 16u       /* of the section table */
#define SECTIONS_MAX 64 /* known ones and room for later ones */
#define DIAL_NUMBER 32

static const struct {
    char tag[5];
    uint32_t record;
} tables[LK_TABLES] = {
    [LK_LINE] = {"LINE", 16}, [LK_PRSN] = {"PRSN", 16}, [LK_MEMB] = {"MEMB", 4},  [LK_QUEU] = {"QUEU", 48},
    [LK_CHST] = {"CHST", 16}, [LK_CHAN] = {"CHAN", 12}, [LK_OPEN] = {"OPEN", 16}, [LK_HOUR] = {"HOUR", 12},
    [LK_STEP] = {"STEP", 20}, [LK_DIAL] = {"DIAL", 40}, [LK_CALR] = {"CALR", 16}, [LK_NUMB] = {"NUMB", 12},
    [LK_LIST] = {"LIST", 4},  [LK_ACTN] = {"ACTN", 24},
};

static const uint8_t *record(const struct lk_plan *plan, enum lk_table table, uint32_t i)
{
    return plan->at[table] + (size_t)i * tables[table].record;
}

static struct lk_run run_at(const uint8_t *at)
{
    return (struct lk_run){lk_u32(at), lk_u32(at + 4)};
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool read_sections(struct lk_plan *plan, const uint8_t *bytes, size_t size)
{
    uint32_t sections = lk_u16(bytes + 6);

    if (sections > SECTIONS_MAX || HEADER + sections * ENTRY > size)
        return false;
    for (uint32_t i = 0; i < sections; i++) {
        const uint8_t *entry = bytes + HEADER + (size_t)i * ENTRY;
        uint32_t offset = lk_u32(entry + 4), count = lk_u32(entry + 8), each = lk_u32(entry + 12);
        int table = 0;

        if (offset % 8 != 0 || offset < HEADER + sections * ENTRY || offset > size ||
            (uint64_t)count * each > size - offset)
            return false;
        while (table < LK_TABLES && memcmp(entry, tables[table].tag, 4) != 0)
            table++;
        if (table == LK_TABLES)
            continue;
        if (each != tables[table].record || plan->at[table] != bytes)
            return false;
        plan->at[table] = bytes + offset;
        plan->count[table] = count;
    }
    return true;
}

static bool within(const struct lk_plan *plan, enum lk_table table, struct lk_run run)
{
    return (uint64_t)run.first + run.count <= plan->count[table];
}

static bool refers(const struct lk_plan *plan, enum lk_table table, uint32_t index)
{
    return index < plan->count[table];
}

static bool refers_or_none(const struct lk_plan *plan, enum lk_table table, uint32_t index)
{
    return index == LK_NO_INDEX || refers(plan, table, index);
}

static bool line_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers_or_none(plan, LK_STEP, lk_u32(record(plan, LK_LINE, i) + 4));
}

static bool member_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers(plan, LK_PRSN, lk_plan_member(plan, i));
}

static bool queue_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_queue_rule queue = lk_plan_queue(plan, i);

    return record(plan, LK_QUEU, i)[4] <= 1 && queue.ring_ms > 0 && within(plan, LK_MEMB, queue.people);
}

static bool chain_step_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_chain_step_rule step = lk_plan_chain_step(plan, i);

    return step.ring_ms > 0 && within(plan, LK_MEMB, step.people);
}

static bool chain_sound(const struct lk_plan *plan, uint32_t i)
{
    return within(plan, LK_CHST, lk_plan_chain(plan, i));
}

static bool hours_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_run run = run_at(record(plan, LK_HOUR, i) + 4);

    return within(plan, LK_OPEN, run) && lk_hours_sound(record(plan, LK_OPEN, run.first), run.count);
}

static bool step_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_step_rule step = lk_plan_step(plan, i);

    if (!refers_or_none(plan, LK_STEP, step.next) || !refers_or_none(plan, LK_STEP, step.other))
        return false;
    switch (step.kind) {
    case LK_STEP_HOURS:
        return refers(plan, LK_HOUR, step.what);
    case LK_STEP_QUEUE:
        return refers(plan, LK_QUEU, step.what);
    case LK_STEP_CHAIN:
        return refers(plan, LK_CHAN, step.what);
    case LK_STEP_PERSON:
        return refers(plan, LK_PRSN, step.what) && step.extra > 0;
    case LK_STEP_VOICEMAIL:
        return step.what != 0;
    case LK_STEP_HANG_UP:
        return step.what >= 1 && step.what <= 127;
    case LK_STEP_OUTSIDE:
        return refers(plan, LK_LINE, step.what) && step.extra <= LK_NUMBER_MAX;
    case LK_STEP_LIST:
        return refers(plan, LK_LIST, step.what);
    default:
        return false;
    }
}

static bool dial_sound(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *dial = record(plan, LK_DIAL, i);

    return refers(plan, LK_LINE, lk_u32(dial)) && refers(plan, LK_STEP, lk_u32(dial + 4)) &&
           memchr(dial + 8, 0, DIAL_NUMBER) != NULL;
}

static bool caller_sound(const struct lk_plan *plan, uint32_t i)
{
    uint32_t lists = plan->count[LK_LIST];

    return lists >= 64 || lk_plan_caller_lists(plan, i) >> lists == 0;
}

static bool action_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers(plan, LK_LIST, lk_plan_action(plan, i).list);
}

/* NULL where a record has nothing to check but its id. */
static bool (*const sound[LK_TABLES])(const struct lk_plan *plan, uint32_t i) = {
    [LK_LINE] = line_sound,   [LK_MEMB] = member_sound, [LK_QUEU] = queue_sound, [LK_CHST] = chain_step_sound,
    [LK_CHAN] = chain_sound,  [LK_HOUR] = hours_sound,  [LK_STEP] = step_sound,  [LK_DIAL] = dial_sound,
    [LK_CALR] = caller_sound, [LK_ACTN] = action_sound,
};

static const bool has_id[LK_TABLES] = {
    [LK_LINE] = true, [LK_PRSN] = true, [LK_QUEU] = true, [LK_CHAN] = true,
    [LK_HOUR] = true, [LK_STEP] = true, [LK_LIST] = true, [LK_ACTN] = true,
};

static bool within_bounds(const struct lk_plan *plan)
{
    uint32_t people = plan->count[LK_PRSN], queues = plan->count[LK_QUEU];

    return plan->calls_max >= 1 && plan->calls_max <= LK_CALLS_MAX && people <= LK_PEOPLE_MAX &&
           queues <= LK_QUEUES_MAX && plan->count[LK_LINE] <= LK_LINES_MAX && plan->count[LK_LIST] <= 64 &&
           plan->calls_max * people <= LK_PAIRS_MAX && queues * people <= LK_PAIRS_MAX;
}

enum lk_error lk_plan_read(struct lk_plan *out, const uint8_t *bytes, size_t size)
{
    static const uint8_t reserved[12];

    if (bytes == NULL || size < HEADER || memcmp(bytes, "LKPL", 4) != 0 || lk_u16(bytes + 4) != 1 ||
        lk_u32(bytes + 8) != size || memcmp(bytes + 20, reserved, sizeof reserved) != 0 ||
        lk_u32(bytes + 12) != lk_crc32(bytes + HEADER, size - HEADER))
        return LK_BAD_PLAN;
    *out = (struct lk_plan){.calls_max = lk_u32(bytes + 16)};
    for (int table = 0; table < LK_TABLES; table++)
        out->at[table] = bytes;
    if (!read_sections(out, bytes, size) || !within_bounds(out))
        return LK_BAD_PLAN;
    for (int table = 0; table < LK_TABLES; table++)
        for (uint32_t i = 0; i < out->count[table] && (has_id[table] || sound[table]); i++)
            if ((has_id[table] && lk_plan_id(out, (enum lk_table)table, i) == 0) ||
                (sound[table] && !sound[table](out, i)))
                return LK_BAD_PLAN;
    if (!lk_numbers_read(&out->numbers, out->at[LK_NUMB], out->count[LK_NUMB], out->count[LK_CALR]))
        return LK_BAD_PLAN;
    return LK_OK;
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
            uint32_t next = step.next == LK_NO_INDEX ? 0 : scratch[step.next];
            uint32_t other = step.other == LK_NO_INDEX ? 0 : scratch[step.other];
            uint32_t steps = 1 + (next > other ? next : other);

            if (steps <= scratch[i] || steps > LK_WALK_MAX)
                continue;
            scratch[i] = (uint8_t)steps;
            longest = steps > longest ? steps : longest;
            changed = true;
        }
    }
    return longest;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

uint32_t lk_plan_id(const struct lk_plan *plan, enum lk_table table, uint32_t i)
{
    return lk_u32(record(plan, table, i));
}

uint32_t lk_plan_member(const struct lk_plan *plan, uint32_t i)
{
    return lk_u32(record(plan, LK_MEMB, i));
}

uint32_t lk_plan_wrap_up(const struct lk_plan *plan, uint32_t person)
{
    return lk_u32(record(plan, LK_PRSN, person) + 4);
}

struct lk_queue_rule lk_plan_queue(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_QUEU, i);

    return (struct lk_queue_rule){
        .id = lk_u32(at),
        .round_robin = at[4] == 1,
        .music = (at[5] & 1) != 0,
        .join_when_empty = (at[5] & 2) != 0,
        .ring_ms = lk_u32(at + 8),
        .max_wait_ms = lk_u32(at + 12),
        .max_length = lk_u32(at + 16),
        .again_after_refusal_ms = lk_u32(at + 20),
        .again_after_no_answer_ms = lk_u32(at + 24),
        .people = run_at(at + 28),
        .wrap_up_ms = lk_u32(at + 36),
    };
}

struct lk_chain_step_rule lk_plan_chain_step(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_CHST, i);

    return (struct lk_chain_step_rule){.ring_ms = lk_u32(at), .people = run_at(at + 4)};
}

struct lk_run lk_plan_chain(const struct lk_plan *plan, uint32_t i)
{
    return run_at(record(plan, LK_CHAN, i) + 4);
}

struct lk_step_rule lk_plan_step(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_STEP, i);

    return (struct lk_step_rule){
        .id = lk_u32(at),
        .kind = lk_u16(at + 4),
        .extra = lk_u16(at + 6),
        .what = lk_u32(at + 8),
        .next = lk_u32(at + 12),
        .other = lk_u32(at + 16),
    };
}

struct lk_action_rule lk_plan_action(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_ACTN, i);

    return (struct lk_action_rule){.id = lk_u32(at), .list = lk_u32(at + 4), .lines = lk_u64(at + 8)};
}

uint64_t lk_plan_caller_lists(const struct lk_plan *plan, uint32_t i)
{
    return lk_u64(record(plan, LK_CALR, i));
}

bool lk_plan_open(const struct lk_plan *plan, uint32_t hours, lk_ms now, lk_ms *until)
{
    struct lk_run run = run_at(record(plan, LK_HOUR, hours) + 4);

    return lk_hours_open(record(plan, LK_OPEN, run.first), run.count, now, until);
}

uint32_t lk_plan_line(const struct lk_plan *plan, uint32_t id)
{
    for (uint32_t i = 0; i < plan->count[LK_LINE]; i++)
        if (lk_plan_id(plan, LK_LINE, i) == id)
            return i;
    return LK_NO_INDEX;
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
    uint32_t step = lk_u32(record(plan, LK_LINE, line) + 4);
    size_t best = 0;

    for (uint32_t i = 0; i < plan->count[LK_DIAL]; i++) {
        const uint8_t *dial = record(plan, LK_DIAL, i);
        size_t fits;

        if (lk_u32(dial) != line || (fits = fit(dial + 8, called, length)) <= best)
            continue;
        best = fits;
        step = lk_u32(dial + 4);
    }
    return step;
}
