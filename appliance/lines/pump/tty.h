/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tty through which a modem's sound goes: samples of 16 bits, the low byte first, both ways. Nothing here waits.
 */
#ifndef LK_TTY_H
#define LK_TTY_H

#include <stdint.h>

enum { TTY_MOST = 1024 }; /* samples at once */

struct tty {
    int fd;
    int half; /* the byte read that waits for the other of its sample, or -1 */
    int rest; /* the same, to be written */
};

int tty_open(struct tty *tty, int fd); /* raw, and emptied; fd stays the caller's. 0, or errno */
void tty_close(struct tty *tty);       /* whoever closes it for good may wait, in a thread of its own */
int tty_read(struct tty *tty, int16_t *samples, int room);         /* 0: none yet; -1: it is gone, errno says why */
int tty_write(struct tty *tty, const int16_t *samples, int count); /* those that found room */

#endif
