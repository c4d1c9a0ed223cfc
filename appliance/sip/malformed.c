/* SPDX-License-Identifier: GPL-2.0-or-later
 * PJSIP drops without a word what it cannot parse. A request whose sender can be answered gets a 400 (RFC 4475
 * section 3.1.2), made from its own lines, sent where it came from and nowhere else. Of a response the headers that cannot
 * be parsed are left out, and it is received again: who waits for it hears at once that a call is refused or answered.
 */
#include "sip.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_ECHOED 512
#define ANSWER_MAX 3000

struct line {
    const char *at;
    size_t size;
};

static int next_line(struct line *rest, struct line *line)
{
    const char *end = memchr(rest->at, '\n', rest->size);

    if (!end)
        return 0;
    line->at = rest->at;
    line->size = (size_t)(end - rest->at);
    if (line->size && line->at[line->size - 1] == '\r')
        line->size--;
    rest->size -= (size_t)(end + 1 - rest->at);
    rest->at = end + 1;
    return line->size > 0; /* the empty line ends the headers */
}

/* Which of the headers a response repeats (RFC 3261 section 8.2.6.2) this is: bit, or 0. */
static int echoed(const struct line *line)
{
    static const struct {
        const char *name;
        int bit;
    } names[] = {{"via", 1}, {"v", 1}, {"from", 2}, {"f", 2}, {"to", 4}, {"t", 4}, {"call-id", 8}, {"i", 8}, {"cseq", 16}};
    size_t size = 0;

    while (size < line->size && line->at[size] != ':' && line->at[size] != ' ' && line->at[size] != '\t')
        size++;
    for (size_t i = 0; i < PJ_ARRAY_SIZE(names); i++)
        if (strlen(names[i].name) == size && strncasecmp(names[i].name, line->at, size) == 0)
            return names[i].bit;
    return 0;
}

/* Is what is asked for named by a scheme (RFC 3986 section 3.1) that is none of SIP's? */
static int is_foreign(const struct line *first)
{
    static const char *const ours[] = {"sip:", "sips:", "tel:"};
    const char *uri = memchr(first->at, ' ', first->size), *end = first->at + first->size, *at;

    if (!uri)
        return 0;
    for (at = ++uri; at < end && (isalnum((unsigned char)*at) || (*at && strchr("+-.", *at))); at++)
        ;
    if (at == uri || at == end || *at != ':')
        return 0;
    for (size_t i = 0; i < PJ_ARRAY_SIZE(ours); i++)
        if (strncasecmp(uri, ours[i], strlen(ours[i])) == 0)
            return 0;
    return 1;
}

/* The status to answer with: 400, 416 for a URI of another scheme, 505 for another version, 0 for what is no request or
 * must not be answered. */
static int status_of(const struct line *first)
{
    static const char version[] = " SIP/2.0";
    size_t size = sizeof version - 1;
    const char *end = first->at + first->size - size;

    if (first->size <= size || strncmp(first->at, "SIP/", 4) == 0 || strncmp(first->at, "ACK ", 4) == 0)
        return 0;
    if (memcmp(end, version, size) == 0)
        return is_foreign(first) ? 416 : 400;
    return memcmp(end, version, 5) == 0 ? 505 : 0;
}

/* Length of the answer, its status at *status; 0 when it cannot be answered: an answer needs what is missing. */
static int answer_of(const char *data, size_t size, char *out, int *status)
{
    struct line rest = {data, size}, line;
    int at, found = 0;

    if (!next_line(&rest, &line) || !(*status = status_of(&line)))
        return 0;
    at = snprintf(out, ANSWER_MAX, "SIP/2.0 %s\r\n",
                  *status == 400   ? "400 Bad Request"
                  : *status == 416 ? "416 Unsupported URI Scheme"
                                   : "505 Version Not Supported");
    while (next_line(&rest, &line)) {
        int bit = echoed(&line);

        if (!bit || (bit != 1 && found & bit))
            continue;
        if (line.size > LINE_MAX_ECHOED || at + (int)line.size + 64 > ANSWER_MAX)
            return 0;
        at += snprintf(out + at, (size_t)(ANSWER_MAX - at), "%.*s%s\r\n", (int)line.size, line.at,
                       bit == 4 && !memmem(line.at, line.size, ";tag=", 5) ? ";tag=malformed" : "");
        found |= bit;
    }
    if (found != 31)
        return 0;
    at += snprintf(out + at, (size_t)(ANSWER_MAX - at), "Content-Length: 0\r\n\r\n");
    return at;
}

/* Where a dropped message came from. PJSIP does not say; for UDP it hands out its own buffer, the packet within the
 * receive structure, and one packet is one message, at most after line ends, of which we were told just before. */
static const pj_sockaddr *source_of(const pjsip_tp_dropped_data *dropped, const char *packet, int *size)
{
    const pjsip_rx_data *rdata;

    if (!(dropped->tp->flag & PJSIP_TRANSPORT_DATAGRAM)) {
        *size = dropped->tp->addr_len;
        return &dropped->tp->key.rem_addr;
    }
    rdata = (const pjsip_rx_data *)(const void *)(packet - offsetof(pjsip_rx_data, pkt_info.packet));
    *size = rdata->pkt_info.src_addr_len;
    return rdata->tp_info.transport == dropped->tp ? &rdata->pkt_info.src_addr : NULL;
}

