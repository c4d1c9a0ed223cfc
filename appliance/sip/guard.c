/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who asks too much. Every source (an IPv4 address, an IPv6 /64; source.c) has two leaking buckets in a table of fixed size: what it
 * asked without a right password, and wrong passwords. One that runs over is banned for a time: the kernel drops what it
 * sends (fence.c), before anything is parsed. A trunk, a network of `never` and an address somebody was let in from lately
 * are not banned, whoever else is there or forges it: of these what is too much goes unanswered, and only a user name that
 * fails has to wait.
 *
 * A bucket is the time (ms) at which it will have run dry: a drop puts that off by what the drop weighs.
 */
#include "sip.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETS 1024
#define WAYS 8
#define FAILING 256         /* user names that fail, at addresses not to be banned */
#define NEVER_MAX 32
#define KNOWN_FOR 86400     /* s after somebody was let in from there */
#define PACKET_BANS 60000    /* ms, for a scanner's packet, which may be anybody's */
#define LONGEST 86400       /* s; a ban is twice as long as the one before, up to this */
#define WRONG_WEIGHS 10000  /* ms: a telephone with an old password tries every 30 s, and may for ever */
#define STRANGE_WEIGHS 200  /* ms: five a second for ever */
#define MALFORMED_IS 5      /* times as bad */
#define KNOWN_WEIGHS 5      /* ms, and ten times the room: a hundred telephones of twenty lamp keys start anew */
#define KNOWN_HAS 10
#define USER_MAY_FAIL 5     /* at an address not to be banned; then once in WRONG_WEIGHS */
#define AROUND 48           /* bits of the network that one who has many /64s has */
#define NEIGHBOURS 8        /* of them banned, and it is banned as a whole */
#define NEIGHBOUR_WEIGHS 450000 /* ms: eight in an hour */
#define LONG_AGO 1          /* ms; over, and nobody was told so */
#define FENCE_EVERY 100     /* ms between rebuildings */

struct source {
    struct sip_source at;
    int64_t known_until, banned_until; /* ms */
    int64_t strange, wrong;            /* ms */
    unsigned bans;
};

static struct source sources[SETS][WAYS];
#define END (sources[0] + (size_t)SETS * WAYS)

static struct {
    uint64_t key;
    int64_t wrong;
} failing[FAILING];

static struct sip_source never[NEVER_MAX];

static struct {
    int on, never;
    unsigned wrong, strange; /* that are too many */
    int64_t ban_for;         /* ms */
} rules;

static uint64_t seed;
static int fence_old;
static int64_t fenced_at;

static pj_bool_t on_message(pjsip_rx_data *rdata);

