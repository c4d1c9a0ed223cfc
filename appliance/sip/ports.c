/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the sound of a leg goes out. A trunk known by addresses of both kinds has one account, so whether it is IPv4 or
 * IPv6 is said for each leg anew. And its ports: PJSIP looks for a free pair from where the account's latest leg was, for a
 * hundred pairs, and then refuses the call: with several accounts, and calls that last, it meets longer runs of ports taken.
 */
#include "sip.h"

#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* of a header that is not ours */
#include <pjsua-lib/pjsua_internal.h>
#include <string.h>

static unsigned next; /* where the latest leg of any account left off */

static int is_free(unsigned port, int six)
{
    pj_str_t listen = pj_str(six ? sip_config.listen6 : sip_config.listen);
    int family = six ? pj_AF_INET6() : pj_AF_INET();
    pj_sockaddr address;
    pj_sock_t probe;
    pj_status_t status;

    if (pj_sock_socket(family, pj_SOCK_DGRAM() | pj_SOCK_CLOEXEC(), 0, &probe) != PJ_SUCCESS)
        return 1; /* PJSIP will say so */
    if ((status = pj_sockaddr_init(family, &address, &listen, (pj_uint16_t)port)) == PJ_SUCCESS)
        status = pj_sock_bind(probe, &address, pj_sockaddr_get_len(&address));
    pj_sock_close(probe);
    return status == PJ_SUCCESS;
}

/* Said outright, or every call would ask DNS for the box's own name to find out what there is, and by which address. */
static void goes_by(pjsua_acc_config *account, int six)
{
    account->ipv6_media_use = six ? PJSUA_IPV6_ENABLED_USE_IPV6_ONLY : PJSUA_IPV6_DISABLED;
    account->rtp_cfg.bound_addr = pj_str(six ? sip_config.listen6 : sip_config.listen);
    account->rtp_cfg.public_addr = pj_str(six ? sip_config.name6 : sip_config.realm);
}

void sip_ports_ready(int account, int six)
{
    unsigned first = (unsigned)sip_config.rtp_first, last = (unsigned)sip_config.rtp_last;

    six = six && sip_config.listen6[0];
    goes_by(&pjsua_var.acc[account].cfg, six);
    for (unsigned tried = 0; tried <= last - first; tried += 2, next += 2) {
        if (next < first || next + 1 > last)
            next = first;
        if (is_free(next, six) && is_free(next + 1, six))
            break;
    }
    pjsua_var.acc[account].next_rtp_port = (pj_uint16_t)next;
    next += 2;
}
