/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keys.h"

#include <string.h>

void keys_init(struct keys *keys)
{
    memset(keys, 0, sizeof *keys);
    digits_listen(&keys->digits);
}

/* Has the other way brought this one, not long ago? Then it is taken from there: it stands for one press. */
static int brought(struct pressed other[KEYS_KEPT], unsigned next, int64_t now, char digit)
{
    for (unsigned i = 0; i < KEYS_KEPT; i++) {
        struct pressed *one = &other[(next + i) % KEYS_KEPT]; /* the oldest first */

        if (one->digit != digit || now - one->at > KEYS_TWICE)
            continue;
        one->digit = 0;
        return 1;
    }
    return 0;
}

static void keep(struct pressed own[KEYS_KEPT], unsigned *next, int64_t now, char digit)
{
    own[(*next)++ % KEYS_KEPT] = (struct pressed){digit, now};
}

int keys_hear(struct keys *keys, int64_t now, const int16_t *samples, int count, char out[KEYS_ROOM])
{
    struct pressed *latest;
    int found = 0;

    for (int i = 0; i < count; i++) {
        char digit = digits_hear(&keys->digits, samples[i]);

        if (!digit || brought(keys->told, keys->told_next, now, digit))
            continue;
        keep(keys->heard, &keys->heard_next, now, digit);
        if (found < KEYS_ROOM)
            out[found++] = digit;
    }
    latest = &keys->heard[(keys->heard_next - 1) % KEYS_KEPT];
    if (latest->digit && latest->digit == keys->digits.down)
        latest->at = now; /* it is held */
    return found;
}

int keys_told(struct keys *keys, int64_t now, char digit)
{
    if (brought(keys->heard, keys->heard_next, now, digit))
        return 0;
    keep(keys->told, &keys->told_next, now, digit);
    return 1;
}
