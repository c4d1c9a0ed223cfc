/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registrar (RFC 3261 section 10.3): several contacts an account, told to Python, which keeps them over a restart.
 */
#include "sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_EXPIRES 3600

static struct binding {
    char phone[SIP_NAME_MAX + 1];
    char contact[SIP_URI_MAX + 1]; /* as the telephone gave it */
    char target[SIP_URI_MAX + 1];  /* where its calls go: the contact, at the address it was heard from */
    char agent[64];
    char call_id[128];
    int cseq;
    int64_t expires; /* s as ticks() counts them: setting the clock ends no registration */
} bindings[SIP_PHONES * SIP_CONTACTS]; /* room for all: place() keeps each account to its ten */
static int binding_count;

void sip_registrar_reset(void)
{
    binding_count = 0;
}

static int64_t ticks(void)
{
    pj_time_val now;

    pj_gettickcount(&now);
    return now.sec;
}

static void told(const struct binding *binding)
{
    const char *text[] = {binding->phone, binding->contact, binding->target, binding->agent};

    sip_tell_c(SIP_EV_BOUND, 0, 0, binding->expires - ticks() + sip_now().sec, 4, text);
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

int sip_registrar_is_at(const pj_str_t *phone, const pjsip_rx_data *rdata)
{
    char place[SIP_PLACE_MAX];
    size_t size = sip_place(place, sizeof place, &rdata->pkt_info.src_addr);

    for (int i = 0; i < binding_count; i++) {
        const char *target = strchr(bindings[i].target, '@');

        if (pj_strcmp2(phone, bindings[i].phone) == 0 && target++ && strncmp(target, place, size) == 0 &&
            (!target[size] || target[size] == ';'))
            return 1;
    }
    return 0;
}

int sip_registrar_phone_at(const pjsip_rx_data *rdata)
{
    for (int i = 0; i < binding_count; i++) {
        pj_str_t id = pj_str(bindings[i].phone);
        const struct sip_phone *phone = sip_phone_find(&id);

        if (phone && !(phone->with & SIP_WITH_LINE) && sip_registrar_is_at(&id, rdata))
            return 1;
    }
    return 0;
}

/* Who was here before a restart of ours may come back without being known by a right password yet. */
static void expect(const struct binding *binding)
{
    const char *at = strchr(binding->target, '@');
    pj_str_t host = {(char *)(uintptr_t)(at ? at + 1 : ""), 0};
    int brackets = host.ptr[0] == '[';

    host.ptr += brackets;
    host.slen = (pj_ssize_t)strcspn(host.ptr, brackets ? "]" : ":;");
    sip_guard_expected(&host, binding->expires - ticks());
}

void sip_registrar_tell(const char *phone, const char *event, const char *body)
{
    for (int i = 0; i < binding_count; i++)
        if (strcmp(bindings[i].phone, phone) == 0)
            sip_summary_tell(bindings[i].target, phone, event, body);
}

void sip_registrar_expire(void)
{
    int64_t now = ticks();

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

    if (!sip_phone_find(&id) || command->value <= sip_now().sec || strlen(command->text[1]) > SIP_URI_MAX ||
        strlen(command->text[2]) > SIP_URI_MAX)
        return;
    binding = place(command->text[0], command->text[1]);
    snprintf(binding->target, sizeof binding->target, "%s", command->text[2]);
    snprintf(binding->agent, sizeof binding->agent, "%s", command->text[3]);
    binding->expires = command->value - sip_now().sec + ticks();
    expect(binding);
    told(binding);
}

/* The contact at the address, and over the transport, the request came by: a telephone behind NAT is reached no other
 * way. What could lead a call elsewhere (maddr) or put words into it (method, headers) is left out. */
static int target_of(const pjsip_rx_data *rdata, const pjsip_sip_uri *uri, char *out, size_t size)
{
    pjsip_sip_uri *there = pjsip_uri_clone(rdata->tp_info.pool, uri);
    int length;

    sip_nat_rewrite(rdata, there);
    there->method_param.slen = 0;
    pj_list_init(&there->header_param);
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

/* A request older than what it wants to change (RFC 3261 section 10.3 steps 6 and 7). */
static int out_of_order(const pjsip_rx_data *rdata, const struct binding *binding)
{
    char call_id[sizeof binding->call_id];

    sip_copy(call_id, sizeof call_id, &rdata->msg_info.cid->id);
    return strcmp(binding->call_id, call_id) == 0 && rdata->msg_info.cseq->cseq <= binding->cseq;
}

/* Is it one that was here before, and goes on? A telephone that starts anew has another Call-ID. */
static int goes_on(const pjsip_rx_data *rdata, const struct binding *binding)
{
    char call_id[sizeof binding->call_id];

    sip_copy(call_id, sizeof call_id, &rdata->msg_info.cid->id);
    return binding && strcmp(binding->call_id, call_id) == 0;
}

/* 0 taken, or the status to refuse the whole request with. */
static int contact_take(const pjsip_rx_data *rdata, const struct sip_phone *phone, const pjsip_contact_hdr *contact,
                        int dry)
{
    unsigned expires = expires_of(rdata, contact);
    const pjsip_uri *uri = contact->uri ? pjsip_uri_get_uri(contact->uri) : NULL;
    char text[SIP_URI_MAX + 1], target[SIP_URI_MAX + 1];
    struct binding *binding;
    int length;

    if (!uri) /* a star among others */
        return 400;
    if (!PJSIP_URI_SCHEME_IS_SIP(uri) && !PJSIP_URI_SCHEME_IS_SIPS(uri))
        return 416;
    length = pjsip_uri_print(PJSIP_URI_IN_CONTACT_HDR, uri, text, sizeof text - 1);
    if (length <= 0 || target_of(rdata, (const pjsip_sip_uri *)uri, target, sizeof target))
        return 400; /* longer than any telephone's */
    text[length] = '\0';
    if (expires && expires < sip_config.min_expires)
        return 423;
    if (expires > sip_config.max_expires)
        expires = sip_config.max_expires;
    binding = find(phone->id, text);
    if (dry)
        return binding && out_of_order(rdata, binding) ? 500 : 0;
    if (!expires) {
        if (binding)
            drop(binding, "removed");
        return 0;
    }
    if (!goes_on(rdata, binding))
        sip_watch_registered(phone->id);
    binding = place(phone->id, text);
    memcpy(binding->target, target, sizeof target);
    sip_copy(binding->call_id, sizeof binding->call_id, &rdata->msg_info.cid->id);
    agent_of(rdata, binding->agent, sizeof binding->agent);
    binding->cseq = rdata->msg_info.cseq->cseq;
    binding->expires = ticks() + (int64_t)expires;
    told(binding);
    return 0;
}

static void granted(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    pjsip_tx_data *tdata;
    pjsip_response_addr address;
    int64_t now = ticks();

    if (pjsip_endpt_create_response(pjsua_get_pjsip_endpt(), rdata, 200, NULL, &tdata) != PJ_SUCCESS)
        return;
    for (int i = 0; i < binding_count; i++) {
        pjsip_contact_hdr *contact;
        pj_str_t uri;

        if (strcmp(bindings[i].phone, phone->id) != 0 || bindings[i].expires <= now)
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
        sip_refuse(rdata, code, code == 500 ? "out of order" : code == 503 ? "too many contacts" : "bad contact");
        return;
    }
    pj_list_init(&headers);
    least = pjsip_min_expires_hdr_create(rdata->tp_info.pool, sip_config.min_expires);
    pj_list_push_back(&headers, least);
    pjsip_endpt_respond_stateless(pjsua_get_pjsip_endpt(), rdata, code, NULL, &headers, NULL);
}

/* Contact: * with Expires: 0, alone, forgets every telephone of the account. */
static int star_take(const pjsip_rx_data *rdata, const struct sip_phone *phone, const pjsip_contact_hdr *star)
{
    if (expires_of(rdata, NULL) != 0 || pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_CONTACT, star->next))
        return 400;
    for (int i = 0; i < binding_count; i++)
        if (strcmp(bindings[i].phone, phone->id) == 0 && out_of_order(rdata, &bindings[i]))
            return 500;
    sip_registrar_forget(phone->id);
    return 0;
}

/* All or nothing: whatever would be refused is found before anything is changed. */
static int contacts_take(const pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    const pjsip_hdr *end = &rdata->msg_info.msg->hdr;
    int code = 0, count = 0;

    for (int dry = 1; dry >= 0 && !code; dry--)
        for (const pjsip_hdr *hdr = end->next; hdr != end && !code; hdr = hdr->next) {
            if (hdr->type != PJSIP_H_CONTACT)
                continue;
            if (dry && ++count > SIP_CONTACTS)
                return 503;
            code = contact_take(rdata, phone, (const pjsip_contact_hdr *)hdr, dry);
        }
    return code;
}

void sip_registrar_register(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    const pjsip_sip_uri *to = pjsip_uri_get_uri(rdata->msg_info.to->uri);
    const pjsip_contact_hdr *contact;
    int code;

    if (!PJSIP_URI_SCHEME_IS_SIP(to) || pj_strcmp2(&to->user, phone->id) != 0) {
        sip_refuse(rdata, 403, "account of another");
        return;
    }
    contact = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_CONTACT, NULL);
    code = contact && contact->star ? star_take(rdata, phone, contact) : contacts_take(rdata, phone);
    if (code)
        refused(rdata, code);
    else
        granted(rdata, phone);
}
