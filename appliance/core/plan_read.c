/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan taken in: every length, bound and reference is checked before anything trusts it.
 */
#include <string.h>

#include "bytes.h"
#include "hours.h"
#include "plan.h"

#define HEADER 32u
#define ENTRY 16u       /* of the section table */
#define SECTIONS_MAX 64 /* known ones and room for later ones */
#define DIAL_NUMBER 32
#define TEXT_SIZE (LK_NUMBER_MAX + 1)

static const char tags[LK_TABLES][5] = {
    [LK_LINE] = "LINE", [LK_PRSN] = "PRSN", [LK_SKIL] = "SKIL", [LK_PSKL] = "PSKL", [LK_MEMB] = "MEMB",
    [LK_QUEU] = "QUEU", [LK_CHST] = "CHST", [LK_CHAN] = "CHAN", [LK_OPEN] = "OPEN", [LK_HOUR] = "HOUR",
    [LK_ATTR] = "ATTR", [LK_TEXT] = "TEXT", [LK_STEP] = "STEP", [LK_EXIT] = "EXIT", [LK_DIAL] = "DIAL",
    [LK_CALR] = "CALR", [LK_NUMB] = "NUMB", [LK_LIST] = "LIST", [LK_ACTN] = "ACTN",
};

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
        while (table < LK_TABLES && memcmp(entry, tags[table], 4) != 0)
            table++;
        if (table == LK_TABLES)
            continue;
        if (each != lk_plan_size[table] || plan->at[table] != bytes)
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
    return refers_or_none(plan, LK_STEP, lk_u32(lk_plan_record(plan, LK_LINE, i) + 4));
}

static bool person_sound(const struct lk_plan *plan, uint32_t i)
{
    struct lk_person_rule person = lk_plan_person(plan, i);
    uint32_t lines = plan->count[LK_LINE];

    return person.level <= LK_LEVEL_MAX && (lines >= 64 || person.mobile >> lines == 0) &&
           refers_or_none(plan, LK_HOUR, lk_plan_duty(plan, i));
}

/* Sorted, each pair once, so that a person's skills lie together. */
static bool skill_sound(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = lk_plan_record(plan, LK_PSKL, i), *before = i == 0 ? NULL : lk_plan_record(plan, LK_PSKL, i - 1);
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
    struct lk_run run = lk_plan_run(lk_plan_record(plan, LK_HOUR, i) + 4);

    return within(plan, LK_OPEN, run) && lk_hours_sound(lk_plan_record(plan, LK_OPEN, run.first), run.count);
}

static bool is_text(const uint8_t *at)
{
    size_t length = 0;

    while (length < TEXT_SIZE && at[length] > ' ' - 1 && at[length] <= '~')
        length++;
    for (size_t i = length; i < TEXT_SIZE; i++)
        if (at[i] != 0)
            return false;
    return length < TEXT_SIZE;
}

static bool text_sound(const struct lk_plan *plan, uint32_t i)
{
    return is_text(lk_plan_record(plan, LK_TEXT, i));
}

static bool exit_sound(const struct lk_plan *plan, uint32_t i)
{
    return refers(plan, LK_STEP, lk_u32(lk_plan_record(plan, LK_EXIT, i) + 4));
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
    case LK_STEP_SENDER:
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
    case LK_STEP_PARK:
        return step->least <= 1;
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
    const uint8_t *dial = lk_plan_record(plan, LK_DIAL, i);

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
    return refers_or_none(plan, LK_CALR, lk_u32(lk_plan_record(plan, LK_LIST, i) + 4));
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
