/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remembered.h"

#include "allocate.h"

bool lk_remembered_make(struct lk_remembered *of, const struct lk_allocator *from, uint32_t attributes, uint32_t skills,
                        uint32_t calls)
{
    *of = (struct lk_remembered){
        .attributes = attributes,
        .skills = skills,
        .calls = calls,
        .values = lk_get(from, (size_t)calls * attributes, LK_VALUE),
        .levels = lk_get(from, (size_t)calls * skills, sizeof *of->levels),
    };
    return of->values != NULL && of->levels != NULL;
}

void lk_remembered_free(struct lk_remembered *of, const struct lk_allocator *from)
{
    lk_put(from, of->values, (size_t)of->calls * of->attributes, LK_VALUE);
    lk_put(from, of->levels, (size_t)of->calls * of->skills, sizeof *of->levels);
}

static char *value(const struct lk_remembered *of, uint32_t call, uint32_t attribute)
{
    return of->values + ((size_t)call * of->attributes + attribute) * LK_VALUE;
}

const char *lk_remembered_get(const struct lk_remembered *of, uint32_t call, uint32_t attribute)
{
    return value(of, call, attribute);
}

void lk_remembered_set(struct lk_remembered *of, uint32_t call, uint32_t attribute, const char *to, size_t length)
{
    char *at = value(of, call, attribute);

    length = length < LK_NUMBER_MAX ? length : LK_NUMBER_MAX;
    memset(at, 0, LK_VALUE);
    memcpy(at, to, length);
}

uint8_t *lk_remembered_level(const struct lk_remembered *of, uint32_t call, uint32_t skill)
{
    return &of->levels[(size_t)call * of->skills + skill];
}

void lk_remembered_forget(struct lk_remembered *of, uint32_t call)
{
    memset(of->values + (size_t)call * of->attributes * LK_VALUE, 0, (size_t)of->attributes * LK_VALUE);
    memset(of->levels + (size_t)call * of->skills, 0, of->skills);
}

void lk_remembered_move(struct lk_remembered *of, const struct lk_remembered *old)
{
    uint32_t attributes = old->attributes < of->attributes ? old->attributes : of->attributes;
    uint32_t skills = old->skills < of->skills ? old->skills : of->skills;

    for (uint32_t call = 0; call < old->calls; call++) {
        memcpy(value(of, call, 0), value(old, call, 0), (size_t)attributes * LK_VALUE);
        memcpy(of->levels + (size_t)call * of->skills, old->levels + (size_t)call * old->skills, skills);
    }
}
