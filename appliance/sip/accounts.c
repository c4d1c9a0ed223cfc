/* SPDX-License-Identifier: GPL-2.0-or-later
 * Telephones that may register, and trunks: where they are and how they are entered.
 */
#include "sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANEW_AFTER 500 /* ms after another server has let us go */
#define RETRY_EVERY 30 /* s between attempts of a registration that failed; the first comes sooner */

int sip_local_account = PJSUA_INVALID_ID;
static int local[3]; /* of telephones: without SRTP, with it where they want it, with nothing else */

static struct sip_phone phones[SIP_PHONES];
static int phone_count;
static struct sip_trunk trunks[SIP_TRUNKS];
static int trunk_count;

void sip_accounts_reset(void)
{
    phone_count = trunk_count = 0;
}

/* ---- telephones ------------------------------------------------------------------------------------------------- */

struct sip_phone *sip_phone_find(const pj_str_t *id)
{
    for (int i = 0; i < phone_count; i++)
        if (pj_strcmp2(id, phones[i].id) == 0)
            return &phones[i];
    return NULL;
}

void sip_phone_set(const struct sip_command *command)
{
    pj_str_t id = pj_str(command->text[0]);
    struct sip_phone *phone = sip_phone_find(&id);
    int wanted = command->text[1][0] != '\0';

    if (!wanted) {
        sip_registrar_forget(command->text[0]);
        sip_watch_forget(command->text[0]);
        if (phone)
            *phone = phones[--phone_count];
        return;
    }
    if (!phone && phone_count < SIP_PHONES)
        phone = &phones[phone_count++];
    if (!phone)
        return;
    snprintf(phone->id, sizeof phone->id, "%s", command->text[0]);
    snprintf(phone->md5, sizeof phone->md5, "%s", command->text[1]);
    snprintf(phone->sha256, sizeof phone->sha256, "%s", command->text[2]);
    phone->with = command->code;
}

static void media_of(pjsua_acc_config *account, int with)
{
    account->use_srtp = with & SIP_WITH_SRTP_ONLY ? PJMEDIA_SRTP_MANDATORY
                        : with & SIP_WITH_SRTP    ? PJMEDIA_SRTP_OPTIONAL
                                                  : PJMEDIA_SRTP_DISABLED;
    account->srtp_secure_signaling = 0; /* who wants TLS too says so */
    account->srtp_opt.keying_count = 1;
    account->srtp_opt.keying[0] = PJMEDIA_SRTP_KEYING_SDES;
    account->rtp_cfg.port = (unsigned)sip_config.rtp_first;
    account->rtp_cfg.port_range = (unsigned)(sip_config.rtp_last - sip_config.rtp_first);
    account->lock_codec = 0;
    account->use_timer = sip_config.session_expires ? PJSUA_SIP_TIMER_OPTIONAL : PJSUA_SIP_TIMER_INACTIVE;
    if (sip_config.session_expires)
        account->timer_setting.sess_expires = sip_config.session_expires;
    account->vid_in_auto_show = account->vid_out_auto_transmit = PJ_FALSE;
    account->allow_contact_rewrite = 0;
    account->allow_via_rewrite = 0;
}

static int local_account(int with, int *id)
{
    static char name[96];
    pjsua_acc_config account;

    pjsua_acc_config_default(&account);
    snprintf(name, sizeof name, "<sip:%s>", sip_config.realm);
    account.id = pj_str(name);
    account.register_on_acc_add = PJ_FALSE;
    media_of(&account, with);
    return pjsua_acc_add(&account, with == 0, id) == PJ_SUCCESS ? 0 : -1;
}

int sip_account_local(void)
{
    static const int with[] = {0, SIP_WITH_SRTP, SIP_WITH_SRTP_ONLY};

    for (int i = 0; i < 3; i++)
        if (local_account(with[i], &local[i]))
            return -1;
    sip_local_account = local[0];
    return 0;
}

int sip_account_of_phones(int with)
{
    return local[with & SIP_WITH_SRTP_ONLY ? 2 : with & SIP_WITH_SRTP ? 1 : 0];
}

