/* SPDX-License-Identifier: GPL-2.0-or-later
 * One thread waits for the devices of all lines. What a modem says is put into a delay, which the bridge reads; whenever
 * samples were read from it, as many are written to it as it wants then, of those that the bridge has put into another
 * (lock-step): so its clock alone says when, and nothing piles up in it.
 *
 * A line's lock is held for a read, a write and some arithmetic; nothing is waited for under it: a device is opened before
 * it is a line's, and closed once it is no more.
 */
#include "pump.h"

#include "delay.h"
#include "keys.h"
#include "urgent.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 16,
    LOOK_EVERY = 20,        /* ms: for stalls */
    STALE = DELAY_RATE / 10, /* samples that a modem says first: of an earlier call */
    FRAME_MOST = 960,       /* samples that the bridge gives at once */
};

struct line {
    pthread_mutex_t lock;
    uint64_t leg; /* 0: free */
    const struct pump_listener *listener;
    struct delay down, up;
    struct flow flow;
    struct keys keys;
    struct device device;
    uint32_t opening;
    int stale; /* samples that are still to be left out */
};

static struct line lines[PUMP_LINES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two lines, and which line is free */
static uint32_t openings; /* so far */
static int running, poll_fd = -1, wake_fd = -1;
static atomic_int opened, stopping; /* lines with sound; the thread is to end */
static pthread_t thread;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    pthread_mutexattr_t inherits;

    delay_prepare();
    pthread_mutexattr_init(&inherits);
    pthread_mutexattr_setprotocol(&inherits, PTHREAD_PRIO_INHERIT); /* the threads have different priorities */
    for (int i = 0; i < PUMP_LINES; i++)
        pthread_mutex_init(&lines[i].lock, &inherits);
    pthread_mutexattr_destroy(&inherits);
}

static int64_t microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The line of a leg, its lock held, or NULL. */
static struct line *line_of(uint64_t leg)
{
    pthread_once(&once, prepare);
    for (int i = 0; leg && i < PUMP_LINES; i++) {
        pthread_mutex_lock(&lines[i].lock);
        if (lines[i].leg == leg)
            return &lines[i];
        pthread_mutex_unlock(&lines[i].lock);
    }
    return NULL;
}

static void wake(void)
{
    static const uint64_t one = 1;

    (void)!write(wake_fd, &one, sizeof one); /* full: it is awake already */
}

/* Under its lock: it is free, and its device is to be closed once the lock is open. */
static struct device line_free(struct line *line)
{
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, line->device.fd, NULL);
    memset(&line->down, 0, sizeof line->down); /* it was a conversation */
    memset(&line->up, 0, sizeof line->up);
    line->leg = 0;
    atomic_fetch_sub(&opened, 1);
    return line->device;
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

/* What is told once the lock is open again. */
struct news {
    const struct pump_listener *listener;
    uint64_t leg;
    uint32_t opening;
    struct device device; /* to be closed, when it is */
    int gone;             /* errno, or 0 */
    int stall_changed, stalled_ms;
    enum flow_stall stall;
    int count;
    char keys[KEYS_ROOM];
};

static void begin_news(struct news *news, const struct line *line)
{
    *news = (struct news){.listener = line->listener, .leg = line->leg, .opening = line->opening};
}

static void tell(struct news *news)
{
    char why[64];

    if (news->gone)
        news->device.kind->close(&news->device);
    for (int i = 0; i < news->count; i++)
        news->listener->key(news->leg, news->keys[i]);
    if (news->stall_changed)
        news->listener->stalled(news->leg, news->stall, news->stalled_ms);
    if (news->gone)
        news->listener->gone(news->leg, news->opening, strerror_r(news->gone, why, sizeof why));
}

static void hear(struct line *line, struct news *news, int64_t now, const int16_t *samples, int count)
{
    if (line->stale > 0) {
        line->stale -= count;
        return;
    }
    delay_put(&line->down, now, samples, count);
    news->count = keys_hear(&line->keys, now / 1000, samples, count, news->keys);
}

