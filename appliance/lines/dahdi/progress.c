/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <string.h>

#define FAINTEST 60.0f /* root mean square of a tone, in 16-bit units: -48 dBm0 */
#define QUIET 100.0f   /* what is called silence: below -44 dBm0 */
#define SHARE 0.6f     /* of a block's energy that the tones have */
#define WEAKER 0.05f   /* of the stronger tone's energy that the weaker of two has at least: 13 dB */

enum { SLACK = 40 }; /* ms by which a tone or a pause may be off, beside a tenth of it: two blocks */

void progress_listen(struct progress *p, const struct progress_tone *tones, unsigned count)
{
    memset(p, 0, sizeof *p);
    p->tones = count < PROGRESS_TONES ? count : PROGRESS_TONES;
    for (unsigned i = 0; i < p->tones; i++) {
        p->tone[i] = tones[i];
        for (int half = 0; half < 2; half++)
            goertzel_tune(&p->state[i].found[half], tones[i].hz[half]);
    }
}

static bool sounds(struct progress *p, unsigned i, float energy)
{
    float first = goertzel_take(&p->state[i].found[0]);
    float second = goertzel_take(&p->state[i].found[1]);

    if (energy < FAINTEST * FAINTEST * PROGRESS_BLOCK)
        return false;
    if (p->tone[i].hz[1] == 0.0f)
        second = 0.0f;
    else if (first < WEAKER * second || second < WEAKER * first)
        return false;
    return first + second > SHARE * 0.5f * PROGRESS_BLOCK * energy;
}

static bool right_length(uint32_t ms, uint16_t wanted)
{
    uint32_t slack = SLACK + wanted / 10u;

    return ms + slack >= wanted && ms <= wanted + slack;
}

/* A tone or a pause is over: was it as long as it should be? */
static void turned(struct progress *p, unsigned i)
{
    const struct progress_tone *tone = &p->tone[i];
    bool was_on = p->state[i].on;

    if (right_length(p->state[i].lasts, was_on ? tone->on : tone->off)) {
        if (p->state[i].good < UINT8_MAX)
            p->state[i].good++;
    } else {
        p->state[i].good = 0;
        p->state[i].told = false;
    }
    p->state[i].on = !was_on;
    p->state[i].lasts = 0;
}

/* Is it the tone, with this block in which it sounds or does not? */
static bool follow(struct progress *p, unsigned i, bool on)
{
    const struct progress_tone *tone = &p->tone[i];
    bool known;

    if (on != p->state[i].on)
        turned(p, i);
    if (p->state[i].lasts < UINT32_MAX - PROGRESS_MS)
        p->state[i].lasts += PROGRESS_MS;
    if (tone->off == 0) {
        if (!on)
            p->state[i].told = false;
        known = on && p->state[i].lasts >= tone->on;
    } else {
        known = p->state[i].good >= 2u * tone->cycles;
    }
    if (!known || p->state[i].told)
        return false;
    p->state[i].told = true;
    return true;
}

int progress_hear(struct progress *p, int16_t sample)
{
    float energy;
    int told = -1;

    for (unsigned i = 0; i < p->tones; i++)
        for (int half = 0; half < 2; half++)
            goertzel_hear(&p->state[i].found[half], sample);
    p->energy += (float)sample * (float)sample;
    if (++p->count < PROGRESS_BLOCK)
        return -1;
    energy = p->energy;
    p->energy = 0.0f;
    p->count = 0;
    p->level = sqrtf(energy / PROGRESS_BLOCK);
    if (p->level > QUIET)
        p->silence = 0;
    else if (p->silence < UINT32_MAX - PROGRESS_MS)
        p->silence += PROGRESS_MS;
    for (unsigned i = 0; i < p->tones; i++)
        if (follow(p, i, sounds(p, i, energy)) && told < 0)
            told = (int)i;
    return told;
}
