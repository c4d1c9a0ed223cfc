/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libFuzzer: bytes taken for a plan, with length and checksum set right so that what is behind them is reached. What is
 * not refused must be safe to use: calls to every line and number, keys, answers, all the way to their ends.
 */
#include "day.h"
#include "inside.h"

#include "bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

enum { HEADER = 32, SECTION = 16, PLAN_MAX = 1 << 16 };

static void seal(uint8_t *bytes, size_t size)
{
    lk_write_u32(bytes + 8, (uint32_t)size);
    lk_write_u32(bytes + 12, lk_crc32(bytes + HEADER, size - HEADER));
}

/* Half the time as libFuzzer likes; else one field of one record becomes another likely number. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static const uint32_t likely[] = {0, 1, 2, 3, 4, 8, 63, 64, 99, 100, 127, 128, 255, 1000, 65535, 0x7fffffff,
                                      0x80000000, 0xfffffffd, 0xfffffffe, 0xffffffff};
    uint32_t sections = size < HEADER ? 0 : lk_u16(data + 6), offset, bytes;
    const uint8_t *section;

    if (seed % 2 == 0 || sections == 0 || HEADER + (size_t)sections * SECTION > size)
        return LLVMFuzzerMutate(data, size, most);
    seed /= 2;
    section = data + HEADER + seed % sections * SECTION;
    offset = lk_u32(section + 4);
    bytes = lk_u32(section + 8) * lk_u32(section + 12);
    if (bytes < 4 || offset > size || bytes > size - offset)
        return LLVMFuzzerMutate(data, size, most);
    seed /= sections;
    offset += seed % (bytes / (seed % 3 == 0 ? 4 : 1)) / 4 * 4;
    if (offset + 4 > size)
        return size;
    if (seed % 5 == 0)
        data[offset + seed / 5 % 4] = (uint8_t)likely[seed / 20 % (sizeof likely / sizeof likely[0])];
    else
        lk_write_u32(data + offset, likely[seed / 5 % (sizeof likely / sizeof likely[0])]);
    return size;
}

/* A call to each line with each number that can be dialled there, each followed by the same. */
static size_t write_day(uint8_t *events)
{
    static const uint8_t after[][2] = {{LK_EV_DONE, 0},  {LK_EV_DIGIT, '1'}, {LK_EV_FOUND, 1},    {LK_EV_ANSWERED, 0},
                                       {LK_EV_DIGIT, '2'}, {LK_EV_TICK, 0},  {LK_EV_REFUSED, 19}, {LK_EV_SENT, 0}};
    uint8_t *at = events;

    for (uint8_t call = 1; call < 16; call++) {
        const uint8_t arrived[DAY_EVENT] = {LK_EV_ARRIVED, call, 0, call, (uint8_t)(call % 3), (uint8_t)(call % 4),
                                            (uint8_t)(call % 6), call, (uint8_t)(8 + call)};

        memcpy(at, arrived, DAY_EVENT);
        at += DAY_EVENT;
        for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
            const uint8_t event[DAY_EVENT] = {after[i][0], call, (uint8_t)(call + i % 3), call, 0, after[i][1], 0, 16,
                                              0, 0, 0, 0, (uint8_t)(7 * i), (uint8_t)(call * i)};

            memcpy(at, event, DAY_EVENT);
            at += DAY_EVENT;
        }
    }
    return (size_t)(at - events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t events[16 * 9 * DAY_EVENT];
    struct purse purse = {.allowed = 100000};
    struct lk_plan plan;
    uint8_t *copy;

    if (size < HEADER || size > PLAN_MAX)
        return 0;
    copy = malloc(size); /* of just this size, so that reading past it is seen */
    MUST(copy != NULL);
    memcpy(copy, data, size);
    seal(copy, size);
    if (lk_plan_read(&plan, copy, size) == LK_OK && plan.calls_max <= 64) {
        struct day day = {.plan = {copy, size}, .events = events, .size = write_day(events)};

        MUST(run_day(&day, &purse) == LK_OK);
    }
    free(copy);
    return 0;
}
