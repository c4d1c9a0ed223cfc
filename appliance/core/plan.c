/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <string.h>

#include "bytes.h"
#include "hours.h"

#define HEADER 32u
#define ENTRY 16u       /* of the section table */
#define SECTIONS_MAX 64 /* known ones and room for later ones */
#define DIAL_NUMBER 32
#define LK_TEXT_SIZE (LK_NUMBER_MAX + 1)

static const struct {
    char tag[5];
    uint32_t record;
} tables[LK_TABLES] = {
    [LK_LINE] = {"LINE", 16}, [LK_PRSN] = {"PRSN", 32}, [LK_SKIL] = {"SKIL", 4},  [LK_PSKL] = {"PSKL", 8},
    [LK_MEMB] = {"MEMB", 16}, [LK_QUEU] = {"QUEU", 48}, [LK_CHST] = {"CHST", 16}, [LK_CHAN] = {"CHAN", 12},
    [LK_OPEN] = {"OPEN", 16}, [LK_HOUR] = {"HOUR", 12}, [LK_ATTR] = {"ATTR", 4},  [LK_TEXT] = {"TEXT", 32},
    [LK_STEP] = {"STEP", 40}, [LK_EXIT] = {"EXIT", 8},  [LK_DIAL] = {"DIAL", 40}, [LK_CALR] = {"CALR", 16},
    [LK_NUMB] = {"NUMB", 12}, [LK_LIST] = {"LIST", 8},  [LK_ACTN] = {"ACTN", 24},
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

static bool person_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_person_rule person = lk_plan_person(plan, i);
    uint32_t lines = plan->count[LK_LINE];

    return person.level <= LK_LEVEL_MAX && (lines >= 64 || person.mobile >> lines == 0);
}

/* Sorted, each pair once, so that a person's skills lie together. */
static bool skill_sound(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_PSKL, i), *before = i == 0 ? NULL : record(plan, LK_PSKL, i - 1);
    uint32_t level = lk_u16(at + 6);

    if (!refers(plan, LK_PRSN, lk_u32(at)) || !refers(plan, LK_SKIL, lk_u16(at + 4)) || level < 1 || level > LK_LEVEL_MAX)
        return false;
    return before == NULL || lk_u32(before) < lk_u32(at) ||
           (lk_u32(before) == lk_u32(at) && lk_u16(before + 4) < lk_u16(at + 4));
}

static bool ways_sound(uint32_t ways)
{
    return ways >= LK_TELEPHONES && ways <= (LK_TELEPHONES | LK_MOBILE);
}

static bool member_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_member_rule member = lk_plan_member(plan, i);

    return refers(plan, LK_PRSN, member.person) && ways_sound(member.ways);
}

static bool queue_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_queue_rule queue = lk_plan_queue(plan, i);

    return queue.strategy < LK_STRATEGIES && queue.ring_ms > 0 && queue.weight <= LK_PRIORITY_MAX &&
           queue.people.count <= LK_PEOPLE_MAX && within(plan, LK_MEMB, queue.people);
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

static bool is_text(const uint8_t *at)
{
    size_t length = 0;

    while (length < LK_TEXT_SIZE && at[length] > ' ' - 1 && at[length] <= '~')
        length++;
    for (size_t i = length; i < LK_TEXT_SIZE; i++)
        if (at[i] != 0)
            return false;
    return length < LK_TEXT_SIZE;
}

static bool text_sound(const struct lk_plan *plan, uint32_t i)
{
    return is_text(record(plan, LK_TEXT, i));
}

static bool exit_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers(plan, LK_STEP, lk_u32(record(plan, LK_EXIT, i) + 4));
}

static bool compare_sound(const struct lk_plan *plan, const struct lk_step_rule *step)
{
    return (refers(plan, LK_ATTR, step->what) || step->what == LK_CALLER || step->what == LK_CALLED) &&
           step->extra < LK_COMPARISONS && (step->extra == LK_IS_EMPTY || refers(plan, LK_TEXT, step->value));
}

static bool digits_sound(const struct lk_step_rule *step)
{
    return step->least >= 1 && step->least <= step->most && step->most <= LK_NUMBER_MAX;
}

