/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is listened on: UDP, TCP and TLS of IPv4, without which there is no start; and of IPv6, whose address may come up later.
 */
#include "sip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRY_EVERY 5 /* s */

static char wanted6[sizeof sip_config.listen6]; /* not listened on, or not by all transports */
static unsigned open6;                          /* a bit for each transport that is */

static const char *listen_on(pjsip_transport_type_e type)
{
    static char text[PJ_ERR_MSG_SIZE + 128];
    char *listen = type & PJSIP_TRANSPORT_IPV6 ? wanted6 : sip_config.listen, reason[PJ_ERR_MSG_SIZE];
    static int receive_buffer = 2 << 20; /* bytes asked for; the kernel may give less */
    pjsua_transport_config transport;
    pj_status_t status;

    pjsua_transport_config_default(&transport);
    transport.port = (unsigned)sip_config.port;
    transport.bound_addr = pj_str(listen);
    transport.public_addr = pj_str(type & PJSIP_TRANSPORT_IPV6 ? sip_config.name6 : sip_config.realm);
    transport.sockopt_params.cnt = 1; /* a burst while the thread is held up: a second of 1,000 calls a second */
    transport.sockopt_params.options[0].level = pj_SOL_SOCKET();
    transport.sockopt_params.options[0].optname = pj_SO_RCVBUF();
    transport.sockopt_params.options[0].optval = &receive_buffer;
    transport.sockopt_params.options[0].optlen = sizeof receive_buffer;
    if ((type & ~PJSIP_TRANSPORT_IPV6) == PJSIP_TRANSPORT_TLS)
        sip_tls_settings(&transport);
    status = pjsua_transport_create(type, &transport, NULL);
    if (status == PJ_SUCCESS)
        return NULL;
    if (status == PJ_STATUS_FROM_OS(EADDRINUSE)) {
        snprintf(text, sizeof text, "port %u of %s is in use by another program", transport.port, listen);
        return text;
    }
    pj_strerror(status, reason, sizeof reason);
    snprintf(text, sizeof text, "%s port %u: cannot listen: %s", listen, transport.port, reason);
    return text;
}

static const char *listen_by(int family, unsigned *open)
{
    static const pjsip_transport_type_e types[] = {PJSIP_TRANSPORT_UDP, PJSIP_TRANSPORT_TCP, PJSIP_TRANSPORT_TLS};
    const char *why;

    for (unsigned i = 0; i < (sip_config.tls_port ? 3 : 2); i++) {
        if (*open & 1u << i)
            continue;
        if ((why = listen_on(types[i] | family)))
            return why;
        *open |= 1u << i;
    }
    return NULL;
}

static const char *listen6(void)
{
    const char *why = listen_by(PJSIP_TRANSPORT_IPV6, &open6);

    if (why)
        return why;
    memcpy(sip_config.listen6, wanted6, sizeof wanted6);
    wanted6[0] = '\0';
    return NULL;
}

const char *sip_listen(void)
{
    unsigned open = 0;
    const char *why = listen_by(0, &open);

    if (why)
        return why;
    open6 = 0;
    memcpy(wanted6, sip_config.listen6, sizeof wanted6);
    sip_config.listen6[0] = '\0'; /* no leg goes by it before it is there */
    if (wanted6[0] && (why = listen6()))
        sip_warn("IPv4 alone is spoken until it can: %s", why);
    return NULL;
}

void sip_listen_look(void)
{
    static unsigned seconds;

    if (wanted6[0] && ++seconds % TRY_EVERY == 0 && !listen6())
        sip_warn("IPv6 is spoken too now, at %s", sip_config.listen6);
}
