/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where packets come from, as the guard sees it: an IPv4 address, or the /64 of an IPv6 one, and networks of either.
 */
#include "sip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does this IPv6 address stand for an IPv4 one? As a socket of both kinds has it, or behind NAT64 (RFC 6052). */
static int carries_v4(const unsigned char *bytes)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};

    return memcmp(bytes, mapped, sizeof mapped) == 0 || memcmp(bytes, nat64, sizeof nat64) == 0;
}

struct sip_source sip_source_of(const pj_sockaddr *address)
{
    struct sip_source source = {0, 4, 32};
    const unsigned char *bytes = pj_sockaddr_get_addr(address);
    size_t size = 4;

    if (address->addr.sa_family == pj_AF_INET6()) {
        if (carries_v4(bytes)) {
            bytes += 12;
        } else {
            source.family = 6;
            source.width = 64; /* whoever has one address of a /64 has all */
            size = 8;
        }
    }
    while (size--)
        source.bits = source.bits << 8 | *bytes++;
    return source;
}

static uint64_t mask_of(struct sip_source network)
{
    int rest = (network.family == 6 ? 64 : 32) - network.width;

    return rest < 64 ? ~(uint64_t)0 << rest : 0;
}

struct sip_source sip_source_wider(struct sip_source source, int width)
{
    source.width = (uint8_t)width;
    source.bits &= mask_of(source);
    return source;
}

int sip_sources_meet(struct sip_source one, struct sip_source other)
{
    return one.family == other.family && ((one.bits ^ other.bits) & mask_of(one) & mask_of(other)) == 0;
}

int sip_source_same(struct sip_source one, struct sip_source other)
{
    return one.bits == other.bits && one.family == other.family && one.width == other.width;
}

void sip_source_print(struct sip_source source, char out[SIP_SOURCE_MAX])
{
    unsigned char bytes[16] = {0};

    for (int i = 0; i < (source.family == 6 ? 8 : 4); i++)
        bytes[i] = (unsigned char)(source.bits >> (source.family == 6 ? 56 - 8 * i : 24 - 8 * i));
    inet_ntop(source.family == 6 ? AF_INET6 : AF_INET, bytes, out, INET6_ADDRSTRLEN);
    if (source.family == 6)
        snprintf(out + strlen(out), 5, "/%d", source.width);
}

int sip_source_parse(const char *text, struct sip_source *source)
{
    char name[INET6_ADDRSTRLEN + 4];
    const char *slash = strchr(text, '/');
    pj_str_t host = {name, slash ? slash - text : (pj_ssize_t)strlen(text)};
    pj_sockaddr address;
    int width;

    if (host.slen <= 0 || host.slen >= (pj_ssize_t)sizeof name)
        return -1;
    memcpy(name, text, (size_t)host.slen);
    name[host.slen] = '\0';
    if (pj_sockaddr_parse(PJ_AF_UNSPEC, 0, &host, &address) != PJ_SUCCESS)
        return -1;
    *source = sip_source_of(&address);
    width = slash ? atoi(slash + 1) : source->width;
    *source = sip_source_wider(*source, width < 0 ? 0 : width > source->width ? source->width : width);
    return 0;
}
