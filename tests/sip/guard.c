/* SPDX-License-Identifier: GPL-2.0-or-later
 * The guard and the fence alone, with addresses of their own: IPv6, and more sources than there is room for.
 */
#include "../../appliance/sip/sip.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int banned, lifted, udp;
static char last[80];
struct sip_config sip_config;

/* ---- what the guard asks of others ------------------------------------------------------------------------------- */

void sip_tell_c(int kind, sip_handle handle, int code, int64_t value, int texts, const char *const *text)
{
    (void)handle, (void)code, (void)value, (void)texts;
    banned += kind == SIP_EV_BANNED;
    lifted += kind == SIP_EV_LIFTED;
    snprintf(last, sizeof last, "%s", text[0]);
}

int sip_trunk_at(struct sip_source source)
{
    return source.family == 6 && source.bits == 0x20010db800070000u;
}

int sip_registrar_is_at(const pj_str_t *phone, const pjsip_rx_data *rdata)
{
    (void)phone, (void)rdata;
    return 0;
}

pj_time_val sip_now(void)
{
    return (pj_time_val){0, 0};
}

/* ---- as it comes from the network -------------------------------------------------------------------------------- */

static pjsip_rx_data *from(const char *address)
{
    static pjsip_rx_data rdata;
    pj_str_t text = pj_str((char *)(uintptr_t)address);

    assert(pj_sockaddr_parse(PJ_AF_UNSPEC, 0, &text, &rdata.pkt_info.src_addr) == PJ_SUCCESS);
    return &rdata;
}

static int asks(const char *address, int times)
{
    int answered = 0;

    while (times--)
        answered += sip_guard_asked(from(address));
    return answered;
}

static void set(const char *never)
{
    struct sip_command command = {.handle = 1, .code = 3, .other = 10, .value = 600};

    command.text[0] = strdup(never);
    sip_guard_set(&command);
    free(command.text[0]);
}

static void a_whole_64_is_banned_and_its_neighbours_are_not(void)
{
    assert(asks("2001:db8:2::1", 6) + asks("2001:db8:2::ffff", 6) == 10);
    assert(banned == 1 && strcmp(last, "2001:db8:2::/64") == 0);
    assert(asks("2001:db8:2:0:1:2:3:4", 1) == 0 && asks("2001:db8:2:1::1", 1) == 1);
    assert(asks("2001:db8:7::5", 50) == 50); /* the network of a trunk */
    set("2001:db8:2::/48");
    assert(lifted == 1 && asks("2001:db8:2::1", 50) == 50);
    set("");
}

static void an_ipv4_address_in_ipv6_is_that_address(void)
{
    assert(asks("::ffff:192.0.2.1", 12) == 10 && banned == 2 && strcmp(last, "192.0.2.1") == 0);
    assert(asks("192.0.2.1", 1) == 0 && asks("::ffff:192.0.2.2", 1) == 1);
}

static void a_million_sources_take_no_more_room_and_push_out_none_that_is_known(void)
{
    char address[64];
    int answered = 0;

    for (int i = 0; i < 1000; i++) { /* telephones, at as many addresses */
        snprintf(address, sizeof address, "198.51.%d.%d", i / 250, i % 250);
        sip_guard_right(from(address));
    }
    for (int i = 0; i < 1000000; i++) {
        snprintf(address, sizeof address, "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
        answered += sip_guard_asked(from(address));
    }
    assert(answered == 1000000);
    banned = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "198.51.%d.%d", i / 250, i % 250);
        assert(asks(address, 90) == 90);
    }
    assert(banned == 0);
    for (int i = 0; i < 250; i++) { /* who is new is still counted, wherever chance puts him */
        snprintf(address, sizeof address, "203.0.113.%d", i);
        assert(asks(address, 12) == 10 && banned == i + 1);
    }
}

/* ---- the kernel -------------------------------------------------------------------------------------------------- */

pj_sock_t pjsip_udp_transport_get_socket(pjsip_transport *transport)
{
    (void)transport;
    return udp;
}

static int comes(int by, const char *to, int port)
{
    struct sockaddr_in6 there = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    char byte;

    assert(inet_pton(AF_INET6, to, &there.sin6_addr) == 1);
    assert(sendto(by, "x", 1, 0, (struct sockaddr *)&there, sizeof there) == 1);
    return recv(udp, &byte, 1, MSG_DONTWAIT) == 1;
}

static void the_kernel_drops_what_is_told_and_nothing_else(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct sip_source six = {0, 6}, four = {0x7f000001, 4}, others[SIP_FENCED];
    socklen_t size = sizeof any;
    pjsip_transport transport;
    int by = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, port;

    memset(&transport, 0, sizeof transport);
    transport.flag = PJSIP_TRANSPORT_DATAGRAM;
    udp = socket(AF_INET6, SOCK_DGRAM, 0);
    assert(setsockopt(udp, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
    assert(setsockopt(by, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
    assert(bind(udp, (struct sockaddr *)&any, sizeof any) == 0);
    assert(getsockname(udp, (struct sockaddr *)&any, &size) == 0);
    port = ntohs(any.sin6_port);
    sip_fence_reset();
    sip_fence_of(&transport);
    assert(comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_set(&six, 1);
    assert(!comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_set(&four, 1);
    assert(comes(by, "::1", port) && !comes(by, "::ffff:127.0.0.1", port));
    for (int i = 0; i < SIP_FENCED; i++)
        others[i] = (struct sip_source){0x20010db800000000u + (uint64_t)i, 6};
    sip_fence_set(others, SIP_FENCED); /* as many as there may be */
    assert(comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    others[SIP_FENCED / 4] = six; /* the kernel may not have room for all; the first are always there */
    sip_fence_set(others, SIP_FENCED);
    assert(!comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_set(NULL, 0);
    assert(comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    close(by);
    close(udp);
}

int main(void)
{
    assert(pj_init() == PJ_SUCCESS);
    sip_guard_reset();
    set("");
    a_whole_64_is_banned_and_its_neighbours_are_not();
    an_ipv4_address_in_ipv6_is_that_address();
    a_million_sources_take_no_more_room_and_push_out_none_that_is_known();
    the_kernel_drops_what_is_told_and_nothing_else();
    puts("the guard keeps its word");
    return 0;
}
