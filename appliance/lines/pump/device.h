/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a line's sound passes through. Nothing here waits but opening and closing.
 */
#ifndef LK_DEVICE_H
#define LK_DEVICE_H

#include <stdint.h>

#include "card.h"
#include "tty.h"
#include "uac.h"

enum { DEVICE_MOST = 1024 }; /* samples at once */

struct device;

struct device_kind {
    int (*read)(struct device *device, int16_t *samples, int room);         /* 0: none yet; -1: gone, errno says why */
    int (*wanted)(const struct device *device, int read);                   /* samples to be written, once so many were read */
    int (*write)(struct device *device, const int16_t *samples, int count); /* those that found room */
    void (*close)(struct device *device);
};

struct device {
    const struct device_kind *kind;
    int fd;         /* that is waited for */
    uint32_t xruns; /* times that it ran dry or over, and was started anew */
    union {
        struct tty tty;
        struct card card;
        struct uac uac;
    };
};

/* 0, or errno; what is given stays the caller's. */
int device_of_tty(struct device *device, int fd);
int device_of_card(struct device *device, int channel, int copy, enum law law); /* copy: see card.h */
int device_of_uac(struct device *device, const char *card);

#endif