static int is_response(const char *data, size_t size)
{
    return size > 8 && strncmp(data, "SIP/2.0 ", 8) == 0;
}

/* Takes the header that begins at `at`, with the lines it goes on in, out of the text; its new size. */
static size_t take_out(char *text, size_t size, size_t at)
{
    struct line rest = {text + at, size - at}, line;
    size_t after;

    while (next_line(&rest, &line) && rest.size && (*rest.at == ' ' || *rest.at == '\t'))
        ;
    after = (size_t)(rest.at - text);
    memmove(text + at, text + after, size - after);
    return size - (after - at);
}

/* The response without what cannot be parsed of it; its size, 0 when it is more than whole headers. */
static size_t without_faults(pj_pool_t *pool, char *parsed, char *out, size_t size)
{
    pjsip_parser_err_report faults, *one;

    memcpy(out, parsed, size);
    pj_list_init(&faults);
    pjsip_parse_msg(pool, parsed, size, &faults);
    for (one = faults.prev; one != &faults; one = one->prev) { /* the last first: what is before it stays in its place */
        if (one->hname.slen <= 0 || one->hname.ptr < parsed || one->hname.ptr >= parsed + size)
            return 0;
        size = take_out(out, size, (size_t)(one->hname.ptr - parsed));
    }
    return pj_list_empty(&faults) ? 0 : size;
}

static int again; /* a response is received again, and not dropped so far */

/* Has PJSIP receive a response again that it has dropped; 1 when it was not dropped once more. */
static int receive_again(pjsip_transport *transport, char *data, size_t size, const pj_sockaddr *from, int from_size)
{
    static pjsip_rx_data rdata;
    pj_pool_t *pool = pjsua_pool_create("again", 4000, 4000);
    int taken;

    if (!pool)
        return 0;
    memset(&rdata, 0, sizeof rdata);
    rdata.tp_info.pool = pool;
    rdata.tp_info.transport = transport;
    rdata.pkt_info.len = (pj_ssize_t)without_faults(pool, data, rdata.pkt_info.packet, size);
    rdata.pkt_info.packet[rdata.pkt_info.len] = '\0';
    pj_gettimeofday(&rdata.pkt_info.timestamp);
    pj_sockaddr_cp(&rdata.pkt_info.src_addr, from);
    rdata.pkt_info.src_addr_len = from_size;
    pj_sockaddr_print(from, rdata.pkt_info.src_name, sizeof rdata.pkt_info.src_name, 0);
    rdata.pkt_info.src_port = pj_sockaddr_get_port(from);
    again = rdata.pkt_info.len > 0;
    if (again)
        pjsip_tpmgr_receive_packet(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), &rdata);
    pj_pool_release(pool);
    taken = again;
    again = 0;
    return taken;
}

static void on_dropped(pjsip_tp_dropped_data *dropped)
{
    static struct line line_ends; /* just told of; the message begins behind them */
    const char *packet = dropped->data;
    char answer[ANSWER_MAX], copy[PJSIP_MAX_PKT_LEN], source[SIP_PLACE_MAX];
    const char *text[] = {"malformed", "cannot be parsed", "", source};
    size_t size = dropped->len < sizeof copy ? dropped->len : sizeof copy - 1;
    pjsip_tpselector selector = {.type = PJSIP_TPSELECTOR_TRANSPORT, .u.transport = dropped->tp};
    const pj_sockaddr *to;
    int length, status = 0, to_size;

    if (again) {
        again = 0; /* and for good */
        return;
    }
    if (line_ends.size && packet == line_ends.at + line_ends.size)
        packet = line_ends.at;
    line_ends = (struct line){dropped->data, dropped->status == PJ_EIGNORED ? dropped->len : 0};
    sip_fence_of(dropped->tp);
    if ((dropped->status != PJSIP_EINVALIDMSG && dropped->status != PJSIP_EMISSINGHDR) ||
        !(to = source_of(dropped, packet, &to_size)) || !sip_guard_malformed(to))
        return;
    memcpy(copy, dropped->data, size);
    copy[size] = '\0';
    length = answer_of(copy, size, answer, &status);
    sip_place(source, sizeof source, to);
    if (is_response(copy, size) && receive_again(dropped->tp, copy, size, to, to_size))
        text[1] = "a header that cannot be parsed is left out";
    sip_tell_c(SIP_EV_REFUSED, 0, length ? status : 0, 0, 4, text);
    if (length)
        pjsip_tpmgr_send_raw(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), dropped->tp->key.type, &selector, NULL,
                             answer, (pj_size_t)length, to, to_size, NULL, NULL);
}

pj_status_t sip_malformed_init(void)
{
    return pjsip_tpmgr_set_drop_data_cb(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), on_dropped);
}
