/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sound handed on as it came, where two legs hear each other and nobody else and speak one codec: packets pass from
 * socket to socket, are numbered anew and are not decoded. Their stream sees them all the same: keys, where they come
 * from and whether any come are found out as ever; what it says itself, silence, goes out while nothing is handed on, and
 * keys. All else is the bridge's.
 *
 * Between the socket and PJSIP's stream stands one of these for each leg. Whatever it sends, from the stream or from
 * the other leg, is one RTP stream to who hears it: one SSRC, sequence and timestamps without a jump (RFC 3550).
 */
#include "sip.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define OWN ((uint64_t)1 << 32) /* the stream as source of what is sent; else the SSRC of who is heard, 32 bits */
#define KEYS_LAST 60000         /* us; a key we send is not talked over: its packets come every 20 ms */
#define GAP 100000              /* us without a packet: silence is sent instead */
#define REST 1000000            /* us after a key before nothing is encoded again: more may be waiting */

enum { /* RFC 3550 section 6.4.1; words of 4 bytes but for the size */
    SENDER_REPORT = 200,
    REPORT_SSRC = 1,
    REPORT_TIME = 4,
    REPORT_PACKETS,
    REPORT_OCTETS,
    REPORT_SIZE = 28,
};

struct relay {
    pjmedia_transport base; /* must be first */
    pj_pool_t *pool;
    pjmedia_transport *under;
    int closes_under, call;
    pjmedia_stream *stream; /* NULL when there is none */
    int unread;             /* its jitter buffer was filled and not read */
    int quiet;              /* it encodes nothing */

    void *user; /* of the callbacks to what stands above */
    void (*on_rtp)(void *user, void *packet, pj_ssize_t size);
    void (*on_rtp2)(pjmedia_tp_cb_param *param);
    void (*on_rtcp)(void *user, void *packet, pj_ssize_t size);

