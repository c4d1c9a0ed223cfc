/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include "allocate.h"

bool lk_refusals_make(struct lk_refusals *refusals, const struct lk_allocator *from, uint32_t people, uint32_t calls)
{
    size_t pairs = (size_t)people * calls;

    *refusals = (struct lk_refusals){
        .people = people,
        .calls = calls,
        .at = lk_get(from, pairs, sizeof *refusals->at),
        .how = lk_get(from, pairs, sizeof *refusals->how),
        .passed = lk_get(from, pairs, sizeof *refusals->passed),
    };
    return refusals->at != NULL && refusals->how != NULL && refusals->passed != NULL;
}

void lk_refusals_free(struct lk_refusals *refusals, const struct lk_allocator *from)
{
    size_t pairs = (size_t)refusals->people * refusals->calls;

    lk_put(from, refusals->at, pairs, sizeof *refusals->at);
    lk_put(from, refusals->how, pairs, sizeof *refusals->how);
    lk_put(from, refusals->passed, pairs, sizeof *refusals->passed);
}

static size_t pair(const struct lk_refusals *refusals, uint32_t call, uint32_t person)
{
    return (size_t)call * refusals->people + person;
}

void lk_refusals_set(struct lk_refusals *refusals, uint32_t call, uint32_t person, enum lk_reason how, lk_ms at)
{
    refusals->at[pair(refusals, call, person)] = at;
    refusals->how[pair(refusals, call, person)] = (uint8_t)how;
}

void lk_refusals_forget(struct lk_refusals *refusals, uint32_t call)
{
    memset(refusals->how + pair(refusals, call, 0), 0, refusals->people);
    memset(refusals->passed + pair(refusals, call, 0), 0, refusals->people);
}
