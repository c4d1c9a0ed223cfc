/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "law.h"

enum { MU_BIAS = 132, MU_CLIP = 32635 };

/* The place of the highest bit set, counted from bit `low`; 0 when none is at or above it. */
static int segment(int magnitude, int low)
{
    int at = 0;

    for (magnitude >>= low + 1; magnitude > 0; magnitude >>= 1)
        at++;
    return at;
}

static int16_t mu_linear(uint8_t byte)
{
    int code = ~byte & 0xff;
    int magnitude = ((((code & 0x0f) << 3) + MU_BIAS) << ((code >> 4) & 7)) - MU_BIAS;

    return (int16_t)(code & 0x80 ? -magnitude : magnitude);
}

static uint8_t mu_companded(int sample)
{
    int sign = sample < 0 ? 0x80 : 0;
    int magnitude = sample < 0 ? -sample : sample;
    int exponent;

    magnitude = (magnitude > MU_CLIP ? MU_CLIP : magnitude) + MU_BIAS;
    exponent = segment(magnitude, 7);
    return (uint8_t)~(sign | exponent << 4 | ((magnitude >> (exponent + 3)) & 0x0f));
}

static int16_t a_linear(uint8_t byte)
{
    int code = byte ^ 0x55;
    int exponent = (code >> 4) & 7;
    int magnitude = ((code & 0x0f) << 4) + 8;

    if (exponent > 0)
        magnitude = (magnitude + 256) << (exponent - 1);
    return (int16_t)(code & 0x80 ? magnitude : -magnitude);
}

static uint8_t a_companded(int sample)
{
    int sign = sample >= 0 ? 0x80 : 0;
    int magnitude = sample >= 0 ? sample : -sample - 1;
    int exponent = segment(magnitude, 7);
    int mantissa = exponent > 0 ? magnitude >> (exponent + 3) : magnitude >> 4;

    return (uint8_t)((sign | exponent << 4 | (mantissa & 0x0f)) ^ 0x55);
}

int16_t law_linear(enum law law, uint8_t byte)
{
    return law == LAW_A ? a_linear(byte) : mu_linear(byte);
}

uint8_t law_companded(enum law law, int16_t sample)
{
    return law == LAW_A ? a_companded(sample) : mu_companded(sample);
}
