/* SPDX-License-Identifier: GPL-2.0-or-later
 * Loaded before libc: tells on standard error which names are asked for, and how many name servers the thread that asks
 * would wait for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>

static void tell(const char *name)
{
    dprintf(2, "asked for %s, name servers: %d\n", name ? name : "itself", _res.nscount);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    tell(name);
    return next(name, service, hints, found);
}

struct hostent *gethostbyname(const char *name)
{
    struct hostent *(*next)(const char *);

    *(void **)&next = dlsym(RTLD_NEXT, "gethostbyname");
    tell(name);
    return next(name);
}
