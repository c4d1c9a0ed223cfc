/* SPDX-License-Identifier: GPL-2.0-or-later
 * Digest access authentication, RFC 7616 and RFC 8760, MD5 and SHA-256, qop=auth only. The nonce carries its own time
 * and seal, so nothing is kept until a good answer comes; then its highest nc is, and an answer is good once. Nonces
 * take the places in turn, so that those of one moment never meet. A place given to a younger nonce is closed to the
 * older ones for good, so pushing a nonce out does not make it fresh again.
 */
#include "sip.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NONCE_LEN 48    /* 8 time, 5 whom it was sent to, 3 place, 32 seal; hexadecimal */
#define USED_MAX 4096   /* nonces whose count is remembered: as many as three hexadecimal digits have values */

static unsigned char secret[32];

static struct {
    char nonce[NONCE_LEN];
    uint32_t made, count; /* ms; the highest nc that was answered rightly */
} used[USED_MAX];

int sip_digest_init(void)
{
    memset(used, 0, sizeof used);
    return RAND_bytes(secret, sizeof secret) == 1 ? 0 : -1;
}

static void hex(char *out, const unsigned char *from, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
}

static void seal(char out[32], const char *head)
{
    unsigned char sum[32];
    unsigned int size = sizeof sum;

    HMAC(EVP_sha256(), secret, sizeof secret, (const unsigned char *)head, 16, sum, &size);
    hex(out, sum, 16);
}

/* A clock nobody sets, in ms, that begins anew every 49 days: a nonce outlives no restart. */
static uint32_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

static uint32_t age(uint32_t made)
{
    return milliseconds() - made;
}

/* Twenty bits that nobody foresees who was not sent them: who forges an address guesses no password from there. */
static void mark(char out[5], const char time[8], const char place[3], const pj_sockaddr *to)
{
    struct sip_source source = sip_source_of(to);
    unsigned char sum[32], text[20];
    unsigned int size = sizeof sum;
    char digits[6];

    memcpy(text, time, 8);
    memcpy(text + 8, place, 3);
    text[11] = source.family;
    memcpy(text + 12, &source.bits, 8);
    HMAC(EVP_sha256(), secret, sizeof secret, text, sizeof text, sum, &size);
    hex(digits, sum, 3);
    memcpy(out, digits, 5);
}

static void nonce_make(char out[NONCE_LEN], const pj_sockaddr *to)
{
    static unsigned turn;
    unsigned char head[8] = {0};
    uint32_t now = milliseconds();

    for (int i = 0; i < 4; i++)
        head[i] = (unsigned char)(now >> (24 - 8 * i));
    turn = (turn + 1) % USED_MAX;
    head[6] = (unsigned char)(turn >> 8);
    head[7] = (unsigned char)turn;
    hex(out, head, 8);
    mark(out + 8, out, out + 13, to);
    seal(out + 16, out);
}

/* The number of exactly 8 hexadecimal digits at text; 0 when they are not. */
static int hex32(const char *text, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 8; i++) {
        const char *at = text[i] ? strchr("0123456789abcdef0123456789ABCDEF", text[i]) : NULL;

        if (!at)
            return 0;
        *out = *out << 4 | (uint32_t)((at - "0123456789abcdef0123456789ABCDEF") & 15);
    }
    return 1;
}

/* Is it one of ours, young, and was it sent to where this comes from? */
static int nonce_fits(const pj_str_t *nonce, uint32_t *made, const pj_sockaddr *from)
{
    char sum[32], own[5];

    if (nonce->slen != NONCE_LEN)
        return 0;
    seal(sum, nonce->ptr);
    mark(own, nonce->ptr, nonce->ptr + 13, from);
    return CRYPTO_memcmp(sum, nonce->ptr + 16, 32) == 0 && CRYPTO_memcmp(own, nonce->ptr + 8, sizeof own) == 0 &&
           hex32(nonce->ptr, made) && age(*made) <= sip_config.nonce_lives * 1000;
}