/* One that wants nothing, whatever it gave, has no room for as much. */
static void say(struct line *line, int64_t now, int read)
{
    int count = line->device.kind->wanted(&line->device, read);
    int16_t samples[DEVICE_MOST];

    if (count == 0) {
        flow_written(&line->flow, now, read, 0);
        return;
    }
    delay_get(&line->up, now, samples, count);
    flow_written(&line->flow, now, count, line->device.kind->write(&line->device, samples, count));
}

static void pass(struct line *line, struct news *news, int64_t now)
{
    int16_t samples[DEVICE_MOST];
    int count = line->device.kind->read(&line->device, samples, DEVICE_MOST);

    if (count < 0) {
        news->gone = errno;
        news->device = line_free(line);
    } else if (count > 0) {
        flow_read(&line->flow, now, count);
        hear(line, news, now, samples, count);
        say(line, now, count);
    }
}

static void line_ready(uint64_t leg)
{
    struct line *line = line_of(leg);
    struct news news;

    if (!line)
        return;
    begin_news(&news, line);
    pass(line, &news, microseconds());
    pthread_mutex_unlock(&line->lock);
    tell(&news);
}

static void look(struct line *line)
{
    int64_t now = microseconds();
    struct news news;

    pthread_mutex_lock(&line->lock);
    begin_news(&news, line);
    if (line->leg && flow_look(&line->flow, now)) {
        news.stall_changed = 1;
        news.stall = line->flow.stall;
        news.stalled_ms = flow_stalled_for(&line->flow, now);
    }
    pthread_mutex_unlock(&line->lock);
    tell(&news);
}

static void *pump_thread(void *unused)
{
    struct epoll_event events[EVENTS];
    int64_t looked = 0;

    (void)unused;
    urgent_begin(NULL); /* without the right to it, as everybody else */
    for (;;) {
        int count = epoll_wait(poll_fd, events, EVENTS, atomic_load(&opened) ? LOOK_EVERY : -1);
        int64_t now = microseconds();
        uint64_t seen;

        for (int i = 0; i < count; i++)
            if (events[i].data.u64)
                line_ready(events[i].data.u64);
            else if (read(wake_fd, &seen, sizeof seen) > 0 && atomic_load(&stopping))
                return NULL;
        if (now - looked < LOOK_EVERY * 1000)
            continue;
        looked = now;
        for (int i = 0; i < PUMP_LINES; i++)
            look(&lines[i]);
    }
}

/* Under the lock: it runs from the first line on. */
static int pump_start(void)
{
    struct epoll_event awake = {.events = EPOLLIN, .data = {.u64 = 0}};

    if (running)
        return 0;
    atomic_store(&stopping, 0);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poll_fd >= 0 && wake_fd >= 0 && !epoll_ctl(poll_fd, EPOLL_CTL_ADD, wake_fd, &awake) &&
        !pthread_create(&thread, NULL, pump_thread, NULL)) {
        pthread_setname_np(thread, "lines");
        running = 1;
        return 0;
    }
    if (poll_fd >= 0)
        close(poll_fd);
    if (wake_fd >= 0)
        close(wake_fd);
    poll_fd = wake_fd = -1;
    return EAGAIN;
}

/* ---- any thread -------------------------------------------------------------------------------------------------- */

/* Under its lock. */
static int line_take(struct line *line, const struct pump_opening *what, const struct device *device)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = what->leg}};

    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, device->fd, &event))
        return errno;
    line->device = *device;
    line->listener = what->listener;
    delay_init(&line->down);
    delay_init(&line->up);
    keys_init(&line->keys);
    flow_begin(&line->flow, microseconds(), what->stalled_after * INT64_C(1000));
    line->stale = STALE;
    line->opening = ++openings;
    line->leg = what->leg;
    atomic_fetch_add(&opened, 1);
    wake();
    return 0;
}

