/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who is let in. Requests outside a dialog stop here before PJSIP makes anything of them: REGISTER goes to our
 * registrar, an INVITE passes from a trunk's address or with a telephone's digest, all else is refused.
 */
#include "sip.h"

#include <netinet/in.h>
#include <pjsip_simple.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct asker {
    char call_id[128];
    char from[SIP_URI_MAX + 1];
    char source[80];
    sip_handle replaces; /* the leg its Replaces names */
};

static pj_bool_t on_request(pjsip_rx_data *rdata);
static pj_bool_t on_any_request(pjsip_rx_data *rdata);
static pj_status_t on_response(pjsip_tx_data *tdata);

static enum sip_gate gate_is;
static struct asker let_in; /* with an INVITE that is no call yet; without a Call-ID: nobody */

static pjsip_module gate = {
    .name = {(char *)(uintptr_t) "mod-lk-gate", 11},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_APPLICATION - 1, /* after dialogs have taken theirs, before pjsua */
    .on_rx_request = on_request,
    .on_tx_response = on_response,
};

static pjsip_module first = {
    .name = {(char *)(uintptr_t) "mod-lk-first", 12},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_UA_PROXY_LAYER - 1, /* before any dialog sees it */
    .on_rx_request = on_any_request,
};

/* What the gate found, kept in rdata for on_incoming_call: one place for each of the two kinds. */
struct sip_phone *sip_gate_phone(const pjsip_rx_data *rdata)
{
    return rdata->endpt_info.mod_data[gate.id];
}

struct sip_trunk *sip_gate_trunk(const pjsip_rx_data *rdata)
{
    return rdata->endpt_info.mod_data[first.id];
}

static void who_asks(const pjsip_rx_data *rdata, struct asker *asker)
{
    int size = 0;

    sip_copy(asker->call_id, sizeof asker->call_id, &rdata->msg_info.cid->id);
    if (rdata->msg_info.from->uri)
        size = pjsip_uri_print(PJSIP_URI_IN_FROMTO_HDR, pjsip_uri_get_uri(rdata->msg_info.from->uri), asker->from,
                               sizeof asker->from - 1);
    asker->from[size > 0 ? size : 0] = '\0';
    sip_place(asker->source, sizeof asker->source, &rdata->pkt_info.src_addr);
}

void sip_refused(const pjsip_rx_data *rdata, int code, const char *why)
{
    struct asker asker;
    char name[32];
    const char *text[] = {name, why, asker.from, asker.source};

    sip_copy(name, sizeof name, &rdata->msg_info.msg->line.req.method.name);
    who_asks(rdata, &asker);
    sip_tell_c(SIP_EV_REFUSED, 0, code, 0, 4, text);
}

void sip_later(pjsip_generic_string_hdr *header)
{
    static pj_str_t name = {(char *)(uintptr_t) "Retry-After", 11}, seconds = {(char *)(uintptr_t) "5", 1};

    pjsip_generic_string_hdr_init2(header, &name, &seconds);
}

void sip_refuse(pjsip_rx_data *rdata, int code, const char *why)
{
    pjsip_generic_string_hdr later;
    pjsip_hdr headers;

    pj_list_init(&headers);
    if (code == 503) {
        sip_later(&later);
        pj_list_push_back(&headers, &later);
    } else if (code == 423) {
        pj_list_push_back(&headers, pjsip_min_expires_hdr_create(rdata->tp_info.pool, sip_config.min_expires));
    } else if (code == 405 || code == 489) {
        const pjsip_hdr *allow = code == 489 ? pjsip_evsub_get_allow_events_hdr(NULL)
                                             : pjsip_endpt_get_capability(pjsua_get_pjsip_endpt(), PJSIP_H_ALLOW, NULL);

        if (allow)
            pj_list_push_back(&headers, pjsip_hdr_clone(rdata->tp_info.pool, allow));
    }
    pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, code, NULL, &headers, NULL);
    sip_refused(rdata, code, why);
}

