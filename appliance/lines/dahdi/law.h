/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * G.711: samples of 16 bits from companded bytes and back.
 */
#ifndef LK_LAW_H
#define LK_LAW_H

#include <stdint.h>

enum law { LAW_MU = 1, LAW_A = 2 }; /* as DAHDI numbers them */

int16_t law_linear(enum law law, uint8_t byte);
uint8_t law_companded(enum law law, int16_t sample);

#endif