    /* below: under the lock */
    struct relay *partner; /* who hears this leg, and is heard */
    pj_sockaddr from;      /* only what comes from there is handed on */
    unsigned pt_in, pt_out, clock; /* payload types of the codec; Hz of its timestamps */
    uint32_t ssrc;         /* in network order, as the two below */
    uint32_t packets, octets; /* handed on to it, for its sender reports */
    uint64_t source;
    uint32_t time_shift;
    uint16_t number_shift;
    int sent;              /* anything yet: last_* hold */
    uint16_t last_number;
    uint32_t last_time;
    int64_t last_at, keys_at, handed_at; /* us: something, a key of ours, something of the partner's was sent */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct relay *relays[PJSUA_MAX_CALLS];

static int64_t microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- one stream to who hears it ---------------------------------------------------------------------------------- */

/* A packet of this source goes out: it continues what went before. */
static void renumber(struct relay *relay, uint64_t source, pjmedia_rtp_hdr *header)
{
    uint16_t number = pj_ntohs(header->seq);
    uint32_t stamp = pj_ntohl(header->ts);
    int64_t now = microseconds();

    if (relay->source != source && relay->sent) {
        int64_t since = (now - relay->last_at) * (int64_t)relay->clock / 1000000;

        relay->number_shift = (uint16_t)(relay->last_number + 1 - number);
        relay->time_shift = relay->last_time + (uint32_t)(since > 0 ? since : 1) - stamp;
        header->m = 1;
    }
    relay->source = source;
    number = (uint16_t)(number + relay->number_shift);
    stamp += relay->time_shift;
    if (!relay->sent || (int16_t)(number - relay->last_number) > 0) {
        relay->last_number = number;
        relay->last_time = stamp;
        relay->last_at = now;
    }
    relay->sent = 1;
    header->seq = pj_htons(number);
    header->ts = pj_htonl(stamp);
}

/* Whoever hears this leg, kept alive until the packet is sent: nothing is sent under the lock, as a socket that is full
 * takes PJSIP's, which waits for a callback, which waits for ours. */
static struct relay *kept(const struct relay *relay)
{
    if (relay->partner && relay->partner->base.grp_lock)
        pj_grp_lock_add_ref(relay->partner->base.grp_lock);
    return relay->partner;
}

static void let_go(struct relay *relay)
{
    if (relay->base.grp_lock)
        pj_grp_lock_dec_ref(relay->base.grp_lock);
}

/* Where the sound of a packet begins, behind contributing sources and a header extension, and how long it is without
 * padding (RFC 3550 section 5.1); 0 when it says that of itself which cannot be. */
static size_t sound_of(const pjmedia_tp_cb_param *param, size_t *size)
{
    const uint8_t *packet = param->pkt;
    size_t whole = (size_t)param->size, at = sizeof(pjmedia_rtp_hdr), padding = 0;

    if (param->size <= (pj_ssize_t)at || param->size > PJMEDIA_MAX_MTU || packet[0] >> 6 != 2)
        return 0;
    at += 4u * (packet[0] & 15);
    if (packet[0] & 0x10) {
        if (at + 4 > whole)
            return 0;
        at += 4 + 4u * ((unsigned)packet[at + 2] << 8 | packet[at + 3]);
    }
    if (packet[0] & 0x20)
        padding = packet[whole - 1];
    if (at + padding >= whole)
        return 0;
    *size = whole - padding - at;
    return at;
}

/* Under the lock: how what this leg's other side said goes on, so many bytes of it; 0 when it does not. */
static int renamed(const struct relay *relay, struct relay *to, const pjmedia_tp_cb_param *param, size_t size,
                   pjmedia_rtp_hdr *header)
{
    if (param->src_addr && pj_sockaddr_cmp(param->src_addr, &relay->from) != 0)
        return 0;
    memcpy(header, param->pkt, sizeof *header);
    if (header->pt != relay->pt_in || microseconds() - to->keys_at < KEYS_LAST) {
        if (to->source == header->ssrc)
            to->number_shift--; /* not missing: it was not for him */
        return 0;
    }
    header->pt = to->pt_out & 0x7f;
    header->cc = header->x = header->p = 0;
    renumber(to, header->ssrc, header);
    header->ssrc = to->ssrc;
    to->handed_at = to->last_at;
    to->packets++;
    to->octets += (uint32_t)size;
    return 1;
}

static void hand_on(const struct relay *relay, const pjmedia_tp_cb_param *param)
{
    unsigned char packet[PJMEDIA_MAX_MTU];
    pjmedia_rtp_hdr header;
    struct relay *to;
    size_t size, at = sound_of(param, &size);
    int goes;

    if (!at)
        return;
    pthread_mutex_lock(&lock);
    to = kept(relay);
    goes = to && renamed(relay, to, param, size, &header);
    pthread_mutex_unlock(&lock);
    if (goes) {
        memcpy(packet, &header, sizeof header);
        memcpy(packet + sizeof header, (const char *)param->pkt + at, size);
        pjmedia_transport_send_rtp(to->under, packet, sizeof header + size);
    }
    if (to)
        let_go(to);
}

/* ---- between the socket and the stream ---------------------------------------------------------------------------- */

static void on_rtp(pjmedia_tp_cb_param *param)
{
    struct relay *relay = param->user_data;

    param->user_data = relay->user;
    if (relay->on_rtp2)
        relay->on_rtp2(param);
    else if (relay->on_rtp)
        relay->on_rtp(relay->user, param->pkt, param->size);
    param->user_data = relay;
    if (param->rem_switch && param->src_addr) {
        pthread_mutex_lock(&lock);
        pj_sockaddr_cp(&relay->from, param->src_addr);
        pthread_mutex_unlock(&lock);
    }
    hand_on(relay, param);
}

/* What this leg's other side reports of what it sent is true of what was handed on, but for its name and times. */
static void report_on(const struct relay *relay, const void *packet)
{
    uint32_t copy[REPORT_SIZE / 4];
    struct relay *to;
    int goes;

    memcpy(copy, packet, sizeof copy);
    pthread_mutex_lock(&lock);
    to = kept(relay);
    goes = to && to->source == copy[REPORT_SSRC];
    if (goes) {
        copy[0] = pj_htonl(0x80000000u | SENDER_REPORT << 16 | (REPORT_SIZE / 4 - 1)); /* version 2, no blocks */
        copy[REPORT_SSRC] = to->ssrc;
        copy[REPORT_TIME] = pj_htonl(pj_ntohl(copy[REPORT_TIME]) + to->time_shift);
    }
    pthread_mutex_unlock(&lock);
    if (goes)
        pjmedia_transport_send_rtcp(to->under, copy, sizeof copy);
    if (to)
        let_go(to);
}

static void on_rtcp(void *user, void *packet, pj_ssize_t size)
{
    const struct relay *relay = user;

    if (relay->on_rtcp)
        relay->on_rtcp(relay->user, packet, size);
    if (size >= REPORT_SIZE && ((const uint8_t *)packet)[1] == SENDER_REPORT)
        report_on(relay, packet);
}

static pj_status_t get_info(pjmedia_transport *transport, pjmedia_transport_info *info)
{
    return pjmedia_transport_get_info(((struct relay *)transport)->under, info);
}

static pj_status_t attach(pjmedia_transport *transport, pjmedia_transport_attach_param *param)
{
    struct relay *relay = (struct relay *)transport;
    pj_status_t status;

    pthread_mutex_lock(&lock);
    relay->user = param->user_data;
    relay->on_rtp = param->rtp_cb;
    relay->on_rtp2 = param->rtp_cb2;
    relay->on_rtcp = param->rtcp_cb;
    pj_sockaddr_cp(&relay->from, &param->rem_addr);
    pthread_mutex_unlock(&lock);
    param->user_data = relay;
    param->rtp_cb = NULL;
    param->rtp_cb2 = on_rtp;
    param->rtcp_cb = on_rtcp;
    status = pjmedia_transport_attach2(relay->under, param);
    if (status != PJ_SUCCESS) {
        relay->on_rtp = NULL;
        relay->on_rtp2 = NULL;
        relay->on_rtcp = NULL;
    }
    return status;
}

static void part(struct relay *relay)
{
    if (relay->partner)
        relay->partner->partner = NULL;
    relay->partner = NULL;
}

static void detach(pjmedia_transport *transport, void *user)
{
    struct relay *relay = (struct relay *)transport;

    PJ_UNUSED_ARG(user);
    pthread_mutex_lock(&lock);
    part(relay);
    pthread_mutex_unlock(&lock);
    pjmedia_transport_detach(relay->under, relay);
    relay->on_rtp = NULL;
    relay->on_rtp2 = NULL;
    relay->on_rtcp = NULL;
}

static pj_status_t send_rtp(pjmedia_transport *transport, const void *packet, pj_size_t size)
{
    struct relay *relay = (struct relay *)transport;
    unsigned char copy[PJMEDIA_MAX_MTU];
    pjmedia_rtp_hdr header;
    int goes;

    if (size < sizeof header || size > sizeof copy)
        return pjmedia_transport_send_rtp(relay->under, packet, size); /* what keeps a NAT's way open is no RTP */
    memcpy(&header, packet, sizeof header);
    pthread_mutex_lock(&lock);
    if (relay->partner && header.pt != relay->pt_out)
        relay->keys_at = microseconds();
    goes = !relay->partner || header.pt != relay->pt_out || microseconds() - relay->handed_at >= GAP;
    if (goes)
        renumber(relay, OWN, &header);
    pthread_mutex_unlock(&lock);
    if (!goes)
        return PJ_SUCCESS;
    memcpy(copy, packet, size);
    memcpy(copy, &header, sizeof header);
    return pjmedia_transport_send_rtp(relay->under, copy, size);
}

/* What PJSIP reports of its part of the stream, said of the whole. */
static const void *report(struct relay *relay, const void *packet, pj_size_t size, uint32_t copy[PJMEDIA_MAX_MTU / 4])
{
    if (size < REPORT_SIZE || size > PJMEDIA_MAX_MTU || ((const uint8_t *)packet)[1] != SENDER_REPORT)
        return packet;
    memcpy(copy, packet, size);
    pthread_mutex_lock(&lock);
    if (relay->source == OWN)
        copy[REPORT_TIME] = pj_htonl(pj_ntohl(copy[REPORT_TIME]) + relay->time_shift);
    copy[REPORT_PACKETS] = pj_htonl(pj_ntohl(copy[REPORT_PACKETS]) + relay->packets);
    copy[REPORT_OCTETS] = pj_htonl(pj_ntohl(copy[REPORT_OCTETS]) + relay->octets);
    pthread_mutex_unlock(&lock);
    return copy;
}

static pj_status_t send_rtcp(pjmedia_transport *transport, const void *packet, pj_size_t size)
{
    struct relay *relay = (struct relay *)transport;
    uint32_t copy[PJMEDIA_MAX_MTU / 4];

    return pjmedia_transport_send_rtcp(relay->under, report(relay, packet, size, copy), size);
}

static pj_status_t send_rtcp2(pjmedia_transport *transport, const pj_sockaddr_t *to, unsigned to_size,
                              const void *packet, pj_size_t size)
{
    struct relay *relay = (struct relay *)transport;
    uint32_t copy[PJMEDIA_MAX_MTU / 4];

    return pjmedia_transport_send_rtcp2(relay->under, to, to_size, report(relay, packet, size, copy), size);
}

static pj_status_t media_create(pjmedia_transport *transport, pj_pool_t *pool, unsigned options,
                                const pjmedia_sdp_session *theirs, unsigned index)
{
    return pjmedia_transport_media_create(((struct relay *)transport)->under, pool, options, theirs, index);
}

static pj_status_t encode_sdp(pjmedia_transport *transport, pj_pool_t *pool, pjmedia_sdp_session *ours,
                              const pjmedia_sdp_session *theirs, unsigned index)
{
    return pjmedia_transport_encode_sdp(((struct relay *)transport)->under, pool, ours, theirs, index);
}

static pj_status_t media_start(pjmedia_transport *transport, pj_pool_t *pool, const pjmedia_sdp_session *ours,
                               const pjmedia_sdp_session *theirs, unsigned index)
{
    return pjmedia_transport_media_start(((struct relay *)transport)->under, pool, ours, theirs, index);
}

static pj_status_t media_stop(pjmedia_transport *transport)
{
    return pjmedia_transport_media_stop(((struct relay *)transport)->under);
}

static pj_status_t simulate_lost(pjmedia_transport *transport, pjmedia_dir direction, unsigned percent)
{
    return pjmedia_transport_simulate_lost(((struct relay *)transport)->under, direction, percent);
}

static void on_destroyed(void *relay)
{
    pj_pool_release(((struct relay *)relay)->pool);
}

static pj_status_t destroy(pjmedia_transport *transport)
{
    struct relay *relay = (struct relay *)transport;

    pthread_mutex_lock(&lock);
    part(relay);
    if (relays[relay->call] == relay)
        relays[relay->call] = NULL;
    pthread_mutex_unlock(&lock);
    if (relay->closes_under)
        pjmedia_transport_close(relay->under);
    if (relay->base.grp_lock)
        pj_grp_lock_dec_ref(relay->base.grp_lock); /* the last packet on its way still finds it */
    else
        on_destroyed(relay);
    return PJ_SUCCESS;
}

static pjmedia_transport_op operations = {
    get_info,     NULL,        detach,      send_rtp,   send_rtcp,     send_rtcp2, media_create,
    encode_sdp,   media_start, media_stop,  simulate_lost, destroy,    attach,
};

pjmedia_transport *sip_relay_between(pjsua_call_id call, unsigned index, pjmedia_transport *under, unsigned flags)
{
    pj_pool_t *pool;
    struct relay *relay;

    if (!under || index || call < 0 || call >= PJSUA_MAX_CALLS || !sip_config.relay ||
        !(pool = pjsua_pool_create("relay", 1024, 512)))
        return under;
    relay = PJ_POOL_ZALLOC_T(pool, struct relay);
    relay->pool = pool;
    relay->under = under;
    relay->closes_under = (flags & PJSUA_MED_TP_CLOSE_MEMBER) != 0;
    relay->call = call;
    pj_ansi_snprintf(relay->base.name, sizeof relay->base.name, "relay%d", call);
    relay->base.type = (pjmedia_transport_type)(PJMEDIA_TRANSPORT_TYPE_USER + 1);
    relay->base.op = &operations;
    relay->base.grp_lock = under->grp_lock;
    if (under->grp_lock) {
        pj_grp_lock_add_ref(under->grp_lock);
        pj_grp_lock_add_handler(under->grp_lock, pool, relay, on_destroyed);
    }
    relays[call] = relay;
    return &relay->base;
}

/* ---- who is handed to whom ---------------------------------------------------------------------------------------- */

void sip_relay_stream(pjsua_call_id call, pjmedia_stream *stream)
{
    if (call >= 0 && call < PJSUA_MAX_CALLS && relays[call]) {
        relays[call]->stream = stream;
        relays[call]->unread = relays[call]->quiet = 0;
    }
}

/* The bridge has a stream again; what its jitter buffer holds was said long ago. */
static void wake(struct relay *relay)
{
    if (!relay->unread || !relay->stream)
        return;
    pjmedia_stream_pause(relay->stream, PJMEDIA_DIR_DECODING);
    pjmedia_stream_resume(relay->stream, PJMEDIA_DIR_ENCODING_DECODING);
    relay->unread = relay->quiet = 0;
}

void sip_relay_fresh(pjsua_call_id call)
{
    struct relay *relay = call >= 0 && call < PJSUA_MAX_CALLS ? relays[call] : NULL;

    if (!relay || !relay->stream)
        return;
    pjmedia_stream_pause(relay->stream, PJMEDIA_DIR_DECODING); /* empties the jitter buffer */
    pjmedia_stream_resume(relay->stream, PJMEDIA_DIR_DECODING);
}

void sip_relay_read(pjsua_call_id call, int on)
{
    struct relay *relay = call >= 0 && call < PJSUA_MAX_CALLS ? relays[call] : NULL;

    if (relay && on)
        wake(relay);
    else if (relay)
        relay->unread = relay->partner != NULL;
}

pjmedia_port *sip_relay_port(pjsua_call_id call)
{
    pjmedia_port *port = NULL;

    if (call < 0 || call >= PJSUA_MAX_CALLS || !relays[call] || !relays[call]->stream ||
        pjmedia_stream_get_port(relays[call]->stream, &port) != PJ_SUCCESS)
        return NULL;
    return port;
}

void sip_relay_look(void)
{
    for (int call = 0; call < PJSUA_MAX_CALLS; call++) {
        struct relay *relay = relays[call];
        int64_t now = microseconds();
        int quiet;

        if (!relay || !relay->stream)
            continue;
        pthread_mutex_lock(&lock);
        quiet = relay->partner && now - relay->handed_at < GAP && now - relay->keys_at > REST;
        pthread_mutex_unlock(&lock);
        if (quiet && !relay->quiet)
            pjmedia_stream_pause(relay->stream, PJMEDIA_DIR_ENCODING);
        else if (!quiet && relay->quiet)
            pjmedia_stream_resume(relay->stream, PJMEDIA_DIR_ENCODING);
        relay->quiet = quiet;
    }
}

void sip_relay_keys(pjsua_call_id call)
{
    struct relay *relay = call >= 0 && call < PJSUA_MAX_CALLS ? relays[call] : NULL;

    if (!relay)
        return;
    pthread_mutex_lock(&lock);
    relay->keys_at = microseconds(); /* the stream that is not quiet yet must not become so before it has sent them */
    pthread_mutex_unlock(&lock);
    if (relay->quiet)
        pjmedia_stream_resume(relay->stream, PJMEDIA_DIR_ENCODING);
    relay->quiet = 0;
}

static int encrypted(pjsua_call_id call)
{
    pjmedia_transport_info info;

    pjmedia_transport_info_init(&info);
    if (pjsua_call_get_med_transport_info(call, 0, &info) != PJ_SUCCESS)
        return 1;
    for (unsigned i = 0; i < info.specific_info_cnt; i++)
        if (info.spc_info[i].type == PJMEDIA_TRANSPORT_TYPE_SRTP &&
            ((const pjmedia_srtp_info *)info.spc_info[i].buffer)->active)
            return 1;
    return 0;
}

/* The stream of a leg whose sound may be handed on: both ways, in the clear. */
static int stream_of(pjsua_call_id call, pjmedia_stream_info *out)
{
    pjsua_call_info info;
    pjsua_stream_info stream;

    if (call < 0 || call >= PJSUA_MAX_CALLS || !relays[call] || !relays[call]->stream ||
        pjsua_call_get_info(call, &info) != PJ_SUCCESS || info.media_cnt < 1 ||
        info.media[0].status != PJSUA_CALL_MEDIA_ACTIVE ||
        pjsua_call_get_stream_info(call, 0, &stream) != PJ_SUCCESS || stream.type != PJMEDIA_TYPE_AUDIO)
        return 0;
    *out = stream.info.aud;
    return out->dir == PJMEDIA_DIR_ENCODING_DECODING && !encrypted(call);
}

static unsigned packet_of(const pjmedia_stream_info *stream)
{
    return (unsigned)stream->param->info.frm_ptime * stream->param->setting.frm_per_pkt;
}

static void prepare(struct relay *relay, const pjmedia_stream_info *stream)
{
    static const pj_str_t g722 = {(char *)(uintptr_t) "G722", 4};

    relay->pt_in = stream->rx_pt;
    relay->pt_out = stream->tx_pt;
    relay->ssrc = pj_htonl(stream->ssrc);
    relay->clock = pj_stricmp(&stream->fmt.encoding_name, &g722) ? stream->fmt.clock_rate : 8000; /* RFC 3551 4.5.2 */
}

int sip_relay_join(pjsua_call_id one, pjsua_call_id other)
{
    pjmedia_stream_info a, b;

    if (!sip_config.relay || !stream_of(one, &a) || !stream_of(other, &b) ||
        pj_stricmp(&a.fmt.encoding_name, &b.fmt.encoding_name) || a.fmt.clock_rate != b.fmt.clock_rate ||
        a.fmt.channel_cnt != b.fmt.channel_cnt || packet_of(&a) != packet_of(&b))
        return 0;
    pthread_mutex_lock(&lock);
    if (relays[one]->partner != relays[other]) {
        part(relays[one]);
        part(relays[other]);
        prepare(relays[one], &a);
        prepare(relays[other], &b);
        relays[one]->partner = relays[other];
        relays[other]->partner = relays[one];
    }
    pthread_mutex_unlock(&lock);
    relays[one]->unread = relays[other]->unread = 1;
    return 1;
}

void sip_relay_part(pjsua_call_id call)
{
    struct relay *relay = call >= 0 && call < PJSUA_MAX_CALLS ? relays[call] : NULL;

    if (!relay)
        return;
    pthread_mutex_lock(&lock);
    part(relay);
    pthread_mutex_unlock(&lock);
    wake(relay);
}
