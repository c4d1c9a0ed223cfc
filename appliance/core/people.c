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

enum lk_reason lk_person_out_of_reach(const struct lk_person *person)
{
    if (person->reachable == 0)
        return LK_BECAUSE_UNREACHABLE;
    return person->busy > 0 ? LK_BECAUSE_BUSY : LK_BECAUSE_NONE;
}

enum lk_reason lk_person_unavailable(const struct lk_person *person, lk_ms now, int64_t *detail)
{
    enum lk_reason reason;

    *detail = 0;
    if (person->status != LK_AVAILABLE) {
        *detail = person->status;
        return LK_BECAUSE_STATUS;
    }
    reason = lk_person_out_of_reach(person);
    if (reason == LK_BECAUSE_NONE && person->wrap_until > now) {
        *detail = person->wrap_until - now;
        return LK_BECAUSE_WRAP_UP;
    }
    return reason;
}

bool lk_person_on_duty(const struct lk_person *person)
{
    return person->status == LK_AVAILABLE && person->reachable > 0;
}
