/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who waits, in the order they joined, and whose turn it is in each queue.
 */
#ifndef LINEKEEPER_QUEUES_H
#define LINEKEEPER_QUEUES_H

#include "ids.h"

struct lk_queue {
    uint32_t waiting; /* calls */
    uint32_t turn;    /* the last one given */
};

/* One line for all queues: a person of two queues gets whoever has waited longest. Calls are slots of the call table. */
struct lk_queues {
    struct lk_ids ids;
    struct lk_queue *at;
    uint32_t *turns; /* queues x people: the turn a person was last given, 0 never */
    uint32_t *next;  /* by call */
    uint32_t *previous;
    uint32_t *of; /* by call: queue slot, LK_NO_SLOT when not waiting */
    uint32_t first;
    uint32_t last;
    uint32_t people;
    uint32_t calls;
};

/* For all ids, which are added first. */
bool lk_queues_make(struct lk_queues *queues, const struct lk_allocator *from, uint32_t people, uint32_t calls);
void lk_queues_free(struct lk_queues *queues, const struct lk_allocator *from);
/* The place in line, from 1. */
uint32_t lk_queues_join(struct lk_queues *queues, uint32_t queue, uint32_t call);
/* No error when it does not wait. */
void lk_queues_leave(struct lk_queues *queues, uint32_t call);
/* When a person was last offered a call of this queue, as a number that only grows. */
uint32_t lk_queues_turn(const struct lk_queues *queues, uint32_t queue, uint32_t person);
void lk_queues_take_turn(struct lk_queues *queues, uint32_t queue, uint32_t person);
/* As it was before a restart or a new plan. */
void lk_queues_set_turn(struct lk_queues *queues, uint32_t queue, uint32_t person, uint32_t turn);

#endif
