/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core's tests, and memory for them that runs out.
 */
#ifndef LINEKEEPER_CORE_SUITES_H
#define LINEKEEPER_CORE_SUITES_H

#include "../check/check.h"
#include "core.h"

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

/* Each file of tests gives its own, ended by one without a name. */
extern const struct test number_tests[], hour_tests[], deadline_tests[], fifo_tests[], people_tests[], queue_tests[],
    leg_tests[], refusal_tests[], remembered_tests[], call_tests[], plan_tests[], story_tests[], limit_tests[],
    replay_tests[];

#endif
