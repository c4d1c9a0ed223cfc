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
