/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a telephone asks to be done with its call: REFER within it (RFC 3515, without a subscription RFC 4488), and legs
 * named by Replaces (RFC 3891), in a Refer-To or an INVITE. Nothing is dialled here: call control decides.
 */
#include "sip.h"

#include <pjsip_simple.h>
#include <pjsip_ua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REFERRALS 256
#define REFER_TO_MAX 512

/* A leg by the name a lamp gives it (calls/lamps.py); no Call-ID of PJSIP's looks so. */
#define LEG_NAME "leg-"

static struct referral {
    sip_handle leg; /* 0: free */
    pjsip_evsub *sub;
} referrals[REFERRALS];

struct replaced {
    char call_id[256], to_tag[128], from_tag[128];
    int early_only;
};

/* Only its place in a dialog's data is used. */
static pjsip_module transfer = {
    .name = {(char *)(uintptr_t) "mod-lk-transfer", 15},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_APPLICATION,
};

pj_status_t sip_transfer_init(void)
{
    memset(referrals, 0, sizeof referrals);
    return pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &transfer);
}

void sip_transfer_know(pjsip_dialog *dialog, sip_handle leg)
{
    if (dialog && leg)
        pjsip_dlg_set_mod_data(dialog, transfer.id, (void *)(uintptr_t)leg);
}

/* ---- Replaces --------------------------------------------------------------------------------------------------- */

/* A leg with a call behind it, or 0. */
static sip_handle leg_alive(sip_handle leg, pjsua_call_info *info)
{
    const struct sip_slot *slot = sip_slot_of(leg);

    return slot && slot->kind == SIP_LEG && slot->started && pjsua_call_get_info(slot->id, info) == PJ_SUCCESS &&
                   info->state < PJSIP_INV_STATE_DISCONNECTED
               ? leg
               : 0;
}

/* To-tag and from-tag are ours and the other side's, as RFC 3891 has it; who names them as he sees them means the same. */
static sip_handle leg_of_dialog(struct replaced *named)
{
    pj_str_t call_id = pj_str(named->call_id), to = pj_str(named->to_tag), from = pj_str(named->from_tag);
    pjsip_dialog *dialog = pjsip_ua_find_dialog(&call_id, &to, &from, PJ_FALSE);

    if (!dialog)
        dialog = pjsip_ua_find_dialog(&call_id, &from, &to, PJ_FALSE);
    return dialog ? (sip_handle)(uintptr_t)pjsip_dlg_get_mod_data(dialog, transfer.id) : 0;
}

/* 0 and the leg, or the status RFC 3891 section 3 has for it. */
static int leg_named(struct replaced *named, sip_handle *leg)
{
    static const size_t prefix = sizeof LEG_NAME - 1;
    pjsua_call_info info;
    char *end;

    if (strncmp(named->call_id, LEG_NAME, prefix) == 0) {
        *leg = strtoull(named->call_id + prefix, &end, 16);
        if (*end)
            return 481;
    } else {
        *leg = leg_of_dialog(named);
    }
    if (!*leg || !(*leg = leg_alive(*leg, &info)))
        return 481;
    return named->early_only && info.state >= PJSIP_INV_STATE_CONNECTING ? 486 : 0;
}

static char *trimmed(char *text)
{
    char *end;

    text += strspn(text, " \t");
    for (end = text + strlen(text); end > text && strchr(" \t", end[-1]);)
        *--end = '\0';
    return text;
}

/* "call-id;to-tag=a;from-tag=b;early-only" taken apart; 0, or 400. */
static int replaced_parse(char *text, struct replaced *named)
{
    char *save = NULL, *part = strtok_r(text, ";", &save);

    memset(named, 0, sizeof *named);
    if (!part || (size_t)snprintf(named->call_id, sizeof named->call_id, "%s", trimmed(part)) >= sizeof named->call_id)
        return 400;
    while ((part = strtok_r(NULL, ";", &save))) {
        char *name = trimmed(part), *is = strchr(name, '='), *tag;

        if (is)
            *is = '\0';
        name = trimmed(name);
        if (strcasecmp(name, "early-only") == 0)
            named->early_only = 1;
        tag = strcasecmp(name, "to-tag") == 0 ? named->to_tag : strcasecmp(name, "from-tag") == 0 ? named->from_tag : NULL;
        if (tag && (!is || tag[0] || (size_t)snprintf(tag, sizeof named->to_tag, "%s", trimmed(is + 1)) >= sizeof named->to_tag))
            return 400;
    }
    return named->call_id[0] && named->to_tag[0] && named->from_tag[0] ? 0 : 400;
}

