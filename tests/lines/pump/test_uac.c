/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A modem's sound card, without a thread: each test is the card's clock.
 */
#include "far_end.h"
#include "suites.h"
#include "uac.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PERIOD = 80, PATIENCE = 20000 /* ms */ };

/* One that was closed is let go by a thread of its own. */
static int opened(struct uac *uac)
{
    int failed = EBUSY;

    for (int patience = PATIENCE; failed == EBUSY && patience; patience--)
        if ((failed = uac_open(uac, "hw:2,0")) == EBUSY)
            usleep(1000);
    return failed;
}

/* A period passes: the card gives and plays as many samples, and as it is told to, we say the next ones. Those it played. */
static int passes(const struct far_end *far, struct uac *uac, int16_t *next, int16_t *played)
{
    int16_t given[PERIOD], heard[UAC_MOST], says[UAC_MOST];
    int count, wanted;

    for (int i = 0; i < PERIOD; i++)
        given[i] = (int16_t)(1000 + i);
    far_give(far, given, PERIOD);
    count = far_take(far, played, PERIOD);
    CHECK(uac_read(uac, heard, UAC_MOST) == PERIOD);
    CHECK(!memcmp(heard, given, sizeof given));
    wanted = uac_wanted(uac);
    for (int i = 0; i < wanted; i++)
        says[i] = ++*next;
    CHECK(uac_write(uac, says, wanted) == wanted);
    return count;
}

static void test_lock_step(void)
{
    int16_t next = 0, awaited = 1, played[PERIOD], nothing[PERIOD];
    struct far_end far;
    struct uac uac;

    far_plug(&far, 8000);
    CHECK(opened(&uac) == 0);
    CHECK(uac_read(&uac, nothing, PERIOD) == 0);
    for (int period = 0; period < 200; period++) {
        int count = passes(&far, &uac, &next, played);

        CHECK(count == PERIOD);
        for (int i = 0; i < count; i++)
            CHECK(awaited == 1 && !played[i] ? 1 : played[i] == awaited++); /* silence first, then all and in order */
    }
    CHECK(next == 200 * PERIOD && uac.xruns == 0);
    CHECK(next - (awaited - 1) == uac.ahead);
    uac_close(&uac);
    far_unplug(&far);
    far_forget(&far);
}

/* Their clocks are two: it gives samples by one and plays them by the other. */
static void test_plays_slower_than_it_gives(void)
{
    int16_t next = 0, played[PERIOD];
    struct far_end far;
    struct uac uac;
    long taken = 0;

    far_plug(&far, 8000);
    CHECK(opened(&uac) == 0);
    for (int period = 0; period < 2000; period++)
        if (period % 10 == 9) { /* 100 times in 1000 it plays nothing of what it was given */
            int16_t given[PERIOD] = {0};

            far_give(&far, given, PERIOD);
            CHECK(uac_read(&uac, given, PERIOD) == PERIOD);
            CHECK(uac_wanted(&uac) == 0);
        } else {
            taken += passes(&far, &uac, &next, played);
        }
    CHECK(taken == 1800L * PERIOD && uac.xruns == 0);
    uac_close(&uac);
    far_unplug(&far);
    far_forget(&far);
}

static void test_ran_dry(void)
{
    int16_t next = 0, played[PERIOD], all[2048];
    struct far_end far;
    struct uac uac;

    far_plug(&far, 8000);
    CHECK(opened(&uac) == 0);
    for (uint32_t times = 1; times <= 30; times++) {
        passes(&far, &uac, &next, played);
        CHECK(far_take(&far, all, 2048) == uac.ahead); /* we were held up */
        CHECK(uac_wanted(&uac) > 0);
        CHECK(uac_write(&uac, all, PERIOD) == 0 && uac.xruns == times);
        CHECK(uac_wanted(&uac) == 0); /* there is silence in it */
    }
    passes(&far, &uac, &next, played);
    uac_close(&uac);
    far_unplug(&far);
    far_forget(&far);
}

static void test_ran_over(void)
{
    static int16_t much[8000];
    int16_t next = 0, played[PERIOD];
    struct far_end far;
    struct uac uac;

    far_plug(&far, 8000);
    CHECK(opened(&uac) == 0);
    for (uint32_t times = 1; times <= 30; times++) {
        far_give(&far, much, 8000);
        CHECK(uac_read(&uac, much, 8000) == 0 && uac.xruns == times);
        passes(&far, &uac, &next, played);
    }
    for (int tries = 0; tries < 10; tries++) { /* and never anything else */
        far_give(&far, much, 8000);
        CHECK(uac_read(&uac, much, 8000) == 0);
    }
    far_give(&far, much, 8000);
    CHECK(uac_read(&uac, much, 8000) == -1 && errno == EPIPE);
    uac_close(&uac);
    far_unplug(&far);
    far_forget(&far);
}

static void test_unplugged(void)
{
    int16_t next = 0, played[PERIOD];
    struct far_end far;
    struct uac uac;

    far_plug(&far, 8000);
    CHECK(opened(&uac) == 0);
    passes(&far, &uac, &next, played);
    far_unplug(&far);
    far_forget(&far);
    CHECK(uac_read(&uac, played, PERIOD) == -1 && errno == ENODEV);
    uac_close(&uac);
}

static void test_refused(void)
{
    struct uac first, second;
    struct far_end far;

    far_plug(&far, 16000);
    CHECK(opened(&first) == EINVAL);
    far_unplug(&far);
    CHECK(opened(&first) == ENOENT);
    CHECK(uac_open(&first, "no such card") != 0);
    far_forget(&far);
    far_plug(&far, 8000);
    CHECK(opened(&first) == 0);
    CHECK(uac_open(&second, "hw:2,0") == EBUSY);
    uac_close(&first);
    CHECK(opened(&second) == 0);
    uac_close(&second);
    far_unplug(&far);
    far_forget(&far);
}

const struct test uac_tests[] = {
    {"a card is said to as it plays, and nothing is lost", test_lock_step},
    {"one that plays slower than it gives is said less to", test_plays_slower_than_it_gives},
    {"one that ran dry goes on, as often as it does", test_ran_dry},
    {"one that ran over goes on, and is given up when it does nothing else", test_ran_over},
    {"one that is unplugged is gone", test_unplugged},
    {"one of another rate, none and one that is taken are refused, each in its way", test_refused},
    {NULL, NULL},
};
