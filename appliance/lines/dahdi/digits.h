/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tones of keys (DTMF, ITU-T Q.23 and Q.24) in 8000 samples a second. Pure: samples in, keys out.
 */
#ifndef LK_DIGITS_H
#define LK_DIGITS_H

#include <stdint.h>

#include "goertzel.h"

enum { DIGITS_TONES = 8, DIGITS_BLOCK = 105 };

struct digits {
    struct goertzel tone[DIGITS_TONES]; /* four rows, four columns */
    float energy;
    unsigned count;
    char seen;     /* in the last block; 0 none */
    char down;     /* told and not over; 0 none */
    unsigned away; /* blocks without it */
};

void digits_listen(struct digits *d);

/* The key that went down with this sample, or 0. */
char digits_hear(struct digits *d, int16_t sample);

#endif