/* What a step says of other tables, by kind. */
static bool what_sound(const struct lk_plan *plan, const struct lk_step_rule *step)
{
    switch (step->kind) {
    case LK_STEP_HOURS:
        return refers(plan, LK_HOUR, step->what);
    case LK_STEP_QUEUE:
        return refers(plan, LK_QUEU, step->what);
    case LK_STEP_CHAIN:
        return refers(plan, LK_CHAN, step->what);
    case LK_STEP_PERSON:
        return refers(plan, LK_PRSN, step->what) && step->extra > 0 && (step->least == 0 || ways_sound(step->least));
    case LK_STEP_MANAGER:
    case LK_STEP_LAST_PERSON:
        return step->extra > 0 && (step->least == 0 || ways_sound(step->least));
    case LK_STEP_VOICEMAIL:
        return step->what != 0;
    case LK_STEP_HANG_UP:
        return step->what >= 1 && step->what <= 127;
    case LK_STEP_OUTSIDE:
        return refers(plan, LK_LINE, step->what) && step->extra <= LK_NUMBER_MAX &&
               refers_or_none(plan, LK_TEXT, step->value);
    case LK_STEP_LIST:
        return refers(plan, LK_LIST, step->what);
    case LK_STEP_TRUST:
        return step->extra <= LK_TRUST_OURS;
    case LK_STEP_SAY:
        return step->what != 0;
    case LK_STEP_MENU:
        return step->what != 0 && step->extra >= 1 && step->ms >= 1 && refers_or_none(plan, LK_ATTR, step->value);
    case LK_STEP_COLLECT:
        return step->what != 0 && step->extra >= 1 && step->ms >= 1 && refers(plan, LK_ATTR, step->value) &&
               digits_sound(step);
    case LK_STEP_LOOK_UP:
        return step->what != 0 && step->ms >= 1 && refers_or_none(plan, LK_ATTR, step->value);
    case LK_STEP_SET:
        return refers(plan, LK_ATTR, step->what) && refers(plan, LK_TEXT, step->value);
    case LK_STEP_COMPARE:
        return compare_sound(plan, step);
    case LK_STEP_ACTION:
        return refers(plan, LK_ACTN, step->what);
    case LK_STEP_SKILL:
        return refers(plan, LK_SKIL, step->what) && step->extra >= 1 && step->extra <= LK_LEVEL_MAX;
    case LK_STEP_LOAD:
        return refers(plan, LK_QUEU, step->what) && step->extra < LK_MEASURES;
    case LK_STEP_HISTORY:
        return step->extra < LK_PASTS;
    case LK_STEP_PRIORITY:
        return step->extra <= LK_PRIORITY_MAX;
    default:
        return false;
    }
}

static bool step_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_step_rule step = lk_plan_step(plan, i);

    return refers_or_none(plan, LK_STEP, step.next) && refers_or_none(plan, LK_STEP, step.other) &&
           within(plan, LK_EXIT, step.exits) && what_sound(plan, &step);
}

static bool dial_sound(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *dial = record(plan, LK_DIAL, i);

    return refers(plan, LK_LINE, lk_u32(dial)) && refers(plan, LK_STEP, lk_u32(dial + 4)) &&
           memchr(dial + 8, 0, DIAL_NUMBER) != NULL;
}

static bool caller_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_caller_rule caller = lk_plan_caller(plan, i);
    uint32_t lists = plan->count[LK_LIST];

    return (lists >= LK_LISTS_MAX || caller.lists >> lists == 0) && refers_or_none(plan, LK_PRSN, caller.manager) &&
           caller.priority <= LK_PRIORITY_MAX;
}

static bool list_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers_or_none(plan, LK_CALR, lk_u32(record(plan, LK_LIST, i) + 4));
}

static bool action_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_action_rule action = lk_plan_action(plan, i);

    return refers_or_none(plan, LK_LIST, action.list) && action.trust <= LK_TRUST_OURS;
}

/* NULL where a record has nothing to check but its id. */
static bool (*const sound[LK_TABLES])(const struct lk_plan *plan, uint32_t i) = {
    [LK_LINE] = line_sound,   [LK_PRSN] = person_sound, [LK_PSKL] = skill_sound, [LK_MEMB] = member_sound,
    [LK_QUEU] = queue_sound,  [LK_CHST] = chain_step_sound, [LK_CHAN] = chain_sound, [LK_HOUR] = hours_sound,
    [LK_TEXT] = text_sound,   [LK_STEP] = step_sound,   [LK_EXIT] = exit_sound,  [LK_DIAL] = dial_sound,
    [LK_CALR] = caller_sound, [LK_LIST] = list_sound,   [LK_ACTN] = action_sound,
};

static const bool has_id[LK_TABLES] = {
    [LK_LINE] = true, [LK_PRSN] = true, [LK_SKIL] = true, [LK_QUEU] = true, [LK_CHAN] = true, [LK_HOUR] = true,
    [LK_ATTR] = true, [LK_STEP] = true, [LK_LIST] = true, [LK_ACTN] = true,
};

static bool within_bounds(const struct lk_plan *plan)
{
    uint32_t people = plan->count[LK_PRSN], queues = plan->count[LK_QUEU];

    return plan->calls_max >= 1 && plan->calls_max <= LK_CALLS_MAX && people <= LK_PEOPLE_MAX &&
           queues <= LK_QUEUES_MAX && plan->count[LK_LINE] <= LK_LINES_MAX &&
           plan->count[LK_LIST] <= LK_LISTS_MAX && plan->count[LK_SKIL] <= LK_SKILLS_MAX &&
           plan->count[LK_ATTR] <= LK_ATTRIBUTES_MAX &&
           plan->calls_max * people <= LK_PAIRS_MAX && queues * people <= LK_PAIRS_MAX;
}

enum lk_error lk_plan_read(struct lk_plan *out, const uint8_t *bytes, size_t size)
{
    static const uint8_t reserved[12];

