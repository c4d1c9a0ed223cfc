/* SPDX-License-Identifier: GPL-2.0-or-later
 * PJSIP drops without a word what it cannot parse. A request whose sender can be answered gets a 400 (RFC 4475
 * section 3.1.2), made from its own lines, sent where it came from and nowhere else.
 */
#include "sip.h"

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

static int is_request(const struct line *first)
{
    static const char version[] = " SIP/2.0";
    size_t size = sizeof version - 1;

    return first->size > size && memcmp(first->at + first->size - size, version, size) == 0 &&
           strncmp(first->at, "SIP/", 4) != 0 && strncmp(first->at, "ACK ", 4) != 0;
}

/* 0 when it cannot be answered: no request, or a header missing that an answer needs. */
static int answer_of(const char *data, size_t size, char *out)
{
    struct line rest = {data, size}, line;
    int at, found = 0;

    if (!next_line(&rest, &line) || !is_request(&line))
        return 0;
    at = snprintf(out, ANSWER_MAX, "SIP/2.0 400 Bad Request\r\n");
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

static void on_dropped(pjsip_tp_dropped_data *dropped)
{
    /* UDP: one message a datagram, so data is the packet within the receive structure, which has the source */
    const pjsip_rx_data *rdata =
        (const pjsip_rx_data *)(const void *)((const char *)dropped->data - offsetof(pjsip_rx_data, pkt_info.packet));
    char answer[ANSWER_MAX], copy[PJSIP_MAX_PKT_LEN], source[80] = "";
    const char *text[] = {"malformed", "cannot be parsed", "", source};
    size_t size = dropped->len < sizeof copy ? dropped->len : sizeof copy - 1;
    int length;

    if (dropped->status != PJSIP_EINVALIDMSG && dropped->status != PJSIP_EMISSINGHDR)
        return;
    if (!(dropped->tp->flag & PJSIP_TRANSPORT_DATAGRAM) || rdata->tp_info.transport != dropped->tp)
        return;
    memcpy(copy, dropped->data, size);
    copy[size] = '\0';
    length = answer_of(copy, size, answer);
    snprintf(source, sizeof source, "%s:%d", rdata->pkt_info.src_name, rdata->pkt_info.src_port);
    sip_tell_c(SIP_EV_REFUSED, 0, length ? 400 : 0, 0, 4, text);
    if (length) {
        pjsip_tpselector selector = {.type = PJSIP_TPSELECTOR_TRANSPORT, .u.transport = dropped->tp};

        pjsip_tpmgr_send_raw(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), dropped->tp->key.type, &selector, NULL,
                             answer, (pj_size_t)length, &rdata->pkt_info.src_addr, rdata->pkt_info.src_addr_len, NULL,
                             NULL);
    }
}

pj_status_t sip_malformed_init(void)
{
    return pjsip_tpmgr_set_drop_data_cb(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), on_dropped);
}