/* PJSIP refuses some of those let in by itself, and tells nobody: no codec in common, a body that is no SDP. */
static pj_status_t on_response(pjsip_tx_data *tdata)
{
    const pjsip_status_line *status = &tdata->msg->line.status;
    const pjsip_cid_hdr *call = PJSIP_MSG_CID_HDR(tdata->msg);
    char call_id[sizeof let_in.call_id], why[80];
    const char *text[] = {"INVITE", why, let_in.from, let_in.source};

    if (!let_in.call_id[0] || status->code < 300 || !call)
        return PJ_SUCCESS;
    sip_copy(call_id, sizeof call_id, &call->id);
    if (strcmp(call_id, let_in.call_id) == 0) {
        sip_copy(why, sizeof why, &status->reason);
        sip_tell_c(SIP_EV_REFUSED, 0, status->code, 0, 4, text);
        sip_gate_is_call();
    }
    return PJ_SUCCESS;
}

sip_handle sip_gate_is_call(void)
{
    let_in.call_id[0] = '\0';
    return let_in.replaces;
}

/* An address of one link says nothing without the link's name, which SIP has no place for: nothing of ours would reach it. */
static int is_of_one_link(const pj_sockaddr *address)
{
    return address->addr.sa_family == pj_AF_INET6() && IN6_IS_ADDR_LINKLOCAL(pj_sockaddr_get_addr(address));
}

static void refuse_link_local(pjsip_rx_data *rdata)
{
    static const pj_str_t said = {(char *)(uintptr_t) "Link-local address: use a global or unique local one", 52};

    pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, 403, &said, NULL, NULL);
    sip_refused(rdata, 403, "its address is of one link alone (fe80::/10): give the telephone a global or unique local one");
}

/* Lets a telephone through, or answers the request. */
static const struct sip_phone *authenticate(pjsip_rx_data *rdata)
{
    const struct sip_phone *phone = NULL;
    pj_str_t user = sip_digest_user(rdata);
    enum sip_verdict verdict;

    if (!sip_guard_may_try(rdata, &user))
        return NULL;
    switch ((verdict = sip_digest_verify(rdata, &phone))) {
    case SIP_ALLOWED:
        sip_guard_right(rdata);
        sip_streams_right(rdata);
        if (is_of_one_link(&rdata->pkt_info.src_addr)) {
            refuse_link_local(rdata);
            break;
        }
        if (!(phone->with & SIP_WITH_PROOF) || rdata->tp_info.transport->flag & PJSIP_TRANSPORT_SECURE)
            return phone;
        sip_refuse(rdata, 403, "this telephone is to use TLS");
        break;
    case SIP_NO_CREDENTIALS:
    case SIP_STALE:
        if (sip_guard_asked(rdata))
            sip_digest_challenge(rdata, verdict == SIP_STALE);
        break;
    case SIP_WRONG:
        if (sip_guard_wrong(rdata, &user))
            sip_refuse(rdata, 403, "wrong user or password");
        break;
    }
    return NULL;
}

/* The same, but for what registers and is a line: it has no lamps to be told of. */
static const struct sip_phone *authenticate_telephone(pjsip_rx_data *rdata)
{
    const struct sip_phone *phone = authenticate(rdata);

    if (!phone || !(phone->with & SIP_WITH_LINE))
        return phone;
    sip_refuse(rdata, 403, "a line is told of nobody's calls");
    return NULL;
}

/* Who calls: a trunk by where it is, else by digest a telephone, or a gateway that calls from elsewhere than it registered
 * from, or from where a telephone plugged into it did so, too. 0, or the request was answered. */
static int caller_of(pjsip_rx_data *rdata, struct sip_trunk **trunk, const struct sip_phone **phone)
{
    if (*trunk && !((*trunk)->with & SIP_WITH_LINE && sip_registrar_phone_at(rdata)))
        return 0;
    *trunk = NULL;
    if (!(*phone = authenticate(rdata)))
        return -1;
    if (!((*phone)->with & SIP_WITH_LINE))
        return 0;
    if (!(*trunk = sip_trunk_of_phone(*phone))) {
        sip_refuse(rdata, 403, "a line that calls has to be registered");
        return -1;
    }
    *phone = NULL;
    return 0;
}

/* By default PJSIP lets it take any call: it sees none. 0 when it may pass. */
static int replaces_let_in(pjsip_rx_data *rdata, const struct sip_phone *phone, sip_handle *leg)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Replaces", 8};
    pjsip_hdr *header = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &name, NULL);
    int code;

    *leg = 0;
    if (!header)
        return 0;
    if (!phone) {
        sip_refuse(rdata, 603, "taking a call by Replaces is not offered");
        return 603;
    }
    if ((code = sip_replaces_take(rdata, leg)) != 0) {
        sip_refuse(rdata, code, "Replaces names no call that may be taken");
        return code;
    }
    pj_list_erase(header);
    return 0;
}

