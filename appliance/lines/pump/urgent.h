/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Threads that clock sound come before what else there is to do, where that is allowed (LimitRTPRIO).
 */
#ifndef LK_URGENT_H
#define LK_URGENT_H

#include <sched.h>

enum { URGENT = 20 }; /* priority of SCHED_RR */

struct urgent {
    int policy;
    struct sched_param param;
};

/* The calling thread, and those it makes. 0, or errno: it stays as it is. */
int urgent_begin(struct urgent *before); /* NULL: for good */
void urgent_end(const struct urgent *before);

#endif