    if (bytes == NULL || size < HEADER || memcmp(bytes, "LKPL", 4) != 0 || lk_u16(bytes + 4) != 2 ||
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

static uint32_t longer(const uint8_t *steps, uint32_t step, uint32_t most)
{
    return step != LK_NO_INDEX && steps[step] > most ? steps[step] : most;
}

/* Steps that always wait: what comes after them is another walk. */
static bool always_waits(uint16_t kind)
{
    return kind == LK_STEP_SAY || kind == LK_STEP_MENU || kind == LK_STEP_COLLECT || kind == LK_STEP_LOOK_UP;
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

            if (!always_waits(step.kind)) {
                after = longer(scratch, step.next, longer(scratch, step.other, 0));
                for (uint32_t e = 0; e < step.exits.count; e++)
                    after = longer(scratch, lk_u32(record(plan, LK_EXIT, step.exits.first + e) + 4), after);
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

bool lk_plan_has(const struct lk_plan *plan, enum lk_step_kind kind)
{
    for (uint32_t i = 0; i < plan->count[LK_STEP]; i++)
        if (lk_plan_step(plan, i).kind == kind)
            return true;
    return false;
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

uint32_t lk_plan_id(const struct lk_plan *plan, enum lk_table table, uint32_t i)
{
    return lk_u32(record(plan, table, i));
}

struct lk_person_rule lk_plan_person(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_PRSN, i);

    return (struct lk_person_rule){
        .id = lk_u32(at),
        .wrap_up_ms = lk_u32(at + 4),
        .level = at[12],
        .pause_after = at[13],
        .pause_ms = lk_u32(at + 16),
        .mobile = lk_u64(at + 24),
    };
}

struct lk_member_rule lk_plan_member(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_MEMB, i);

    return (struct lk_member_rule){
        .person = lk_u32(at), .ways = at[4], .share = lk_u16(at + 6), .after_ms = lk_u32(at + 8)};
}

struct lk_queue_rule lk_plan_queue(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_QUEU, i);

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
        .people = run_at(at + 28),
        .wrap_up_ms = lk_u32(at + 36),
        .any_skill_after_ms = lk_u32(at + 40),
        .weight = lk_u32(at + 44),
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
        .exits = {lk_u32(at + 20), lk_u16(at + 24)},
        .least = at[26],
        .most = at[27],
        .value = lk_u32(at + 28),
        .ms = lk_u32(at + 32),
    };
}

struct lk_action_rule lk_plan_action(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_ACTN, i);

    return (struct lk_action_rule){
        .id = lk_u32(at), .list = lk_u32(at + 4), .lines = lk_u64(at + 8), .trust = at[17]};
}

struct lk_caller_rule lk_plan_caller(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = record(plan, LK_CALR, i);

    return (struct lk_caller_rule){.lists = lk_u64(at), .manager = lk_u32(at + 8), .priority = lk_u32(at + 12)};
}

uint32_t lk_plan_withheld(const struct lk_plan *plan)
{
    for (uint32_t i = 0; i < plan->count[LK_LIST]; i++) {
        uint32_t caller = lk_u32(record(plan, LK_LIST, i) + 4);

        if (caller != LK_NO_INDEX)
            return caller;
    }
    return LK_NO_CALLER;
}

const char *lk_plan_text(const struct lk_plan *plan, uint32_t i)
{
    return (const char *)record(plan, LK_TEXT, i);
}

uint32_t lk_plan_skill(const struct lk_plan *plan, uint32_t person, uint32_t skill)
{
    uint32_t low = 0, high = plan->count[LK_PSKL]; /* the first record not before (person, skill) */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint8_t *at = record(plan, LK_PSKL, middle);

        if (lk_u32(at) < person || (lk_u32(at) == person && lk_u16(at + 4) < skill))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == plan->count[LK_PSKL] || lk_u32(record(plan, LK_PSKL, low)) != person ||
        lk_u16(record(plan, LK_PSKL, low) + 4) != skill)
        return 0;
    return lk_u16(record(plan, LK_PSKL, low) + 6);
}

uint32_t lk_plan_exit(const struct lk_plan *plan, const struct lk_step_rule *step, uint32_t on, uint32_t otherwise)
{
    for (uint32_t i = 0; i < step->exits.count; i++) {
        const uint8_t *at = record(plan, LK_EXIT, step->exits.first + i);

        if (lk_u16(at) == on)
            return lk_u32(at + 4);
    }
    return otherwise;
}

bool lk_plan_open(const struct lk_plan *plan, uint32_t hours, lk_ms now, lk_ms *until)
{
    struct lk_run run = run_at(record(plan, LK_HOUR, hours) + 4);

    return lk_hours_open(record(plan, LK_OPEN, run.first), run.count, now, until);
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

uint32_t lk_plan_extension(const struct lk_plan *plan, const char *typed, size_t length, bool *longer)
{
    uint32_t found = LK_NO_INDEX;

    *longer = false;
    for (uint32_t i = 0; i < plan->count[LK_DIAL]; i++) {
        const uint8_t *dial = record(plan, LK_DIAL, i);
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
