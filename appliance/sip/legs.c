/* SPDX-License-Identifier: GPL-2.0-or-later
 * Legs: one connection to a telephone or trunk each. A pjsua call carries its handle as user data.
 */
#include "sip.h"

#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* of a header that is not ours */
#include <pjsua-lib/pjsua_internal.h>
#include <stdio.h>
#include <string.h>

sip_handle sip_leg_of_call(pjsua_call_id call)
{
    return (sip_handle)(uintptr_t)pjsua_call_get_user_data(call);
}

/* Q.850 cause in a Reason header (RFC 3326), or 0. */
static int cause_heard(pjsip_event *event)
{
    static const pj_str_t header = {(char *)(uintptr_t) "Reason", 6};
    const pjsip_rx_data *rdata;
    const pjsip_generic_string_hdr *reason;
    char text[128], *at;

    if (!event || event->type != PJSIP_EVENT_TSX_STATE || event->body.tsx_state.type != PJSIP_EVENT_RX_MSG)
        return 0;
    rdata = event->body.tsx_state.src.rdata;
    reason = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &header, NULL);
    if (!reason)
        return 0;
    sip_copy(text, sizeof text, &reason->hvalue);
    at = strncasecmp(text, "Q.850", 5) ? NULL : strstr(text, "cause=");
    return at ? atoi(at + 6) & 127 : 0;
}

static void on_incoming(pjsua_acc_id account, pjsua_call_id call, pjsip_rx_data *rdata)
{
    const struct sip_phone *phone = sip_gate_phone(rdata);
    const struct sip_trunk *trunk = sip_gate_trunk(rdata);
    sip_handle handle = phone || trunk ? sip_slot_take(SIP_LEG) : 0, replaced;
    struct sip_slot *slot = handle ? sip_slot_of(handle) : NULL;
    pjsip_uri *identity = sip_asserted(rdata);
    char user[64], name[128], called[64], source[80], asserted[64] = "", verstat[64];
    const char *text[SIP_TEXTS] = {phone ? "phone" : "trunk", phone ? phone->id : trunk ? trunk->id : "", user, name,
                                   called, source, asserted, verstat};

    PJ_UNUSED_ARG(account);
    if (!slot) { /* nothing comes here past the gate unnamed; no slot left is the other way */
        pjsua_call_hangup(call, 503, NULL, NULL);
        return;
    }
    replaced = sip_gate_is_call();
    slot->id = call;
    slot->started = 1;
    slot->phone = phone != NULL;
    sip_transfer_know(pjsip_rdata_get_dlg(rdata), handle);
    pjsua_call_set_user_data(call, (void *)(uintptr_t)handle);
    sip_user_of(rdata->msg_info.from->uri, user, sizeof user);
    sip_copy(name, sizeof name, &((const pjsip_name_addr *)rdata->msg_info.from->uri)->display); /* parsed as one always */
    sip_unquote(name);
    sip_user_of(rdata->msg_info.msg->line.req.uri, called, sizeof called);
    if (identity)
        sip_user_of(identity, asserted, sizeof asserted);
    sip_verstat(identity ? identity : rdata->msg_info.from->uri, verstat, sizeof verstat);
    sip_place(source, sizeof source, &rdata->pkt_info.src_addr);
    sip_tell_c(SIP_EV_INCOMING, handle, 0, (int64_t)replaced, SIP_TEXTS, text);
}

static void on_state(pjsua_call_id call, pjsip_event *event)
{
    pjsua_call_info info;
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot;
    pj_str_t reason;
    int cause;

    if (!handle || pjsua_call_get_info(call, &info) != PJ_SUCCESS || !(slot = sip_slot_of(handle)))
        return;
    switch (info.state) {
    case PJSIP_INV_STATE_EARLY:
        if (info.role == PJSIP_ROLE_UAC && !slot->early) {
            slot->early = 1;
            sip_tell(SIP_EV_EARLY, handle, info.last_status, 0, 0, NULL);
        }
        break;
    case PJSIP_INV_STATE_CONNECTING:
        if (info.role == PJSIP_ROLE_UAC)
            sip_tell(SIP_EV_ANSWERED, handle, info.last_status, 0, 0, NULL);
        break;
    case PJSIP_INV_STATE_CONFIRMED:
        if (info.role == PJSIP_ROLE_UAS)
            sip_tell(SIP_EV_ANSWERED, handle, info.last_status, 0, 0, NULL);
        sip_shown_look(handle);
        break;
    case PJSIP_INV_STATE_DISCONNECTED:
        if (sip_proxy_next(call, slot, (int)info.last_status, event))
            break;
        reason = info.last_status_text;
        cause = slot->cause ? slot->cause : cause_heard(event);
        pjsua_call_set_user_data(call, NULL);
        sip_slot_free(handle);
        sip_tell(SIP_EV_OVER, handle, info.last_status, cause, 1, &reason);
        break;
    default:
        break;
    }
}

