/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sources whose packets the kernel drops before they reach the SIP socket: a socket filter (classic BPF, socket(7)
 * SO_ATTACH_FILTER), which needs no privilege. UDP only; a TCP connection is known by its first byte, see guard.c.
 */
#include "sip.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

#define SOURCE_V4 12 /* bytes into the IP header */
#define SOURCE_V6 8
#define NAT64 0x0064ff9bu /* 64:ff9b::/96 */
#define DROP 0
#define KEEP 0xffffffffu

static struct sock_filter code[20 + 5 * SIP_FENCED];
static unsigned short size;
static int udp[2] = {-1, -1}; /* the socket of IPv4, and that of IPv6 */
static struct sip_source told[SIP_FENCED]; /* who is out */
static int told_count;

static void add(unsigned short what, uint32_t value, unsigned char if_so, unsigned char if_not)
{
    code[size++] = (struct sock_filter){what, if_so, if_not, value};
}

static void load(int offset)
{
    add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + offset), 0, 0);
}

/* The whole word differs: past the next `skip`. */
static void unless(uint32_t word, unsigned char skip)
{
    add(BPF_JMP | BPF_JEQ | BPF_K, word, 0, skip);
}

static void keep_or_drop(unsigned what)
{
    add(BPF_RET | BPF_K, what, 0, 0);
}

/* Where the next one is: a way there from `from`, a jump left open. */
static void lands(unsigned short from)
{
    code[from].k = (uint32_t)(size - from - 1);
}

static unsigned short leap(void)
{
    add(BPF_JMP | BPF_JA, 0, 0, 0);
    return (unsigned short)(size - 1);
}

static void those_of_v6(const struct sip_source *out, int count)
{
    for (int i = 0; i < count; i++) {
        if (out[i].family != 6)
            continue;
        load(SOURCE_V6);
        unless((uint32_t)(out[i].bits >> 32), 3);
        if (out[i].width == 64)
            load(SOURCE_V6 + 4);
        else
            add(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_NET_OFF + SOURCE_V6 + 4), 0, 0);
        unless(out[i].width == 64 ? (uint32_t)out[i].bits : (uint32_t)out[i].bits >> 16, 1);
        keep_or_drop(DROP);
    }
    keep_or_drop(KEEP);
}

static void those_of_v4(const struct sip_source *out, int count)
{
    for (int i = 0; i < count; i++)
        if (out[i].family == 4) {
            unless((uint32_t)out[i].bits, 1);
            keep_or_drop(DROP);
        }
    keep_or_drop(KEEP);
}

/* Behind NAT64 it is the IPv4 address at its end that counts (source.c). */
static void build(const struct sip_source *out, int count)
{
    unsigned short v4, nat64;

    size = 0;
    add(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0, 0);
    add(BPF_ALU | BPF_AND | BPF_K, 0xf0, 0, 0);
    unless(0x40, 2);
    load(SOURCE_V4);
    v4 = leap();
    load(SOURCE_V6);
    unless(NAT64, 6);
    load(SOURCE_V6 + 4);
    unless(0, 4);
    load(SOURCE_V6 + 8);
    unless(0, 2);
    load(SOURCE_V6 + 12);
    nat64 = leap();
    those_of_v6(out, count);
    lands(v4);
    lands(nat64);
    those_of_v4(out, count);
}

static void fence(int socket, const struct sip_source *out, int count)
{
    struct sock_fprog program = {0, code};
    int none = 0, failed = 1;

    if (socket < 0)
        return;
    if (!count) {
        setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
        return;
    }
    for (; count > 0 && failed; count /= 2) { /* the kernel's room for filters is a setting (optmem_max) */
        build(out, count);
        program.len = size;
        failed = setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    }
}

/* It is learned by what comes there first, when some may be out already. */
void sip_fence_of(const pjsip_transport *transport)
{
    int six = (transport->key.type & PJSIP_TRANSPORT_IPV6) != 0;

    if (udp[six] >= 0 || !(transport->flag & PJSIP_TRANSPORT_DATAGRAM))
        return;
    udp[six] = (int)pjsip_udp_transport_get_socket((pjsip_transport *)(uintptr_t)transport);
    fence(udp[six], told, told_count);
}

void sip_fence_set(const struct sip_source *out, int count)
{
    told_count = count;
    if (count)
        memcpy(told, out, (size_t)count * sizeof *out);
    fence(udp[0], told, count);
    fence(udp[1], told, count);
}

void sip_fence_reset(void)
{
    udp[0] = udp[1] = -1;
    told_count = 0;
}
