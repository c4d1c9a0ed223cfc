/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <string.h>

#include "suites.h"

static uint8_t *grow(struct draft *draft, enum draft_table table, uint32_t size)
{
    uint8_t *at = draft->table[table].bytes + draft->table[table].size;

    CHECK(draft->table[table].size + size <= sizeof draft->table[table].bytes);
    draft->table[table].size += size;
    memset(at, 0, size);
    return at;
}

static void little(uint8_t *at, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t add(struct draft *draft, enum draft_table table, uint32_t words, const uint32_t *values)
{
    uint8_t *at = grow(draft, table, 4 * words);

    for (uint32_t i = 0; i < words; i++)
        little(at + 4 * (size_t)i, values[i], 4);
    return draft->table[table].count++;
}

#define ADD(table, ...) \
    add(draft, table, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (const uint32_t[]){__VA_ARGS__})

uint32_t add_line(struct draft *draft, uint32_t id, uint32_t first_step)
{
    return ADD(LINE, id, first_step, 1, 0);
}

uint32_t add_person(struct draft *draft, uint32_t id, uint32_t wrap_up_ms)
{
    return add_person_with(draft, (struct person_draft){.id = id, .wrap_up_ms = wrap_up_ms});
}

uint32_t add_person_with(struct draft *draft, struct person_draft person)
{
    return ADD(PRSN, person.id, person.wrap_up_ms, person.mailbox, person.level | (uint32_t)person.pause_after << 8,
               person.pause_ms, 0, (uint32_t)person.mobile_lines, (uint32_t)(person.mobile_lines >> 32));
}

uint32_t add_skill(struct draft *draft, uint32_t id)
{
    return ADD(SKIL, id);
}

uint32_t add_person_skill(struct draft *draft, uint32_t person, uint16_t skill, uint16_t level)
{
    return ADD(PSKL, person, skill | (uint32_t)level << 16);
}

uint32_t add_members(struct draft *draft, uint32_t count, const uint32_t *people)
{
    uint32_t first = draft->table[MEMB].count;

    for (uint32_t i = 0; i < count; i++)
        add_member(draft, people[i], 1, 0, 0);
    return first;
}

uint32_t add_member(struct draft *draft, uint32_t person, uint8_t ways, uint16_t share, uint32_t after_ms)
{
    return ADD(MEMB, person, ways | (uint32_t)share << 16, after_ms, 0);
}

uint32_t add_queue(struct draft *draft, struct queue_draft queue)
{
    uint32_t flags = (uint32_t)queue.strategy | (uint32_t)queue.music << 8 | (uint32_t)queue.join_when_empty << 9 |
                     (uint32_t)queue.leave_when_empty << 10;

    return ADD(QUEU, queue.id, flags, queue.ring_ms, queue.max_wait_ms, queue.max_length, queue.again_after_refusal_ms,
               queue.again_after_no_answer_ms, queue.first, queue.count, queue.wrap_up_ms,
               queue.any_skill_after_ms ? queue.any_skill_after_ms : NONE, queue.weight);
}

uint32_t add_chain_step(struct draft *draft, uint32_t ring_ms, uint32_t first, uint32_t count)
{
    return ADD(CHST, ring_ms, first, count, 0);
}

uint32_t add_chain(struct draft *draft, uint32_t id, uint32_t first, uint32_t count)
{
    return ADD(CHAN, id, first, count);
}

uint32_t add_open(struct draft *draft, lk_ms from, lk_ms until)
{
    uint8_t *at = grow(draft, OPEN, 16);

    little(at, (uint64_t)from, 8);
    little(at + 8, (uint64_t)until, 8);
    return draft->table[OPEN].count++;
}

uint32_t add_hours(struct draft *draft, uint32_t id, uint32_t first, uint32_t count)
{
    return ADD(HOUR, id, first, count);
}

uint32_t add_step(struct draft *draft, uint32_t id, uint16_t kind, uint16_t small, uint32_t what, uint32_t next,
                  uint32_t other)
{
    return add_step_with(draft, (struct step_draft){.id = id,
                                                    .kind = kind,
                                                    .small = small,
                                                    .what = what,
                                                    .next = next,
                                                    .other = other,
                                                    .least = kind == 4,
                                                    .value = kind == 7 ? NONE : 0});
}

uint32_t add_step_with(struct draft *draft, struct step_draft step)
{
    return ADD(STEP, step.id, step.kind | (uint32_t)step.small << 16, step.what, step.next, step.other, step.first_exit,
               step.exits | (uint32_t)step.least << 16 | (uint32_t)step.most << 24, step.value, step.ms, 0);
}

uint32_t add_exit(struct draft *draft, uint16_t on, uint32_t step)
{
    return ADD(EXIT, on, step);
}

uint32_t add_attribute(struct draft *draft, uint32_t id)
{
    return ADD(ATTR, id);
}

uint32_t add_text(struct draft *draft, const char *text)
{
    uint8_t *at = grow(draft, TEXT, 32);

    memcpy(at, text, strlen(text));
    return draft->table[TEXT].count++;
}

uint32_t add_dial(struct draft *draft, uint32_t line, uint32_t step, const char *number)
{
    uint8_t *at = grow(draft, DIAL, 40);

    little(at, line, 4);
    little(at + 4, step, 4);
    memcpy(at + 8, number, strlen(number));
    return draft->table[DIAL].count++;
}

uint32_t add_list(struct draft *draft, uint32_t id)
{
    return add_list_of_withheld(draft, id, NONE);
}

uint32_t add_list_of_withheld(struct draft *draft, uint32_t id, uint32_t caller)
{
    return ADD(LIST, id, caller);
}

uint32_t add_caller(struct draft *draft, uint64_t lists)
{
    return add_caller_of(draft, lists, NONE, 0);
}

uint32_t add_caller_of(struct draft *draft, uint64_t lists, uint32_t manager, uint32_t priority)
{
    return ADD(CALR, (uint32_t)lists, (uint32_t)(lists >> 32), manager, priority);
}

uint32_t add_action(struct draft *draft, uint32_t id, uint32_t list, uint64_t lines)
{
    return add_action_for(draft, id, list, lines, 0);
}

uint32_t add_action_for(struct draft *draft, uint32_t id, uint32_t list, uint64_t lines, uint8_t least_trust)
{
    return ADD(ACTN, id, list, (uint32_t)lines, (uint32_t)(lines >> 32), (uint32_t)least_trust << 8, 0);
}

void add_numbers(struct draft *draft, uint32_t slots, uint32_t count, const char *const *numbers,
                 const uint32_t *callers)
{
    uint8_t *table = grow(draft, NUMB, 12 * slots);

    draft->table[NUMB].count = slots;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = 0, at;

        for (const char *digit = numbers[i]; *digit != 0 && *digit != '*'; digit++)
            key = key * 16 + (uint64_t)(*digit - '0' + 1);
        if (strchr(numbers[i], '*') != NULL)
            key |= UINT64_C(1) << 63;
        at = (key * UINT64_C(0x9E3779B97F4A7C15) >> 32) * slots >> 32;
        while (memcmp(table + 12 * at, "\0\0\0\0\0\0\0\0", 8) != 0)
            at = (at + 1) % slots;
        little(table + 12 * at, key, 8);
        little(table + 12 * at + 8, callers[i], 4);
    }
}

