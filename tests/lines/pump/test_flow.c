/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suites.h"
#include "flow.h"

#define SECOND INT64_C(1000000)

static void test_steady_device(void)
{
    struct flow flow;

    flow_begin(&flow, 0, SECOND);
    for (int64_t now = 0; now < 60 * SECOND; now += SECOND / 50) {
        flow_read(&flow, now, 160);
        flow_written(&flow, now, 160, 160);
        CHECK(!flow_look(&flow, now));
    }
    CHECK(flow.read == 480000 && flow.written == 480000 && flow.refused == 0 && flow.stalls == 0);
}

static void test_nothing_read(void)
{
    struct flow flow;

    flow_begin(&flow, 0, SECOND);
    CHECK(!flow_look(&flow, SECOND - 1));
    CHECK(flow_look(&flow, SECOND) && flow.stall == FLOW_NOTHING_READ);
    CHECK(!flow_look(&flow, 3 * SECOND)); /* told once */
    CHECK(flow_stalled_for(&flow, 3 * SECOND) == 3000);
    flow_read(&flow, 4 * SECOND, 160);
    CHECK(flow_look(&flow, 4 * SECOND) && flow.stall == FLOW_FLOWS && flow.stalls == 1);
}

static void test_nothing_taken(void)
{
    struct flow flow;

    flow_begin(&flow, SECOND, SECOND);
    for (int64_t now = SECOND; now < 2 * SECOND; now += SECOND / 50) {
        flow_read(&flow, now, 160);
        flow_written(&flow, now, 160, 0);
        CHECK(!flow_look(&flow, now));
    }
    flow_read(&flow, 2 * SECOND, 160);
    CHECK(flow_look(&flow, 2 * SECOND) && flow.stall == FLOW_NOTHING_TAKEN);
    flow_read(&flow, 2 * SECOND, 160);
    flow_written(&flow, 2 * SECOND, 160, 1); /* a little is not nothing */
    CHECK(flow_look(&flow, 2 * SECOND) && flow.stall == FLOW_FLOWS);
    CHECK(flow.refused == 50 * 160 + 159 && flow.stalls == 1);
}

static void test_silence_is_no_refusal(void)
{
    struct flow flow;

    /* It gave nothing for a while, so nothing was written to it either: once it gives again, it flows both ways. */
    flow_begin(&flow, 0, SECOND);
    flow_read(&flow, 0, 160);
    flow_written(&flow, 0, 160, 160);
    CHECK(flow_look(&flow, 5 * SECOND) && flow.stall == FLOW_NOTHING_READ);
    flow_read(&flow, 6 * SECOND, 160);
    CHECK(flow_look(&flow, 6 * SECOND) && flow.stall == FLOW_FLOWS);
}

const struct test flow_tests[] = {
    {"a device that gives and takes is counted and does not stall", test_steady_device},
    {"one that gives nothing for a second stalls, and is told to flow again", test_nothing_read},
    {"so does one that takes nothing", test_nothing_taken},
    {"one that gave nothing was asked to take nothing", test_silence_is_no_refusal},
    {NULL, NULL},
};
