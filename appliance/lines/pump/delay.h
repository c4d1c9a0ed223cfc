/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A delay between two clocks of nominally 8000 samples a second. Pure: samples and times go in, samples come out.
 */
#ifndef LK_DELAY_H
#define LK_DELAY_H

#include <stdint.h>

enum {
    DELAY_RATE = 8000,  /* samples a second */
    DELAY_ROOM = 8192,  /* samples, a power of two: a second */
    DELAY_LEAST = 40,   /* ms that it aims at, at first */
    DELAY_MOST = 160,   /* ms that it aims at, however unsteady the other side is */
    DELAY_OVER = 80,    /* ms beyond its aim when the oldest are left out */
};

struct delay {
    int16_t ring[DELAY_ROOM];
    int running;          /* else it waits until there is enough */
    uint64_t put;         /* samples so far */
    uint64_t at;          /* the next one to be read, and */
    double between;       /* how far behind it, 0 to 1 */
    int64_t put_at;       /* us when some came last */
    int64_t dry_at;       /* us when there were too few, 0: more have come */
    int missing;          /* samples, then */
    int64_t over_at;      /* us since when there are too many, 0: there are not */
    double target, aim;   /* samples behind what was put: wanted, and as of now on the way there */
    double level;         /* how far it is from its aim, smoothed */
    double skew;          /* how much faster they are put than read */
    double mean;          /* samples of delay, smoothed */
    double lowest;        /* samples left at the worst moment, since */
    int64_t lowest_since; /* us */
    int fade;             /* samples since it began again */
    int16_t last;
    uint32_t underruns, overruns;
    uint64_t dropped;     /* samples that were left out */
};

void delay_prepare(void); /* once, before any other */
void delay_init(struct delay *delay);

/* now: us of one clock, the same for both. get always gives all of them: silence for want. */
void delay_put(struct delay *delay, int64_t now, const int16_t *samples, int count);
void delay_get(struct delay *delay, int64_t now, int16_t *samples, int count);

#endif
