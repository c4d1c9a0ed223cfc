/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The audio pump: samples between the devices of modems and the conference bridge, each with a clock of its own, 8000 a second.
 * All of it may be called by any thread. `leg` is a number that is never used twice; one that is not open does nothing.
 */
#ifndef LK_PUMP_H
#define LK_PUMP_H

#include <stdint.h>

#include "device.h"
#include "flow.h"

enum { PUMP_LINES = 32 }; /* with sound at once */

struct pump_listener { /* called in the pump's thread, under no lock */
    void (*gone)(uint64_t leg, uint32_t opening, const char *why); /* the device is, and is closed */
    void (*stalled)(uint64_t leg, enum flow_stall what, int ms);
    void (*key)(uint64_t leg, char digit);
};

struct pump_counters {
    uint64_t read, written, refused; /* samples of the device; refused: it had no room for them */
    uint64_t dropped;                /* samples left out because too many had piled up, of both ways */
    uint32_t stalls, xruns;          /* xruns: times that a sound card ran dry or over */
    struct {
        uint32_t underruns, overruns;
        double skew;  /* ppm by which the modem is faster than the bridge */
        double delay; /* ms */
    } down, up;       /* from the modem, to the modem */
};

struct pump_opening {
    uint64_t leg;
    int stalled_after; /* ms */
    const struct pump_listener *listener; /* lives as long as the pump */
};

/* 0, or errno, and the device stays the caller's: EBUSY when the leg has one. `opening` is given a number, never 0, that
 * tells it from a later one of the same leg. */
int pump_open(const struct pump_opening *what, const struct device *device, uint32_t *opening);
int pump_is_open(uint64_t leg);
void pump_close(uint64_t leg, uint32_t opening); /* nothing when it is a later one; 0: whichever it is */
void pump_stop(void); /* closes all, ends the thread */

void pump_out(uint64_t leg, int16_t *samples, int count);      /* for the bridge; silence when there is none */
void pump_in(uint64_t leg, const int16_t *samples, int count); /* of the bridge; NULL: silence */
int pump_told(uint64_t leg, char digit);                       /* a modem tells a key; 1: it is new */
int pump_counters(uint64_t leg, struct pump_counters *counters); /* 0, or -1: it is not open */

#endif
