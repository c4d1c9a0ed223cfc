/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where answers, and requests within a call, go: to where the other side was heard from. A telephone behind NAT does
 * not know its own address, and nobody may have us write, or ask a name server, elsewhere (maddr; a name for a host).
 */
#include "sip.h"

static pj_bool_t on_request(pjsip_rx_data *rdata);
static pj_bool_t on_response(pjsip_rx_data *rdata);

static pjsip_module nat = {
    .name = {(char *)(uintptr_t) "mod-lk-nat", 10},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_TRANSPORT_LAYER + 1, /* before a dialog or transaction notes the addresses */
    .on_rx_request = on_request,
    .on_rx_response = on_response,
};

void sip_nat_rewrite(const pjsip_rx_data *rdata, pjsip_sip_uri *uri)
{
    pj_strdup2(rdata->tp_info.pool, &uri->host, rdata->pkt_info.src_name);
    uri->port = rdata->pkt_info.src_port;
    uri->transport_param = rdata->tp_info.transport->flag & PJSIP_TRANSPORT_DATAGRAM
                               ? pj_str((char *)(uintptr_t) "")
                               : pj_str(rdata->tp_info.transport->type_name);
    uri->maddr_param.slen = 0;
    uri->ttl_param = -1;
}

static int is_address(const pj_str_t *host)
{
    pj_in6_addr address; /* room for both */

    return pj_inet_pton(PJ_AF_INET, host, &address) == PJ_SUCCESS ||
           pj_inet_pton(PJ_AF_INET6, host, &address) == PJ_SUCCESS;
}

/* Behind proxies (Record-Route) the contact is for them; a trunk that names an address means it. */
static void contact_rewrite(const pjsip_rx_data *rdata)
{
    const pjsip_contact_hdr *contact = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_CONTACT, NULL);
    pjsip_sip_uri *uri;

    if (!contact || !contact->uri || rdata->msg_info.record_route ||
        (!PJSIP_URI_SCHEME_IS_SIP(contact->uri) && !PJSIP_URI_SCHEME_IS_SIPS(contact->uri)))
        return;
    uri = pjsip_uri_get_uri(contact->uri);
    if (sip_trunk_of_source(rdata) && is_address(&uri->host) && !uri->maddr_param.slen)
        return;
    sip_nat_rewrite(rdata, uri);
}

static pj_bool_t on_request(pjsip_rx_data *rdata)
{
    rdata->msg_info.via->maddr_param.slen = 0;
    if (rdata->msg_info.msg->line.req.method.id != PJSIP_REGISTER_METHOD)
        contact_rewrite(rdata);
    return PJ_FALSE;
}

static pj_bool_t on_response(pjsip_rx_data *rdata)
{
    if (rdata->msg_info.msg->line.status.code < 300)
        contact_rewrite(rdata);
    return PJ_FALSE;
}

pj_status_t sip_nat_init(void)
{
    return pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &nat);
}