/* Does the caller take an answer in SDP? Who does not say takes nothing else (RFC 3261 section 20.1). */
static int accepts_sdp(const pjsip_rx_data *rdata)
{
    static const char *const kinds[] = {"application/sdp", "application/*", "*/*"};
    const pjsip_accept_hdr *accept = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_ACCEPT, NULL);

    if (!accept || !accept->count)
        return 1;
    for (unsigned i = 0; i < accept->count; i++)
        for (size_t j = 0; j < PJ_ARRAY_SIZE(kinds); j++) {
            pj_ssize_t size = (pj_ssize_t)strlen(kinds[j]);

            if (accept->values[i].slen >= size && strncasecmp(accept->values[i].ptr, kinds[j], (size_t)size) == 0)
                return 1;
        }
    return 0;
}

static pj_bool_t on_invite(pjsip_rx_data *rdata)
{
    struct sip_trunk *trunk = sip_trunk_of_source(rdata);
    const struct sip_phone *phone = NULL;
    sip_handle replaces;

    if (gate_is == SIP_GATE_NO_CALLS || sip_events_waiting() > SIP_EVENTS_BUSY || pjsua_call_get_count() + 8 > PJSUA_MAX_CALLS) {
        if (trunk || sip_guard_asked(rdata))
            sip_refuse(rdata, 503, gate_is == SIP_GATE_NO_CALLS ? "about to end" : "busy");
        return PJ_TRUE;
    }
    if (caller_of(rdata, &trunk, &phone))
        return PJ_TRUE;
    if (!accepts_sdp(rdata)) {
        sip_refuse(rdata, 406, "takes no answer in SDP");
        return PJ_TRUE;
    }
    if (replaces_let_in(rdata, phone, &replaces))
        return PJ_TRUE;
    rdata->endpt_info.mod_data[first.id] = trunk;
    rdata->endpt_info.mod_data[gate.id] = (void *)(uintptr_t)phone;
    who_asks(rdata, &let_in);
    let_in.replaces = replaces;
    return PJ_FALSE;
}

/* What PJSIP lets pass though RFC 3261 does not (RFC 4475 sections 3.1.2, 3.3): NULL, or what is wrong. */
static const char *fault_of(const pjsip_rx_data *rdata)
{
    static const int single[] = {PJSIP_H_FROM, PJSIP_H_TO,           PJSIP_H_CALL_ID,
                                 PJSIP_H_CSEQ, PJSIP_H_MAX_FORWARDS, PJSIP_H_CONTENT_LENGTH};
    const pjsip_msg *message = rdata->msg_info.msg;
    const pjsip_clen_hdr *length = rdata->msg_info.clen;
    int seen = 0;

    if (pjsip_method_cmp(&message->line.req.method, &rdata->msg_info.cseq->method) != 0)
        return "CSeq names another method";
    if (length && rdata->msg_info.ctype && length->len > (message->body ? (int)message->body->len : 0) &&
        !(message->body && pj_stricmp2(&message->body->content_type.type, "multipart") == 0)) /* kept in parts */
        return "shorter than it says";
    for (const pjsip_hdr *one = message->hdr.next; one != &message->hdr; one = one->next)
        for (size_t i = 0; i < PJ_ARRAY_SIZE(single); i++)
            if (one->type == (pjsip_hdr_e)single[i]) {
                if (seen & 1 << i)
                    return "twice what may be there once";
                seen |= 1 << i;
            }
    return NULL;
}

/* What is required and not known here; else a slen of 0. */
static pj_str_t not_known(const pjsip_rx_data *rdata)
{
    const pjsip_hdr *end = &rdata->msg_info.msg->hdr;
    pj_str_t none = {NULL, 0};

    for (const pjsip_hdr *one = end->next; one != end; one = one->next) {
        const pjsip_generic_array_hdr *required = (const pjsip_generic_array_hdr *)one;

        if (one->type != PJSIP_H_REQUIRE)
            continue;
        for (unsigned i = 0; i < required->count; i++)
            if (!pjsip_endpt_has_capability(pjsua_get_pjsip_endpt(), PJSIP_H_SUPPORTED, NULL, &required->values[i]))
                return required->values[i];
    }
    return none;
}

