/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the SIP and audio threads tell: a list, and an eventfd that is readable while there is something in it.
 */
#include "sip.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the four below */
static struct sip_event *event_first, *event_last;
static int event_count;
static uint64_t dropped;

static int event_fd = -1;

int sip_events_open(void)
{
    event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return event_fd < 0 ? -1 : 0;
}

void sip_events_close(void)
{
    for (struct sip_event *event = sip_take_events(), *next; event; event = next) {
        next = event->next;
        sip_event_free(event);
    }
    close(event_fd);
    event_fd = -1;
}

static int64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void sip_event_free(struct sip_event *event)
{
    for (int i = 0; i < SIP_TEXTS; i++)
        free(event->text[i]);
    free(event);
}

static void event_add(struct sip_event *event)
{
    int first, full, noise;
    uint64_t one = 1;

    event->at = monotonic_us();
    pthread_mutex_lock(&lock);
    noise = event->kind == SIP_EV_REFUSED || event->kind == SIP_EV_LOG;
    full = event_count >= (noise ? SIP_EVENTS_NOISE : SIP_EVENTS_MAX);
    first = event_first == NULL;
    if (full) {
        dropped++;
    } else {
        if (first)
            event_first = event;
        else
            event_last->next = event;
        event_last = event;
        event_count++;
    }
    pthread_mutex_unlock(&lock);
    if (full)
        sip_event_free(event);
    else if (first && write(event_fd, &one, sizeof one) < 0)
        return; /* the counter cannot be full: it is read before the list is taken */
}

void sip_tell(int kind, sip_handle handle, int code, int64_t value, int texts, const pj_str_t *text)
{
    struct sip_event *event = calloc(1, sizeof *event);

    if (!event) {
        pthread_mutex_lock(&lock);
        dropped++;
        pthread_mutex_unlock(&lock);
        return;
    }
    event->kind = kind;
    event->handle = handle;
    event->code = code;
    event->value = value;
    for (int i = 0; i < texts && i < SIP_TEXTS; i++)
        if (text[i].slen > 0)
            event->text[i] = strndup(text[i].ptr, (size_t)text[i].slen);
    event_add(event);
}

void sip_tell_c(int kind, sip_handle handle, int code, int64_t value, int texts, const char *const *text)
{
    pj_str_t copies[SIP_TEXTS];

    for (int i = 0; i < texts && i < SIP_TEXTS; i++)
        copies[i] = pj_str((char *)(uintptr_t)(text[i] ? text[i] : ""));
    sip_tell(kind, handle, code, value, texts, copies);
}

struct sip_event *sip_take_events(void)
{
    struct sip_event *taken;
    uint64_t seen;

    if (event_fd >= 0 && read(event_fd, &seen, sizeof seen) < 0 && errno != EAGAIN)
        return NULL;
    pthread_mutex_lock(&lock);
    taken = event_first;
    event_first = event_last = NULL;
    event_count = 0;
    pthread_mutex_unlock(&lock);
    return taken;
}

int sip_fileno(void)
{
    return event_fd;
}

int sip_events_waiting(void)
{
    int waiting;

    pthread_mutex_lock(&lock);
    waiting = event_count;
    pthread_mutex_unlock(&lock);
    return waiting;
}

uint64_t sip_events_dropped(void)
{
    uint64_t so_far;

    pthread_mutex_lock(&lock);
    so_far = dropped;
    pthread_mutex_unlock(&lock);
    return so_far;
}
