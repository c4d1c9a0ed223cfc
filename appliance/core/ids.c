/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ids.h"

#include "allocate.h"

bool lk_ids_make(struct lk_ids *ids, const struct lk_allocator *from, uint32_t room)
{
    *ids = (struct lk_ids){.room = room, .at = lk_get(from, room, sizeof *ids->at)};
    return ids->at != NULL;
}

void lk_ids_free(struct lk_ids *ids, const struct lk_allocator *from)
{
    lk_put(from, ids->at, ids->room, sizeof *ids->at);
}

/* The first slot whose id is not below the one sought. */
static uint32_t place_of(const struct lk_ids *ids, uint32_t id)
{
    uint32_t low = 0, high = ids->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ids->at[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void lk_ids_add(struct lk_ids *ids, uint32_t id)
{
    uint32_t place = place_of(ids, id);

    if (place < ids->count && ids->at[place] == id)
        return;
    memmove(ids->at + place + 1, ids->at + place, (ids->count - place) * sizeof *ids->at);
    ids->at[place] = id;
    ids->count++;
}

uint32_t lk_ids_find(const struct lk_ids *ids, uint32_t id)
{
    uint32_t place = place_of(ids, id);

    return place < ids->count && ids->at[place] == id ? place : LK_NO_SLOT;
}
