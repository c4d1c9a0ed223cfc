/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include "allocate.h"

bool lk_calls_make(struct lk_calls *calls, const struct lk_allocator *from, uint32_t room)
{
    uint32_t index_size = 2;

    while (index_size < 2 * room)
        index_size *= 2;
    *calls = (struct lk_calls){
        .room = room,
        .index_size = index_size,
        .at = lk_get(from, room, sizeof *calls->at),
        .index = lk_get(from, index_size, sizeof *calls->index),
        .spare = lk_get(from, room, sizeof *calls->spare),
    };
    if (calls->at == NULL || calls->index == NULL || calls->spare == NULL)
        return false;
    for (uint32_t i = 0; i < room; i++)
        calls->spare[i] = room - 1 - i;
    return true;
}

void lk_calls_free(struct lk_calls *calls, const struct lk_allocator *from)
{
    lk_put(from, calls->at, calls->room, sizeof *calls->at);
    lk_put(from, calls->index, calls->index_size, sizeof *calls->index);
    lk_put(from, calls->spare, calls->room, sizeof *calls->spare);
}

static uint32_t home(const struct lk_calls *calls, uint64_t id)
{
    return (uint32_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (calls->index_size - 1);
}

static uint32_t following(const struct lk_calls *calls, uint32_t place)
{
    return (place + 1) & (calls->index_size - 1);
}

static void enter(struct lk_calls *calls, uint32_t slot)
{
    uint32_t place = home(calls, calls->at[slot].id);

    while (calls->index[place] != 0)
        place = following(calls, place);
    calls->index[place] = slot + 1;
    calls->count++;
}

uint32_t lk_calls_begin(struct lk_calls *calls, uint64_t id)
{
    uint32_t slot;

    if (calls->count == calls->room)
        return LK_NO_SLOT;
    slot = calls->spare[calls->room - calls->count - 1];
    calls->at[slot] = (struct lk_call){.id = id, .caller = LK_NO_SLOT, .answerer = LK_NO_SLOT, .last = LK_NO_SLOT,
                                         .manager = LK_NO_SLOT, .sender = LK_NO_SLOT, .talks_for = LK_NO_SLOT};
    enter(calls, slot);
    return slot;
}

/* Takes an entry out and moves back those that were pushed on by it, so that no probe ends too early. */
void lk_calls_end(struct lk_calls *calls, uint32_t slot)
{
    uint32_t hole = home(calls, calls->at[slot].id), place;

    while (calls->index[hole] != slot + 1)
        hole = following(calls, hole);
    for (place = following(calls, hole); calls->index[place] != 0; place = following(calls, place)) {
        uint32_t begun = home(calls, calls->at[calls->index[place] - 1].id);

        if (((place - begun) & (calls->index_size - 1)) < ((place - hole) & (calls->index_size - 1)))
            continue;
        calls->index[hole] = calls->index[place];
        hole = place;
    }
    calls->index[hole] = 0;
    calls->at[slot].state = LK_STATE_NONE;
    calls->count--;
    calls->spare[calls->room - calls->count - 1] = slot;
}

uint32_t lk_calls_find(const struct lk_calls *calls, uint64_t id)
{
    for (uint32_t place = home(calls, id); calls->index[place] != 0; place = following(calls, place))
        if (calls->at[calls->index[place] - 1].id == id)
            return calls->index[place] - 1;
    return LK_NO_SLOT;
}

void lk_calls_move(struct lk_calls *calls, const struct lk_calls *old)
{
    uint32_t spare = 0;

    for (uint32_t slot = 0; slot < old->room; slot++) {
        if (old->at[slot].state == LK_STATE_NONE)
            continue;
        calls->at[slot] = old->at[slot];
        enter(calls, slot);
    }
    for (uint32_t slot = calls->room; slot-- > 0;)
        if (calls->at[slot].state == LK_STATE_NONE)
            calls->spare[spare++] = slot;
}
