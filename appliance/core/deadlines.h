/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A binary heap of timers. Every timer has a number of its own below `room`, so there is always place for it.
 */
#ifndef LINEKEEPER_DEADLINES_H
#define LINEKEEPER_DEADLINES_H

#include <stdbool.h>

#include "core.h"

struct lk_deadlines {
    lk_ms *at;       /* by timer */
    uint32_t *place; /* by timer: place in the heap from 1, 0 when not set */
    uint32_t *heap;  /* timers */
    uint32_t count;
    uint32_t room;
};

bool lk_deadlines_make(struct lk_deadlines *deadlines, const struct lk_allocator *from, uint32_t room);
void lk_deadlines_free(struct lk_deadlines *deadlines, const struct lk_allocator *from);
/* LK_NONE clears it. */
void lk_deadlines_set(struct lk_deadlines *deadlines, uint32_t timer, lk_ms at);
/* LK_NONE when it is not set. */
lk_ms lk_deadlines_get(const struct lk_deadlines *deadlines, uint32_t timer);
/* The earliest, LK_NONE when there is none; of equals the lowest timer. */
lk_ms lk_deadlines_next(const struct lk_deadlines *deadlines, uint32_t *timer);

#endif
