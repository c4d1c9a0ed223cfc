/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

/* Lock-step: its own clock alone says when. */
static int as_many(const struct device *device, int read)
{
    (void)device;
    return read;
}

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
    static const struct device_kind kind = {read_tty, as_many, write_tty, close_tty};
    int failed = tty_open(&device->tty, fd);

    device->kind = &kind;
    device->fd = device->tty.fd;
    device->xruns = 0;
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
    static const struct device_kind kind = {read_card, as_many, write_card, close_card};
    int failed = card_open(&device->card, channel, copy, law);

    device->kind = &kind;
    device->fd = device->card.clock;
    device->xruns = 0;
    return failed;
}

static int read_uac(struct device *device, int16_t *samples, int room)
{
    int got = uac_read(&device->uac, samples, room);

    device->xruns = device->uac.xruns;
    return got;
}

static int wanted_by_uac(const struct device *device, int read)
{
    (void)read;
    return uac_wanted(&device->uac);
}

static int write_uac(struct device *device, const int16_t *samples, int count)
{
    int taken = uac_write(&device->uac, samples, count);

    device->xruns = device->uac.xruns;
    return taken;
}

static void close_uac(struct device *device)
{
    uac_close(&device->uac);
}

int device_of_uac(struct device *device, const char *card)
{
    static const struct device_kind kind = {read_uac, wanted_by_uac, write_uac, close_uac};
    int failed = uac_open(&device->uac, card);

    device->kind = &kind;
    device->fd = device->uac.fd;
    device->xruns = 0;
    return failed;
}
