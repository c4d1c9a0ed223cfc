/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a driver may make wait, where nobody may wait for it: devices are closed so.
 */
#ifndef LK_ASIDE_H
#define LK_ASIDE_H

void aside(void *(*work)(void *), void *of); /* in a thread of its own; here, when there is none to be had */

#endif
