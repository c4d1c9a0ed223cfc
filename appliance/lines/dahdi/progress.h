/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an exchange says by tones: dial tone, busy, congestion, each known by its frequencies and its rhythm; and how
 * long nobody has said a word. Pure: samples in, facts out. 8000 samples a second.
 */
#ifndef LK_PROGRESS_H
#define LK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "goertzel.h"

enum { PROGRESS_TONES = 6, PROGRESS_BLOCK = 160, PROGRESS_MS = 20 };

/* hz[1] is 0 for a single tone. off is 0 for one without pauses, which is heard once it lasted `on`. */
struct progress_tone {
    float hz[2];
    uint16_t on, off; /* ms */
    uint8_t cycles;   /* after which it is believed */
};

struct progress {
    struct progress_tone tone[PROGRESS_TONES];
    struct {
        struct goertzel found[2];
        uint32_t lasts; /* ms of the tone, or the pause, under way */
        uint8_t good;   /* halves of a cycle in a row that had the right length */
        bool on, told;
    } state[PROGRESS_TONES];
    unsigned tones;
    float energy;
    unsigned count;
    uint32_t silence; /* ms */
    float level;      /* of the last block, root mean square in 16-bit units */
};

/* At most PROGRESS_TONES of them; more are left out. */
void progress_listen(struct progress *p, const struct progress_tone *tones, unsigned count);

/* The index of a tone that is recognized with this sample, or -1. Each is told once until it has been away. */
int progress_hear(struct progress *p, int16_t sample);

#endif
