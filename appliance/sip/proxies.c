/* SPDX-License-Identifier: GPL-2.0-or-later
 * The servers of a trunk, tried in order: which of them answers is asked by OPTIONS, and noted from calls and
 * registrations that fail. Each has an account of its own, as PJSIP keeps route and registration there.
 */
#include "sip.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_WITHIN = 4000 }; /* ms; as long as a call waits for the first word of a trunk */

static uintptr_t probes; /* asked so far; each names itself by its number */

static int64_t seconds(void)
{
    pj_time_val now;

    pj_gettickcount(&now);
    return now.sec;
}

int sip_proxy_first(const struct sip_trunk *trunk, unsigned tried)
{
    for (int i = 0; i < trunk->proxies; i++)
        if (!trunk->proxy[i].down && !(tried & 1u << i))
            return i;
    return -1;
}

int sip_proxy_is_six(const struct sip_trunk *trunk, int proxy)
{
    int address = trunk->proxy[proxy].address;

    return address >= 0 && trunk->address[address].addr.sa_family == pj_AF_INET6();
}

const pj_sockaddr *sip_proxy_place(const struct sip_trunk *trunk, int proxy)
{
    int address = trunk->proxy[proxy].address;

    return address >= 0 ? &trunk->address[address] : NULL;
}

int sip_proxy_of_account(const struct sip_trunk *trunk, int account)
{
    for (int i = 0; i < trunk->proxies; i++)
        if (trunk->proxy[i].account == account)
            return i;
    return -1;
}

/* Registered at one of them, the first that answers. Whoever is left for one before it is told so while he can hear it. */
static void register_at(struct sip_trunk *trunk, int first)
{
    int before = trunk->registrar;

    if (!trunk->registers || first < 0)
        return;
    trunk->registrar = first;
    if (before >= 0 && before != first && !trunk->proxy[before].down)
        pjsua_acc_set_registration(trunk->proxy[before].account, PJ_FALSE);
    pjsua_acc_set_registration(trunk->proxy[first].account, PJ_TRUE);
}

static void changed(struct sip_trunk *trunk, int from)
{
    int to = sip_proxy_first(trunk, 0);

    if (from == to)
        return;
    if (to < 0)
        sip_trunk_told(trunk, 503, 0, "no server of it answers");
    else if (from < 0 && !trunk->registers)
        sip_trunk_told(trunk, 200, 0, "");
    register_at(trunk, to);
}

void sip_proxy_answers(struct sip_trunk *trunk, int proxy, int answers)
{
    int from = sip_proxy_first(trunk, 0);

    if (proxy < 0 || !sip_proxies_probed(trunk))
        return; /* it would be down for ever */
    trunk->proxy[proxy].down = !answers;
    changed(trunk, from);
}

