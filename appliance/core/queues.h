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
    uint32_t run;     /* of the percentage strategy: a number for each set of people it began anew with, 0 none yet */
};

/* What a queue knows of a person. */
struct lk_member {
    uint32_t turn;    /* the last he was given, as a number that only grows; 0 never */
    uint32_t calls;   /* answered since the last RESET */
    lk_ms talk;       /* ms, the same */
    int32_t owed;     /* calls he is behind his share, times the sum of all shares */
    bool in_run;      /* he is one of those the run is shared among */
};

/* One line for all queues, by priority, then in the order they joined: a person of two queues gets whoever comes first.
 * Calls are slots of the call table. */
struct lk_queues {
    struct lk_ids ids;
    struct lk_queue *at;
    struct lk_member *members; /* queues x people */
    uint32_t *next;            /* by call */
    uint32_t *previous;
    uint32_t *of;       /* by call: queue slot, LK_NO_SLOT when not waiting */
    uint32_t *priority; /* by call */
    uint32_t first;
    uint32_t last;
    uint32_t people;
    uint32_t calls;
};

/* For all ids, which are added first. */
bool lk_queues_make(struct lk_queues *queues, const struct lk_allocator *from, uint32_t people, uint32_t calls);
void lk_queues_free(struct lk_queues *queues, const struct lk_allocator *from);
/* The place among those who wait in this queue, from 1. */
uint32_t lk_queues_join(struct lk_queues *queues, uint32_t queue, uint32_t call, uint32_t priority);
/* No error when it does not wait. */
void lk_queues_leave(struct lk_queues *queues, uint32_t call);
struct lk_member *lk_queues_member(const struct lk_queues *queues, uint32_t queue, uint32_t person);
void lk_queues_take_turn(struct lk_queues *queues, uint32_t queue, uint32_t person);
/* As it was before a restart or a new plan. */
void lk_queues_set_member(struct lk_queues *queues, uint32_t queue, uint32_t person, const struct lk_member *member);
/* Nobody is of the queue's run any more: the next call begins another. */
void lk_queues_end_run(struct lk_queues *queues, uint32_t queue);
/* Counts of calls and talk begin anew. */
void lk_queues_reset(struct lk_queues *queues);

#endif
