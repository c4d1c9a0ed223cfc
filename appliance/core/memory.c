/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What survives a restart, by id. Little-endian: magic `LKME`, u16 version 2, u16 0, u32 total length, u32 CRC-32 of all
 * that follows; u32 people, u32 members, u32 held, u32 0. Then per person u32 id, u8 status, u8 missed, u8 paused, u8 0,
 * i64 paused until, i64 idle since; per member u32 queue id, u32 person id, u32 turn, u32 calls, i64 talk, i32 owed, u32
 * in run; per hours held u32 id, u32 how, i64 until.
 */
#include "inside.h"

#include <string.h>

#include "bytes.h"

enum { HEADER = 32, CHECKED_FROM = 16, PERSON = 24, MEMBER = 32, HELD = 16 };

static void write_ms(uint8_t *at, lk_ms ms)
{
    lk_write_u32(at, (uint32_t)(uint64_t)ms);
    lk_write_u32(at + 4, (uint32_t)((uint64_t)ms >> 32));
}

static bool is_time(lk_ms ms)
{
    return ms >= 0 && ms <= LK_NOW_MAX;
}

static bool is_new(const struct lk_member *member)
{
    return member->turn == 0 && member->calls == 0 && member->talk == 0 && member->owed == 0 && !member->in_run;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static uint32_t count_members(const struct lk_queues *queues)
{
    uint32_t count = 0;

    for (size_t i = 0; i < (size_t)queues->ids.count * queues->people; i++)
        count += !is_new(&queues->members[i]);
    return count;
}

static uint32_t count_held(const struct lk_world *world)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->hours.count; i++)
        count += world->held[i].how != LK_AS_WRITTEN;
    return count;
}

static uint8_t *write_people(uint8_t *at, const struct lk_people *people)
{
    for (uint32_t i = 0; i < people->ids.count; i++, at += PERSON) {
        const struct lk_person *person = &people->at[i];

        lk_write_u32(at, people->ids.at[i]);
        at[4] = person->status;
        at[5] = person->missed;
        at[6] = person->paused;
        at[7] = 0;
        write_ms(at + 8, person->paused_until);
        write_ms(at + 16, person->idle_since);
    }
    return at;
}

static uint8_t *write_members(uint8_t *at, const struct lk_queues *queues, const struct lk_people *people)
{
    for (uint32_t queue = 0; queue < queues->ids.count; queue++)
        for (uint32_t person = 0; person < queues->people; person++) {
            const struct lk_member *member = lk_queues_member(queues, queue, person);

            if (is_new(member))
                continue;
            lk_write_u32(at, queues->ids.at[queue]);
            lk_write_u32(at + 4, people->ids.at[person]);
            lk_write_u32(at + 8, member->turn);
            lk_write_u32(at + 12, member->calls);
            write_ms(at + 16, member->talk);
            lk_write_u32(at + 24, (uint32_t)member->owed);
            lk_write_u32(at + 28, member->in_run);
            at += MEMBER;
        }
    return at;
}

static void write_held(uint8_t *at, const struct lk_world *world)
{
    for (uint32_t i = 0; i < world->hours.count; i++) {
        if (world->held[i].how == LK_AS_WRITTEN)
            continue;
        lk_write_u32(at, world->hours.at[i]);
        lk_write_u32(at + 4, world->held[i].how);
        write_ms(at + 8, world->held[i].until);
        at += HELD;
    }
}

