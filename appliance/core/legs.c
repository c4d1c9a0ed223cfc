/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legs.h"

#include "allocate.h"

bool lk_legs_make(struct lk_legs *legs, const struct lk_allocator *from, uint32_t people, uint32_t calls)
{
    *legs = (struct lk_legs){
        .people = people,
        .calls = calls,
        .next_id = 1,
        .at = lk_get(from, (size_t)people + calls, sizeof *legs->at),
        .first = lk_get(from, calls, sizeof *legs->first),
        .last = lk_get(from, calls, sizeof *legs->last),
    };
    if (legs->at == NULL || legs->first == NULL || legs->last == NULL)
        return false;
    for (uint32_t call = 0; call < calls; call++)
        legs->first[call] = legs->last[call] = LK_NO_SLOT;
    return true;
}

void lk_legs_free(struct lk_legs *legs, const struct lk_allocator *from)
{
    lk_put(from, legs->at, (size_t)legs->people + legs->calls, sizeof *legs->at);
    lk_put(from, legs->first, legs->calls, sizeof *legs->first);
    lk_put(from, legs->last, legs->calls, sizeof *legs->last);
}

static void link(struct lk_legs *legs, uint32_t leg)
{
    struct lk_leg *linked = &legs->at[leg];
    uint32_t last = legs->last[linked->call];

    linked->next = LK_NO_SLOT;
    linked->previous = last;
    if (last == LK_NO_SLOT)
        legs->first[linked->call] = leg;
    else
        legs->at[last].next = leg;
    legs->last[linked->call] = leg;
}

uint32_t lk_legs_begin(struct lk_legs *legs, uint32_t leg, uint32_t call, lk_ms rings_for)
{
    uint32_t id = legs->next_id++;

    legs->at[leg] = (struct lk_leg){.id = id, .last_id = id, .call = call, .rings_for = rings_for};
    link(legs, leg);
    return id;
}

void lk_legs_move(struct lk_legs *legs, uint32_t leg, const struct lk_leg *old)
{
    legs->at[leg] = *old;
    if (old->id != 0)
        link(legs, leg);
}

void lk_legs_end(struct lk_legs *legs, uint32_t leg)
{
    struct lk_leg *ended = &legs->at[leg];

    if (ended->next == LK_NO_SLOT)
        legs->last[ended->call] = ended->previous;
    else
        legs->at[ended->next].previous = ended->previous;
    if (ended->previous == LK_NO_SLOT)
        legs->first[ended->call] = ended->next;
    else
        legs->at[ended->previous].next = ended->next;
    ended->id = 0;
}

uint32_t lk_legs_find(const struct lk_legs *legs, uint32_t call, uint32_t id)
{
    for (uint32_t leg = legs->first[call]; leg != LK_NO_SLOT; leg = legs->at[leg].next)
        if (legs->at[leg].id == id)
            return leg;
    return LK_NO_SLOT;
}

uint32_t lk_legs_whose(const struct lk_legs *legs, uint32_t id)
{
    for (uint32_t leg = 0; leg < legs->people + legs->calls; leg++)
        if (legs->at[leg].last_id == id)
            return leg;
    return LK_NO_SLOT;
}
