/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Keys that are in the sound, and those that a modem tells beside it: each press once. Pure: samples and times go in.
 */
#ifndef LK_KEYS_H
#define LK_KEYS_H

#include <stdint.h>

#include "../dahdi/digits.h"

enum {
    KEYS_KEPT = 8,    /* presses that the other way may still bring */
    KEYS_TWICE = 500, /* ms within which both ways mean one press */
    KEYS_ROOM = 16,   /* more do not go into one call of keys_hear() */
    KEYS_SAMPLES = KEYS_ROOM * DIGITS_BLOCK,
};

struct keys {
    struct digits digits;
    struct pressed {
        char digit; /* 0: none, or the other way has brought it too */
        int64_t at; /* ms, of one in the sound the latest moment it was there */
    } heard[KEYS_KEPT], told[KEYS_KEPT];
    unsigned heard_next, told_next;
};

void keys_init(struct keys *keys);

/* The keys that went down in at most KEYS_SAMPLES samples, and were not told already; how many. */
int keys_hear(struct keys *keys, int64_t now, const int16_t *samples, int count, char out[KEYS_ROOM]);

/* A modem tells one: is it new? */
int keys_told(struct keys *keys, int64_t now, char digit);

#endif
