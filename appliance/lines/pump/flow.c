/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

void flow_begin(struct flow *flow, int64_t now, int64_t after)
{
    *flow = (struct flow){.after = after, .read_at = now};
}

void flow_read(struct flow *flow, int64_t now, int count)
{
    flow->read += (uint64_t)count;
    flow->read_at = now;
}

void flow_written(struct flow *flow, int64_t now, int count, int taken)
{
    flow->written += (uint64_t)taken;
    flow->refused += (uint64_t)(count - taken);
    if (taken > 0)
        flow->refused_at = 0;
    else if (count > 0 && !flow->refused_at)
        flow->refused_at = now;
}

static enum flow_stall stall_of(const struct flow *flow, int64_t now)
{
    if (now - flow->read_at >= flow->after)
        return FLOW_NOTHING_READ;
    return flow->refused_at && now - flow->refused_at >= flow->after ? FLOW_NOTHING_TAKEN : FLOW_FLOWS;
}

int flow_look(struct flow *flow, int64_t now)
{
    enum flow_stall stall = stall_of(flow, now);

    if (stall == flow->stall)
        return 0;
    flow->stalls += flow->stall == FLOW_FLOWS;
    flow->stall = stall;
    return 1;
}

int flow_stalled_for(const struct flow *flow, int64_t now)
{
    switch (flow->stall) {
    case FLOW_NOTHING_READ: return (int)((now - flow->read_at) / 1000);
    case FLOW_NOTHING_TAKEN: return (int)((now - flow->refused_at) / 1000);
    default: return 0;
    }
}
