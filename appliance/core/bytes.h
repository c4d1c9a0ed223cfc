/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Little-endian integers at any address, and the CRC-32 of zlib.
 */
#ifndef LINEKEEPER_BYTES_H
#define LINEKEEPER_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t lk_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t lk_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t lk_u64(const uint8_t *at)
{
    return (uint64_t)lk_u32(at) | (uint64_t)lk_u32(at + 4) << 32;
}

static inline void lk_write_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

uint32_t lk_crc32(const uint8_t *at, size_t size);

#endif
