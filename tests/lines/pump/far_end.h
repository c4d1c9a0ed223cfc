/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sound card that is plugged in, hw:NUMBER,0, and the far end behind it, which is its clock: far_card.c, whose place the
 * variable FAR_CARD tells.
 */
#ifndef LK_FAR_END_H
#define LK_FAR_END_H

#include <stdint.h>

struct far_end {
    int heard, said;
    char folder[64];
};

void far_plug(struct far_end *far, unsigned rate);
void far_unplug(struct far_end *far);
void far_forget(const struct far_end *far); /* that ALSA knows such cards */
void far_give(const struct far_end *far, const int16_t *samples, int count);
int far_take(const struct far_end *far, int16_t *samples, int count); /* those that were there */

#endif
