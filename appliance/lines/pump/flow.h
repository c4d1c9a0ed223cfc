/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What passes through a device, counted, and whether it stalls. Pure: times go in.
 */
#ifndef LK_FLOW_H
#define LK_FLOW_H

#include <stdint.h>

enum flow_stall { FLOW_FLOWS, FLOW_NOTHING_READ, FLOW_NOTHING_TAKEN };

struct flow {
    int64_t after;                   /* us without a sample that are a stall */
    int64_t read_at;                 /* us when it gave some last, or was opened */
    int64_t refused_at;              /* us since when it has taken none, 0: it takes them */
    enum flow_stall stall;
    uint32_t stalls;
    uint64_t read, written, refused; /* samples; refused: it had no room for them */
};

void flow_begin(struct flow *flow, int64_t now, int64_t after);
void flow_read(struct flow *flow, int64_t now, int count);
void flow_written(struct flow *flow, int64_t now, int count, int taken);

/* Has it begun to stall, or does it flow again? Then flow->stall is another one. */
int flow_look(struct flow *flow, int64_t now);

/* ms that the stall lasts so far */
int flow_stalled_for(const struct flow *flow, int64_t now);

#endif
