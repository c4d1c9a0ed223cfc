/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hours.h"

#include "bytes.h"

static lk_ms from(const uint8_t *intervals, uint32_t i)
{
    return (lk_ms)lk_u64(intervals + (size_t)i * LK_OPEN_RECORD);
}

static lk_ms until_of(const uint8_t *intervals, uint32_t i)
{
    return (lk_ms)lk_u64(intervals + (size_t)i * LK_OPEN_RECORD + 8);
}

bool lk_hours_sound(const uint8_t *intervals, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (from(intervals, i) >= until_of(intervals, i) || (i > 0 && from(intervals, i) < until_of(intervals, i - 1)))
            return false;
    return true;
}

bool lk_hours_open(const uint8_t *intervals, uint32_t count, lk_ms now, lk_ms *until)
{
    uint32_t low = 0, high = count; /* the first interval that ends after now */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (until_of(intervals, middle) <= now)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count) {
        *until = LK_NONE;
        return false;
    }
    if (now < from(intervals, low)) {
        *until = from(intervals, low);
        return false;
    }
    while (low + 1 < count && from(intervals, low + 1) == until_of(intervals, low))
        low++; /* intervals that touch are one */
    *until = until_of(intervals, low);
    return true;
}