/* By whom it was let in, not by what it says: how the other side is spoken with hangs on it. */
static void on_account_wanted(const pjsip_rx_data *rdata, pjsua_acc_id *account)
{
    const struct sip_phone *phone = sip_gate_phone(rdata);
    const struct sip_trunk *trunk = sip_gate_trunk(rdata);
    int first = trunk ? sip_proxy_first(trunk, 0) : 0;

    if (rdata->msg_info.msg->line.req.method.id != PJSIP_INVITE_METHOD)
        return;
    if (phone) {
        *account = sip_account_of_phones(phone->with);
        sip_ports_ready_of(*account, rdata);
        return;
    }
    if (trunk)
        *account = trunk->proxy[first < 0 ? 0 : first].account;
    sip_ports_ready(*account, (rdata->tp_info.transport->key.type & PJSIP_TRANSPORT_IPV6) != 0, &rdata->pkt_info.src_addr);
}

/* ---- trunks ----------------------------------------------------------------------------------------------------- */

struct sip_trunk *sip_trunk_find(const char *id)
{
    for (int i = 0; i < trunk_count; i++)
        if (strcmp(trunks[i].id, id) == 0)
            return &trunks[i];
    return NULL;
}

struct sip_trunk *sip_trunk_of_account(int account)
{
    for (int i = 0; i < trunk_count; i++)
        if (sip_proxy_of_account(&trunks[i], account) >= 0)
            return &trunks[i];
    return NULL;
}

struct sip_trunk *sip_trunk_of_phone(const struct sip_phone *phone)
{
    static const char before[] = "line-";

    return strncmp(phone->id, before, sizeof before - 1) == 0 ? sip_trunk_find(phone->id + sizeof before - 1) : NULL;
}

int sip_trunks_count(void)
{
    return trunk_count;
}

struct sip_trunk *sip_trunk_nth(int index)
{
    return &trunks[index];
}

/* Does a connection like this one, of a trunk that makes such, come from any port? */
static int by_chance(const struct sip_trunk *trunk, const pjsip_transport *transport)
{
    if (transport->flag & PJSIP_TRANSPORT_DATAGRAM || trunk->with & SIP_WITH_LINE)
        return 0; /* a gateway proves who it is at every place but the one it registered from */
    return transport->flag & PJSIP_TRANSPORT_SECURE ? trunk->with & SIP_WITH_TLS : trunk->with & SIP_WITH_TCP;
}

struct sip_trunk *sip_trunk_of_source(const pjsip_rx_data *rdata)
{
    const pj_sockaddr *from = &rdata->pkt_info.src_addr;
    struct sip_trunk *found = NULL;

    for (int i = 0; i < trunk_count; i++) {
        for (int j = 0; j < trunks[i].addresses; j++) {
            const pj_sockaddr *known = &trunks[i].address[j];
            pj_uint16_t port = pj_sockaddr_get_port(known);

            if (known->addr.sa_family != from->addr.sa_family ||
                memcmp(pj_sockaddr_get_addr(known), pj_sockaddr_get_addr(from), pj_sockaddr_get_addr_len(known)) != 0)
                continue;
            if (port == pj_sockaddr_get_port(from) || by_chance(&trunks[i], rdata->tp_info.transport))
                return &trunks[i]; /* the nearest match: address and port */
            if (port == 0 && !found)
                found = &trunks[i];
        }
    }
    return found;
}

int sip_trunk_at(struct sip_source source)
{
    for (int i = 0; i < trunk_count; i++)
        for (int j = 0; j < trunks[i].addresses; j++)
            if (sip_sources_meet(sip_source_of(&trunks[i].address[j]), source))
                return 1;
    return 0;
}

static void address_add(struct sip_trunk *trunk, struct sip_proxy *proxy, char *one)
{
    pj_str_t text = pj_str(one);

    if (trunk->addresses == (int)PJ_ARRAY_SIZE(trunk->address) ||
        pj_sockaddr_parse(PJ_AF_UNSPEC, 0, &text, &trunk->address[trunk->addresses]) != PJ_SUCCESS)
        return;
    if (proxy->address < 0)
        proxy->address = trunk->addresses;
    trunk->addresses++;
}

