/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where the sound of a leg goes out. A trunk known by addresses of both kinds has one account, so whether it is IPv4 or
 * IPv6 is said for each leg anew. And its ports: PJSIP looks for a free pair from where the account's latest leg was, for a
 * hundred pairs, and then refuses the call: with several accounts, and calls that last, it meets longer runs of ports taken. A box of several
 * addresses is known to each side by the one that is seen from there.
 */
#include "sip.h"

#include <arpa/inet.h>

#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* of a header that is not ours */
#include <pjsua-lib/pjsua_internal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned next; /* where the latest leg of any account left off; 0 before the first */

/* A pair to begin at: not the first after every start, where those may still send who were talking before it. */
static unsigned anywhere(unsigned first, unsigned last)
{
    unsigned drawn;

    if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) != sizeof drawn)
        return first;
    return first + drawn % ((last - first + 1) / 2) * 2;
}

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

/* Does it stand for every address of the box? */
static int is_any(const char *listen)
{
    return strcmp(listen, "0.0.0.0") == 0 || strcmp(listen, "::") == 0;
}

/* The address of ours that this peer sees: the one listened on, or of all of them that of the way there. */
static char *seen_by(const pj_sockaddr *peer, int six)
{
    static char text[PJ_INET6_ADDRSTRLEN];
    char *named = six ? sip_config.name6 : sip_config.realm;
    pj_sockaddr ours;
    socklen_t size = sizeof ours;
    int fd, failed;

    if (!peer || !is_any(six ? sip_config.listen6 : sip_config.listen) ||
        (fd = socket(peer->addr.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return named;
    failed = connect(fd, (const struct sockaddr *)peer, (socklen_t)pj_sockaddr_get_len(peer)) ||
             getsockname(fd, (struct sockaddr *)&ours, &size) || !pj_sockaddr_print(&ours, text, sizeof text, 0);
    close(fd);
    return failed ? named : text;
}

void sip_ports_ready(int account, int six, const pj_sockaddr *peer)
{
    unsigned first = (unsigned)sip_config.rtp_first, last = (unsigned)sip_config.rtp_last;
    pjsua_acc_config *config = &pjsua_var.acc[account].cfg;

    six = six && sip_config.listen6[0];
    /* said outright, or every call would ask DNS for the box's own name to find out what there is, and by which address */
    config->ipv6_media_use = six ? PJSUA_IPV6_ENABLED_USE_IPV6_ONLY : PJSUA_IPV6_DISABLED;
    config->rtp_cfg.bound_addr = pj_str(six ? sip_config.listen6 : sip_config.listen);
    config->rtp_cfg.public_addr = pj_str(seen_by(peer, six));
    if (!next)
        next = anywhere(first, last);
    for (unsigned tried = 0; tried <= last - first; tried += 2, next += 2) {
        if (next < first || next + 1 > last)
            next = first;
        if (is_free(next, six) && is_free(next + 1, six))
            break;
    }
    pjsua_var.acc[account].next_rtp_port = (pj_uint16_t)next;
    next += 2;
}

static void contact_is(int account, int six, const char *transport)
{
    static char text[PJ_INET6_ADDRSTRLEN + 64];
    const char *address = pjsua_var.acc[account].cfg.rtp_cfg.public_addr.ptr;
    int tls = strcmp(transport, ";transport=tls") == 0;

    snprintf(text, sizeof text, six ? "<sip:[%s]:%d%s>" : "<sip:%s:%d%s>", address,
             tls ? sip_config.tls_port : sip_config.port, transport);
    pjsua_var.acc[account].cfg.force_contact = pj_str(text);
}

/* The address in the URI of a telephone; 0, or -1 when it is a name. */
static int peer_of(const char *target, pj_sockaddr *peer)
{
    const char *at = strchr(target, '@');
    char host[PJ_INET6_ADDRSTRLEN];
    size_t size;
    int family;

    if (!at)
        at = target + strcspn(target, ":"); /* its end, where it is no URI */
    at += *at != '\0';
    family = *at == '[' ? pj_AF_INET6() : pj_AF_INET();
    at += *at == '[';
    size = strcspn(at, family == pj_AF_INET6() ? "]" : ":;>?");
    if (size >= sizeof host)
        return -1;
    memcpy(host, at, size);
    host[size] = '\0';
    pj_bzero(peer, sizeof *peer);
    peer->addr.sa_family = (pj_uint16_t)family;
    pj_sockaddr_set_port(peer, (pj_uint16_t)sip_config.port);
    return inet_pton(family, host, pj_sockaddr_get_addr(peer)) == 1 ? 0 : -1;
}

void sip_ports_ready_for(int account, const char *target)
{
    int six = strchr(target, '[') != NULL;
    pj_sockaddr peer;

    sip_ports_ready(account, six, peer_of(target, &peer) ? NULL : &peer);
    if (strncasecmp(target, "sips:", 5) == 0) /* PJSIP knows how ours is written then */
        pjsua_var.acc[account].cfg.force_contact.slen = 0;
    else
        contact_is(account, six, strcasestr(target, ";transport=tls")   ? ";transport=tls"
                                 : strcasestr(target, ";transport=tcp") ? ";transport=tcp"
                                                                        : "");
}

void sip_ports_ready_of(int account, const pjsip_rx_data *rdata)
{
    const pjsip_transport *transport = rdata->tp_info.transport;
    int six = (transport->key.type & PJSIP_TRANSPORT_IPV6) != 0;

    sip_ports_ready(account, six, &rdata->pkt_info.src_addr);
    if (PJSIP_URI_SCHEME_IS_SIPS(rdata->msg_info.msg->line.req.uri))
        pjsua_var.acc[account].cfg.force_contact.slen = 0;
    else
        contact_is(account, six, transport->flag & PJSIP_TRANSPORT_SECURE     ? ";transport=tls"
                                 : transport->flag & PJSIP_TRANSPORT_DATAGRAM ? ""
                                                                              : ";transport=tcp");
}
