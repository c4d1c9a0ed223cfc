/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "people.h"

#include "allocate.h"

bool lk_people_make(struct lk_people *people, const struct lk_allocator *from)
{
    people->at = lk_get(from, people->ids.count, sizeof *people->at);
    return people->at != NULL;
}

void lk_people_free(struct lk_people *people, const struct lk_allocator *from)
{
    lk_put(from, people->at, people->ids.count, sizeof *people->at);
    lk_ids_free(&people->ids, from);
}

bool lk_person_paused(const struct lk_person *person, lk_ms now)
{
    return person->paused && (person->paused_until == 0 || person->paused_until > now);
}

enum lk_reason lk_person_off_duty(const struct lk_person *person, lk_ms now, int64_t *detail)
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