static void proxies_set(struct sip_trunk *trunk, char *list)
{
    char *save = NULL;
    int proxies = 1;

    trunk->addresses = 0;
    for (int i = 0; i < SIP_PROXIES; i++)
        trunk->proxy[i].address = -1;
    for (char *one = strtok_r(list, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
        if (strcmp(one, "|") != 0)
            address_add(trunk, &trunk->proxy[proxies - 1], one);
        else if (proxies == SIP_PROXIES)
            break;
        else
            proxies++;
    }
    for (int i = proxies; i < trunk->proxies; i++)
        pjsua_acc_del(trunk->proxy[i].account);
    for (int i = trunk->proxies; i < proxies; i++)
        trunk->proxy[i] = (struct sip_proxy){.account = PJSUA_INVALID_ID, .address = trunk->proxy[i].address};
    trunk->proxies = proxies;
}

void sip_trunk_told(const struct sip_trunk *trunk, int code, int64_t granted, const char *why)
{
    const char *text[] = {trunk->id, why};

    sip_tell_c(SIP_EV_TRUNK, 0, code, granted, 2, text);
}

static void account_of(const struct sip_trunk *trunk, const struct sip_proxy *proxy, const char *password, int expires,
                       pjsua_acc_config *account)
{
    static char id[SIP_URI_MAX + SIP_NAME_MAX + 16], uri[SIP_URI_MAX + 16], route[SIP_PLACE_MAX + 40];
    const char *host = strchr(trunk->uri, ':');

    pjsua_acc_config_default(account);
    media_of(account, trunk->with);
    host = host ? host + 1 : trunk->uri;
    snprintf(id, sizeof id, "<sip:%s@%s>", trunk->user[0] ? trunk->user : "linekeeper", host);
    snprintf(uri, sizeof uri, "%s", trunk->uri);
    account->id = pj_str(id);
    if (proxy->address >= 0) { /* the name was looked up before: DNS is never asked with a call waiting */
        char where[SIP_PLACE_MAX];

        sip_place(where, sizeof where, &trunk->address[proxy->address]);
        snprintf(route, sizeof route, "<sip:%s%s;lr;hide>", where,
                 trunk->with & SIP_WITH_TLS   ? ";transport=tls"
                 : trunk->with & SIP_WITH_TCP ? ";transport=tcp"
                                              : "");
        account->proxy_cnt = 1;
        account->proxy[0] = pj_str(route);
    }
    account->register_on_acc_add = trunk->registers && proxy == &trunk->proxy[0];
    account->reg_first_retry_interval = 2;
    account->reg_retry_interval = RETRY_EVERY;
    account->reg_retry_random_interval = 5;
    if (trunk->registers) {
        account->reg_uri = pj_str(uri);
        account->reg_timeout = (unsigned)expires;
    }
    if (trunk->user[0]) {
        account->cred_count = 1;
        account->cred_info[0].realm = pj_str((char *)(uintptr_t) "*");
        account->cred_info[0].scheme = pj_str((char *)(uintptr_t) "digest");
        account->cred_info[0].username = pj_str((char *)(uintptr_t)trunk->user);
        account->cred_info[0].data_type = PJSIP_CRED_DATA_PLAIN_PASSWD;
        account->cred_info[0].data = pj_str((char *)(uintptr_t)password);
    }
}

/* An account for each server; at most one of them registers. */
static pj_status_t accounts_set(struct sip_trunk *trunk, const char *password, int expires)
{
    pj_status_t status = PJ_SUCCESS;

    for (int i = 0; i < trunk->proxies && status == PJ_SUCCESS; i++) {
        struct sip_proxy *proxy = &trunk->proxy[i];
        pjsua_acc_config account;

        account_of(trunk, proxy, password, expires, &account);
        proxy->down = 0;
        proxy->probe = 0;
        proxy->asked_at = 0;
        if (proxy->account == PJSUA_INVALID_ID)
            status = pjsua_acc_add(&account, PJ_FALSE, &proxy->account);
        else
            status = pjsua_acc_modify(proxy->account, &account);
    }
    return status;
}

void sip_trunk_set(const struct sip_command *command)
{
    struct sip_trunk *trunk = sip_trunk_find(command->text[0]);
    pj_status_t status;
    int known = trunk != NULL;

    if (!known) {
        if (trunk_count == SIP_TRUNKS)
            return;
        trunk = &trunks[trunk_count++];
        memset(trunk, 0, sizeof *trunk);
    }
    snprintf(trunk->id, sizeof trunk->id, "%s", command->text[0]);
    snprintf(trunk->uri, sizeof trunk->uri, "%s", command->text[1]);
    snprintf(trunk->user, sizeof trunk->user, "%s", command->text[2]);
    trunk->registers = command->value > 0;
    trunk->registrar = trunk->registers ? 0 : -1;
    trunk->qualify = (int)command->other;
    trunk->with = command->code;
    snprintf(trunk->names, sizeof trunk->names, "%s", command->text[5] ? command->text[5] : "");
    proxies_set(trunk, command->text[4]);
    sip_guard_trunks();
    status = accounts_set(trunk, command->text[3], (int)command->value);
    if (status != PJ_SUCCESS) {
        char why[PJ_ERR_MSG_SIZE];

        pj_strerror(status, why, sizeof why);
        sip_trunk_told(trunk, 500, 0, why);
        if (!known)
            sip_trunk_remove(command);
    } else if (!trunk->registers) {
        sip_trunk_told(trunk, 200, 0, "");
    }
}

void sip_trunk_remove(const struct sip_command *command)
{
    struct sip_trunk *trunk = sip_trunk_find(command->text[0]);

    if (!trunk)
        return;
    for (int i = 0; i < trunk->proxies; i++)
        if (trunk->proxy[i].account != PJSUA_INVALID_ID)
            pjsua_acc_del(trunk->proxy[i].account);
    *trunk = trunks[--trunk_count];
}

/* PJSIP tries again by itself after what may pass; a refusal may pass too, when the provider mends its side. */
static void try_again(void *account)
{
    const struct sip_trunk *trunk = sip_trunk_of_account((int)(intptr_t)account);

    if (trunk && trunk->registrar >= 0 && trunk->proxy[trunk->registrar].account == (int)(intptr_t)account)
        pjsua_acc_set_registration((int)(intptr_t)account, PJ_TRUE);
}

static void on_registered(pjsua_acc_id account, pjsua_reg_info *info)
{
    struct sip_trunk *trunk = sip_trunk_of_account(account);
    const struct pjsip_regc_cbparam *result = info->cbparam;
    int proxy = trunk ? sip_proxy_of_account(trunk, account) : -1, registrar = trunk ? trunk->registrar : -1;
    char why[128];

    if (!trunk)
        return;
    if (!info->renew || proxy != registrar) { /* it has left that one, which may have taken what the other knows with it */
        if (!info->renew && registrar >= 0 && proxy != registrar)
            pjsua_schedule_timer2(try_again, (void *)(intptr_t)trunk->proxy[registrar].account, ANEW_AFTER);
        return;
    }
    sip_copy(why, sizeof why, &result->reason);
    if (result->status != PJ_SUCCESS)
        pj_strerror(result->status, why, sizeof why);
    if (result->code >= 400 && result->code < 500 && result->code != 408 && result->code != 480)
        pjsua_schedule_timer2(try_again, (void *)(intptr_t)account, RETRY_EVERY * 1000);
    if (result->status != PJ_SUCCESS || result->code == 408 || result->code >= 500)
        sip_proxy_answers(trunk, proxy, 0);
    if (trunk->registrar != registrar)
        return; /* the next one is asked */
    sip_trunk_told(trunk, result->status != PJ_SUCCESS ? 503 : result->code,
               result->expiration == PJSIP_REGC_EXPIRATION_NOT_SPECIFIED ? 0 : result->expiration, why);
}

void sip_accounts_configure(pjsua_config *config)
{
    config->cb.on_reg_state2 = on_registered;
    config->cb.on_acc_find_for_incoming = on_account_wanted;
}
