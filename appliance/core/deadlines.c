/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadlines.h"

#include "allocate.h"

bool lk_deadlines_make(struct lk_deadlines *deadlines, const struct lk_allocator *from, uint32_t room)
{
    *deadlines = (struct lk_deadlines){
        .room = room,
        .at = lk_get(from, room, sizeof *deadlines->at),
        .place = lk_get(from, room, sizeof *deadlines->place),
        .heap = lk_get(from, room, sizeof *deadlines->heap),
    };
    return deadlines->at != NULL && deadlines->place != NULL && deadlines->heap != NULL;
}

void lk_deadlines_free(struct lk_deadlines *deadlines, const struct lk_allocator *from)
{
    lk_put(from, deadlines->at, deadlines->room, sizeof *deadlines->at);
    lk_put(from, deadlines->place, deadlines->room, sizeof *deadlines->place);
    lk_put(from, deadlines->heap, deadlines->room, sizeof *deadlines->heap);
}

static bool sooner(const struct lk_deadlines *deadlines, uint32_t a, uint32_t b)
{
    return deadlines->at[a] < deadlines->at[b] || (deadlines->at[a] == deadlines->at[b] && a < b);
}

static void put_at(struct lk_deadlines *deadlines, uint32_t place, uint32_t timer)
{
    deadlines->heap[place] = timer;
    deadlines->place[timer] = place + 1;
}

static void settle(struct lk_deadlines *deadlines, uint32_t place, uint32_t timer)
{
    while (place > 0 && sooner(deadlines, timer, deadlines->heap[(place - 1) / 2])) {
        put_at(deadlines, place, deadlines->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * place + 1;

        if (child + 1 < deadlines->count && sooner(deadlines, deadlines->heap[child + 1], deadlines->heap[child]))
            child++;
        if (child >= deadlines->count || !sooner(deadlines, deadlines->heap[child], timer))
            break;
        put_at(deadlines, place, deadlines->heap[child]);
        place = child;
    }
    put_at(deadlines, place, timer);
}

static void clear(struct lk_deadlines *deadlines, uint32_t timer)
{
    uint32_t place = deadlines->place[timer], last;

    if (place == 0)
        return;
    deadlines->place[timer] = 0;
    last = deadlines->heap[--deadlines->count];
    if (last != timer)
        settle(deadlines, place - 1, last);
}

void lk_deadlines_set(struct lk_deadlines *deadlines, uint32_t timer, lk_ms at)
{
    if (at == LK_NONE) {
        clear(deadlines, timer);
        return;
    }
    deadlines->at[timer] = at;
    settle(deadlines, deadlines->place[timer] ? deadlines->place[timer] - 1 : deadlines->count++, timer);
}

lk_ms lk_deadlines_get(const struct lk_deadlines *deadlines, uint32_t timer)
{
    return deadlines->place[timer] ? deadlines->at[timer] : LK_NONE;
}

lk_ms lk_deadlines_next(const struct lk_deadlines *deadlines, uint32_t *timer)
{
    if (deadlines->count == 0)
        return LK_NONE;
    *timer = deadlines->heap[0];
    return deadlines->at[*timer];
}
