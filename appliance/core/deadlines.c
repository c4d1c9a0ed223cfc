/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadlines.h"

#include "allocate.h"

bool lk_deadlines_make(struct lk_deadlines *deadlines, const struct lk_allocator *from, uint32_t room)
{
    *deadlines = (struct lk_deadlines){
        .room = room,
        .heap = lk_get(from, room, sizeof *deadlines->heap),
        .place = lk_get(from, room, sizeof *deadlines->place),
    };
    return deadlines->heap != NULL && deadlines->place != NULL;
}

void lk_deadlines_free(struct lk_deadlines *deadlines, const struct lk_allocator *from)
{
    lk_put(from, deadlines->heap, deadlines->room, sizeof *deadlines->heap);
    lk_put(from, deadlines->place, deadlines->room, sizeof *deadlines->place);
}

static bool sooner(const struct lk_due *a, const struct lk_due *b)
{
    return a->at < b->at || (a->at == b->at && a->timer < b->timer);
}

static void put_at(struct lk_deadlines *deadlines, uint32_t place, const struct lk_due *due)
{
    deadlines->heap[place] = *due;
    deadlines->place[due->timer] = place + 1;
}

/* Puts one where its time belongs, from a place that is free. */
static void settle(struct lk_deadlines *deadlines, uint32_t place, struct lk_due due)
{
    const struct lk_due *heap = deadlines->heap;

    while (place > 0 && sooner(&due, &heap[(place - 1) / 2])) {
        put_at(deadlines, place, &heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * place + 1;

        if (child + 1 < deadlines->count && sooner(&heap[child + 1], &heap[child]))
            child++;
        if (child >= deadlines->count || !sooner(&heap[child], &due))
            break;
        put_at(deadlines, place, &heap[child]);
        place = child;
    }
    put_at(deadlines, place, &due);
}

static void clear(struct lk_deadlines *deadlines, uint32_t timer)
{
    uint32_t place = deadlines->place[timer];

    if (place == 0)
        return;
    deadlines->place[timer] = 0;
    if (--deadlines->count > place - 1)
        settle(deadlines, place - 1, deadlines->heap[deadlines->count]);
}

void lk_deadlines_set(struct lk_deadlines *deadlines, uint32_t timer, lk_ms at)
{
    if (at == LK_NONE)
        clear(deadlines, timer);
    else
        settle(deadlines, deadlines->place[timer] ? deadlines->place[timer] - 1 : deadlines->count++,
               (struct lk_due){at, timer});
}