/* Every style of hold comes down to this: the other side wants nothing of us to hear. */
static void hold_told(sip_handle handle, struct sip_slot *slot, int on)
{
    if (slot->held == on)
        return;
    slot->held = (uint8_t)on;
    sip_tell(SIP_EV_HELD, handle, on, 0, 0, NULL);
}

static void on_media(pjsua_call_id call)
{
    pjsua_call_info info;
    pjsua_stream_info stream;
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot;
    char codec[64] = "";
    pj_str_t text;
    int port = PJSUA_INVALID_ID, held = 0;

    if (!handle || pjsua_call_get_info(call, &info) != PJ_SUCCESS || !(slot = sip_slot_of(handle)))
        return;
    for (unsigned i = 0; i < info.media_cnt; i++) {
        if (info.media[i].type != PJMEDIA_TYPE_AUDIO || info.media[i].status == PJSUA_CALL_MEDIA_NONE)
            continue;
        port = info.media[i].stream.aud.conf_slot;
        held = info.media[i].status == PJSUA_CALL_MEDIA_REMOTE_HOLD;
        if (pjsua_call_get_stream_info(call, i, &stream) == PJ_SUCCESS)
            snprintf(codec, sizeof codec, "%.*s/%u", (int)stream.info.aud.fmt.encoding_name.slen,
                     stream.info.aud.fmt.encoding_name.ptr, stream.info.aud.fmt.clock_rate);
        break;
    }
    sip_audio_port(handle, port);
    text = pj_str(codec);
    sip_tell(SIP_EV_AUDIO, handle, port != PJSUA_INVALID_ID, 0, 1, &text);
    hold_told(handle, slot, held);
}

/* In the audio clock's thread, or in ours when it came by INFO, where it may be any byte. */
static void on_digit(pjsua_call_id call, const pjsua_dtmf_info *info)
{
    sip_handle handle = sip_leg_of_call(call);

    if (handle && info->digit && info->digit < 128 && strchr("0123456789*#ABCD", (int)info->digit))
        sip_tell(SIP_EV_DIGIT, handle, (int)info->digit, info->duration, 0, NULL);
}

enum { UNHEARD_AT_MOST = 4000 }; /* ms; a trunk that is there says 100 at once, and a caller waits for the next one */

/* An INVITE of ours is on its way, or something came back. */
static void note_unheard(pjsua_call_id call, pjsip_transaction *tsx)
{
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot = sip_slot_look(handle);

    if (!slot || tsx->role != PJSIP_ROLE_UAC || tsx->method.id != PJSIP_INVITE_METHOD)
        return;
    if (tsx->state == PJSIP_TSX_STATE_CALLING)
        slot->unheard = tsx;
    else if (slot->unheard == tsx)
        slot->unheard = NULL;
}

static void on_unheard(void *data)
{
    struct sip_slot *slot = sip_slot_look((sip_handle)(uintptr_t)data);

    if (slot && slot->unheard)
        pjsip_tsx_terminate(slot->unheard, PJSIP_SC_REQUEST_TIMEOUT);
}

/* PJSIP ends a call of its own accord: its session ran out, or no ACK came. Nobody waits for what becomes of the BYE. */
static void note_given_up(pjsua_call_id call, const pjsip_transaction *tsx)
{
    sip_handle handle = sip_leg_of_call(call);
    const struct sip_slot *slot = sip_slot_look(handle);
    pjsip_dialog *dialog = pjsip_tsx_get_dlg((pjsip_transaction *)(uintptr_t)tsx);
    const pjsip_inv_session *session = dialog ? pjsip_dlg_get_inv_session(dialog) : NULL;

    if (!slot || slot->cause || tsx->role != PJSIP_ROLE_UAC || tsx->method.id != PJSIP_BYE_METHOD || !session ||
        session->cause < 300)
        return;
    pjsua_call_set_user_data(call, NULL);
    sip_slot_free(handle);
    sip_tell(SIP_EV_OVER, handle, (int)session->cause, 0, 1, &session->cause_text);
}

