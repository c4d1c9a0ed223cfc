/* SPDX-License-Identifier: GPL-2.0-or-later
 * A delay between two clocks. Samples are read a little faster or slower than they are put, between them by band-limited
 * interpolation, so that the delay stays what it aims at and no tone ever jumps.
 *
 * How full it is looks like a saw, since samples come in blocks. What is held to its aim is how full it would be if they
 * came one by one: what has come, and what is on its way since.
 */
#include "delay.h"

#include <math.h>
#include <string.h>

#define TAPS 24    /* of the interpolation: flat to 3.4 kHz of 8 */
#define BEHIND 11  /* of them before the sample that is read */
#define AHEAD (TAPS - 1 - BEHIND)
#define PHASES 128 /* between two samples; between these it is linear */
#define KAISER 5.0 /* shape of the window */

#define BANDWIDTH (2 * 3.14159265358979 * 0.02) /* rad/s of the loop: slow enough that nobody hears it work */
#define SMOOTH 1.0      /* s over which its error is averaged */
#define OUTLIER 0.010   /* s; one error counts for no more */
#define SKEW_MOST 500e-6
#define SLEW 250e-6     /* its aim moves no faster */
#define ON_ITS_WAY 0.2  /* s; whoever says nothing for longer has nothing on its way */
#define FADE 40         /* samples: 5 ms */
#define OVER_FOR 100000 /* us */
#define LATER 0.005     /* s added to how late they were */
#define RAISE_MOST 0.04 /* s that its aim grows at once */
#define LATE_MOST 400   /* ms; who is later stalls, and no delay would help */
#define SPARE 0.015     /* s left at the worst moment that are thought enough */
#define WORST_OF 10000000 /* us */

static float taps[PHASES + 1][TAPS];

/* The modified Bessel function of order 0, by its series. */
static double bessel(double x)
{
    double sum = 1, term = 1;

    for (int n = 1; n < 32; n++) {
        term *= x / 2 / n * (x / 2 / n);
        sum += term;
    }
    return sum;
}

void delay_prepare(void)
{
    static const double pi = 3.14159265358979;

    for (int phase = 0; phase <= PHASES; phase++) {
        double sum = 0, weight[TAPS];

        for (int tap = 0; tap < TAPS; tap++) {
            double x = tap - BEHIND - (double)phase / PHASES, inside = 1 - x * x / (TAPS / 2.0) / (TAPS / 2.0);

            weight[tap] = inside <= 0 ? 0 : bessel(KAISER * sqrt(inside)) / bessel(KAISER);
            weight[tap] *= fabs(x) < 1e-9 ? 1 : sin(pi * x) / (pi * x);
            sum += weight[tap];
        }
        for (int tap = 0; tap < TAPS; tap++)
            taps[phase][tap] = (float)(weight[tap] / sum);
    }
}

void delay_init(struct delay *delay)
{
    memset(delay, 0, sizeof *delay);
    delay->put = delay->at = TAPS; /* of silence */
    delay->target = delay->aim = DELAY_RATE * (DELAY_LEAST / 1000.0);
    delay->lowest = DELAY_ROOM;
}

void delay_put(struct delay *delay, int64_t now, const int16_t *samples, int count)
{
    for (int i = 0; i < count; i++)
        delay->ring[delay->put++ % DELAY_ROOM] = samples[i];
    delay->put_at = now;
    if (delay->dry_at) {
        double late = fmax((double)(now - delay->dry_at) / 1e6, (double)delay->missing / DELAY_RATE);
        double more = fmin(late + LATER, RAISE_MOST) * DELAY_RATE;

        if (late * 1000 <= LATE_MOST)
            delay->target = fmin(delay->target + more, DELAY_RATE * (DELAY_MOST / 1000.0));
        delay->aim = delay->target;
        delay->dry_at = 0;
    }
    if (delay->put - delay->at > (uint64_t)(DELAY_ROOM - TAPS)) { /* nobody reads */
        delay->dropped += delay->put - delay->at - DELAY_ROOM / 2;
        delay->at = delay->put - DELAY_ROOM / 2;
        delay->running = 0;
    }
}

static float sample_at(const struct delay *delay, uint64_t at, double between)
{
    double place = between * PHASES;
    int phase = (int)place;
    float part = (float)(place - phase), sum = 0;
    const float *low = taps[phase], *high = taps[phase + 1];

    for (int tap = 0; tap < TAPS; tap++)
        sum += delay->ring[(at - BEHIND + (unsigned)tap) % DELAY_ROOM] * (low[tap] + part * (high[tap] - low[tap]));
    return sum;
}

static int16_t clipped(float value)
{
    return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : lrintf(value));
}

/* Samples that are ready to be read, and those that come now are counted as if they came one by one. */
static double filled(const struct delay *delay, int64_t now)
{
    double since = (double)(now - delay->put_at) / 1e6;

    since = since < 0 ? 0 : since > ON_ITS_WAY ? ON_ITS_WAY : since;
    return (double)(delay->put - delay->at) - delay->between + since * DELAY_RATE;
}

