/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The people who answer: what is known of each now, under the slot of his id.
 */
#ifndef LINEKEEPER_PEOPLE_H
#define LINEKEEPER_PEOPLE_H

#include "ids.h"

struct lk_person {
    uint8_t status; /* enum lk_status */
    uint8_t missed; /* calls he let ring, in a row */
    bool paused;
    uint32_t reachable; /* telephones */
    uint32_t busy;      /* calls he is on, as caller or as partner */
    lk_ms wrap_until;   /* he has work after a call till then */
    lk_ms paused_until; /* 0: till his status is set */
    lk_ms idle_since;   /* the end of his last call, 0 none yet */
};

struct lk_people {
    struct lk_ids ids;
    struct lk_person *at;
    uint64_t *changed; /* by slot: when anything of him did, or his leg; the count of all such changes then */
};

/* For all ids, which are added first. */
bool lk_people_make(struct lk_people *people, const struct lk_allocator *from);
void lk_people_free(struct lk_people *people, const struct lk_allocator *from);

/* A pause that is over is over, also when the tick that ends it comes late. */
static inline bool lk_person_paused(const struct lk_person *person, lk_ms now)
{
    return person->paused && (person->paused_until == 0 || person->paused_until > now);
}

/* Why his status or a pause keeps calls from him, LK_BECAUSE_NONE when they do not; *detail as core.h says. */
static inline enum lk_reason lk_person_off_duty(const struct lk_person *person, lk_ms now, int64_t *detail)
{
    *detail = 0;
    if (person->status != LK_AVAILABLE) {
        *detail = person->status;
        return LK_BECAUSE_STATUS;
    }
    if (!lk_person_paused(person, now))
        return LK_BECAUSE_NONE;
    *detail = person->paused_until == 0 ? 0 : person->paused_until - now;
    return LK_BECAUSE_PAUSED;
}

#endif
