/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump's thread on a real pty, opened and closed while a bridge in a thread of its own reads and writes.
 */
#include "check.h"
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAME = 160, CALLS = 60, PATIENCE = 20000 /* ms */ };

static atomic_int gone_count, stalled_count, over;
static atomic_ullong leg_now;

static void gone(uint64_t leg, const char *why)
{
    CHECK(leg && *why);
    atomic_fetch_add(&gone_count, 1);
}

static void stalled(uint64_t leg, enum flow_stall what, int ms)
{
    CHECK(leg && ms >= 0 && what <= FLOW_NOTHING_TAKEN);
    atomic_fetch_add(&stalled_count, 1);
}

static void key(uint64_t leg, char digit)
{
    CHECK(leg && digit);
}

static const struct pump_listener listener = {gone, stalled, key};

/* A pty's two ends; the near one is what the pump is given. */
static void plug(int *far, int *near)
{
    *far = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    CHECK(*far >= 0 && !grantpt(*far) && !unlockpt(*far));
    *near = open(ptsname(*far), O_RDWR | O_NOCTTY);
    CHECK(*near >= 0);
}

static void *bridge(void *unused)
{
    int16_t samples[FRAME];

    (void)unused;
    while (!atomic_load(&over)) {
        uint64_t leg = atomic_load(&leg_now);

        memset(samples, 7, sizeof samples);
        pump_in(leg, samples, FRAME);
        pump_out(leg, samples, FRAME);
        pump_told(leg, '1');
        usleep(500);
    }
    return NULL;
}

static void test_opened_and_closed_beside_a_bridge(void)
{
    struct pump_counters counters;
    int16_t frame[FRAME] = {0};
    pthread_t thread;

    atomic_store(&over, 0);
    CHECK(!pthread_create(&thread, NULL, bridge, NULL));
    for (uint64_t leg = 1; leg <= CALLS; leg++) {
        int far, near, patience = PATIENCE;

        plug(&far, &near);
        CHECK(pump_open(leg, near, 1000, &listener) == 0);
        CHECK(pump_open(leg, near, 1000, &listener) == EBUSY);
        close(near); /* it is the pump's own by now */
        atomic_store(&leg_now, leg);
        do {
            CHECK(write(far, frame, sizeof frame) > 0 || errno == EAGAIN);
            usleep(1000);
            CHECK(pump_counters(leg, &counters) == 0);
        } while (counters.read < FRAME && --patience);
        CHECK(counters.read == counters.written + counters.refused && patience);
        pump_close(leg);
        CHECK(pump_counters(leg, &counters) == -1);
        pump_out(leg, frame, FRAME);
        for (int i = 0; i < FRAME; i++)
            CHECK(frame[i] == 0);
        close(far);
    }
    atomic_store(&over, 1);
    CHECK(!pthread_join(thread, NULL));
    CHECK(atomic_load(&gone_count) == 0);
    pump_stop();
}

static void test_unplugged(void)
{
    int far, near, patience = PATIENCE;

    plug(&far, &near);
    CHECK(pump_open(1000, near, 1000, &listener) == 0);
    close(near);
    close(far);
    while (!atomic_load(&gone_count) && --patience)
        usleep(1000);
    CHECK(atomic_load(&gone_count) == 1);
    pump_close(1000);
    pump_stop();
}

static void test_room(void)
{
    int far, near, no_tty[2];

    plug(&far, &near);
    CHECK(!pipe(no_tty));
    CHECK(pump_open(1, no_tty[0], 1000, &listener) == ENOTTY);
    for (uint64_t leg = 1; leg <= PUMP_LINES; leg++)
        CHECK(pump_open(leg, near, 1000, &listener) == 0);
    CHECK(pump_open(PUMP_LINES + 1, near, 1000, &listener) == ENOSPC);
    pump_stop();
    CHECK(pump_open(1, near, 1000, &listener) == 0); /* it may be used again */
    pump_stop();
    close(near);
    close(far);
    close(no_tty[0]);
    close(no_tty[1]);
}

const struct test pump_tests[] = {
    {"lines are opened and closed while the bridge reads and writes", test_opened_and_closed_beside_a_bridge},
    {"a tty that is unplugged is told of once", test_unplugged},
    {"there is room for so many, and an end", test_room},
    {NULL, NULL},
};