/* Read on from where the delay is what it aims at, once so many more were read. */
static void jump(struct delay *delay, int64_t now, int count)
{
    double by = filled(delay, now) - count - delay->aim;
    double there = (double)(delay->put - delay->at) - count - AHEAD - 1;

    by = fmin(by, there);
    if (by < 1)
        return;
    delay->dropped += (uint64_t)by;
    delay->at += (uint64_t)by;
}

static int enough(const struct delay *delay, int64_t now, int count)
{
    return filled(delay, now) - count >= delay->aim && delay->put - delay->at > (uint64_t)count + AHEAD + 1;
}

/* How fast they are read: as fast as they come, and what brings the delay to its aim. */
static double steer(struct delay *delay, int64_t now, double seconds, int count)
{
    double error = filled(delay, now) - count - delay->aim, most = OUTLIER * DELAY_RATE, way, moved;

    delay->mean += (filled(delay, now) - count - delay->mean) * fmin(seconds / SMOOTH, 1);
    error = fmax(-most, fmin(most, error - delay->level));
    delay->level += error * fmin(seconds / SMOOTH, 1);
    delay->skew += BANDWIDTH * BANDWIDTH / DELAY_RATE * delay->level * seconds;
    delay->skew = fmax(-SKEW_MOST, fmin(SKEW_MOST, delay->skew));
    way = SLEW * DELAY_RATE * seconds;
    moved = fmax(-way, fmin(way, delay->target - delay->aim));
    delay->aim += moved;
    return 1 + delay->skew + 2 * BANDWIDTH / DELAY_RATE * delay->level - moved / (seconds * DELAY_RATE);
}

/* Who has had more to spare than is needed, for a while, waits less. */
static void spare(struct delay *delay, int64_t now)
{
    double left = (double)(delay->put - delay->at) - AHEAD, least = DELAY_RATE * (DELAY_LEAST / 1000.0);

    if (left < delay->lowest)
        delay->lowest = left;
    if (now - delay->lowest_since < WORST_OF)
        return;
    if (delay->lowest_since && delay->lowest > SPARE * DELAY_RATE)
        delay->target = fmax(least, delay->target - (delay->lowest - SPARE * DELAY_RATE) / 2);
    delay->lowest = DELAY_ROOM;
    delay->lowest_since = now;
}

static void run_dry(struct delay *delay, int64_t now, int16_t *samples, int count)
{
    for (int i = 0; i < count; i++)
        samples[i] = (int16_t)(i < FADE ? delay->last * (FADE - i) / FADE : 0);
    delay->running = 0;
    delay->last = 0;
    delay->dry_at = now;
    delay->missing = count;
    delay->underruns++;
}

static void begin(struct delay *delay, int64_t now, int count)
{
    jump(delay, now, count);
    delay->running = 1;
    delay->level = 0;
    delay->mean = delay->aim;
    delay->fade = 0;
    delay->lowest = DELAY_ROOM;
    delay->lowest_since = now;
}

static int read_on(struct delay *delay, int16_t *samples, int count, double speed)
{
    for (int i = 0; i < count; i++) {
        float value;

        if (delay->put - delay->at <= AHEAD)
            return i;
        value = sample_at(delay, delay->at, delay->between);
        if (delay->fade < FADE)
            value *= (float)delay->fade++ / (float)FADE;
        samples[i] = delay->last = clipped(value);
        delay->between += speed;
        delay->at += (uint64_t)delay->between;
        delay->between -= (double)(uint64_t)delay->between;
    }
    return count;
}

/* Too many have piled up: the oldest go, and what is heard passes over into what comes then. */
static int catch_up(struct delay *delay, int64_t now, int16_t *samples, int count, double speed)
{
    int16_t old[FADE];
    int fade, done;
    uint64_t was = delay->at;
    double between = delay->between;

    fade = read_on(delay, old, FADE < count ? FADE : count, speed);
    delay->at = was;
    delay->between = between;
    jump(delay, now, count);
    delay->overruns++;
    delay->over_at = 0;
    delay->level = 0;
    done = read_on(delay, samples, count, speed);
    for (int i = 0; i < fade && i < done; i++)
        samples[i] = (int16_t)(old[i] + (samples[i] - old[i]) * i / fade);
    return done;
}

/* Has it been too full for a while? A reader who was held up comes more often now. */
static int too_full(struct delay *delay, int64_t now, int count)
{
    if (filled(delay, now) - count - delay->aim <= DELAY_OVER / 1000.0 * DELAY_RATE)
        delay->over_at = 0;
    else if (!delay->over_at)
        delay->over_at = now;
    return delay->over_at && now - delay->over_at >= OVER_FOR;
}

void delay_get(struct delay *delay, int64_t now, int16_t *samples, int count)
{
    double speed;
    int done;

    if (count <= 0)
        return;
    if (!delay->running && enough(delay, now, count))
        begin(delay, now, count);
    if (!delay->running) {
        memset(samples, 0, (size_t)count * sizeof *samples);
        return;
    }
    speed = steer(delay, now, (double)count / DELAY_RATE, count);
    done = too_full(delay, now, count) ? catch_up(delay, now, samples, count, speed)
                                       : read_on(delay, samples, count, speed);
    spare(delay, now);
    if (done < count)
        run_dry(delay, now, samples + done, count - done);
}
