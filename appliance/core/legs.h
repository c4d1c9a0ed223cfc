/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections of a call to those who may answer it. A person has one leg and a call one outside leg, so nobody can be
 * rung on two calls at once: leg p is person p's, leg people + c is call c's to the outside.
 */
#ifndef LINEKEEPER_LEGS_H
#define LINEKEEPER_LEGS_H

#include "ids.h"

struct lk_leg {
    uint32_t id; /* 0 when it is over; never used twice */
    uint32_t last_id;
    uint32_t call;
    uint32_t next;
    uint32_t previous;
    lk_ms rings_for;
    uint32_t person;     /* PRSN index in the plan of the call, LK_NO_INDEX when somebody took it who is none of ours */
    uint32_t wrap_up_ms; /* what he needs after it */
    uint32_t run;        /* of the queue's percentages he is rung in, 0 none */
    int64_t taken;       /* what that took from what he is owed */
};

struct lk_legs {
    struct lk_leg *at;
    uint32_t *first; /* by call */
    uint32_t *last;
    uint32_t people;
    uint32_t calls;
    uint32_t next_id;
};

bool lk_legs_make(struct lk_legs *legs, const struct lk_allocator *from, uint32_t people, uint32_t calls);
void lk_legs_free(struct lk_legs *legs, const struct lk_allocator *from);
/* Returns the id; the leg must be over. */
uint32_t lk_legs_begin(struct lk_legs *legs, uint32_t leg, uint32_t call, lk_ms rings_for);
/* Takes a leg over from an older table as the last one of its call. */
void lk_legs_move(struct lk_legs *legs, uint32_t leg, const struct lk_leg *old);
void lk_legs_end(struct lk_legs *legs, uint32_t leg);
/* The leg of a call with this id, LK_NO_SLOT when it is over or another's. */
uint32_t lk_legs_find(const struct lk_legs *legs, uint32_t call, uint32_t id);
/* Whose last leg had this id, LK_NO_SLOT when it was forgotten. */
uint32_t lk_legs_whose(const struct lk_legs *legs, uint32_t id);

#endif
