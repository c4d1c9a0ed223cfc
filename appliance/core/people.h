/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The people who answer: what is known of each now, under the slot of his id.
 */
#ifndef LINEKEEPER_PEOPLE_H
#define LINEKEEPER_PEOPLE_H

#include "ids.h"

struct lk_person {
    uint8_t status; /* enum lk_status */
    uint32_t reachable;
    uint32_t busy;    /* calls he is on, as caller or as partner */
    lk_ms wrap_until; /* he has work after a call till then */
};

struct lk_people {
    struct lk_ids ids;
    struct lk_person *at;
};

/* For all ids, which are added first. */
bool lk_people_make(struct lk_people *people, const struct lk_allocator *from);
void lk_people_free(struct lk_people *people, const struct lk_allocator *from);
/* Nobody can ask him anything: busy or without a telephone. LK_BECAUSE_NONE when he can be rung directly. */
enum lk_reason lk_person_out_of_reach(const struct lk_person *person);
/* Why a queue or a chain passes him over, LK_BECAUSE_NONE when it does not; *detail as core.h says for the reason. */
enum lk_reason lk_person_unavailable(const struct lk_person *person, lk_ms now, int64_t *detail);
/* Whether he could answer once he is done with what he does. */
bool lk_person_on_duty(const struct lk_person *person);

#endif
