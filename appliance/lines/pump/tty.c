/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tty.h"

#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int tty_open(struct tty *tty, int fd)
{
    struct termios how;
    int own, flags;

    if (tcgetattr(fd, &how))
        return errno;
    cfmakeraw(&how); /* also so that a read without anything says so, and not that the tty is gone (VMIN 1) */
    how.c_cc[VMIN] = 1;
    how.c_cc[VTIME] = 0;
    flags = fcntl(fd, F_GETFL);
    if (tcsetattr(fd, TCSANOW, &how) || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return errno;
    own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return errno;
    tcflush(own, TCIOFLUSH); /* what is left of an earlier call */
    *tty = (struct tty){.fd = own, .half = -1, .rest = -1};
    return 0;
}

static void *closer(void *fd)
{
    close((int)(intptr_t)fd);
    return NULL;
}

/* The kernel may wait up to half a minute for a modem to take the last of what was written. */
void tty_close(struct tty *tty)
{
    int fd = tty->fd;

    tty->fd = -1;
    tcflush(fd, TCIOFLUSH);
    ioctl(fd, TIOCNXCL);
    flock(fd, LOCK_UN); /* the next one may have it */
    aside(closer, (void *)(intptr_t)fd);
}

int tty_read(struct tty *tty, int16_t *samples, int room)
{
    uint8_t bytes[TTY_MOST * 2];
    int carried = tty->half >= 0, size, count;
    ssize_t got;

    if (room > TTY_MOST)
        room = TTY_MOST;
    if (carried)
        bytes[0] = (uint8_t)tty->half;
    got = read(tty->fd, bytes + carried, (size_t)(room * 2 - carried));
    if (got == 0)
        errno = ENODEV; /* a tty that was hung up */
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return -1;
    size = (int)got + carried;
    count = size / 2;
    tty->half = size % 2 ? bytes[size - 1] : -1;
    for (int i = 0; i < count; i++)
        samples[i] = (int16_t)(bytes[i * 2] | bytes[i * 2 + 1] << 8);
    return count;
}

/* A sample of which one byte was taken is gone on with, whatever else finds no room. */
int tty_write(struct tty *tty, const int16_t *samples, int count)
{
    uint8_t bytes[TTY_MOST * 2 + 1];
    int size = 0, carried = tty->rest >= 0;
    ssize_t taken;

    if (count > TTY_MOST)
        count = TTY_MOST;
    if (carried)
        bytes[size++] = (uint8_t)tty->rest;
    for (int i = 0; i < count; i++) {
        bytes[size++] = (uint8_t)((uint16_t)samples[i] & 0xff);
        bytes[size++] = (uint8_t)((uint16_t)samples[i] >> 8);
    }
    taken = write(tty->fd, bytes, (size_t)size);
    if (taken <= 0)
        return 0;
    taken -= carried;
    tty->rest = taken % 2 ? bytes[carried + taken] : -1;
    return (int)(taken + 1) / 2;
}
