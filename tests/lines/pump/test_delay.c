/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two clocks, simulated: a device gives blocks, a reader takes 20 ms each 20 ms, and what is heard is looked at.
 */
#include "suites.h"
#include "delay.h"

#include <math.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define PI 3.14159265358979

enum { BLOCK = 160, PERIOD = 8 }; /* samples of a block, and of the tone of 1 kHz */

static const double LOUD = 10000;
static double wave[PERIOD]; /* one period of it */

struct sides {
    struct delay delay;
    double ppm;           /* the device is faster by so much */
    int burst;            /* ms of sound that it gives at once */
    int64_t now;          /* us */
    double due;           /* us when the device gives its next burst */
    int64_t read_due;
    long given;           /* samples */
    int quiet, held;      /* the device gives nothing; the reader does not come */
    /* what is heard */
    double phase;         /* rad, of the block before; more than 10: there was none */
    int steps;            /* blocks whose phase is none that follows on the one before */
    double most, least;   /* ms of delay */
};

static void begin(struct sides *sides, double ppm, int burst)
{
    memset(sides, 0, sizeof *sides);
    for (int i = 0; i < PERIOD; i++)
        wave[i] = sin(2 * PI * i / PERIOD);
    delay_prepare();
    delay_init(&sides->delay);
    sides->ppm = ppm;
    sides->burst = burst;
    sides->now = 77 * SECOND;
    sides->due = (double)sides->now;
    sides->read_due = sides->now + 7000;
    sides->phase = 100;
    sides->least = 1e9;
}

static void forget(struct sides *sides)
{
    sides->steps = 0;
    sides->most = 0;
    sides->least = 1e9;
}

static void give(struct sides *sides)
{
    int16_t samples[DELAY_RATE / 2];
    int count = DELAY_RATE * sides->burst / 1000;

    sides->due += sides->burst * 1000 / (1 + sides->ppm / 1e6);
    for (int i = 0; i < count; i++)
        samples[i] = (int16_t)(LOUD * wave[sides->given++ % PERIOD]);
    if (!sides->quiet)
        delay_put(&sides->delay, sides->now, samples, count);
}

/* 0.1 rad of 1 kHz are 16 us, an eighth of a sample: less than any ear tells from a steady tone. */
static void look(struct sides *sides, const int16_t *samples)
{
    double sine = 0, cosine = 0, phase, moved;

    for (int i = 0; i < BLOCK; i++) {
        sine += samples[i] * wave[i % PERIOD];
        cosine += samples[i] * wave[(i + PERIOD / 4) % PERIOD];
    }
    if (hypot(sine, cosine) < LOUD * BLOCK / 2 * 0.9) {
        sides->steps += sides->phase < 10;
        sides->phase = 100;
        return;
    }
    phase = atan2(cosine, sine);
    moved = remainder(phase - sides->phase, 2 * PI);
    if (sides->phase < 10 && fabs(moved) > 0.1)
        sides->steps++;
    sides->phase = phase;
}

static void take(struct sides *sides)
{
    int16_t samples[BLOCK];
    double delay;

    sides->read_due += SECOND / 50;
    if (sides->held)
        return;
    delay_get(&sides->delay, sides->now, samples, BLOCK);
    look(sides, samples);
    delay = (double)(sides->delay.put - sides->delay.at) * 1000 / DELAY_RATE;
    sides->most = fmax(sides->most, delay);
    sides->least = fmin(sides->least, delay);
}

static void go_on(struct sides *sides, double seconds)
{
    int64_t until = sides->now + (int64_t)(seconds * 1e6);

    while (sides->now < until) {
        sides->now += 1000;
        while (sides->due <= (double)sides->now)
            give(sides);
        while (sides->read_due <= sides->now)
            take(sides);
    }
}

/* Clocks apart by so many ppm. Uncorrected, 100 ppm are 480 samples too many, or too few, in ten minutes. */
static void apart(double ppm, double seconds)
{
    struct sides sides;

    begin(&sides, ppm, 20);
    go_on(&sides, 30);
    CHECK(sides.steps == 0); /* nor while it is found out */
    forget(&sides);
    go_on(&sides, seconds - 30);
    printf("%+.0f ppm: %d steps, found %+.1f ppm, delay %.1f to %.1f ms\n", ppm, sides.steps, sides.delay.skew * 1e6,
           sides.least, sides.most);
    CHECK(sides.steps == 0);
    CHECK(sides.delay.underruns == 0 && sides.delay.overruns == 0);
    CHECK(fabs(sides.delay.skew * 1e6 - ppm) < 15);
    CHECK(sides.most < 75 && sides.least > 10);
}