size_t lk_core_memory(const struct lk_core *core, uint8_t *out, size_t size)
{
    const struct lk_world *world = &core->world;
    uint32_t people = world->people.ids.count, members = count_members(&world->queues), held = count_held(world);
    size_t needed = HEADER + (size_t)people * PERSON + (size_t)members * MEMBER + (size_t)held * HELD;

    if (out == NULL || size < needed)
        return needed;
    memcpy(out, "LKME\2\0\0\0", 8);
    lk_write_u32(out + 8, (uint32_t)needed);
    lk_write_u32(out + 16, people);
    lk_write_u32(out + 20, members);
    lk_write_u32(out + 24, held);
    lk_write_u32(out + 28, 0);
    write_held(write_members(write_people(out + HEADER, &world->people), &world->queues, &world->people), world);
    lk_write_u32(out + 12, lk_crc32(out + CHECKED_FROM, needed - CHECKED_FROM));
    return needed;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool remember_person(struct lk_world *world, const uint8_t *at)
{
    uint32_t slot = lk_ids_find(&world->people.ids, lk_u32(at));
    lk_ms until = (lk_ms)lk_u64(at + 8), idle = (lk_ms)lk_u64(at + 16);
    struct lk_person *person;

    if (at[4] > LK_OFF || at[6] > 1 || !is_time(until) || !is_time(idle))
        return false;
    if (slot == LK_NO_SLOT)
        return true;
    person = &world->people.at[slot];
    person->status = at[4];
    person->missed = at[5];
    person->paused = at[6] == 1;
    person->paused_until = until;
    person->idle_since = idle;
    if (person->paused && until != 0)
        lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_PAUSE, slot), until);
    return true;
}

static bool remember_member(struct lk_world *world, const uint8_t *at)
{
    uint32_t queue = lk_ids_find(&world->queues.ids, lk_u32(at));
    uint32_t person = lk_ids_find(&world->people.ids, lk_u32(at + 4));
    struct lk_member member = {lk_u32(at + 8), lk_u32(at + 12), (lk_ms)lk_u64(at + 16), (int32_t)lk_u32(at + 24),
                               lk_u32(at + 28) == 1};

    if (!is_time(member.talk) || lk_u32(at + 28) > 1)
        return false;
    if (queue != LK_NO_SLOT && person != LK_NO_SLOT)
        lk_queues_set_member(&world->queues, queue, person, &member);
    return true;
}

/* Somebody of a queue's run is no longer there: what the others were owed beside him counts no more. */
static void end_runs(struct lk_world *world, const uint8_t *at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, at += MEMBER) {
        uint32_t queue = lk_ids_find(&world->queues.ids, lk_u32(at));

        if (queue != LK_NO_SLOT && lk_u32(at + 28) == 1 && lk_ids_find(&world->people.ids, lk_u32(at + 4)) == LK_NO_SLOT)
            lk_queues_end_run(&world->queues, queue);
    }
}

static bool remember_held(struct lk_world *world, const uint8_t *at)
{
    uint32_t slot = lk_ids_find(&world->hours, lk_u32(at)), how = lk_u32(at + 4);
    lk_ms until = (lk_ms)lk_u64(at + 8);

    if (how == LK_AS_WRITTEN || how > LK_HELD_CLOSED || !is_time(until))
        return false;
    if (slot == LK_NO_SLOT)
        return true;
    world->held[slot] = (struct lk_held){(uint8_t)how, until};
    if (until != 0)
        lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_HELD, slot), until);
    return true;
}

enum lk_error lk_remember(struct lk_world *world, const uint8_t *memory, size_t size)
{
    const struct {
        uint32_t count;
        size_t each;
        bool (*remember)(struct lk_world *world, const uint8_t *at);
    } tables[] = {
        {size < HEADER ? 0 : lk_u32(memory + 16), PERSON, remember_person},
        {size < HEADER ? 0 : lk_u32(memory + 20), MEMBER, remember_member},
        {size < HEADER ? 0 : lk_u32(memory + 24), HELD, remember_held},
    };
    const uint8_t *at = memory + HEADER;
    uint64_t needed = HEADER;

    if (size < HEADER || memcmp(memory, "LKME\2\0\0", 8) != 0 || lk_u32(memory + 8) != size ||
        lk_u32(memory + 12) != lk_crc32(memory + CHECKED_FROM, size - CHECKED_FROM))
        return LK_BAD_MEMORY;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        needed += (uint64_t)tables[i].count * tables[i].each;
    if (needed != size)
        return LK_BAD_MEMORY;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (uint32_t n = 0; n < tables[i].count; n++, at += tables[i].each)
            if (!tables[i].remember(world, at))
                return LK_BAD_MEMORY;
    end_runs(world, memory + HEADER + (size_t)tables[0].count * PERSON, tables[1].count);
    return LK_OK;
}
