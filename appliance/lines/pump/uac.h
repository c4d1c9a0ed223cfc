/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sound card that a modem is on USB (USB Audio Class), by ALSA: 8000 samples a second of 16 bits, one channel, both ways.
 * It has a clock for each way: what it gives is waited for, and then as much is said to it as it has played.
 */
#ifndef LK_UAC_H
#define LK_UAC_H

#include <alsa/asoundlib.h>
#include <stdint.h>

enum { UAC_MOST = 1024 }; /* samples at once */

struct uac_way {
    snd_pcm_t *pcm;
    int buffer;   /* samples that it keeps */
    int period;   /* samples after which it tells */
    int failures; /* starts since a sample passed */
};

struct uac {
    struct uac_way heard, said;
    int fd;         /* ALSA's own, to be waited for */
    int ahead;      /* samples that are kept in it, to be played */
    uint32_t xruns; /* times it ran dry or over, and was started anew */
};

/* card: as ALSA names it, hw:2,0. 0, or errno: ENOENT or ENODEV, EBUSY, EINVAL (it has no such sound), ... */
int uac_open(struct uac *uac, const char *card);
void uac_close(struct uac *uac);                                   /* waits in a thread of its own */
int uac_read(struct uac *uac, int16_t *samples, int room);         /* 0: none yet; -1: it is gone, errno says why */
int uac_wanted(const struct uac *uac);                             /* samples that it has room for as of now */
int uac_write(struct uac *uac, const int16_t *samples, int count); /* those that found room */

#endif
