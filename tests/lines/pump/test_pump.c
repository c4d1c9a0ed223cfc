/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pump's thread on a real pty, opened and closed while a bridge in a thread of its own reads and writes; and on a sound card.
 */
#include "far_end.h"
#include "pump.h"
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAME = 160, CALLS = 60, PATIENCE = 20000 /* ms */ };

static atomic_int gone_count, gone_opening, over;
static atomic_int stalled_by[FLOW_NOTHING_TAKEN + 1];
static atomic_ullong leg_now;

static void gone(uint64_t leg, uint32_t opening, const char *why)
{
    CHECK(leg && opening && *why);
    atomic_store(&gone_opening, (int)opening);
    atomic_fetch_add(&gone_count, 1);
}

static void stalled(uint64_t leg, enum flow_stall what, int ms)
{
    CHECK(leg && ms >= 0 && what <= FLOW_NOTHING_TAKEN);
    atomic_fetch_add(&stalled_by[what], 1);
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

/* As the bridge opens a line. */
static int opened_for(uint64_t leg, int near, int stalled_after, uint32_t *opening)
{
    struct pump_opening what = {leg, stalled_after, &listener};
    struct device device;
    int failed = device_of_tty(&device, near);

    if (failed)
        return failed;
    failed = pump_open(&what, &device, opening);
    if (failed)
        close(device.fd);
    return failed;
}

static int open_leg(uint64_t leg, int near)
{
    uint32_t opening;

    return opened_for(leg, near, 1000, &opening);
}

static void await(const atomic_int *what, int wanted)
{
    for (int patience = PATIENCE; atomic_load(what) < wanted; patience--) {
        CHECK(patience > 0);
        usleep(1000);
    }
}

/* Bytes that came out at the far end until now. */
static long drained(int far)
{
    char bytes[4096];
    long all = 0;
    ssize_t got;

    while ((got = read(far, bytes, sizeof bytes)) > 0)
        all += got;
    return all;
}

static struct pump_counters counted(uint64_t leg)
{
    struct pump_counters counters;

    CHECK(pump_counters(leg, &counters) == 0);
    return counters;
}

/* A frame in at the far end, and through. */
static void say(uint64_t leg, int far)
{
    static const int16_t frame[FRAME];
    uint64_t before = counted(leg).read;

    CHECK(write(far, frame, sizeof frame) == sizeof frame);
    for (int patience = PATIENCE; counted(leg).read < before + FRAME; patience--) {
        CHECK(patience > 0);
        usleep(1000);
    }
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
    int16_t frame[FRAME];
    pthread_t thread;

    atomic_store(&over, 0);
    CHECK(!pthread_create(&thread, NULL, bridge, NULL));
    for (uint64_t leg = 1; leg <= CALLS; leg++) {
        int far, near;

        plug(&far, &near);
        CHECK(open_leg(leg, near) == 0);
        CHECK(open_leg(leg, near) == EBUSY);
        close(near); /* it is the pump's own by now */
        atomic_store(&leg_now, leg);
        say(leg, far);
        pump_close(leg, 0);
        CHECK(pump_counters(leg, &counters) == -1);
        memset(frame, 1, sizeof frame);
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

/* What is written is counted at the other end, not by who writes it. */
static void test_lock_step(void)
{
    long came = 0;
    int far, near;

    plug(&far, &near);
    CHECK(open_leg(1, near) == 0);
    for (int i = 0; i < 20; i++) {
        say(1, far);
        came += drained(far);
    }
    for (int patience = PATIENCE; came < 20 * FRAME * 2 && patience; patience--, came += drained(far))
        usleep(1000);
    CHECK(counted(1).read == 20 * FRAME);
    CHECK(came == 20 * FRAME * 2); /* as many as were read, and no more */
    CHECK(counted(1).written == 20 * FRAME && counted(1).refused == 0);
    pump_stop();
    close(near);
    close(far);
}

static void test_deaf(void)
{
    struct pump_counters counters;
    uint32_t opening;
    int far, near;

    plug(&far, &near);
    CHECK(opened_for(1, near, 100, &opening) == 0);
    for (int i = 0; i < 200 || !atomic_load(&stalled_by[FLOW_NOTHING_TAKEN]); i++) {
        CHECK(i < PATIENCE);
        say(1, far); /* it speaks, and takes nothing */
    }
    counters = counted(1);
    CHECK(counters.refused > 0 && counters.written < counters.read);
    CHECK(drained(far) == (long)counters.written * 2); /* nothing was lost of what was taken */
    say(1, far);
    await(&stalled_by[FLOW_FLOWS], 1);
    pump_stop();
    close(near);
    close(far);
}

static void test_stalls(void)
{
    int before = atomic_load(&stalled_by[FLOW_FLOWS]), far, near, times;
    uint32_t opening;

    plug(&far, &near);
    CHECK(opened_for(1, near, 100, &opening) == 0);
    say(1, far);
    await(&stalled_by[FLOW_NOTHING_READ], 1);
    times = atomic_load(&stalled_by[FLOW_NOTHING_READ]);
    usleep(300000); /* it stays so, which is told once */
    CHECK(atomic_load(&stalled_by[FLOW_NOTHING_READ]) == times);
    say(1, far);
    await(&stalled_by[FLOW_FLOWS], before + 1);
    pump_stop();
    close(near);
    close(far);
}

static void test_unplugged(void)
{
    uint32_t first = 0, second = 0;
    int far, near;

    plug(&far, &near);
    CHECK(opened_for(1000, near, 1000, &first) == 0);
    close(near);
    close(far);
    await(&gone_count, 1);
    CHECK(atomic_load(&gone_opening) == (int)first);
    plug(&far, &near); /* and plugged in again, before it came round that the first is gone */
    CHECK(opened_for(1000, near, 1000, &second) == 0 && second != first);
    pump_close(1000, first);
    say(1000, far);
    pump_close(1000, second);
    CHECK(!pump_is_open(1000));
    CHECK(atomic_load(&gone_count) == 1);
    pump_stop();
    close(near);
    close(far);
}

/* A card that plays nothing is told of; so is one that is unplugged, and it is closed. */
static void test_card(void)
{
    struct pump_opening what = {2000, 100, &listener};
    int deaf = atomic_load(&stalled_by[FLOW_NOTHING_TAKEN]), lost = atomic_load(&gone_count);
    static const int16_t frame[FRAME];
    struct device device;
    struct far_end far;
    uint32_t opening;

    far_plug(&far, 8000);
    CHECK(device_of_uac(&device, "hw:2,0") == 0);
    CHECK(pump_open(&what, &device, &opening) == 0);
    for (int i = 0; atomic_load(&stalled_by[FLOW_NOTHING_TAKEN]) == deaf; i++) {
        CHECK(i < PATIENCE);
        far_give(&far, frame, FRAME);
        for (uint64_t all = (uint64_t)(i + 1) * FRAME; counted(2000).read < all;)
            usleep(1000);
    }
    CHECK(counted(2000).written == 0 && counted(2000).refused == counted(2000).read);
    far_unplug(&far);
    await(&gone_count, lost + 1);
    CHECK(!pump_is_open(2000));
    pump_stop();
    far_forget(&far);
}

static void test_room(void)
{
    int far, near, no_tty[2];

    plug(&far, &near);
    CHECK(!pipe(no_tty));
    CHECK(open_leg(1, no_tty[0]) == ENOTTY);
    for (uint64_t leg = 1; leg <= PUMP_LINES; leg++)
        CHECK(open_leg(leg, near) == 0);
    CHECK(open_leg(PUMP_LINES + 1, near) == ENOSPC);
    pump_stop();
    CHECK(open_leg(1, near) == 0); /* it may be used again */
    pump_stop();
    close(near);
    close(far);
    close(no_tty[0]);
    close(no_tty[1]);
}

const struct test pump_tests[] = {
    {"lines are opened and closed while the bridge reads and writes", test_opened_and_closed_beside_a_bridge},
    {"as many samples come out at a modem as it gave", test_lock_step},
    {"one that takes nothing is told of, and loses nothing of what it took", test_deaf},
    {"one that gives nothing is told of once, and when it gives again", test_stalls},
    {"a tty that is unplugged is told of once, and closes no later one", test_unplugged},
    {"a sound card that plays nothing is told of, and one that is unplugged", test_card},
    {"there is room for so many, and an end", test_room},
    {NULL, NULL},
};