static uint32_t crc(const uint8_t *bytes, size_t size)
{
    uint32_t value = UINT32_MAX;

    for (size_t i = 0; i < 8 * size; i++) {
        uint32_t bit = (value ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;

        value = value >> 1 ^ (bit ? 0xedb88320 : 0);
    }
    return ~value;
}

void seal(uint8_t *bytes, size_t size)
{
    little(bytes + 8, size, 4);
    little(bytes + 12, crc(bytes + 32, size - 32), 4);
}

void finish(struct draft *draft)
{
    static const char tags[] = "LINEPRSNSKILPSKLMEMBQUEUCHSTCHANOPENHOURATTRTEXTSTEPEXITDIALCALRNUMBLISTACTN";
    static const uint32_t each[DRAFT_TABLES] = {16, 32, 4,  8,  16, 48, 16, 12, 16, 12,
                                                 4,  32, 40, 8,  40, 16, 12, 8,  24};
    size_t at = 32 + 16 * DRAFT_TABLES;

    memset(draft->bytes, 0, sizeof draft->bytes);
    memcpy(draft->bytes, "LKPL\2\0", 6);
    little(draft->bytes + 6, DRAFT_TABLES, 2);
    little(draft->bytes + 16, draft->calls_max, 4);
    for (uint32_t i = 0; i < DRAFT_TABLES; i++) {
        uint8_t *entry = draft->bytes + 32 + 16 * (size_t)i;

        CHECK(at + draft->table[i].size + 8 <= DRAFT_MAX);
        memcpy(entry, tags + 4 * i, 4);
        little(entry + 4, at, 4);
        little(entry + 8, draft->table[i].count, 4);
        little(entry + 12, each[i], 4);
        memcpy(draft->bytes + at, draft->table[i].bytes, draft->table[i].size);
        at = (at + draft->table[i].size + 7) / 8 * 8;
    }
    draft->size = at;
    seal(draft->bytes, draft->size);
}
