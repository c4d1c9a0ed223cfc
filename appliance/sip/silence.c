/* SPDX-License-Identifier: GPL-2.0-or-later
 * Telephones that vanish in a call, without a BYE: cable pulled, battery empty. A leg that brings no sound and no report
 * of it (RTCP) for a while is asked whether it is there, by OPTIONS; one that answers nothing is over. So neither hold
 * nor silence suppression ends a call, and whoever was in it is free within twice that while.
 */
#include "sip.h"

static int64_t seconds(void)
{
    pj_time_val now;

    pj_gettickcount(&now);
    return now.sec;
}

/* All that has come so far: packets of sound, and reports. */
static uint32_t heard_of(pjsua_call_id call, const pjsua_call_info *info)
{
    pjsua_stream_stat stat;

    for (unsigned i = 0; i < info->media_cnt; i++)
        if (info->media[i].type == PJMEDIA_TYPE_AUDIO && pjsua_call_get_stream_stat(call, i, &stat) == PJ_SUCCESS)
            return stat.rtcp.rx.pkt + stat.rtcp.tx.update_cnt;
    return 0;
}

static void give_up(sip_handle leg, pjsua_call_id call)
{
    static const char *why = "vanished: neither sound nor answer";

    pjsua_call_set_user_data(call, NULL);
    sip_slot_free(leg);
    sip_tell_c(SIP_EV_OVER, leg, 408, 102, 1, &why); /* Q.850 102: a timer ran out */
    pjsua_call_hangup(call, 0, NULL, NULL);          /* it may hear again some day */
}

static void look(sip_handle leg, struct sip_slot *slot)
{
    static const pj_str_t options = {(char *)(uintptr_t) "OPTIONS", 7};
    int64_t now = seconds();
    pjsua_call_info info;
    uint32_t heard;

    if (!slot->started || pjsua_call_get_info(slot->id, &info) != PJ_SUCCESS || info.state != PJSIP_INV_STATE_CONFIRMED)
        return;
    heard = heard_of(slot->id, &info);
    if (heard != slot->heard || !slot->heard_at) {
        slot->heard = heard;
        slot->heard_at = now;
        slot->asked_at = 0;
    } else if (slot->asked_at) {
        if (now - slot->asked_at >= (int64_t)sip_config.silent_after)
            give_up(leg, slot->id);
    } else if (now - slot->heard_at >= (int64_t)sip_config.silent_after) {
        slot->asked_at = now;
        pjsua_call_send_request(slot->id, &options, NULL);
    }
}

void sip_silence_look(void)
{
    if (sip_config.silent_after)
        sip_slots_each(SIP_LEG, look);
}

void sip_silence_answered(sip_handle leg)
{
    struct sip_slot *slot = leg ? sip_slot_of(leg) : NULL;

    if (slot) {
        slot->heard_at = seconds();
        slot->asked_at = 0;
    }
}
