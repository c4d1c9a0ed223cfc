/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fsk.h"

#include <math.h>
#include <string.h>

enum { MARK, SPACE };
enum { BITS_OF_BYTE = 10 }; /* with start and stop */

#define RATE 8000.0f
#define TURN 6.28318530718f
#define BAUD 1200u
#define BIT (RATE / (float)BAUD) /* samples */
#define FAINTEST 40.0f           /* root mean square of a carrier, in 16-bit units: -52 dBm0 */
#define SURE 0.35f               /* of a window's energy that the tones have to have */
#define GONE 40u                 /* samples without a carrier after which it is lost: 5 ms */
#define AFRESH 4000u             /* samples */

static const float tones[FSK_SCHEMES][2] = {
    [FSK_BELL202] = {1200.0f, 2200.0f},
    [FSK_V23] = {1300.0f, 2100.0f},
};

void fsk_listen(struct fsk_in *in, enum fsk_scheme scheme)
{
    memset(in, 0, sizeof *in);
    for (int tone = MARK; tone <= SPACE; tone++) {
        float angle = TURN * tones[scheme][tone] / RATE;

        in->turn[tone][0] = cosf(angle);
        in->turn[tone][1] = sinf(angle);
        in->wheel[tone][0] = 1.0f;
    }
    in->bit = -1;
}

/* The sums over the window made anew, and the oscillators' length 1 again. */
static void refresh(struct fsk_in *in)
{
    in->energy = 0.0f;
    for (unsigned i = 0; i < FSK_WINDOW; i++)
        in->energy += in->square[i];
    for (int tone = MARK; tone <= SPACE; tone++) {
        float length = sqrtf(in->wheel[tone][0] * in->wheel[tone][0] + in->wheel[tone][1] * in->wheel[tone][1]);

        for (int part = 0; part < 2; part++) {
            in->sum[tone][part] = 0.0f;
            for (unsigned i = 0; i < FSK_WINDOW; i++)
                in->sum[tone][part] += in->past[tone][part][i];
            in->wheel[tone][part] /= length;
        }
    }
    in->counted = AFRESH;
}

/* The energy of a tone in the window, once this sample is in it. */
static float correlate(struct fsk_in *in, int tone, float sample)
{
    float *wheel = in->wheel[tone];
    const float *turn = in->turn[tone];
    float turned = wheel[0] * turn[0] - wheel[1] * turn[1];

    wheel[1] = wheel[0] * turn[1] + wheel[1] * turn[0];
    wheel[0] = turned;
    for (int part = 0; part < 2; part++) {
        float product = sample * wheel[part];

        in->sum[tone][part] += product - in->past[tone][part][in->at];
        in->past[tone][part][in->at] = product;
    }
    return in->sum[tone][0] * in->sum[tone][0] + in->sum[tone][1] * in->sum[tone][1];
}

/* > 0 mark, < 0 space, from -1 to 1; is there a carrier at all? */
static float decide(struct fsk_in *in, float sample, bool *carrier)
{
    float mark = correlate(in, MARK, sample), space = correlate(in, SPACE, sample);
    float stronger = mark > space ? mark : space;

    in->energy += sample * sample - in->square[in->at];
    in->square[in->at] = sample * sample;
    in->at = (in->at + 1) % FSK_WINDOW;
    /* A pure tone has half its energy times the window in its own correlator. */
    *carrier = in->energy > FAINTEST * FAINTEST * FSK_WINDOW &&
               stronger > SURE * 0.5f * FSK_WINDOW * in->energy;
    return (mark - space) / (mark + space + 1.0f);
}

static int lost(struct fsk_in *in)
{
    bool was = in->carrier;

    in->carrier = false;
    in->bit = -1;
    return was ? FSK_LOST : FSK_NOTHING;
}

/* One bit in its middle. */
static int take_bit(struct fsk_in *in, bool mark)
{
    in->clock += BIT;
    if (in->bit == 0) {
        in->bit = mark ? -1 : 1; /* a start bit is space */
        in->byte = 0;
        return FSK_NOTHING;
    }
    if (in->bit <= 8) {
        in->byte |= (unsigned)mark << (in->bit - 1);
        in->bit++;
        return FSK_NOTHING;
    }
    in->bit = -1;
    return mark ? (int)in->byte : FSK_GARBLED;
}

int fsk_hear(struct fsk_in *in, int16_t sample)
{
    bool carrier;
    float decision;
    float before = in->before;

    if (in->counted-- == 0)
        refresh(in);
    decision = decide(in, (float)sample, &carrier);
    in->before = decision;
    in->silent = carrier ? 0 : in->silent + 1;
    if (in->silent > GONE)
        return lost(in);
    if (carrier)
        in->carrier = true;
    if (!in->carrier)
        return FSK_NOTHING;
    if (in->bit < 0) {
        if (before > 0.0f && decision <= 0.0f) { /* the edge of a start bit, somewhere between two samples */
            in->bit = 0;
            in->clock = BIT / 2.0f - decision / (decision - before);
        }
        return FSK_NOTHING;
    }
    in->clock -= 1.0f;
    return in->clock <= 0.0f ? take_bit(in, decision > 0.0f) : FSK_NOTHING;
}

bool fsk_say(struct fsk_out *out, enum fsk_scheme scheme, const uint8_t *bytes, size_t length, unsigned seizure,
             unsigned mark, unsigned tail, float level)
{
    if (length > FSK_LONGEST)
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out->bytes, bytes, length);
    out->length = (unsigned)length;
    out->seizure = seizure;
    out->mark = mark;
    out->tail = tail;
    out->level = level;
    out->bits = seizure + mark + out->length * BITS_OF_BYTE + tail;
    out->step[0] = (uint32_t)(tones[scheme][SPACE] * (4294967296.0f / RATE));
    out->step[1] = (uint32_t)(tones[scheme][MARK] * (4294967296.0f / RATE));
    return true;
}

static unsigned bit_of(const struct fsk_out *out)
{
    unsigned at = out->bit, within;

    if (at < out->seizure)
        return at & 1;
    at -= out->seizure;
    if (at < out->mark || at >= out->mark + out->length * BITS_OF_BYTE)
        return 1;
    at -= out->mark;
    within = at % BITS_OF_BYTE;
    if (within == 0 || within == BITS_OF_BYTE - 1)
        return within != 0;
    return (out->bytes[at / BITS_OF_BYTE] >> (within - 1)) & 1;
}

size_t fsk_fill(struct fsk_out *out, int16_t *samples, size_t room)
{
    size_t written = 0;

    while (written < room && out->bit < out->bits) {
        out->phase += out->step[bit_of(out)];
        samples[written++] = (int16_t)(out->level * sinf((float)out->phase * (TURN / 4294967296.0f)));
        out->clock += BAUD;
        if (out->clock >= (uint32_t)RATE) {
            out->clock -= (uint32_t)RATE;
            out->bit++;
        }
    }
    return written;
}
