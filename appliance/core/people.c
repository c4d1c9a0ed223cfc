/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "people.h"

#include "allocate.h"

bool lk_people_make(struct lk_people *people, const struct lk_allocator *from)
{
    people->at = lk_get(from, people->ids.count, sizeof *people->at);
    people->changed = lk_get(from, people->ids.count, sizeof *people->changed);
    return people->at != NULL && people->changed != NULL;
}

void lk_people_free(struct lk_people *people, const struct lk_allocator *from)
{
    lk_put(from, people->changed, people->ids.count, sizeof *people->changed);
    lk_put(from, people->at, people->ids.count, sizeof *people->at);
    lk_ids_free(&people->ids, from);
}