/* What the box can do, whoever is asked for: no account is named, nor what runs here. PJSIP's own answer names it. */
static void on_options(pjsip_rx_data *rdata)
{
    static const pj_str_t accept = {(char *)(uintptr_t) "Accept", 6};
    static const int told[] = {PJSIP_H_ALLOW, PJSIP_H_SUPPORTED};
    static const pj_str_t unsupported = {(char *)(uintptr_t) "Unsupported", 11};
    pj_str_t sdp = {(char *)(uintptr_t) "application/sdp", 15}, unknown = not_known(rdata);
    pjsip_hdr headers;

    pj_list_init(&headers);
    if (unknown.slen) {
        pj_list_push_back(&headers, pjsip_generic_string_hdr_create(rdata->tp_info.pool, &unsupported, &unknown));
        pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, 420, NULL, &headers, NULL);
        return;
    }
    for (size_t i = 0; i < PJ_ARRAY_SIZE(told); i++) {
        const pjsip_hdr *one = pjsip_endpt_get_capability(pjsua_get_pjsip_endpt(), told[i], NULL);

        if (one)
            pj_list_push_back(&headers, pjsip_hdr_clone(rdata->tp_info.pool, one));
    }
    pj_list_push_back(&headers, pjsip_generic_string_hdr_create(rdata->tp_info.pool, &accept, &sdp));
    pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, 200, NULL, &headers, NULL);
}

static pj_bool_t on_request(pjsip_rx_data *rdata)
{
    const pjsip_method *method = &rdata->msg_info.msg->line.req.method;
    int within = rdata->msg_info.to->tag.slen > 0; /* a dialog; those of ours have taken theirs */
    const struct sip_phone *phone;

    if (method->id == PJSIP_REGISTER_METHOD) {
        if ((phone = authenticate(rdata)))
            sip_registrar_register(rdata, phone);
        return PJ_TRUE;
    }
    if (method->id == PJSIP_INVITE_METHOD && !within)
        return on_invite(rdata);
    if (!within && pj_strcmp2(&method->name, "SUBSCRIBE") == 0) {
        if ((phone = authenticate_telephone(rdata)))
            sip_watch_subscribe(rdata, phone);
        return PJ_TRUE;
    }
    if (!sip_guard_asked(rdata))
        return PJ_TRUE;
    if (within || method->id == PJSIP_ACK_METHOD || method->id == PJSIP_CANCEL_METHOD)
        return PJ_FALSE;
    if (method->id == PJSIP_OPTIONS_METHOD) {
        on_options(rdata);
        return PJ_TRUE;
    }
    if (method->id == PJSIP_BYE_METHOD)
        sip_refuse(rdata, 481, "no such call");
    else
        sip_refuse(rdata, 405, "not used here");
    return PJ_TRUE;
}

void sip_gate_set(enum sip_gate is)
{
    if (is == SIP_GATE_NO_CALLS && gate_is == SIP_GATE_CLOSED) /* it ends before it began */
        return;
    gate_is = is;
    if (is == SIP_GATE_OPEN)
        sip_tell(SIP_EV_OPEN, 0, 0, 0, 0, NULL);
}

enum sip_gate sip_gate_now(void)
{
    return gate_is;
}

/* Before any dialog sees it: who refreshes a subscription is asked who he is, too. */
static pj_bool_t on_any_request(pjsip_rx_data *rdata)
{
    const pj_str_t *method = &rdata->msg_info.msg->line.req.method.name;
    int within = rdata->msg_info.to->tag.slen > 0;
    const struct sip_phone *phone;
    const char *fault;

    if (gate_is == SIP_GATE_CLOSED) /* who asks before the telephones are known would be told that his is not one of them */
        return PJ_TRUE;
    if ((fault = fault_of(rdata))) {
        if (sip_guard_asked(rdata) && rdata->msg_info.msg->line.req.method.id != PJSIP_ACK_METHOD)
            sip_refuse(rdata, 400, fault);
        return PJ_TRUE;
    }
    if (within && pj_strcmp2(method, "SUBSCRIBE") == 0)
        return !(phone = authenticate_telephone(rdata)) || sip_watch_refused(rdata, phone);
    if (within || pj_strcmp2(method, "REFER") != 0)
        return PJ_FALSE;
    if (sip_guard_asked(rdata))
        sip_refuse(rdata, 603, "transfer by REFER is of a call only");
    return PJ_TRUE;
}

pj_status_t sip_gate_init(void)
{
    pj_status_t status = pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &gate);

    return status == PJ_SUCCESS ? pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &first) : status;
}
