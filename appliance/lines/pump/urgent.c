/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "urgent.h"

#include <pthread.h>

int urgent_begin(struct urgent *before)
{
    struct sched_param param = {.sched_priority = URGENT};

    if (before)
        pthread_getschedparam(pthread_self(), &before->policy, &before->param);
    return pthread_setschedparam(pthread_self(), SCHED_RR, &param);
}

void urgent_end(const struct urgent *before)
{
    pthread_setschedparam(pthread_self(), before->policy, &before->param);
}