static pjsip_module guard = {
    .name = {(char *)(uintptr_t) "mod-lk-guard", 12},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_TRANSPORT_LAYER, /* before a transaction sees it */
    .on_rx_request = on_message,
    .on_rx_response = on_message,
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t value)
{
    value ^= seed;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static struct source *set_of(struct sip_source at)
{
    return sources[mixed(at.bits + at.width) % SETS];
}

static struct source *look_up(struct sip_source at)
{
    struct source *set = set_of(at);

    for (int i = 0; i < WAYS; i++)
        if (sip_source_same(set[i].at, at))
            return &set[i];
    return NULL;
}

static struct source *around_of(struct sip_source at)
{
    return at.family == 6 ? look_up(sip_source_wider(at, AROUND)) : NULL;
}

/* How little is lost when this place is given to another; higher is less. */
static int64_t spare(const struct source *source, int64_t now)
{
    int64_t fullest = source->strange > source->wrong ? source->strange : source->wrong;

    if (!source->at.family)
        return INT64_MAX;
    if (source->known_until > now)
        return -source->known_until - INT64_MAX / 2;
    if (source->banned_until > now)
        return -source->banned_until - INT64_MAX / 4;
    return fullest > now ? -fullest : INT64_MAX - 1;
}

/* Tells the kernel who is out. */
static void fence(int64_t now)
{
    static struct sip_source out[SIP_FENCED];
    int count = 0;

    if (!fence_old)
        return;
    for (struct source *one = sources[0]; one < END && count < SIP_FENCED; one++)
        if (one->banned_until > now)
            out[count++] = one->at;
    fence_old = 0;
    fenced_at = now;
    sip_fence_set(out, count);
}

/* Not for each of a thousand that are banned in one second. */
static void fence_in_time(int64_t now)
{
    if (now - fenced_at >= FENCE_EVERY)
        fence(now);
}

static void lift(struct source *source, const char *why)
{
    char address[SIP_SOURCE_MAX];
    const char *text[] = {address, why};

    if (!source->banned_until)
        return;
    source->banned_until = 0;
    fence_old = 1;
    fence_in_time(now_ms()); /* whoever is told may have it try at once */
    sip_source_print(source->at, address);
    sip_tell_c(SIP_EV_LIFTED, 0, 0, 0, 2, text);
}

/* Its place, an emptier one of another, or NULL when all there are known and this one is not. */
static struct source *place(struct sip_source at, int64_t now, int known)
{
    struct source *found = look_up(at), *set = set_of(at);

    if (found)
        return found;
    found = set;
    for (int i = 1; i < WAYS; i++)
        if (spare(&set[i], now) > spare(found, now))
            found = &set[i];
    if (found->at.family && found->known_until > now && !known)
        return NULL;
    lift(found, "forgotten");
    *found = (struct source){.at = at};
    return found;
}

static int is_never(struct sip_source at)
{
    for (int i = 0; i < rules.never; i++)
        if (sip_sources_meet(never[i], at))
            return 1;
    return sip_trunk_at(at);
}

/* ---- what is counted -------------------------------------------------------------------------------------------- */

static int put(int64_t *bucket, int64_t now, int64_t weighs, int64_t room)
{
    if (*bucket < now)
        *bucket = now;
    if (*bucket - now > room - weighs / 2)
        return 0; /* as full as it gets: it is not to take longer to run dry the more is poured in */
    *bucket += weighs;
    return 1;
}

static void keep_out(struct source *source, const char *why, int64_t now, int64_t lasts)
{
    char address[SIP_SOURCE_MAX];
    const char *text[] = {address, why};

    source->banned_until = now + lasts;
    source->strange = source->wrong = 0;
    fence_old = 1;
    fence_in_time(now);
    sip_source_print(source->at, address);
    sip_tell_c(SIP_EV_BANNED, 0, (int)source->bans, sip_now().sec + lasts / 1000, 2, text);
}

static void ban_it(struct source *source, const char *why, int64_t now)
{
    int64_t lasts = rules.ban_for;

    for (unsigned i = 0; i < source->bans && lasts < LONGEST * 1000; i++)
        lasts *= 2;
    if (lasts > LONGEST * 1000 && rules.ban_for < LONGEST * 1000)
        lasts = LONGEST * 1000;
    source->bans++;
    keep_out(source, why, now, lasts);
}

/* Whoever has a /48 has 65,536 of our sources. Where somebody was let in it stays with those that ask too much. */
static void ban_around(struct sip_source at, const char *why, int64_t now)
{
    struct sip_source wide = sip_source_wider(at, AROUND);
    struct source *around = place(wide, now, 0);

    if (!around || put(&around->strange, now, NEIGHBOUR_WEIGHS, NEIGHBOURS * NEIGHBOUR_WEIGHS) || is_never(wide))
        return;
    for (struct source *one = sources[0]; one < END; one++)
        if (one->known_until > now && sip_sources_meet(one->at, wide))
            return;
    for (struct source *one = sources[0]; one < END; one++)
        if (one != around && sip_sources_meet(one->at, wide))
            lift(one, "wider");
    ban_it(around, why, now);
}

static void ban(struct source *source, const char *why, int64_t now)
{
    struct sip_source at = source->at;

    ban_it(source, why, now);
    if (at.family == 6 && source->bans == 1)
        ban_around(at, why, now);
}

static int banned(const pj_sockaddr *address)
{
    struct sip_source at = sip_source_of(address);
    const struct source *source = rules.on ? look_up(at) : NULL, *around = rules.on ? around_of(at) : NULL;
    int64_t now;

    if (!(source && source->banned_until) && !(around && around->banned_until))
        return 0;
    now = now_ms();
    fence_in_time(now);
    return (source && source->banned_until > now) || (around && around->banned_until > now);
}

static int strange(const pj_sockaddr *address, int64_t times)
{
    struct sip_source at = sip_source_of(address);
    int64_t now = now_ms();
    struct source *source;

    if (!rules.on || is_never(at))
        return 1;
    if (banned(address))
        return 0;
    if (!(source = place(at, now, 0)))
        return 1;
    if (source->known_until > now)
        return put(&source->strange, now, KNOWN_WEIGHS * times, (int64_t)rules.strange * KNOWN_HAS * KNOWN_WEIGHS);
    if (put(&source->strange, now, STRANGE_WEIGHS * times, (int64_t)rules.strange * STRANGE_WEIGHS))
        return 1;
    ban(source, times > 1 ? "malformed" : "requests", now);
    return 0;
}

int sip_guard_asked(const pjsip_rx_data *rdata)
{
    return strange(&rdata->pkt_info.src_addr, 1);
}

int sip_guard_malformed(const pj_sockaddr *address)
{
    return strange(address, MALFORMED_IS);
}

static int64_t *failing_of(struct sip_source at, const pj_str_t *user, int anew, int64_t now)
{
    uint64_t key = mixed(at.bits + at.family) ^ pj_hash_calc((pj_uint32_t)seed, user->ptr, (unsigned)user->slen);
    size_t first = mixed(key) % (FAILING / 4) * 4, emptiest = first;

    for (size_t i = first; i < first + 4; i++) {
        if (failing[i].key == key)
            return &failing[i].wrong;
        if (failing[i].wrong < failing[emptiest].wrong)
            emptiest = i;
    }
    if (!anew)
        return NULL;
    failing[emptiest].key = key;
    failing[emptiest].wrong = now;
    return &failing[emptiest].wrong;
}

int sip_guard_may_try(const pjsip_rx_data *rdata, const pj_str_t *user)
{
    int64_t now = now_ms(), *bucket;

    if (!rules.on || user->slen <= 0 || sip_registrar_is_at(user, rdata))
        return 1;
    bucket = failing_of(sip_source_of(&rdata->pkt_info.src_addr), user, 0, now);
    return !bucket || *bucket - now <= USER_MAY_FAIL * WRONG_WEIGHS - WRONG_WEIGHS / 2;
}

int sip_guard_wrong(const pjsip_rx_data *rdata, const pj_str_t *user)
{
    struct sip_source at = sip_source_of(&rdata->pkt_info.src_addr);
    int64_t now = now_ms();
    struct source *source;

    if (!rules.on)
        return 1;
    source = place(at, now, 0);
    if (is_never(at) || !source || source->known_until > now)
        return put(failing_of(at, user, 1, now), now, WRONG_WEIGHS, USER_MAY_FAIL * WRONG_WEIGHS);
    if (put(&source->wrong, now, WRONG_WEIGHS, (int64_t)rules.wrong * WRONG_WEIGHS))
        return 1;
    ban(source, "passwords", now);
    return 0;
}

static void known(const pj_sockaddr *address, int64_t seconds)
{
    int64_t now = now_ms();
    struct sip_source at = sip_source_of(address);
    struct source *source = place(at, now, 1), *around = around_of(at);

    if (seconds > KNOWN_FOR)
        seconds = KNOWN_FOR;
    lift(source, "known");
    if (around)
        lift(around, "known");
    fence(now);
    if (source->known_until <= now)
        source->strange = source->wrong = 0;
    if (source->known_until < now + seconds * 1000)
        source->known_until = now + seconds * 1000;
}

void sip_guard_right(const pjsip_rx_data *rdata)
{
    known(&rdata->pkt_info.src_addr, KNOWN_FOR);
}

void sip_guard_expected(const pj_str_t *host, int64_t seconds)
{
    pj_sockaddr address;

    if (pj_sockaddr_parse(PJ_AF_UNSPEC, 0, host, &address) == PJ_SUCCESS)
        known(&address, seconds);
}

int sip_guard_is_known(struct sip_source at)
{
    const struct source *source = look_up(at);

    return is_never(at) || (source && source->known_until > now_ms());
}

/* ---- what is banned --------------------------------------------------------------------------------------------- */

void sip_guard_look(void)
{
    int64_t now = now_ms();

    for (struct source *one = sources[0]; one < END; one++)
        if (one->banned_until && one->banned_until <= now)
            lift(one, "expired");
    fence(now);
}

/* Never answered, and banned by what it is. A packet may say any address: that is a ban of a minute, and of no account for
 * the next. Where somebody was let in, who may be beside it, it is heard as he is. */
static int scanner(const pjsip_rx_data *rdata)
{
    struct sip_source at = sip_source_of(&rdata->pkt_info.src_addr);
    int64_t now = now_ms();
    struct source *source;

    if (!rules.on || is_never(at) || !(source = place(at, now, 0)) || source->known_until > now)
        return 0;
    if (rdata->tp_info.transport->flag & PJSIP_TRANSPORT_DATAGRAM)
        keep_out(source, "scanner", now, rules.ban_for < PACKET_BANS ? rules.ban_for : PACKET_BANS);
    else
        ban(source, "scanner", now);
    return 1;
}

static pj_bool_t on_message(pjsip_rx_data *rdata)
{
    sip_fence_of(rdata->tp_info.transport);
    if (banned(&rdata->pkt_info.src_addr)) /* by TCP, in the first moments, or beyond what the fence holds */
        return PJ_TRUE;
    return sip_is_scanner(rdata) && scanner(rdata);
}

/* Streams alone come by here, before they are parsed. */
static pj_status_t on_data(pjsip_tp_rx_data *data)
{
    if (banned(&data->tp->key.rem_addr)) {
        pjsip_transport_shutdown2(data->tp, PJ_TRUE);
        data->len = 0;
    }
    return PJ_SUCCESS;
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

void sip_guard_trunks(void)
{
    for (struct source *one = sources[0]; one < END; one++)
        if (one->banned_until && is_never(one->at))
            lift(one, "known");
    fence(now_ms());
}

/* handle: 1 on; code: wrong passwords, other: requests that are too many; value: s; texts: networks never banned */
void sip_guard_set(const struct sip_command *command)
{
    char *save = NULL;

    rules.on = command->handle != 0;
    rules.wrong = (unsigned)command->code;
    rules.strange = (unsigned)command->other;
    rules.ban_for = command->value * 1000;
    rules.never = 0;
    for (char *one = strtok_r(command->text[0], " ", &save); one; one = strtok_r(NULL, " ", &save))
        if (rules.never < NEVER_MAX && sip_source_parse(one, &never[rules.never]) == 0)
            rules.never++;
    if (rules.on)
        sip_guard_trunks();
    else
        for (struct source *one = sources[0]; one < END; one++)
            lift(one, "off");
    sip_guard_look();
}

/* texts: address or network, or "": of all. What was counted against it, and what is around it, is forgotten too. */
void sip_guard_lift(const struct sip_command *command)
{
    struct sip_source at;
    int all = !command->text[0][0];

    if (!all && sip_source_parse(command->text[0], &at))
        return;
    for (struct source *one = sources[0]; one < END; one++) {
        if (!all && !sip_sources_meet(one->at, at))
            continue;
        if (one->banned_until)
            one->banned_until = LONG_AGO;
        one->bans = 0;
        one->strange = one->wrong = 0;
    }
    fence_old = 1;
    fence(now_ms()); /* first: whoever is told may have it try at once */
    for (struct source *one = sources[0]; one < END; one++)
        if (one->banned_until == LONG_AGO)
            lift(one, "lifted");
}

void sip_guard_reset(void)
{
    memset(sources, 0, sizeof sources);
    memset(failing, 0, sizeof failing);
    memset(&rules, 0, sizeof rules);
    fence_old = 0;
    sip_fence_reset();
}

pj_status_t sip_guard_init(void)
{
    pj_status_t status = pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &guard);

    if (RAND_bytes((unsigned char *)&seed, sizeof seed) != 1)
        seed = (uint64_t)now_ms(); /* a guess at what shares a place with what is all it is good for */
    return status == PJ_SUCCESS ? pjsip_tpmgr_set_recv_data_cb(pjsip_endpt_get_tpmgr(pjsua_get_pjsip_endpt()), on_data)
                                : status;
}
