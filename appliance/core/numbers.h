/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The caller table: exact numbers and prefixes in one open-addressing table, used as it lies in the plan.
 */
#ifndef LINEKEEPER_NUMBERS_H
#define LINEKEEPER_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_DIGITS_MAX 15 /* E.164; more do not fit the key */
#define LK_NUMBER_RECORD 12
#define LK_NO_CALLER UINT32_MAX

struct lk_numbers {
    const uint8_t *slots;
    uint32_t count;
    uint32_t prefixes; /* bit n: a prefix of n digits exists */
};

/* False when a key is none or a caller record is not below `callers`. */
bool lk_numbers_read(struct lk_numbers *out, const uint8_t *slots, uint32_t count, uint32_t callers);
/* The caller record of a number: exact, then the longest prefix; LK_NO_CALLER when none or not all digits. */
uint32_t lk_numbers_find(const struct lk_numbers *numbers, const char *number, size_t length);

#endif
