/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "aside.h"

#include <pthread.h>

void aside(void *(*work)(void *), void *of)
{
    pthread_attr_t detached;
    pthread_t thread;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, work, of))
        work(of);
    pthread_attr_destroy(&detached);
}
