/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a telephone shows of whom it talks with, as that changes in a call: P-Asserted-Identity (RFC 3325) in the answers to
 * its INVITE, and in an UPDATE without SDP (RFC 5876), or where it knows none in a re-INVITE of the very session there is;
 * From changes with it where that is understood (RFC 4916). One request at a time, the newest name wins, and whatever a
 * telephone makes of it, its call stays: the UPDATE is no business of the dialog's, which one left unanswered would end.
 */
#include "sip.h"

#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* of a header that is not ours */
#include <pjsua-lib/pjsua_internal.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_AGAIN 500 /* ms after an offer of either side was found under way */
#define GLARES_MAX 4   /* one after another, before a telephone is told no more */
#define AFTER_MAX 60   /* s that a telephone may ask for before it is told again */

struct sip_shown {
    char wanted[SIP_IDENTITY_MAX]; /* "": whatever it knows by itself */
    char told[SIP_IDENTITY_MAX];
    char asked[SIP_IDENTITY_MAX]; /* in the request under way */
    pj_int32_t reinvite;          /* CSeq of the re-INVITE under way, or -1 */
    uint8_t under_way, waits;     /* a request; a timer */
    uint8_t glares;
    uint8_t never; /* it refused, or did not answer */
};

static pj_str_t asserted = {(char *)(uintptr_t) "P-Asserted-Identity", 19};

static struct sip_shown *shown_of(struct sip_slot *slot)
{
    if (!slot->shown && (slot->shown = calloc(1, sizeof *slot->shown)) != NULL)
        slot->shown->reinvite = -1;
    return slot->shown;
}

void sip_shown_at_first(struct sip_slot *slot, const char *identity)
{
    struct sip_shown *shown = shown_of(slot);

    if (!shown)
        return;
    snprintf(shown->told, sizeof shown->told, "%s", identity);
    snprintf(shown->wanted, sizeof shown->wanted, "%s", identity);
}

void sip_shown_in_answer(struct sip_slot *slot, pjsua_msg_data *data, pjsip_generic_string_hdr *header)
{
    struct sip_shown *shown = slot->shown;
    const pjsip_inv_session *session = pjsua_var.calls[slot->id].inv;
    pj_str_t value;
    pjsip_hdr *before;

    if (!shown || !shown->wanted[0])
        return;
    if (session && session->last_answer && /* an answer is made of the one before */
        (before = pjsip_msg_find_hdr_by_name(session->last_answer->msg, &asserted, NULL)) != NULL)
        pj_list_erase(before);
    value = pj_str(shown->wanted);
    pjsip_generic_string_hdr_init2(header, &asserted, &value);
    pj_list_push_back(&data->hdr_list, header);
    memcpy(shown->told, shown->wanted, sizeof shown->told);
}

static void look(sip_handle leg, struct sip_slot *slot);

static void on_timer(void *leg)
{
    struct sip_slot *slot = sip_slot_look((sip_handle)(uintptr_t)leg);

    if (!slot || !slot->shown)
        return;
    slot->shown->waits = 0;
    look((sip_handle)(uintptr_t)leg, slot);
}

static void wait(sip_handle leg, struct sip_shown *shown, unsigned ms)
{
    shown->waits = pjsua_schedule_timer2(on_timer, (void *)(uintptr_t)leg, ms) == PJ_SUCCESS;
}

/* When a request that was refused may come again, in ms; 0: never. RFC 3311 lets a telephone answer 500 with Retry-After
 * where it has an offer under way, RFC 3261 section 14.2 where it has not answered one. */
static unsigned again_after(const struct sip_slot *slot, int status, const pjsip_event *event)
{
    const pjsip_retry_after_hdr *after;
    unsigned by_chance = 1 + sip_leg_after_glare(slot->id);

    if (status == PJSIP_SC_REQUEST_PENDING)
        return by_chance;
    if ((status != PJSIP_SC_INTERNAL_SERVER_ERROR && status != PJSIP_SC_SERVICE_UNAVAILABLE) || !event ||
        event->body.tsx_state.type != PJSIP_EVENT_RX_MSG)
        return 0;
    after = pjsip_msg_find_hdr(event->body.tsx_state.src.rdata->msg_info.msg, PJSIP_H_RETRY_AFTER, NULL);
    return after && after->ivalue >= 0 && after->ivalue <= AFTER_MAX ? (unsigned)after->ivalue * 1000 + by_chance : 0;
}

/* What became of the request under way; event: of its answer, or none. */
static void over(sip_handle leg, struct sip_slot *slot, int status, const pjsip_event *event)
{
    struct sip_shown *shown = slot->shown;
    unsigned again;

    shown->under_way = 0;
    shown->reinvite = -1;
    if (status / 100 == 2) {
        memcpy(shown->told, shown->asked, sizeof shown->told);
        shown->glares = 0;
        look(leg, slot);
    } else if ((again = again_after(slot, status, event)) > 0 && ++shown->glares < GLARES_MAX) {
        wait(leg, shown, again);
    } else {
        shown->never = 1;
    }
}

/* A session timer (RFC 4028) is renewed by an UPDATE, or ends with it when it is not in the answer. */
static void on_update(void *token, pjsip_event *event)
{
    sip_handle leg = (sip_handle)(uintptr_t)token;
    struct sip_slot *slot = sip_slot_look(leg);
    const pjsip_transaction *tsx = event->body.tsx_state.tsx;
    pjsip_inv_session *session = slot && slot->shown ? pjsua_var.calls[slot->id].inv : NULL;

    if (!session)
        return;
    if (tsx->status_code / 100 == 2 && event->body.tsx_state.type == PJSIP_EVENT_RX_MSG)
        pjsip_timer_process_resp(session, event->body.tsx_state.src.rdata, NULL);
    over(leg, slot, tsx->status_code, event);
}

