/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes.h"

enum { WIDE = 8 }; /* bytes taken at a step: a plan of a million numbers is 24 MB, and calls wait while it is checked */

/* Remainders of each byte with 0..7 zero bytes after it, under the reflected polynomial 0xEDB88320. */
static void fill(uint32_t remainder[WIDE][256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        remainder[0][byte] = crc;
    }
    for (int zeros = 1; zeros < WIDE; zeros++)
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t crc = remainder[zeros - 1][byte];

            remainder[zeros][byte] = crc >> 8 ^ remainder[0][crc & 255];
        }
}

uint32_t lk_crc32(const uint8_t *at, size_t size)
{
    uint32_t remainder[WIDE][256], crc = UINT32_MAX;

    fill(remainder);
    for (; size >= WIDE; at += WIDE, size -= WIDE) {
        uint32_t low = crc ^ lk_u32(at), high = lk_u32(at + 4);

        crc = remainder[7][low & 255] ^ remainder[6][low >> 8 & 255] ^ remainder[5][low >> 16 & 255] ^
              remainder[4][low >> 24] ^ remainder[3][high & 255] ^ remainder[2][high >> 8 & 255] ^
              remainder[1][high >> 16 & 255] ^ remainder[0][high >> 24];
    }
    for (; size > 0; at++, size--)
        crc = crc >> 8 ^ remainder[0][(crc ^ *at) & 255];
    return ~crc;
}
