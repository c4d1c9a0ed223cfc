/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

static int read_tty(struct device *device, int16_t *samples, int room)
{
    return tty_read(&device->tty, samples, room);
}

static int write_tty(struct device *device, const int16_t *samples, int count)
{
    return tty_write(&device->tty, samples, count);
}

static void close_tty(struct device *device)
{
    tty_close(&device->tty);
}

int device_of_tty(struct device *device, int fd)
{
    static const struct device_kind kind = {read_tty, write_tty, close_tty};
    int failed = tty_open(&device->tty, fd);

    device->kind = &kind;
    device->fd = device->tty.fd;
    return failed;
}

static int read_card(struct device *device, int16_t *samples, int room)
{
    return card_read(&device->card, samples, room);
}

static int write_card(struct device *device, const int16_t *samples, int count)
{
    return card_write(&device->card, samples, count);
}

static void close_card(struct device *device)
{
    card_close(&device->card);
}

int device_of_card(struct device *device, int channel, int copy, enum law law)
{
    static const struct device_kind kind = {read_card, write_card, close_card};
    int failed = card_open(&device->card, channel, copy, law);

    device->kind = &kind;
    device->fd = device->card.clock;
    return failed;
}