/* Who understands it is told by From too, from now on. */
static void change_from(pjsip_dialog *dialog, const char *identity)
{
    static const pj_str_t option = {(char *)(uintptr_t) "from-change", 11};
    pj_str_t text;
    pjsip_uri *uri;

    if (pjsip_dlg_remote_has_cap(dialog, PJSIP_H_SUPPORTED, NULL, &option) != PJSIP_DIALOG_CAP_SUPPORTED)
        return;
    pj_strdup2_with_null(dialog->pool, &text, identity);
    uri = pjsip_parse_uri(dialog->pool, text.ptr, (pj_size_t)text.slen, PJSIP_PARSE_URI_AS_NAMEADDR);
    if (uri)
        dialog->local.info->uri = uri;
}

static void assert_identity(pjsip_tx_data *tdata, const char *identity)
{
    pj_str_t value = pj_str((char *)(uintptr_t)identity);

    pjsip_msg_add_hdr(tdata->msg, (pjsip_hdr *)pjsip_generic_string_hdr_create(tdata->pool, &asserted, &value));
}

static pj_status_t update(sip_handle leg, pjsip_inv_session *session, const char *identity)
{
    pjsip_tx_data *tdata;
    pj_status_t status = pjsip_inv_update(session, NULL, NULL, &tdata);

    if (status != PJ_SUCCESS)
        return status;
    assert_identity(tdata, identity);
    PJSIP_MSG_CSEQ_HDR(tdata->msg)->cseq = session->dlg->local.cseq++;
    pjsip_tx_data_set_transport(tdata, &session->dlg->tp_sel);
    return pjsip_endpt_send_request(pjsua_get_pjsip_endpt(), tdata, -1, (void *)(uintptr_t)leg, on_update);
}

/* The offer is the session as it is, to the version. */
static pj_status_t reinvite(struct sip_shown *shown, pjsip_inv_session *session)
{
    const pjmedia_sdp_session *offer;
    pjsip_tx_data *tdata;
    pj_status_t status = pjmedia_sdp_neg_send_local_offer(session->pool_prov, session->neg, &offer);

    if (status == PJ_SUCCESS && (status = pjsip_inv_invite(session, &tdata)) == PJ_SUCCESS) {
        assert_identity(tdata, shown->asked);
        shown->reinvite = session->dlg->local.cseq;
        status = pjsip_inv_send_msg(session, tdata);
    }
    if (status != PJ_SUCCESS && pjmedia_sdp_neg_get_state(session->neg) == PJMEDIA_SDP_NEG_STATE_LOCAL_OFFER)
        pjmedia_sdp_neg_cancel_offer(session->neg);
    return status;
}

static void look(sip_handle leg, struct sip_slot *slot)
{
    static const pj_str_t method = {(char *)(uintptr_t) "UPDATE", 6};
    struct sip_shown *shown = slot->shown;
    pjsip_inv_session *session = slot->started ? pjsua_var.calls[slot->id].inv : NULL;
    pj_status_t status;

    if (!session || session->state != PJSIP_INV_STATE_CONFIRMED || shown->under_way || shown->waits || shown->never ||
        strcmp(shown->wanted, shown->told) == 0)
        return;
    if (session->invite_tsx || pjmedia_sdp_neg_get_state(session->neg) != PJMEDIA_SDP_NEG_STATE_DONE) {
        wait(leg, shown, BUSY_AGAIN);
        return;
    }
    shown->under_way = 1;
    memcpy(shown->asked, shown->wanted, sizeof shown->asked);
    pjsip_dlg_inc_lock(session->dlg);
    change_from(session->dlg, shown->asked);
    if (pjsip_dlg_remote_has_cap(session->dlg, PJSIP_H_ALLOW, NULL, &method) == PJSIP_DIALOG_CAP_SUPPORTED)
        status = update(leg, session, shown->asked);
    else
        status = reinvite(shown, session);
    pjsip_dlg_dec_lock(session->dlg);
    if (status != PJ_SUCCESS && sip_slot_look(leg) && slot->shown->under_way)
        over(leg, slot, PJSIP_SC_SERVICE_UNAVAILABLE, NULL);
}

void sip_shown_look(sip_handle leg)
{
    struct sip_slot *slot = sip_slot_look(leg);

    if (slot && slot->shown)
        look(leg, slot);
}

int sip_shown_answered(sip_handle leg, const pjsip_transaction *tsx, const pjsip_event *event)
{
    struct sip_slot *slot = sip_slot_look(leg);

    if (!slot || !slot->shown || tsx->role != PJSIP_ROLE_UAC || tsx->method.id != PJSIP_INVITE_METHOD ||
        slot->shown->reinvite < 0 || tsx->cseq != slot->shown->reinvite)
        return 0;
    if (tsx->status_code >= 200)
        over(leg, slot, tsx->status_code, event);
    return 1;
}

void sip_shown_set(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);

    if (!slot || slot->kind != SIP_LEG || !slot->phone || !shown_of(slot))
        return;
    sip_identity(slot->shown->wanted, command->text[0], command->text[1], sip_config.realm);
    look(command->handle, slot);
}