int pump_is_open(uint64_t leg)
{
    struct line *line = line_of(leg);

    if (line)
        pthread_mutex_unlock(&line->lock);
    return line != NULL;
}

int pump_open(const struct pump_opening *what, const struct device *device, uint32_t *opening)
{
    struct line *line = NULL;
    int failed;

    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
    failed = pump_is_open(what->leg) ? EBUSY : pump_start();
    for (int i = 0; !failed && !line && i < PUMP_LINES; i++) {
        pthread_mutex_lock(&lines[i].lock);
        if (!lines[i].leg)
            line = &lines[i];
        else
            pthread_mutex_unlock(&lines[i].lock);
    }
    if (!failed && !line)
        failed = ENOSPC;
    if (!failed)
        failed = line_take(line, what, device);
    if (!failed)
        *opening = line->opening;
    if (line)
        pthread_mutex_unlock(&line->lock);
    pthread_mutex_unlock(&lock);
    return failed;
}

void pump_close(uint64_t leg, uint32_t opening)
{
    struct line *line = line_of(leg);
    struct device device;

    if (!line)
        return;
    if (opening && line->opening != opening) {
        pthread_mutex_unlock(&line->lock);
        return;
    }
    device = line_free(line);
    pthread_mutex_unlock(&line->lock);
    device.kind->close(&device);
}

static void close_all(void)
{
    for (int i = 0; i < PUMP_LINES; i++) {
        uint64_t leg;

        pthread_mutex_lock(&lines[i].lock);
        leg = lines[i].leg;
        pthread_mutex_unlock(&lines[i].lock);
        pump_close(leg, 0);
    }
}

void pump_stop(void)
{
    pthread_once(&once, prepare);
    close_all();
    pthread_mutex_lock(&lock);
    if (running) {
        atomic_store(&stopping, 1);
        wake();
        pthread_join(thread, NULL);
        close(poll_fd);
        close(wake_fd);
        poll_fd = wake_fd = -1;
        running = 0;
    }
    pthread_mutex_unlock(&lock);
}

void pump_out(uint64_t leg, int16_t *samples, int count)
{
    struct line *line = line_of(leg);

    if (!line) {
        memset(samples, 0, (size_t)count * sizeof *samples);
        return;
    }
    delay_get(&line->down, microseconds(), samples, count);
    pthread_mutex_unlock(&line->lock);
}

void pump_in(uint64_t leg, const int16_t *samples, int count)
{
    static const int16_t silence[FRAME_MOST];
    struct line *line = count <= FRAME_MOST ? line_of(leg) : NULL;

    if (!line)
        return;
    delay_put(&line->up, microseconds(), samples ? samples : silence, count);
    pthread_mutex_unlock(&line->lock);
}

int pump_told(uint64_t leg, char digit)
{
    struct line *line = line_of(leg);
    int is_new;

    if (!line)
        return 1; /* it has no sound */
    is_new = keys_told(&line->keys, microseconds() / 1000, digit);
    pthread_mutex_unlock(&line->lock);
    return is_new;
}

int pump_counters(uint64_t leg, struct pump_counters *counters)
{
    struct line *line = line_of(leg);

    if (!line)
        return -1;
    *counters = (struct pump_counters){
        .read = line->flow.read,
        .written = line->flow.written,
        .refused = line->flow.refused,
        .dropped = line->down.dropped + line->up.dropped,
        .stalls = line->flow.stalls,
        .xruns = line->device.xruns,
        .down = {line->down.underruns, line->down.overruns, line->down.skew * 1e6, line->down.mean * 1000 / DELAY_RATE},
        .up = {line->up.underruns, line->up.overruns, -line->up.skew * 1e6, line->up.mean * 1000 / DELAY_RATE},
    };
    pthread_mutex_unlock(&line->lock);
    return 0;
}