/* RFC 3261 section 14.1: who made the call tries again after 2.1 to 4 s, the other side within 2. */
unsigned sip_leg_after_glare(pjsua_call_id call)
{
    pjsua_call_info info;
    unsigned by_chance = (unsigned)pj_rand() % 1900;

    return pjsua_call_get_info(call, &info) == PJ_SUCCESS && info.role == PJSIP_ROLE_UAC ? 2100 + by_chance : by_chance;
}

static void refresh_again(void *data)
{
    struct sip_slot *slot = sip_slot_look((sip_handle)(uintptr_t)data);

    if (!slot || !slot->glare)
        return;
    slot->glare = 0;
    pjsua_call_reinvite(slot->id, 0, NULL);
}

/* Our refresh of the session met a request of the other side (491): PJSIP leaves it at that, and the call would end. */
static void note_glare(pjsua_call_id call, const pjsip_transaction *tsx)
{
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot = sip_slot_look(handle);

    if (!slot || slot->glare || tsx->role != PJSIP_ROLE_UAC || tsx->status_code != 491 ||
        tsx->method.id != PJSIP_INVITE_METHOD || tsx->state != PJSIP_TSX_STATE_COMPLETED)
        return;
    slot->glare = 1;
    pjsua_schedule_timer2(refresh_again, (void *)(uintptr_t)handle, sip_leg_after_glare(call));
}

/* What a trunk says before the answer: the tone of the other network, or why there is no answer. */
static void note_early_sound(pjsua_call_id call, const pjsip_transaction *tsx, const pjsip_event *event)
{
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot = sip_slot_look(handle);

    if (!slot || slot->phone || slot->heard_early || tsx->role != PJSIP_ROLE_UAC ||
        tsx->method.id != PJSIP_INVITE_METHOD || event->body.tsx_state.type != PJSIP_EVENT_RX_MSG ||
        tsx->status_code <= 100 || tsx->status_code >= 200 || slot->port == PJSUA_INVALID_ID)
        return;
    slot->heard_early = 1;
    sip_tell(SIP_EV_EARLY, handle, tsx->status_code, 1, 0, NULL);
}

/* A call's place is used again while the BYE of one before it still waits (RFC 3261 17.1.2.2, timer K): what becomes of that
 * is told of the place, and is nothing to the call that is there now. */
static int is_of(pjsua_call_id call, pjsip_transaction *tsx)
{
    const pjsip_inv_session *session = pjsua_var.calls[call].inv;
    const pjsip_dialog *dialog = pjsip_tsx_get_dlg(tsx);

    return session && (!dialog || session->dlg == dialog);
}

/* Before pjsua itself looks at it: a REFER we have answered is no longer trying, so pjsua leaves it alone. */
static void on_transaction(pjsua_call_id call, pjsip_transaction *tsx, pjsip_event *event)
{
    if (!is_of(call, tsx))
        return;
    sip_transfer_know(pjsip_tsx_get_dlg(tsx), sip_leg_of_call(call));
    note_unheard(call, tsx);
    if (!sip_shown_answered(sip_leg_of_call(call), tsx, event))
        note_glare(call, tsx);
    note_given_up(call, tsx);
    note_early_sound(call, tsx, event);
    if (tsx->role == PJSIP_ROLE_UAS && tsx->state == PJSIP_TSX_STATE_TRYING &&
        event->body.tsx_state.type == PJSIP_EVENT_RX_MSG && pj_strcmp2(&tsx->method.name, "REFER") == 0)
        sip_transfer_asked(call, pjsip_tsx_get_dlg(tsx), event->body.tsx_state.src.rdata);
    if (tsx->role == PJSIP_ROLE_UAC && event->body.tsx_state.type == PJSIP_EVENT_RX_MSG &&
        tsx->method.id == PJSIP_OPTIONS_METHOD)
        sip_silence_answered(sip_leg_of_call(call));
}

/* Asked for nowhere, every REFER is answered before. It must stay set: the default dials whatever is named. */
static void on_transfer(pjsua_call_id call, const pj_str_t *target, pjsip_status_code *code, pjsua_call_setting *setting)
{
    PJ_UNUSED_ARG(call);
    PJ_UNUSED_ARG(target);
    PJ_UNUSED_ARG(setting);
    *code = PJSIP_SC_DECLINE;
}

