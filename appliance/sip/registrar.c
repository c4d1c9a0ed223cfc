/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registrar (RFC 3261 section 10.3): several contacts an account, told to Python, which keeps them over a restart.
 */
#include "sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_EXPIRES 3600
#define BINDINGS_MAX (SIP_PHONES * 4)

static struct binding {
    char phone[SIP_NAME_MAX + 1];
    char contact[SIP_URI_MAX + 1]; /* as the telephone gave it */
    char target[SIP_URI_MAX + 1];  /* where its calls go: the contact, at the address it was heard from */
    char agent[64];
    char call_id[128];
    int cseq;
    int64_t expires; /* unix s */
} bindings[BINDINGS_MAX];
static int binding_count;

static void told(const struct binding *binding)
{
    const char *text[] = {binding->phone, binding->contact, binding->target, binding->agent};

    sip_tell_c(SIP_EV_BOUND, 0, 0, binding->expires, 4, text);
}

static void drop(struct binding *binding, const char *why)
{
    const char *text[] = {binding->phone, binding->contact, why};

    sip_tell_c(SIP_EV_UNBOUND, 0, 0, 0, 3, text);
    *binding = bindings[--binding_count];
}

static struct binding *find(const char *phone, const char *contact)
{
    for (int i = 0; i < binding_count; i++)
        if (strcmp(bindings[i].phone, phone) == 0 && (!contact || strcmp(bindings[i].contact, contact) == 0))
            return &bindings[i];
    return NULL;
}

void sip_registrar_forget(const char *phone)
{
    struct binding *binding;

    while ((binding = find(phone, NULL)))
        drop(binding, "removed");
}

void sip_registrar_expire(void)
{
    int64_t now = sip_now().sec;

    for (int i = 0; i < binding_count;) {
        if (bindings[i].expires <= now)
            drop(&bindings[i], "expired");
        else
            i++;
    }
}

static struct binding *place(const char *phone, const char *contact)
{
    struct binding *binding = find(phone, contact), *oldest = NULL;
    int same = 0;

    if (binding)
        return binding;
    for (int i = 0; i < binding_count; i++) {
        if (strcmp(bindings[i].phone, phone) != 0)
            continue;
        same++;
        if (!oldest || bindings[i].expires < oldest->expires)
            oldest = &bindings[i];
    }
    if (same >= SIP_CONTACTS)
        drop(oldest, "replaced");
    if (binding_count == BINDINGS_MAX)
        return NULL;
    binding = &bindings[binding_count++];
    memset(binding, 0, sizeof *binding);
    snprintf(binding->phone, sizeof binding->phone, "%s", phone);
    snprintf(binding->contact, sizeof binding->contact, "%s", contact);
    return binding;
}

void sip_registrar_bind(const struct sip_command *command)
{
    pj_str_t id = pj_str(command->text[0]);
    struct binding *binding;

    if (!sip_phone_find(&id) || command->value <= sip_now().sec || strlen(command->text[1]) > SIP_URI_MAX)
        return;
    binding = place(command->text[0], command->text[1]);
    if (!binding)
        return;
    snprintf(binding->target, sizeof binding->target, "%s", command->text[2]);
    snprintf(binding->agent, sizeof binding->agent, "%s", command->text[3]);
    binding->expires = command->value;
    told(binding);
}

/* The contact at the address the request came from: a telephone behind NAT is reached no other way. */
static int target_of(const pjsip_rx_data *rdata, const pjsip_sip_uri *uri, char *out, size_t size)
{
    pjsip_sip_uri *there = pjsip_uri_clone(rdata->tp_info.pool, uri);
    int length;

    pj_strdup2(rdata->tp_info.pool, &there->host, rdata->pkt_info.src_name);
    there->port = rdata->pkt_info.src_port;
    if (rdata->tp_info.transport->key.type & PJSIP_TRANSPORT_TCP & ~PJSIP_TRANSPORT_IPV6)
        there->transport_param = rdata->tp_info.transport->key.type == PJSIP_TRANSPORT_TCP
                                     ? pj_str((char *)(uintptr_t) "tcp")
                                     : there->transport_param;
    length = pjsip_uri_print(PJSIP_URI_IN_CONTACT_HDR, there, out, size - 1);
    if (length <= 0)
        return -1;
    out[length] = '\0';
    return 0;
}

static void agent_of(const pjsip_rx_data *rdata, char *out, size_t size)
{
    static const pj_str_t name = {(char *)(uintptr_t) "User-Agent", 10};
    const pjsip_generic_string_hdr *header = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &name, NULL);

    out[0] = '\0';
    if (header)
        sip_copy(out, size, &header->hvalue);
}

static unsigned expires_of(const pjsip_rx_data *rdata, const pjsip_contact_hdr *contact)
{
    const pjsip_expires_hdr *header = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_EXPIRES, NULL);

    if (contact && contact->expires != PJSIP_EXPIRES_NOT_SPECIFIED)
        return contact->expires;
    return header ? header->ivalue : DEFAULT_EXPIRES;
}

