/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A test is a function that returns; CHECK ends the program with the place where it did not hold.
 */
#ifndef LINEKEEPER_CHECK_H
#define LINEKEEPER_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "core.h"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

/* Memory that runs out: `allowed` blocks more are given, `live` are out; a block comes back with its own size or ends
 * the program. */
struct purse {
    long allowed;
    long live;
    long refused;
};

struct lk_allocator purse_of(struct purse *purse);

/* Runs a scenario with 0, 1, 2 ... blocks until they are enough: each ends with LK_NOMEM or LK_OK and nothing live. */
void starve(enum lk_error (*scenario)(struct purse *purse));

struct test {
    const char *name;
    void (*run)(void);
};

/* Each file of tests gives its own, ended by one without a name. */
extern const struct test number_tests[], hour_tests[], deadline_tests[], fifo_tests[], people_tests[], queue_tests[],
    leg_tests[], refusal_tests[], remembered_tests[], call_tests[], plan_tests[], story_tests[], limit_tests[],
    replay_tests[];

#endif
