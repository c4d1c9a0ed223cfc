/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The energy of one frequency in a block of samples, by Goertzel's recurrence.
 */
#ifndef LK_GOERTZEL_H
#define LK_GOERTZEL_H

#include <math.h>

struct goertzel {
    float twice; /* 2 cos of one sample's angle */
    float last, older;
};

static inline void goertzel_tune(struct goertzel *g, float hz)
{
    g->twice = 2.0f * cosf(6.28318530718f * hz / 8000.0f);
    g->last = g->older = 0.0f;
}

static inline void goertzel_hear(struct goertzel *g, float sample)
{
    float now = sample + g->twice * g->last - g->older;

    g->older = g->last;
    g->last = now;
}

/* Squared magnitude of the block so far, which ends with it: of a tone of amplitude a in n samples it is (a n / 2)^2. */
static inline float goertzel_take(struct goertzel *g)
{
    float found = g->last * g->last + g->older * g->older - g->twice * g->last * g->older;

    g->last = g->older = 0.0f;
    return found;
}

#endif