int sip_proxies_probed(const struct sip_trunk *trunk)
{
    return trunk->qualify > 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

/* The account of the server that is to be called; noted, where there are several, as is how to call the next one. */
int sip_proxy_account(struct sip_slot *slot, const struct sip_trunk *trunk, const struct sip_command *command)
{
    int first = sip_proxy_first(trunk, slot->tried);

    slot->proxy = (uint8_t)(first < 0 ? 0 : first); /* none is up: it is told so by the first */
    if (trunk->proxies > 1 && !slot->again)
        slot->again = sip_command_copy(command);
    return trunk->proxy[slot->proxy].account;
}

static void call_again(void *data)
{
    struct sip_slot *slot = sip_slot_look((sip_handle)(uintptr_t)data);

    if (slot && slot->waits && slot->again)
        sip_leg_call(slot->again);
}

/* A server of a trunk that says nothing, or that it cannot: the next one is called, and the leg stays the same. */
int sip_proxy_next(pjsua_call_id call, struct sip_slot *slot, int status, const pjsip_event *event)
{
    struct sip_trunk *trunk = slot->again ? sip_trunk_find(slot->again->text[0]) : NULL;
    int heard = event && event->type == PJSIP_EVENT_TSX_STATE && event->body.tsx_state.type == PJSIP_EVENT_RX_MSG;

    if (!trunk || slot->early || slot->cause || (status != PJSIP_SC_REQUEST_TIMEOUT && (status < 500 || status > 599)))
        return 0;
    if (!heard || status == PJSIP_SC_SERVICE_UNAVAILABLE)
        sip_proxy_answers(trunk, slot->proxy, 0);
    slot->tried |= (uint8_t)(1u << slot->proxy);
    if (sip_proxy_first(trunk, slot->tried) < 0)
        return 0;
    pjsua_call_set_user_data(call, NULL);
    slot->started = 0;
    slot->waits = 1;
    pjsua_schedule_timer2(call_again, (void *)(uintptr_t)sip_slot_handle(slot), 0);
    return 1;
}

/* ---- OPTIONS ---------------------------------------------------------------------------------------------------- */

static struct sip_trunk *asked(uintptr_t probe, int *proxy)
{
    for (int i = 0; i < sip_trunks_count(); i++) {
        struct sip_trunk *trunk = sip_trunk_nth(i);

        for (*proxy = 0; *proxy < trunk->proxies; ++*proxy)
            if (trunk->proxy[*proxy].probe == probe)
                return trunk;
    }
    return NULL;
}

static void became(uintptr_t probe, int answers)
{
    int proxy;
    struct sip_trunk *trunk = asked(probe, &proxy);

    if (!trunk)
        return; /* it is answered, or gone */
    trunk->proxy[proxy].probe = 0;
    sip_proxy_answers(trunk, proxy, answers);
}

static void on_answer(void *token, pjsip_event *event)
{
    int heard = event->body.tsx_state.type == PJSIP_EVENT_RX_MSG;

    became((uintptr_t)token, heard && event->body.tsx_state.tsx->status_code != PJSIP_SC_SERVICE_UNAVAILABLE);
}

static void on_silence(void *token)
{
    became((uintptr_t)token, 0);
}

/* The route of its account, without what is meant for PJSIP alone. */
static void add_route(pjsip_tx_data *tdata, const pjsua_acc_config *account)
{
    static const pj_str_t name = {(char *)(uintptr_t) "Route", 5};
    size_t size = (size_t)account->proxy[0].slen + 1;
    char *text; /* what is parsed of it points into it */
    void *route;

    if (!account->proxy_cnt)
        return;
    text = pj_pool_alloc(tdata->pool, size);
    sip_copy(text, size, &account->proxy[0]);
    if ((route = pjsip_parse_hdr(tdata->pool, &name, text, size - 1, NULL)) != NULL)
        pjsip_msg_add_hdr(tdata->msg, route);
}

static void ask(struct sip_trunk *trunk, struct sip_proxy *proxy)
{
    static const pjsip_method options = {PJSIP_OPTIONS_METHOD, {(char *)(uintptr_t) "OPTIONS", 7}};
    pj_pool_t *pool = pjsua_pool_create("probe", 1000, 1000);
    pj_str_t target = pj_str(trunk->uri);
    pjsua_acc_config account;
    pjsip_tx_data *tdata;

    proxy->asked_at = seconds();
    if (!pool)
        return;
    proxy->probe = ++probes;
    if (pjsua_acc_get_config(proxy->account, pool, &account) == PJ_SUCCESS &&
        pjsip_endpt_create_request(pjsua_get_pjsip_endpt(), &options, &target, &account.id, &target, NULL, NULL, -1,
                                   NULL, &tdata) == PJ_SUCCESS) {
        add_route(tdata, &account);
        pjsua_schedule_timer2(on_silence, (void *)proxy->probe, ANSWER_WITHIN);
        pjsip_endpt_send_request(pjsua_get_pjsip_endpt(), tdata, -1, (void *)proxy->probe, on_answer);
    }
    pj_pool_release(pool);
}

void sip_proxies_look(void)
{
    int64_t now = seconds();

    for (int i = 0; i < sip_trunks_count(); i++) {
        struct sip_trunk *trunk = sip_trunk_nth(i);

        for (int j = 0; sip_proxies_probed(trunk) && j < trunk->proxies; j++)
            if (!trunk->proxy[j].probe &&
                (!trunk->proxy[j].asked_at || now - trunk->proxy[j].asked_at >= trunk->qualify))
                ask(trunk, &trunk->proxy[j]);
    }
}
