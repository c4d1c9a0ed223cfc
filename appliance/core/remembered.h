/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is remembered of each call beside the call itself: attributes, and the levels of the skills it wants.
 */
#ifndef LINEKEEPER_REMEMBERED_H
#define LINEKEEPER_REMEMBERED_H

#include "ids.h"

#define LK_VALUE (LK_NUMBER_MAX + 1) /* bytes of an attribute, zero-padded */

struct lk_remembered {
    char *values;    /* calls x attributes x LK_VALUE */
    uint8_t *levels; /* calls x skills */
    uint32_t attributes;
    uint32_t skills;
    uint32_t calls;
};

bool lk_remembered_make(struct lk_remembered *of, const struct lk_allocator *from, uint32_t attributes, uint32_t skills,
                        uint32_t calls);
void lk_remembered_free(struct lk_remembered *of, const struct lk_allocator *from);
/* The value of an attribute, "" when it was never set. */
const char *lk_remembered_get(const struct lk_remembered *of, uint32_t call, uint32_t attribute);
void lk_remembered_set(struct lk_remembered *of, uint32_t call, uint32_t attribute, const char *value, size_t length);
/* The level a call wants of a skill, to be read and changed. */
uint8_t *lk_remembered_level(const struct lk_remembered *of, uint32_t call, uint32_t skill);
void lk_remembered_forget(struct lk_remembered *of, uint32_t call);
/* All of another with no more calls; what only plans without calls knew is left behind. */
void lk_remembered_move(struct lk_remembered *of, const struct lk_remembered *old);

#endif