/* 0 taken, or the status to refuse the whole request with. */
static int contact_take(const pjsip_rx_data *rdata, const struct sip_phone *phone, const pjsip_contact_hdr *contact,
                        int dry)
{
    unsigned expires = expires_of(rdata, contact);
    const pjsip_uri *uri = contact->uri ? pjsip_uri_get_uri(contact->uri) : NULL;
    char text[SIP_URI_MAX + 1], target[SIP_URI_MAX + 1], call_id[128];
    struct binding *binding;
    int length;

    if (!uri || !(PJSIP_URI_SCHEME_IS_SIP(uri) || PJSIP_URI_SCHEME_IS_SIPS(uri)))
        return 416;
    length = pjsip_uri_print(PJSIP_URI_IN_CONTACT_HDR, uri, text, sizeof text - 1);
    if (length <= 0 || target_of(rdata, (const pjsip_sip_uri *)uri, target, sizeof target))
        return 400; /* longer than any telephone's */
    text[length] = '\0';
    if (expires && expires < sip_config.min_expires)
        return 423;
    if (expires > sip_config.max_expires)
        expires = sip_config.max_expires;
    sip_copy(call_id, sizeof call_id, &rdata->msg_info.cid->id);
    binding = find(phone->id, text);
    if (binding && strcmp(binding->call_id, call_id) == 0 && rdata->msg_info.cseq->cseq <= binding->cseq)
        return 500; /* out of order, RFC 3261 section 10.3 step 7 */
    if (dry)
        return 0;
    if (!expires) {
        if (binding)
            drop(binding, "removed");
        return 0;
    }
    if (!binding && !(binding = place(phone->id, text)))
        return 503;
    memcpy(binding->target, target, sizeof target);
    memcpy(binding->call_id, call_id, sizeof call_id);
    agent_of(rdata, binding->agent, sizeof binding->agent);
    binding->cseq = rdata->msg_info.cseq->cseq;
    binding->expires = sip_now().sec + (int64_t)expires;
    told(binding);
    return 0;
}

static void granted(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    pjsip_tx_data *tdata;
    pjsip_response_addr address;
    int64_t now = sip_now().sec;

    if (pjsip_endpt_create_response(pjsua_get_pjsip_endpt(), rdata, 200, NULL, &tdata) != PJ_SUCCESS)
        return;
    for (int i = 0; i < binding_count; i++) {
        pjsip_contact_hdr *contact;
        pj_str_t uri;

        if (strcmp(bindings[i].phone, phone->id) != 0)
            continue;
        contact = pjsip_contact_hdr_create(tdata->pool);
        pj_strdup2_with_null(tdata->pool, &uri, bindings[i].contact);
        contact->uri = pjsip_parse_uri(tdata->pool, uri.ptr, (pj_size_t)uri.slen, PJSIP_PARSE_URI_AS_NAMEADDR);
        contact->expires = (unsigned)(bindings[i].expires - now);
        if (contact->uri)
            pjsip_msg_add_hdr(tdata->msg, (pjsip_hdr *)contact);
    }
    if (pjsip_get_response_addr(tdata->pool, rdata, &address) != PJ_SUCCESS ||
        pjsip_endpt_send_response(pjsua_get_pjsip_endpt(), &address, tdata, NULL, NULL) != PJ_SUCCESS)
        pjsip_tx_data_dec_ref(tdata);
}

static void refused(pjsip_rx_data *rdata, int code)
{
    pjsip_min_expires_hdr *least;
    pjsip_hdr headers;

    if (code != 423) {
        sip_refuse(rdata, code, code == 500 ? "out of order" : "bad contact");
        return;
    }
    pj_list_init(&headers);
    least = pjsip_min_expires_hdr_create(rdata->tp_info.pool, sip_config.min_expires);
    pj_list_push_back(&headers, least);
    pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, code, NULL, &headers, NULL);
}

void sip_registrar_register(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    const pjsip_sip_uri *to = pjsip_uri_get_uri(rdata->msg_info.to->uri);
    const pjsip_contact_hdr *contact = NULL;
    const pjsip_hdr *hdr;
    int code = 0;

    if (!PJSIP_URI_SCHEME_IS_SIP(to) || pj_strcmp2(&to->user, phone->id) != 0) {
        sip_refuse(rdata, 403, "account of another");
        return;
    }
    contact = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_CONTACT, NULL);
    if (contact && contact->star) {
        if (expires_of(rdata, NULL) != 0 || pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_CONTACT, contact->next)) {
            refused(rdata, 400);
            return;
        }
        sip_registrar_forget(phone->id);
        granted(rdata, phone);
        return;
    }
    for (int dry = 1; dry >= 0 && !code; dry--) /* all or nothing */
        for (hdr = rdata->msg_info.msg->hdr.next; hdr != &rdata->msg_info.msg->hdr && !code; hdr = hdr->next)
            if (hdr->type == PJSIP_H_CONTACT)
                code = contact_take(rdata, phone, (const pjsip_contact_hdr *)hdr, dry);
    if (code)
        refused(rdata, code);
    else
        granted(rdata, phone);
}
