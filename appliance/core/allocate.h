/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrays from the allocator handed in: zeroed, counted, given back with their size.
 */
#ifndef LINEKEEPER_ALLOCATE_H
#define LINEKEEPER_ALLOCATE_H

#include <string.h>

#include "core.h"

/* NULL when refused or too large; an array of none still takes the room of one, so that NULL always means refused. */
static inline void *lk_get(const struct lk_allocator *from, size_t count, size_t each)
{
    void *block;

    count += count == 0;
    if (count > SIZE_MAX / each)
        return NULL;
    block = from->get(from->state, count * each);
    if (block != NULL)
        memset(block, 0, count * each);
    return block;
}

static inline void lk_put(const struct lk_allocator *from, void *block, size_t count, size_t each)
{
    if (block != NULL)
        from->put(from->state, block, (count + (count == 0)) * each);
}

#endif