int sip_replaces_take(const pjsip_rx_data *rdata, sip_handle *leg)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Replaces", 8};
    pjsip_replaces_hdr *header = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &name, NULL);
    struct replaced named = {"", "", "", 0};

    if (!header || pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &name, header->next) ||
        header->call_id.slen >= (pj_ssize_t)sizeof named.call_id || header->to_tag.slen >= (pj_ssize_t)sizeof named.to_tag ||
        header->from_tag.slen >= (pj_ssize_t)sizeof named.from_tag || !header->call_id.slen || !header->to_tag.slen ||
        !header->from_tag.slen)
        return 400;
    sip_copy(named.call_id, sizeof named.call_id, &header->call_id);
    sip_copy(named.to_tag, sizeof named.to_tag, &header->to_tag);
    sip_copy(named.from_tag, sizeof named.from_tag, &header->from_tag);
    named.early_only = header->early_only;
    return leg_named(&named, leg);
}

/* ---- Refer-To --------------------------------------------------------------------------------------------------- */

/* The URI of a header value, with or without a name and brackets, in place; NULL when there is none. */
static char *uri_within(char *text)
{
    char *open, *close;

    text = trimmed(text);
    if (*text == '"') {
        for (text++; *text && *text != '"'; text++)
            if (*text == '\\' && text[1])
                text++;
        if (!*text)
            return NULL;
        text++;
    }
    if (!(open = strchr(text, '<'))) {
        text[strcspn(text, ";, \t")] = '\0'; /* parameters of the header, or another value */
        return text;
    }
    if (!(close = strchr(open, '>')))
        return NULL;
    *close = '\0';
    return open + 1;
}

static int number_is_clean(const char *number)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+*#._-";

    return number[0] && strspn(number, allowed) == strlen(number);
}

/* Does it say more than a C string holds? */
static int has_zero(const pj_str_t *text)
{
    return text->slen > 0 && memchr(text->ptr, '\0', (size_t)text->slen);
}

/* Its Replaces and method parameters; 0, or the status to refuse with. */
static int headers_take(const pjsip_sip_uri *uri, sip_handle *leg)
{
    char text[REFER_TO_MAX];
    struct replaced named;
    int seen = 0, code;

    if (has_zero(&uri->user))
        return 400;
    if (uri->method_param.slen && pj_stricmp2(&uri->method_param, "INVITE") != 0)
        return 603;
    for (const pjsip_param *one = uri->header_param.next; one != (const pjsip_param *)&uri->header_param;
         one = one->next) {
        if (pj_stricmp2(&one->name, "Replaces") != 0)
            continue;
        if (seen++ || one->value.slen >= (pj_ssize_t)sizeof text || has_zero(&one->value))
            return 400;
        sip_copy(text, sizeof text, &one->value);
        if ((code = replaced_parse(text, &named)) != 0 || (code = leg_named(&named, leg)) != 0)
            return code;
    }
    return 0;
}

/* 0, the number and the leg it names; or the status to refuse with. */
static int refer_to(const pjsip_rx_data *rdata, char *number, size_t size, sip_handle *leg)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Refer-To", 8}, compact = {(char *)(uintptr_t) "r", 1};
    const pjsip_generic_string_hdr *header =
        pjsip_msg_find_hdr_by_names(rdata->msg_info.msg, &name, &compact, NULL);
    char text[REFER_TO_MAX], *at;
    const pjsip_uri *uri;
    int code = 0;

    *leg = 0;
    if (!header || pjsip_msg_find_hdr_by_names(rdata->msg_info.msg, &name, &compact, header->next) ||
        header->hvalue.slen >= (pj_ssize_t)sizeof text)
        return 400;
    sip_copy(text, sizeof text, &header->hvalue);
    if (!(at = uri_within(text)) || !(uri = pjsip_parse_uri(rdata->tp_info.pool, at, strlen(at), 0)))
        return 400;
    if (!PJSIP_URI_SCHEME_IS_SIP(uri) && !PJSIP_URI_SCHEME_IS_SIPS(uri) && !PJSIP_URI_SCHEME_IS_TEL(uri))
        return 416;
    sip_user_of(uri, number, size);
    if (strlen(number) + 1 == size || (number[0] && !number_is_clean(number)))
        return 400;
    if (!PJSIP_URI_SCHEME_IS_TEL(uri))
        code = headers_take(pjsip_uri_get_uri((pjsip_uri *)(uintptr_t)uri), leg);
    return code ? code : number[0] || *leg ? 0 : 400;
}