/* Only for a right answer: is its count new? From now on it is not. */
static int nonce_use(const pj_str_t *nonce, uint32_t made, uint32_t count)
{
    uint32_t place;

    if (!hex32(nonce->ptr + 8, &place))
        return 0;
    place %= USED_MAX;
    if (memcmp(used[place].nonce, nonce->ptr, NONCE_LEN) == 0) {
        if (count <= used[place].count)
            return 0; /* a replay */
    } else {
        if (used[place].count && age(used[place].made) <= sip_config.nonce_lives * 1000 &&
            (int32_t)(made - used[place].made) <= 0)
            return 0; /* it may have been here before */
        memcpy(used[place].nonce, nonce->ptr, NONCE_LEN);
        used[place].made = made;
    }
    used[place].count = count;
    return 1;
}

static void digest_of(const EVP_MD *type, const char *text, size_t size, char *out)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int length = 0;

    EVP_Digest(text, size, sum, &length, type, NULL);
    hex(out, sum, length);
    out[2 * length] = '\0';
}

static int expected(const struct sip_phone *phone, int sha256, const pjsip_digest_credential *given,
                    const pj_str_t *method, char *out)
{
    const EVP_MD *type = sha256 ? EVP_sha256() : EVP_md5();
    char text[1024], a2[65];
    int size = snprintf(text, sizeof text, "%.*s:%.*s", (int)method->slen, method->ptr, (int)given->uri.slen,
                        given->uri.ptr);

    if (size < 0 || size >= (int)sizeof text)
        return -1;
    digest_of(type, text, (size_t)size, a2);
    size = snprintf(text, sizeof text, "%s:%.*s:%.*s:%.*s:auth:%s", sha256 ? phone->sha256 : phone->md5,
                    (int)given->nonce.slen, given->nonce.ptr, (int)given->nc.slen, given->nc.ptr,
                    (int)given->cnonce.slen, given->cnonce.ptr, a2);
    if (size < 0 || size >= (int)sizeof text)
        return -1;
    digest_of(type, text, (size_t)size, out);
    return 0;
}

/* The uri answered must name what is asked (RFC 7616 section 3.4.6). */
static int same_target(const pjsip_rx_data *rdata, const pj_str_t *uri)
{
    char text[SIP_URI_MAX + 1];
    int size = pjsip_uri_print(PJSIP_URI_IN_REQ_URI, rdata->msg_info.msg->line.req.uri, text, sizeof text - 1);

    if (size > 0 && uri->slen == size && memcmp(text, uri->ptr, (size_t)size) == 0)
        return 1;
    if (uri->slen <= 0 || uri->slen > SIP_URI_MAX)
        return 0;
    sip_copy(text, sizeof text, uri);
    {
        const pjsip_uri *parsed = pjsip_parse_uri(rdata->tp_info.pool, text, (pj_size_t)uri->slen, 0);

        return parsed &&
               pjsip_uri_cmp(PJSIP_URI_IN_REQ_URI, parsed, rdata->msg_info.msg->line.req.uri) == PJ_SUCCESS;
    }
}

static const pjsip_digest_credential *credential_of(const pjsip_rx_data *rdata)
{
    pjsip_authorization_hdr *header = NULL;
    const pjsip_hdr *start = NULL;

    while ((header = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_AUTHORIZATION, start))) {
        if (pj_stricmp2(&header->scheme, "digest") == 0 &&
            pj_strcmp2(&header->credential.digest.realm, sip_config.realm) == 0)
            return &header->credential.digest;
        start = (const pjsip_hdr *)header->next;
        if (start == &rdata->msg_info.msg->hdr)
            break;
    }
    return NULL;
}

pj_str_t sip_digest_user(const pjsip_rx_data *rdata)
{
    const pjsip_digest_credential *given = credential_of(rdata);

    return given ? given->username : pj_str((char *)(uintptr_t) "");
}

