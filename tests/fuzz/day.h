/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A day in an office as bytes: 16 for each thing that happens. Any bytes are a day; seeds.py writes the stories of
 * tests/scenarios this way.
 */
#ifndef LINEKEEPER_DAY_H
#define LINEKEEPER_DAY_H

#include <stdbool.h>

#include "must.h"

#define DAY_EVENT 16 /* bytes, see day.c */

struct plan_bytes {
    const uint8_t *bytes;
    size_t size;
};

struct day {
    struct plan_bytes plan;
    const struct plan_bytes *others; /* what SWAP and RESTART may put in force instead */
    size_t other_count;
    const uint8_t *events;
    size_t size;
    bool swaps; /* the same plan anew before every fifth fact: what runs out of memory then loses nothing */
    FILE *told; /* where commands are told, or NULL */
};

/* LK_NOMEM when the core could not be made; else everything of day.c held. Nothing is live afterwards. */
enum lk_error run_day(const struct day *day, struct purse *purse);

#endif
