/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections (TCP, TLS) of those who came to us. One on which nobody was let in yet is a stranger's, unless it is from a
 * trunk or from where somebody was let in lately: it may stay for a time, whatever it sends or does not send, and there are
 * only so many of them. One more ends the oldest, of the same source when that has more than its part, so that nobody is
 * kept out by connections that others hold open.
 */
#include "sip.h"

#include <string.h>

#define SOURCE_HAS 4 /* times fewer of one source than of all */

static struct stream {
    pjsip_transport *of; /* NULL: the place is free */
    struct sip_source at;
    int64_t since; /* ms */
    uint64_t turn; /* of those who come within one ms, too, the oldest is known */
    int let_in;
} streams[SIP_STREAMS];
static int used; /* places that were, at most */
static uint64_t turns;

static int64_t milliseconds(void)
{
    pj_time_val now;

    pj_gettickcount(&now);
    return (int64_t)now.sec * 1000 + now.msec;
}

void sip_streams_reset(void)
{
    memset(streams, 0, sizeof streams);
    used = 0;
}

static struct stream *find(const pjsip_transport *of)
{
    for (int i = 0; i < used; i++)
        if (streams[i].of == of)
            return &streams[i];
    return NULL;
}

static struct stream *place(void)
{
    struct stream *found = find(NULL);

    return found || used == SIP_STREAMS ? found : &streams[used++];
}

static int is_strange(const struct stream *stream)
{
    return stream->of && !stream->let_in && !sip_guard_is_known(stream->at);
}

static void end(struct stream *stream)
{
    pjsip_transport *of = stream->of;

    stream->of = NULL;
    pjsip_transport_shutdown2(of, PJ_TRUE);
}

/* Ends the oldest when there are more than may be. */
static void make_room(struct sip_source at)
{
    struct stream *oldest = NULL, *his = NULL;
    int all = 0, of_source = 0;

    for (struct stream *one = streams; one < streams + used; one++) {
        if (!is_strange(one))
            continue;
        all++;
        if (!oldest || one->turn < oldest->turn)
            oldest = one;
        if (one->at.family != at.family || one->at.bits != at.bits)
            continue;
        of_source++;
        if (!his || one->turn < his->turn)
            his = one;
    }
    if (his && of_source > sip_config.strangers / SOURCE_HAS)
        end(his);
    else if (oldest && all > sip_config.strangers)
        end(oldest);
}

/* Of every transport; those who came to us are noted. */
void sip_streams_state(pjsip_transport *of, pjsip_transport_state state, const pjsip_transport_state_info *info)
{
    struct stream *stream;

    PJ_UNUSED_ARG(info);
    if (of->flag & PJSIP_TRANSPORT_DATAGRAM || of->dir != PJSIP_TP_DIR_INCOMING)
        return;
    stream = find(of);
    if (state != PJSIP_TP_STATE_CONNECTED) {
        if (stream)
            stream->of = NULL;
        return;
    }
    if (!stream && !(stream = place())) {
        pjsip_transport_shutdown2(of, PJ_TRUE);
        return;
    }
    *stream = (struct stream){.of = of, .at = sip_source_of(&of->key.rem_addr), .since = milliseconds(),
                              .turn = turns++};
    make_room(stream->at);
}

void sip_streams_right(const pjsip_rx_data *rdata)
{
    struct stream *stream;

    if (!(rdata->tp_info.transport->flag & PJSIP_TRANSPORT_DATAGRAM) && (stream = find(rdata->tp_info.transport)))
        stream->let_in = 1;
}

void sip_streams_look(void)
{
    int64_t before = milliseconds() - (int64_t)sip_config.stranger_stays * 1000;

    for (struct stream *one = streams; one < streams + used; one++)
        if (is_strange(one) && one->since <= before)
            end(one);
}
