/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A channel of a DAHDI card through which a call's sound goes: companded bytes both ways. Nothing here waits.
 *
 * While the driver has an event for whoever owns the channel it gives and takes no samples, and says so as long as nobody
 * has fetched it: so the channel is looked at by a clock, and not waited for.
 */
#ifndef LK_CARD_H
#define LK_CARD_H

#include <stdint.h>

#include "../dahdi/law.h"

enum { CARD_MOST = 1024 }; /* samples at once */

struct card {
    int clock; /* to be waited for */
    int channel;
    int copy; /* a socket that is given what was read, as far as it has room, or -1 */
    enum law law;
};

/* fd and copy stay the caller's; copy: -1 for none. 0, or errno */
int card_open(struct card *card, int fd, int copy, enum law law);
void card_close(struct card *card);
int card_read(struct card *card, int16_t *samples, int room);         /* 0: none yet; -1: it is gone, errno says why */
int card_write(struct card *card, const int16_t *samples, int count); /* those that found room */

#endif