/* By 302 and its like neither a telephone nor a trunk decides where a call goes: the first number it names is told. */
static pjsip_redirect_op on_redirected(pjsua_call_id call, const pjsip_uri *target, const pjsip_event *event)
{
    sip_handle handle = sip_leg_of_call(call);
    struct sip_slot *slot = sip_slot_look(handle);
    char number[64];
    const char *text[] = {number};

    PJ_UNUSED_ARG(event);
    sip_user_of(target, number, sizeof number);
    if (slot && !slot->diverted && number[0] && strlen(number) + 1 < sizeof number)
        sip_tell_c(SIP_EV_DIVERTED, handle, 0, 0, 1, text);
    if (slot)
        slot->diverted = 1;
    return PJSIP_REDIRECT_REJECT;
}

static void on_stream(pjsua_call_id call, pjsua_on_stream_created_param *param)
{
    if (param->stream_idx == 0)
        sip_relay_stream(call, param->stream);
}

static void on_stream_gone(pjsua_call_id call, pjmedia_stream *stream, unsigned index)
{
    PJ_UNUSED_ARG(stream);
    if (index == 0)
        sip_relay_stream(call, NULL);
}

void sip_legs_configure(pjsua_config *config)
{
    config->cb.on_create_media_transport = sip_relay_between;
    config->cb.on_stream_created2 = on_stream;
    config->cb.on_stream_destroyed = on_stream_gone;
    config->cb.on_incoming_call = on_incoming;
    config->cb.on_call_state = on_state;
    config->cb.on_call_media_state = on_media;
    config->cb.on_dtmf_digit2 = on_digit;
    config->cb.on_call_tsx_state = on_transaction;
    config->cb.on_call_transfer_request2 = on_transfer;
    config->cb.on_call_redirected = on_redirected;
}

static void setting_of(pjsua_call_setting *setting)
{
    pjsua_call_setting_default(setting);
    setting->vid_cnt = 0;
    setting->txt_cnt = 0;
}

static void give_up(sip_handle handle, int code, const char *why)
{
    sip_slot_free(handle);
    sip_tell_c(SIP_EV_OVER, handle, code, 0, 1, &why);
}

/* What makes a telephone answer by itself: Alert-Info for Yealink, Grandstream and Snom, Call-Info for these and others. */
static void ask_to_answer(pjsua_msg_data *data, pjsip_generic_string_hdr headers[2], char *info, size_t size)
{
    static pj_str_t alert = {(char *)(uintptr_t) "Alert-Info", 10}, call = {(char *)(uintptr_t) "Call-Info", 9};
    static pj_str_t how = {(char *)(uintptr_t) "<http://127.0.0.1>;info=alert-autoanswer;delay=0", 48};
    pj_str_t after;

    snprintf(info, size, "<sip:%s>;answer-after=0", sip_config.realm);
    after = pj_str(info);
    pjsip_generic_string_hdr_init2(&headers[0], &alert, &how);
    pjsip_generic_string_hdr_init2(&headers[1], &call, &after);
    pj_list_push_back(&data->hdr_list, &headers[0]);
    pj_list_push_back(&data->hdr_list, &headers[1]);
}

enum { HEADERS_MAX = 4 }; /* told of one call, beside the usual ones */

/* Headers as they are told, "Name: value" a line; the text is cut up. */
static void add_headers(pjsua_msg_data *data, pjsip_generic_string_hdr headers[HEADERS_MAX], char *text)
{
    for (int i = 0; i < HEADERS_MAX && text; i++) {
        char *end = strchr(text, '\n'), *value = strchr(text, ':');
        pj_str_t name, said;

        if (!value || (end && value > end))
            return;
        if (end)
            *end++ = '\0';
        *value = '\0';
        name = pj_str(text);
        said = pj_str(value + 1 + strspn(value + 1, " "));
        pjsip_generic_string_hdr_init2(&headers[i], &name, &said);
        pj_list_push_back(&data->hdr_list, &headers[i]);
        text = end;
    }
}

