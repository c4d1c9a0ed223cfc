/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a contact is told that did not subscribe, as RFC 3842 leaves it to an older custom: the lamp of waiting messages
 * (message-summary), and that it is to fetch its settings (check-sync, without a body).
 */
#include "sip.h"

#include <pjsip_simple.h>
#include <stdio.h>

static void add_header(pjsip_tx_data *tdata, const char *name, const char *value)
{
    pj_str_t is = pj_str((char *)(uintptr_t)name), says = pj_str((char *)(uintptr_t)value);

    pjsip_msg_add_hdr(tdata->msg, (pjsip_hdr *)pjsip_generic_string_hdr_create(tdata->pool, &is, &says));
}

void sip_summary_tell(const char *target, const char *phone, const char *event, const char *body)
{
    static const pj_str_t type = {(char *)(uintptr_t) "application", 11},
                          subtype = {(char *)(uintptr_t) "simple-message-summary", 22};
    pj_pool_t *pool = pjsua_pool_create("summary", 1000, 1000);
    pj_str_t to = pj_str((char *)(uintptr_t)target), says, from, contact;
    char text[SIP_NAME_MAX + 96];
    pjsip_tx_data *tdata;

    if (!pool)
        return;
    snprintf(text, sizeof text, "<sip:%s@%s>", phone, sip_config.realm);
    from = pj_str(text);
    if (pjsua_acc_create_uac_contact(pool, &contact, sip_local_account, &to) == PJ_SUCCESS &&
        pjsip_endpt_create_request(pjsua_get_pjsip_endpt(), pjsip_get_notify_method(), &to, &from, &to, &contact, NULL,
                                   -1, NULL, &tdata) == PJ_SUCCESS) {
        add_header(tdata, "Event", event);
        add_header(tdata, "Subscription-State", "terminated");
        if (body) {
            says = pj_str((char *)(uintptr_t)body);
            tdata->msg->body = pjsip_msg_body_create(tdata->pool, &type, &subtype, &says);
        }
        pjsip_endpt_send_request(pjsua_get_pjsip_endpt(), tdata, -1, NULL, NULL);
    }
    pj_pool_release(pool);
}