static void test_fast(void)
{
    apart(100, 600);
}

static void test_slow(void)
{
    apart(-100, 600);
}

static void test_far_apart(void)
{
    apart(400, 90);
}

static void test_bursts(void)
{
    struct sides sides;

    begin(&sides, -30, 100);
    go_on(&sides, 20);
    forget(&sides);
    go_on(&sides, 100);
    CHECK(sides.steps == 0);
    CHECK(sides.most < 300);
}

static void test_device_rests(void)
{
    struct sides sides;
    uint32_t before;

    begin(&sides, 50, 20);
    go_on(&sides, 20);
    sides.quiet = 1;
    go_on(&sides, 3);
    sides.quiet = 0;
    go_on(&sides, 2);
    before = sides.delay.underruns;
    CHECK(before == 1); /* it is silence that is waited in, once, not a series of them */
    forget(&sides);
    go_on(&sides, 20);
    CHECK(sides.steps == 0 && sides.delay.underruns == before);
    CHECK(sides.most < 100); /* a stall is not made up for by delay */
}

static void test_reader_is_held_up(void)
{
    struct sides sides;

    begin(&sides, 0, 20);
    go_on(&sides, 20);
    sides.held = 1;
    go_on(&sides, 0.5);
    sides.held = 0;
    go_on(&sides, 3);
    CHECK(sides.delay.overruns == 1);
    forget(&sides);
    go_on(&sides, 20);
    CHECK(sides.steps == 0 && sides.most < 90); /* what was said meanwhile is left out, not dragged along */
}

static void test_nobody_reads(void)
{
    struct sides sides;

    begin(&sides, 100, 20);
    go_on(&sides, 5);
    sides.held = 1;
    go_on(&sides, 100);
    sides.held = 0;
    go_on(&sides, 3);
    forget(&sides);
    go_on(&sides, 10);
    CHECK(sides.steps == 0 && sides.most < 90);
}

static void test_silence_first(void)
{
    struct delay delay;
    int16_t samples[BLOCK];

    delay_prepare();
    delay_init(&delay);
    for (int i = 0; i < 50; i++) {
        memset(samples, 1, sizeof samples);
        delay_get(&delay, i * 20000, samples, BLOCK);
        for (int n = 0; n < BLOCK; n++)
            CHECK(samples[n] == 0);
    }
    CHECK(delay.underruns == 0); /* it has not begun */
    delay_get(&delay, SECOND, samples, 0);
    delay_put(&delay, SECOND, samples, 0);
}

/* Loudest and softest there is, square: nothing overflows. */
static void test_loud(void)
{
    struct delay delay;
    int16_t samples[BLOCK];

    delay_prepare();
    delay_init(&delay);
    for (int i = 0; i < 500; i++) {
        for (int n = 0; n < BLOCK; n++)
            samples[n] = n / 4 % 2 ? INT16_MAX : INT16_MIN;
        delay_put(&delay, i * 20010, samples, BLOCK);
        delay_get(&delay, i * 20010, samples, BLOCK);
    }
    CHECK(delay.put - delay.at < DELAY_RATE / 10);
}

const struct test delay_tests[] = {
    {"ten minutes of a device that is 100 ppm fast have no step", test_fast},
    {"nor of one that is 100 ppm slow", test_slow},
    {"nor of one that is 400 ppm fast", test_far_apart},
    {"one that gives 100 ms at once is waited for longer, and has no step then", test_bursts},
    {"after three seconds without a sample it goes on as before", test_device_rests},
    {"a reader who was held up does not hear everything late from then on", test_reader_is_held_up},
    {"nobody reads for minutes, then somebody does", test_nobody_reads},
    {"before the first sample there is silence", test_silence_first},
    {"the loudest sound is only clipped", test_loud},
    {NULL, NULL},
};
