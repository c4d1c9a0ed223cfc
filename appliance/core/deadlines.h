/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A binary heap of timers. Every timer has a number of its own below `room`, so there is always place for it.
 */
#ifndef LINEKEEPER_DEADLINES_H
#define LINEKEEPER_DEADLINES_H

#include <stdbool.h>

#include "core.h"

struct lk_due {
    lk_ms at;
    uint32_t timer;
};

struct lk_deadlines {
    struct lk_due *heap;
    uint32_t *place; /* by timer: place in the heap from 1, 0 when not set */
    uint32_t count;
    uint32_t room;
};

bool lk_deadlines_make(struct lk_deadlines *deadlines, const struct lk_allocator *from, uint32_t room);
void lk_deadlines_free(struct lk_deadlines *deadlines, const struct lk_allocator *from);
/* LK_NONE clears it. */
void lk_deadlines_set(struct lk_deadlines *deadlines, uint32_t timer, lk_ms at);

/* LK_NONE when it is not set. */
static inline lk_ms lk_deadlines_get(const struct lk_deadlines *deadlines, uint32_t timer)
{
    return deadlines->place[timer] ? deadlines->heap[deadlines->place[timer] - 1].at : LK_NONE;
}

/* The earliest, LK_NONE when there is none; of equals the lowest timer. */
static inline lk_ms lk_deadlines_next(const struct lk_deadlines *deadlines, uint32_t *timer)
{
    if (deadlines->count == 0)
        return LK_NONE;
    *timer = deadlines->heap[0].timer;
    return deadlines->heap[0].at;
}

#endif
