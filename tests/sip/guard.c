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
    return sip_sources_meet(source, (struct sip_source){0x20010db800070000u, 6, 64});
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

static void nat64_is_the_ipv4_address_behind_it(void)
{
    assert(asks("64:ff9b::192.0.2.3", 12) == 10 && strcmp(last, "192.0.2.3") == 0);
    assert(asks("192.0.2.3", 1) == 0 && asks("64:ff9b::192.0.2.4", 1) == 1);
}

/* As many /64s of one /48 ask too much. */
static void storm(const char *network, int first, int count)
{
    char address[64];

    for (int i = first; i < first + count; i++) {
        snprintf(address, sizeof address, "%s:%x::1", network, i);
        asks(address, 11);
    }
}

static void many_64s_banned_are_their_48(void)
{
    int before = banned;

    storm("2001:db8:20", 0, 8);
    assert(banned == before + 8 && asks("2001:db8:20:ff::1", 1) == 1);
    lifted = 0;
    storm("2001:db8:20", 8, 1);
    assert(banned == before + 10 && strcmp(last, "2001:db8:20::/48") == 0 && lifted == 9); /* it stands for them all */
    assert(asks("2001:db8:20:ff::1", 1) == 0 && asks("2001:db8:21::1", 1) == 1);
    assert(!sip_guard_malformed(&from("2001:db8:20:fe::1")->pkt_info.src_addr));
}

static void a_48_with_a_telephone_or_a_trunk_in_it_is_never_banned_as_a_whole(void)
{
    int before = banned;

    sip_guard_right(from("2001:db8:30:1000::5"));
    storm("2001:db8:30", 0, 20);
    storm("2001:db8:7", 1, 20);
    assert(banned == before + 40 && asks("2001:db8:30:ff::1", 1) == 1 && asks("2001:db8:7:ff::1", 1) == 1);
    assert(asks("2001:db8:30:1000::5", 90) == 90);
}

static void who_is_expected_or_lifted_opens_the_48_again(void)
{
    pj_str_t host = pj_str((char *)(uintptr_t) "2001:db8:20:fe::1");
    struct sip_command command = {.handle = 0};

    sip_guard_expected(&host, 600);
    assert(strcmp(last, "2001:db8:20::/48") == 0 && asks("2001:db8:20:ff::1", 1) == 1);
    storm("2001:db8:40", 0, 9);
    assert(asks("2001:db8:40:ff::1", 1) == 0);
    command.text[0] = strdup("2001:db8:40:ff::7");
    sip_guard_lift(&command);
    free(command.text[0]);
    assert(asks("2001:db8:40:ff::1", 1) == 1);
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

/* A socket at an address that is none of this machine's. */
static int elsewhere(const char *address)
{
    struct sockaddr_in6 here = {.sin6_family = AF_INET6};
    int made = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;

    assert(inet_pton(AF_INET6, address, &here.sin6_addr) == 1);
    assert(setsockopt(made, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) == 0);
    assert(bind(made, (struct sockaddr *)&here, sizeof here) == 0);
    return made;
}

static void the_kernel_drops_what_is_told_and_nothing_else(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct sip_source six = {0, 6, 64}, four = {0x7f000001, 4, 32}, wide = {0, 6, 48}, others[SIP_FENCED];
    socklen_t size = sizeof any;
    pjsip_transport transport;
    int by = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, port, nat64, beside;

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
    sip_fence_set(&wide, 1);
    assert(!comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_set(&four, 1);
    assert(comes(by, "::1", port) && !comes(by, "::ffff:127.0.0.1", port));
    nat64 = elsewhere("64:ff9b::127.0.0.1");
    beside = elsewhere("64:ff9b::127.0.0.2");
    assert(!comes(nat64, "::1", port) && comes(beside, "::1", port));
    wide = sip_source_wider((struct sip_source){0x20010db800200001u, 6, 64}, 48);
    sip_fence_set(&wide, 1);
    assert(comes(nat64, "::1", port));
    close(nat64);
    nat64 = elsewhere("2001:db8:20:77::1");
    assert(!comes(nat64, "::1", port));
    close(nat64);
    close(beside);
    for (int i = 0; i < SIP_FENCED; i++)
        others[i] = (struct sip_source){0x20010db800000000u + (uint64_t)i, 6, 64};
    sip_fence_set(others, SIP_FENCED); /* as many as there may be */
    assert(comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    others[SIP_FENCED / 4] = six; /* the kernel may not have room for all; the first are always there */
    sip_fence_set(others, SIP_FENCED);
    assert(!comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_set(NULL, 0);
    assert(comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
    sip_fence_reset();
    sip_fence_set(&six, 1); /* before anything has come by that socket */
    assert(comes(by, "::1", port));
    sip_fence_of(&transport);
    assert(!comes(by, "::1", port) && comes(by, "::ffff:127.0.0.1", port));
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
    nat64_is_the_ipv4_address_behind_it();
    many_64s_banned_are_their_48();
    a_48_with_a_telephone_or_a_trunk_in_it_is_never_banned_as_a_whole();
    who_is_expected_or_lifted_opens_the_48_again();
    a_million_sources_take_no_more_room_and_push_out_none_that_is_known();
    the_kernel_drops_what_is_told_and_nothing_else();
    puts("the guard keeps its word");
    return 0;
}