/* Is the answer of the form asked for? Nothing in it says yet who it is. */
static int well_formed(const pjsip_digest_credential *given, int *sha256, uint32_t *count)
{
    *sha256 = pj_stricmp2(&given->algorithm, "SHA-256") == 0;
    if (!*sha256 && given->algorithm.slen && pj_stricmp2(&given->algorithm, "MD5") != 0)
        return 0;
    if (!(*sha256 ? sip_config.offers_sha256 : sip_config.offers_md5))
        return 0;
    return pj_stricmp2(&given->qop, "auth") == 0 && given->cnonce.slen && given->nc.slen == 8 &&
           hex32(given->nc.ptr, count) && *count;
}

enum sip_verdict sip_digest_verify(const pjsip_rx_data *rdata, const struct sip_phone **phone)
{
    static const struct sip_phone nobody = {"", "00000000000000000000000000000000",
                                            "0000000000000000000000000000000000000000000000000000000000000000",
                                            0};
    const pjsip_digest_credential *given = credential_of(rdata);
    const struct sip_phone *who;
    char answer[65];
    uint32_t made, count;
    int sha256, right;

    if (!given)
        return SIP_NO_CREDENTIALS;
    if (!nonce_fits(&given->nonce, &made, &rdata->pkt_info.src_addr))
        return SIP_STALE; /* whatever the answer: the next one decides */
    if (!well_formed(given, &sha256, &count))
        return SIP_WRONG;
    who = sip_phone_find(&given->username);
    /* the same work whoever it is: time tells nothing about which accounts exist */
    if (expected(who ? who : &nobody, sha256, given, &rdata->msg_info.msg->line.req.method.name, answer))
        return SIP_WRONG;
    right = given->response.slen == (sha256 ? 64 : 32) &&
            CRYPTO_memcmp(answer, given->response.ptr, (size_t)given->response.slen) == 0;
    if (!right || !who || !same_target(rdata, &given->uri))
        return SIP_WRONG;
    if (!nonce_use(&given->nonce, made, count))
        return SIP_STALE;
    *phone = who;
    return SIP_ALLOWED;
}

static void challenge_add(pjsip_tx_data *tdata, int stale, const char *algorithm, char *nonce)
{
    pjsip_www_authenticate_hdr *header = pjsip_www_authenticate_hdr_create(tdata->pool);

    header->scheme = pj_str((char *)(uintptr_t) "Digest");
    header->challenge.digest.realm = pj_str(sip_config.realm);
    pj_strdup2(tdata->pool, &header->challenge.digest.nonce, nonce);
    header->challenge.digest.algorithm = pj_str((char *)(uintptr_t)algorithm);
    header->challenge.digest.qop = pj_str((char *)(uintptr_t) "auth");
    header->challenge.digest.stale = stale;
    pjsip_msg_add_hdr(tdata->msg, (pjsip_hdr *)header);
}

void sip_digest_challenge(pjsip_rx_data *rdata, int stale)
{
    char nonce[NONCE_LEN + 1] = "";
    pjsip_tx_data *tdata;
    pjsip_response_addr address;

    if (pjsip_endpt_create_response(pjsua_get_pjsip_endpt(), rdata, 401, NULL, &tdata) != PJ_SUCCESS)
        return;
    nonce_make(nonce, &rdata->pkt_info.src_addr);
    if (sip_config.offers_sha256)
        challenge_add(tdata, stale, "SHA-256", nonce);
    if (sip_config.offers_md5)
        challenge_add(tdata, stale, "MD5", nonce);
    if (pjsip_get_response_addr(tdata->pool, rdata, &address) != PJ_SUCCESS ||
        pjsip_endpt_send_response(pjsua_get_pjsip_endpt(), &address, tdata, NULL, NULL) != PJ_SUCCESS)
        pjsip_tx_data_dec_ref(tdata);
}
