/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What survives a restart, by id: each person's status, and the turns of each queue. Little-endian: magic `LKME`,
 * u16 version 1, u16 0, u32 total length, u32 CRC-32 of all that follows; u32 people, u32 turns; then per person
 * u32 id, u32 status; per turn u32 queue id, u32 person id, u32 turn.
 */
#include "inside.h"

#include <string.h>

#include "bytes.h"

enum { HEADER = 24, CHECKED_FROM = 16, STATUS = 8, TURN = 12 };

static uint32_t turns_of(const struct lk_queues *queues)
{
    uint32_t turns = 0;

    for (size_t i = 0; i < (size_t)queues->ids.count * queues->people; i++)
        turns += queues->turns[i] != 0;
    return turns;
}

static void write_words(uint8_t *at, const uint32_t *words, int count)
{
    for (int i = 0; i < count; i++)
        lk_write_u32(at + 4 * (ptrdiff_t)i, words[i]);
}

size_t lk_core_memory(const struct lk_core *core, uint8_t *out, size_t size)
{
    const struct lk_people *people = &core->world.people;
    const struct lk_queues *queues = &core->world.queues;
    uint32_t turns = turns_of(queues);
    size_t needed = HEADER + (size_t)people->ids.count * STATUS + (size_t)turns * TURN;
    uint8_t *at = out + HEADER;

    if (out == NULL || size < needed)
        return needed;
    memcpy(out, "LKME\1\0\0\0", 8);
    lk_write_u32(out + 8, (uint32_t)needed);
    write_words(out + CHECKED_FROM, (const uint32_t[]){people->ids.count, turns}, 2);
    for (uint32_t i = 0; i < people->ids.count; i++, at += STATUS)
        write_words(at, (const uint32_t[]){people->ids.at[i], people->at[i].status}, 2);
    for (uint32_t queue = 0; queue < queues->ids.count; queue++)
        for (uint32_t person = 0; person < people->ids.count; person++) {
            uint32_t turn = lk_queues_turn(queues, queue, person);

            if (turn == 0)
                continue;
            write_words(at, (const uint32_t[]){queues->ids.at[queue], people->ids.at[person], turn}, 3);
            at += TURN;
        }
    lk_write_u32(out + 12, lk_crc32(out + CHECKED_FROM, needed - CHECKED_FROM));
    return needed;
}

enum lk_error lk_remember(struct lk_world *world, const uint8_t *memory, size_t size)
{
    const uint8_t *turn;
    uint32_t people, turns;

    if (size < HEADER || memcmp(memory, "LKME\1\0\0", 8) != 0 || lk_u32(memory + 8) != size ||
        lk_u32(memory + 12) != lk_crc32(memory + CHECKED_FROM, size - CHECKED_FROM))
        return LK_BAD_MEMORY;
    people = lk_u32(memory + 16);
    turns = lk_u32(memory + 20);
    if ((uint64_t)people * STATUS + (uint64_t)turns * TURN != size - HEADER)
        return LK_BAD_MEMORY;
    for (uint32_t i = 0; i < people; i++) {
        const uint8_t *at = memory + HEADER + (size_t)i * STATUS;
        uint32_t slot = lk_ids_find(&world->people.ids, lk_u32(at)), status = lk_u32(at + 4);

        if (status > LK_OFF)
            return LK_BAD_MEMORY;
        if (slot != LK_NO_SLOT)
            world->people.at[slot].status = (uint8_t)status;
    }
    turn = memory + HEADER + (size_t)people * STATUS;
    for (uint32_t i = 0; i < turns; i++, turn += TURN) {
        uint32_t queue = lk_ids_find(&world->queues.ids, lk_u32(turn));
        uint32_t person = lk_ids_find(&world->people.ids, lk_u32(turn + 4));

        if (queue != LK_NO_SLOT && person != LK_NO_SLOT)
            lk_queues_set_turn(&world->queues, queue, person, lk_u32(turn + 8));
    }
    return LK_OK;
}
