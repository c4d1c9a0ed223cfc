/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What each call remembers of each person: when and how he last refused it, and why it last passed him over.
 */
#ifndef LINEKEEPER_REFUSALS_H
#define LINEKEEPER_REFUSALS_H

#include "ids.h"

struct lk_refusals {
    lk_ms *at;       /* calls x people */
    uint8_t *how;    /* LK_BECAUSE_DECLINED, LK_BECAUSE_NO_ANSWER, or LK_BECAUSE_NONE */
    uint8_t *passed; /* the reason last traced, LK_BECAUSE_NONE when none */
    uint32_t people;
    uint32_t calls;
};

bool lk_refusals_make(struct lk_refusals *refusals, const struct lk_allocator *from, uint32_t people, uint32_t calls);
void lk_refusals_free(struct lk_refusals *refusals, const struct lk_allocator *from);
void lk_refusals_set(struct lk_refusals *refusals, uint32_t call, uint32_t person, enum lk_reason how, lk_ms at);
void lk_refusals_forget(struct lk_refusals *refusals, uint32_t call);

/* LK_BECAUSE_NONE when he did not; else *at is when. */
static inline enum lk_reason lk_refusals_get(const struct lk_refusals *refusals, uint32_t call, uint32_t person, lk_ms *at)
{
    size_t pair = (size_t)call * refusals->people + person;

    *at = refusals->at[pair];
    return (enum lk_reason)refusals->how[pair];
}

/* The reason last told for passing him over, to be read and changed. */
static inline uint8_t *lk_refusals_passed(struct lk_refusals *refusals, uint32_t call, uint32_t person)
{
    return &refusals->passed[(size_t)call * refusals->people + person];
}

#endif
