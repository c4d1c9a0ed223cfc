/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numbers.h"

#include "bytes.h"

#define PREFIX (UINT64_C(1) << 63)
#define SPREAD UINT64_C(0x9E3779B97F4A7C15) /* 2^64 divided by the golden ratio: neighbours land far apart */

/* Digits in a key, or 0 when it is not one: half-bytes 1..10 without a gap from the lowest up. */
static uint32_t digits_of(uint64_t key)
{
    uint32_t digits = 0;

    for (key &= ~PREFIX; key != 0; key >>= 4, digits++)
        if ((key & 15) < 1 || (key & 15) > 10)
            return 0;
    return digits <= LK_DIGITS_MAX ? digits : 0;
}

bool lk_numbers_read(struct lk_numbers *out, const uint8_t *slots, uint32_t count, uint32_t callers)
{
    *out = (struct lk_numbers){.slots = slots, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *slot = slots + (size_t)i * LK_NUMBER_RECORD;
        uint64_t key = lk_u64(slot);
        uint32_t digits = digits_of(key);

        if (key == 0)
            continue;
        if (digits == 0 || lk_u32(slot + 8) >= callers)
            return false;
        if (key & PREFIX)
            out->prefixes |= UINT32_C(1) << digits;
    }
    return true;
}

static uint32_t find_key(const struct lk_numbers *numbers, uint64_t key)
{
    uint32_t at = (uint32_t)(((key * SPREAD) >> 32) * numbers->count >> 32);

    for (uint32_t tried = 0; tried < numbers->count; tried++) {
        const uint8_t *slot = numbers->slots + (size_t)at * LK_NUMBER_RECORD;
        uint64_t found = lk_u64(slot);

        if (found == key)
            return lk_u32(slot + 8);
        if (found == 0)
            break;
        at = at + 1 == numbers->count ? 0 : at + 1;
    }
    return LK_NO_CALLER;
}

uint32_t lk_numbers_find(const struct lk_numbers *numbers, const char *number, size_t length)
{
    uint64_t key = 0;
    uint32_t digits = 0, caller;

    for (size_t i = 0; i < length; i++) {
        if (number[i] < '0' || number[i] > '9')
            return LK_NO_CALLER;
        if (digits < LK_DIGITS_MAX) {
            key = key << 4 | (uint64_t)(number[i] - '0' + 1);
            digits++;
        }
    }
    if (digits == 0)
        return LK_NO_CALLER;
    if (length == digits && (caller = find_key(numbers, key)) != LK_NO_CALLER)
        return caller;
    for (; digits > 0; digits--, key >>= 4)
        if (numbers->prefixes >> digits & 1 && (caller = find_key(numbers, key | PREFIX)) != LK_NO_CALLER)
            return caller;
    return LK_NO_CALLER;
}
