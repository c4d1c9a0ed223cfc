/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digits.h"

#include <string.h>

enum { ROWS = 4, OVER = 2 }; /* blocks without it after which a key is up: 26 ms */

#define FAINTEST 90.0f /* root mean square of both tones together, in 16-bit units: -45 dBm0 */
#define TWIST 8.0f     /* times the energy that one tone may have more: 9 dB */
#define APART 6.3f     /* times the energy that a tone has over the others of its kind: 8 dB */
#define SHARE 0.7f     /* of the block's energy that both tones have */

static const float tones[DIGITS_TONES] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
static const char keys[ROWS * ROWS + 1] = "123A456B789C*0#D";

void digits_listen(struct digits *d)
{
    memset(d, 0, sizeof *d);
    for (int i = 0; i < DIGITS_TONES; i++)
        goertzel_tune(&d->tone[i], tones[i]);
}

/* The strongest of four, when it stands out; -1 when it does not. */
static int strongest(const float found[ROWS])
{
    int best = 0;

    for (int i = 1; i < ROWS; i++)
        if (found[i] > found[best])
            best = i;
    for (int i = 0; i < ROWS; i++)
        if (i != best && found[i] * APART > found[best])
            return -1;
    return best;
}

static char block(struct digits *d)
{
    float found[DIGITS_TONES];
    float energy = d->energy;
    int row, column;

    for (int i = 0; i < DIGITS_TONES; i++)
        found[i] = goertzel_take(&d->tone[i]);
    d->energy = 0.0f;
    d->count = 0;
    if (energy < FAINTEST * FAINTEST * DIGITS_BLOCK)
        return 0;
    row = strongest(found);
    column = strongest(found + ROWS);
    if (row < 0 || column < 0)
        return 0;
    if (found[row] > TWIST * found[ROWS + column] || found[ROWS + column] > TWIST * found[row])
        return 0;
    if (found[row] + found[ROWS + column] < SHARE * 0.5f * DIGITS_BLOCK * energy)
        return 0;
    return keys[row * ROWS + column];
}

char digits_hear(struct digits *d, int16_t sample)
{
    char before = d->seen;

    for (int i = 0; i < DIGITS_TONES; i++)
        goertzel_hear(&d->tone[i], sample);
    d->energy += (float)sample * (float)sample;
    if (++d->count < DIGITS_BLOCK)
        return 0;
    d->seen = block(d);
    if (d->seen == d->down) {
        d->away = 0;
        return 0;
    }
    if (d->down != 0 && ++d->away < OVER)
        return 0;
    d->down = d->seen == before ? d->seen : 0;
    d->away = 0;
    return d->down;
}
