/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Opening hours: sorted, disjoint intervals of UTC milliseconds, used as they lie in the plan.
 */
#ifndef LINEKEEPER_HOURS_H
#define LINEKEEPER_HOURS_H

#include <stdbool.h>

#include "core.h"

#define LK_OPEN_RECORD 16

/* False unless every interval is some time long and begins no sooner than the one before it ends. */
bool lk_hours_sound(const uint8_t *intervals, uint32_t count);
/* Whether it is open; *until is when that changes, LK_NONE when never. */
bool lk_hours_open(const uint8_t *intervals, uint32_t count, lk_ms now, lk_ms *until);

#endif
