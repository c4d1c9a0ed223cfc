/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "card.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    BLOCK = 160, /* bytes: 20 ms, what the driver gives and takes at once */
    AHEAD = 2,   /* blocks of silence that are said first, so that it does not run dry */
    EVERY = 10,  /* ms */
    ELAST = 500, /* DAHDI's errno while an event waits */
};

static int is_nothing_yet(int error)
{
    return error == EAGAIN || error == EINTR || error == ELAST;
}

static void say_silence(const struct card *card)
{
    uint8_t silence[BLOCK];

    memset(silence, law_companded(card->law, 0), sizeof silence);
    for (int i = 0; i < AHEAD; i++)
        (void)!write(card->channel, silence, sizeof silence); /* no room: there is something to say already */
}

int card_open(struct card *card, int fd, int copy, enum law law)
{
    struct itimerspec every = {{0, EVERY * 1000000}, {0, EVERY * 1000000}};
    int failed = 0;

    *card = (struct card){.channel = fcntl(fd, F_DUPFD_CLOEXEC, 3), .copy = -1, .clock = -1, .law = law};
    if (card->channel < 0)
        return errno;
    card->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (card->clock < 0 || timerfd_settime(card->clock, 0, &every, NULL))
        failed = errno;
    if (!failed && copy >= 0 && (card->copy = fcntl(copy, F_DUPFD_CLOEXEC, 3)) < 0)
        failed = errno;
    if (failed)
        card_close(card);
    else
        say_silence(card);
    return failed;
}

void card_close(struct card *card)
{
    if (card->clock >= 0)
        close(card->clock);
    if (card->copy >= 0)
        close(card->copy);
    close(card->channel);
    card->clock = card->copy = card->channel = -1;
}

int card_read(struct card *card, int16_t *samples, int room)
{
    uint8_t bytes[BLOCK];
    uint64_t ticks;
    int count = 0;

    (void)!read(card->clock, &ticks, sizeof ticks);
    while (room - count >= BLOCK) {
        ssize_t got = read(card->channel, bytes, BLOCK);

        if (got <= 0) {
            if (got < 0 && is_nothing_yet(errno))
                return count;
            if (got == 0)
                errno = ENODEV;
            return count > 0 ? count : -1;
        }
        if (card->copy >= 0)
            (void)!send(card->copy, bytes, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL);
        for (ssize_t i = 0; i < got; i++)
            samples[count++] = law_linear(card->law, bytes[i]);
    }
    return count;
}

int card_write(struct card *card, const int16_t *samples, int count)
{
    uint8_t bytes[BLOCK];
    int said = 0;

    while (said < count) {
        int size = count - said < BLOCK ? count - said : BLOCK;
        ssize_t taken;

        for (int i = 0; i < size; i++)
            bytes[i] = law_companded(card->law, samples[said + i]);
        taken = write(card->channel, bytes, (size_t)size);
        if (taken <= 0)
            break;
        said += (int)taken;
    }
    return said;
}
