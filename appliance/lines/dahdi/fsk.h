/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The modem of caller ID: 1200 bits a second, 8N1, low bit first, as Bell 202 or V.23 have it, at 8000 samples a second.
 * Pure: samples in, bytes out, and the other way about.
 */
#ifndef LK_FSK_H
#define LK_FSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FSK_LONGEST = 258, FSK_WINDOW = 7 }; /* bytes of one message; samples that are one bit, nearly */

enum fsk_scheme { FSK_BELL202, FSK_V23, FSK_SCHEMES };

struct fsk_in {
    float turn[2][2];  /* mark, space: cosine and sine of one sample's angle */
    float wheel[2][2]; /* where each oscillator stands */
    float past[2][2][FSK_WINDOW];
    float sum[2][2];
    float square[FSK_WINDOW]; /* the signal's own energy in the window */
    float energy;
    unsigned at;       /* in the window */
    unsigned counted;  /* samples until the sums are made anew: rounding would add up */
    float before;      /* the last decision, > 0 mark */
    float clock;       /* samples until the next bit is read; while waiting for a start bit: not used */
    int bit;           /* -1: waiting for a start bit; 0: checking it; 1..8 data; 9 the stop bit */
    unsigned byte;
    unsigned silent;   /* samples without a carrier */
    bool carrier;
};

enum fsk_heard { FSK_NOTHING = -1, FSK_LOST = -2, FSK_GARBLED = -3 };

void fsk_listen(struct fsk_in *in, enum fsk_scheme scheme);

/* A byte when this sample completes one; FSK_GARBLED for one without its stop bit, FSK_LOST when the carrier went away. */
int fsk_hear(struct fsk_in *in, int16_t sample);

struct fsk_out {
    uint8_t bytes[FSK_LONGEST];
    uint32_t step[2]; /* of the phase: space, mark */
    uint32_t phase;
    uint32_t clock;   /* of a bit, in 1/8000 of one */
    float level;
    unsigned length, seizure, mark, tail; /* bytes; bits of each part of the signal */
    unsigned bit, bits;
};

/* What is said: `seizure` bits of alternating 0 and 1, `mark` bits, the bytes, and `tail` bits of mark. False when
 * there are too many bytes. level: of the tone's peak, in 16-bit units. */
bool fsk_say(struct fsk_out *out, enum fsk_scheme scheme, const uint8_t *bytes, size_t length, unsigned seizure,
             unsigned mark, unsigned tail, float level);

/* How many samples were written, fewer than `room` only at the end. */
size_t fsk_fill(struct fsk_out *out, int16_t *samples, size_t room);

#endif
