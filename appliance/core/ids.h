/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sorted set of ids; the place of an id in it is its slot, under which everything else keeps state.
 */
#ifndef LINEKEEPER_IDS_H
#define LINEKEEPER_IDS_H

#include <stdbool.h>

#include "core.h"

#define LK_NO_SLOT UINT32_MAX

struct lk_ids {
    uint32_t *at;
    uint32_t count;
    uint32_t room;
};

bool lk_ids_make(struct lk_ids *ids, const struct lk_allocator *from, uint32_t room);
void lk_ids_free(struct lk_ids *ids, const struct lk_allocator *from);
/* Adds an id once; never more than `room` different ones. Slots are final when all are added. */
void lk_ids_add(struct lk_ids *ids, uint32_t id);
/* The slot of an id, or LK_NO_SLOT. */
uint32_t lk_ids_find(const struct lk_ids *ids, uint32_t id);

#endif