/* ---- REFER ------------------------------------------------------------------------------------------------------ */

static struct referral *referral_of(sip_handle leg)
{
    for (int i = 0; i < REFERRALS; i++)
        if (referrals[i].leg == leg)
            return &referrals[i];
    return NULL;
}

/* The subscription is over, by whatever: nobody is told of the transfer any more. */
static void on_subscription(pjsip_evsub *sub, pjsip_event *event)
{
    PJ_UNUSED_ARG(event);
    if (pjsip_evsub_get_state(sub) != PJSIP_EVSUB_STATE_TERMINATED)
        return;
    for (int i = 0; i < REFERRALS; i++)
        if (referrals[i].leg && referrals[i].sub == sub)
            referrals[i].leg = 0;
}

static void notify(pjsip_evsub *sub, int code)
{
    pjsip_evsub_state state = code < 200 ? PJSIP_EVSUB_STATE_ACTIVE : PJSIP_EVSUB_STATE_TERMINATED;
    pjsip_tx_data *tdata;

    if (pjsip_xfer_notify(sub, state, code, NULL, &tdata) == PJ_SUCCESS)
        pjsip_xfer_send_request(sub, tdata);
    else
        pjsip_evsub_terminate(sub, PJ_TRUE);
}

static void refuse(pjsip_dialog *dialog, pjsip_rx_data *rdata, int code, const char *why)
{
    pjsip_dlg_respond(dialog, rdata, code, NULL, NULL, NULL);
    sip_refused(rdata, code, why);
}

/* Does it want no subscription (RFC 4488)? */
static int wants_no_word(const pjsip_rx_data *rdata)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Refer-Sub", 9};
    const pjsip_generic_string_hdr *header = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &name, NULL);

    return header && pj_strnicmp2(&header->hvalue, "false", 5) == 0;
}

/* Accepted, with or without a subscription; 0 when it is. */
static int accept_refer(pjsip_dialog *dialog, pjsip_rx_data *rdata, sip_handle leg)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Refer-Sub", 9};
    static const pjsip_evsub_user user = {.on_evsub_state = on_subscription};
    struct referral *place = referral_of(0);
    pj_str_t no = {(char *)(uintptr_t) "false", 5};
    pjsip_hdr headers;
    pjsip_evsub *sub;

    if (wants_no_word(rdata)) {
        pj_list_init(&headers);
        pj_list_push_back(&headers, pjsip_generic_string_hdr_create(rdata->tp_info.pool, &name, &no));
        pjsip_dlg_respond(dialog, rdata, 202, NULL, &headers, NULL);
        return 0;
    }
    if (!place || pjsip_xfer_create_uas(dialog, &user, rdata, &sub) != PJ_SUCCESS)
        return 503;
    if (pjsip_xfer_accept(sub, rdata, 202, NULL) != PJ_SUCCESS) {
        pjsip_evsub_terminate(sub, PJ_FALSE);
        return 500;
    }
    *place = (struct referral){leg, sub};
    notify(sub, 100);
    return 0;
}

void sip_transfer_asked(pjsua_call_id call, pjsip_dialog *dialog, pjsip_rx_data *rdata)
{
    sip_handle leg = sip_leg_of_call(call), replaces;
    const struct sip_slot *slot = leg ? sip_slot_of(leg) : NULL;
    pjsua_call_info info;
    char number[64];
    const char *text[] = {number};
    int code;

    if (!slot || !slot->phone)
        refuse(dialog, rdata, 603, "only telephones transfer calls");
    else if (pjsua_call_get_info(call, &info) != PJ_SUCCESS || info.state != PJSIP_INV_STATE_CONFIRMED)
        refuse(dialog, rdata, 603, "transfer of a call that is not answered");
    else if (referral_of(leg))
        refuse(dialog, rdata, 491, "an earlier transfer is under way");
    else if ((code = refer_to(rdata, number, sizeof number, &replaces)) != 0)
        refuse(dialog, rdata, code, "no such target of a transfer");
    else if ((code = accept_refer(dialog, rdata, leg)) != 0)
        refuse(dialog, rdata, code, "no room for another transfer");
    else
        sip_tell_c(SIP_EV_TRANSFER, leg, 0, (int64_t)replaces, 1, text);
}

void sip_transfer_told(const struct sip_command *command)
{
    struct referral *referral = command->handle ? referral_of(command->handle) : NULL;

    if (referral)
        notify(referral->sub, command->code);
}