void sip_leg_call(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    const struct sip_trunk *trunk = command->text[0][0] ? sip_trunk_find(command->text[0]) : NULL;
    char local[SIP_IDENTITY_MAX], info[160], headers_of[1024]; /* cut up: it may be said again */
    pjsip_generic_string_hdr headers[2], more[HEADERS_MAX];
    pjsua_call_setting setting;
    pjsua_msg_data data;
    pj_str_t target = pj_str(command->text[1]);
    pjsua_call_id call;
    int account;
    pj_status_t status;

    if (!slot)
        return;
    if (command->text[0][0] && !trunk) {
        give_up(command->handle, 503, "no such trunk");
        return;
    }
    slot->phone = trunk == NULL;
    slot->waits = 0;
    setting_of(&setting);
    if (trunk && trunk->with & SIP_WITH_LATE_OFFER)
        setting.flag |= PJSUA_CALL_NO_SDP_OFFER;
    pjsua_msg_data_init(&data);
    /* RFC 3323: else the address tells whose box it is */
    sip_identity(local, command->text[2], command->text[3], trunk ? "anonymous.invalid" : sip_config.realm);
    if (!trunk)
        sip_shown_at_first(slot, local);
    data.local_uri = pj_str(local);
    if (command->code)
        ask_to_answer(&data, headers, info, sizeof info);
    snprintf(headers_of, sizeof headers_of, "%s", command->text[4] ? command->text[4] : "");
    add_headers(&data, more, headers_of);
    account = trunk ? sip_proxy_account(slot, trunk, command) : sip_account_of_phones((int)command->value);
    if (trunk)
        sip_ports_ready(account, sip_proxy_is_six(trunk, slot->proxy), sip_proxy_place(trunk, slot->proxy));
    else
        sip_ports_ready_for(account, command->text[1]);
    status = pjsua_call_make_call(account, &target, &setting, (void *)(uintptr_t)command->handle, &data, &call);
    slot = sip_slot_of(command->handle); /* a failure may have been told already by on_state */
    if (status != PJ_SUCCESS) {
        char why[PJ_ERR_MSG_SIZE];

        pj_strerror(status, why, sizeof why);
        if (slot && !slot->waits)
            give_up(command->handle, 503, why);
        return;
    }
    if (slot) {
        slot->id = call;
        slot->started = 1;
        if (trunk)
            pjsua_schedule_timer2(on_unheard, (void *)(uintptr_t)command->handle, UNHEARD_AT_MOST);
    }
}

void sip_leg_progress(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    pjsip_generic_string_hdr identity;
    pjsua_call_setting setting;
    pjsua_msg_data data;
    pjsua_call_info info;
    unsigned code = command->kind == SIP_DO_ANSWER ? 200 : (unsigned)command->code;

    if (!slot || slot->kind != SIP_LEG || !slot->started || pjsua_call_get_info(slot->id, &info) != PJ_SUCCESS ||
        info.role != PJSIP_ROLE_UAS || info.state >= PJSIP_INV_STATE_CONNECTING)
        return; /* ours, or answered already */
    setting_of(&setting);
    pjsua_msg_data_init(&data);
    sip_shown_in_answer(slot, &data, &identity);
    if (pjsua_call_answer2(info.id, &setting, code, NULL, &data) != PJ_SUCCESS && sip_leg_of_call(info.id) == command->handle)
        pjsua_call_hangup(info.id, 500, NULL, NULL);
}

void sip_leg_hang_up(const struct sip_command *command)
{
    static pj_str_t name = {(char *)(uintptr_t) "Reason", 6};
    struct sip_slot *slot = sip_slot_of(command->handle);
    pjsip_generic_string_hdr reason, later;
    pjsua_msg_data data;
    char text[96];
    pj_str_t value;

    if (!slot || slot->kind != SIP_LEG)
        return;
    if (!slot->started) { /* the call command failed and its end is being told */
        give_up(command->handle, 487, "never started");
        return;
    }
    slot->cause = (uint8_t)(command->value & 127);
    pjsua_msg_data_init(&data);
    if (command->value == 26) /* RFC 3326: no missed call on the other telephones */
        snprintf(text, sizeof text, "SIP;cause=200;text=\"Call completed elsewhere\"");
    else
        snprintf(text, sizeof text, "Q.850;cause=%d", (int)command->value & 127);
    value = pj_str(text);
    pjsip_generic_string_hdr_init2(&reason, &name, &value);
    pj_list_push_back(&data.hdr_list, &reason);
    if (command->code == 503 && sip_gate_now() == SIP_GATE_NO_CALLS) {
        sip_later(&later);
        pj_list_push_back(&data.hdr_list, &later);
    }
    pjsua_call_hangup(slot->id, (unsigned)command->code, NULL, &data);
}

void sip_leg_digits(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    pj_str_t digits = pj_str(command->text[0]);

    if (!slot || slot->kind != SIP_LEG || !slot->started)
        return;
    sip_relay_keys(slot->id);
    pjsua_call_dial_dtmf(slot->id, &digits);
}
