/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sources whose packets the kernel drops before they reach the SIP socket: a socket filter (classic BPF, socket(7)
 * SO_ATTACH_FILTER), which needs no privilege. UDP only; a TCP connection is known by its first byte, see guard.c.
 */
#include "sip.h"

#include <linux/filter.h>
#include <sys/socket.h>

#define SOURCE_V4 12 /* bytes into the IP header */
#define SOURCE_V6 8
#define DROP 0
#define KEEP 0xffffffffu

static struct sock_filter code[16 + 5 * SIP_FENCED];
static unsigned short size;
static int udp[2] = {-1, -1}; /* the socket of IPv4, and that of IPv6 */

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

static void build(const struct sip_source *out, int count)
{
    unsigned short past_v4;

    size = 0;
    add(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0, 0);
    add(BPF_ALU | BPF_AND | BPF_K, 0xf0, 0, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 1, 0);
    past_v4 = size;
    add(BPF_JMP | BPF_JA, 0, 0, 0);
    load(SOURCE_V4);
    for (int i = 0; i < count; i++)
        if (out[i].family == 4) {
            unless((uint32_t)out[i].bits, 1);
            add(BPF_RET | BPF_K, DROP, 0, 0);
        }
    add(BPF_RET | BPF_K, KEEP, 0, 0);
    code[past_v4].k = (uint32_t)(size - past_v4 - 1);
    for (int i = 0; i < count; i++)
        if (out[i].family == 6) {
            load(SOURCE_V6);
            unless((uint32_t)(out[i].bits >> 32), 3);
            load(SOURCE_V6 + 4);
            unless((uint32_t)out[i].bits, 1);
            add(BPF_RET | BPF_K, DROP, 0, 0);
        }
    add(BPF_RET | BPF_K, KEEP, 0, 0);
}

void sip_fence_of(const pjsip_transport *transport)
{
    int six = (transport->key.type & PJSIP_TRANSPORT_IPV6) != 0;

    if (udp[six] < 0 && transport->flag & PJSIP_TRANSPORT_DATAGRAM)
        udp[six] = (int)pjsip_udp_transport_get_socket((pjsip_transport *)(uintptr_t)transport);
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

void sip_fence_set(const struct sip_source *out, int count)
{
    fence(udp[0], out, count);
    fence(udp[1], out, count);
}

void sip_fence_reset(void)
{
    udp[0] = udp[1] = -1;
}
