/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text that goes into and comes out of SIP messages.
 */
#include "sip.h"

#include <stdio.h>
#include <string.h>

size_t sip_place(char *out, size_t size, const pj_sockaddr *address)
{
    if (!pj_sockaddr_print(address, out, (int)size, 3))
        *out = '\0';
    return strlen(out);
}

void sip_copy(char *out, size_t size, const pj_str_t *from)
{
    size_t length = from->slen > 0 ? (size_t)from->slen : 0;

    if (length >= size) {
        length = size - 1;
        while (length && ((unsigned char)from->ptr[length] & 0xc0) == 0x80)
            length--; /* never cut within a UTF-8 character */
    }
    if (length)
        memcpy(out, from->ptr, length);
    out[length] = '\0';
}

void sip_user_of(const pjsip_uri *uri, char *user, size_t size)
{
    user[0] = '\0';
    if (PJSIP_URI_SCHEME_IS_SIP(uri) || PJSIP_URI_SCHEME_IS_SIPS(uri)) {
        const pjsip_sip_uri *sip = pjsip_uri_get_uri(uri);

        sip_copy(user, size, &sip->user);
        user[strcspn(user, ";")] = '\0'; /* a number may have parameters (RFC 3261, 19.1.6), as one that was ported has */
    } else if (PJSIP_URI_SCHEME_IS_TEL(uri)) {
        const pjsip_tel_uri *tel = pjsip_uri_get_uri(uri);

        sip_copy(user, size, &tel->number);
    }
}

pjsip_uri *sip_asserted(const pjsip_rx_data *rdata)
{
    static const pj_str_t header = {(char *)(uintptr_t) "P-Asserted-Identity", 19};
    const pjsip_generic_string_hdr *asserted = pjsip_msg_find_hdr_by_name(rdata->msg_info.msg, &header, NULL);
    char text[512], *end;

    if (!asserted || asserted->hvalue.slen >= (pj_ssize_t)sizeof text)
        return NULL;
    sip_copy(text, sizeof text, &asserted->hvalue);
    if ((end = strchr(text, '>')) != NULL) /* a second identity may follow */
        end[1] = '\0';
    else if ((end = strchr(text, ',')) != NULL)
        *end = '\0';
    return pjsip_parse_uri(rdata->tp_info.pool, text, strlen(text), PJSIP_PARSE_URI_AS_NAMEADDR);
}

void sip_verstat(pjsip_uri *uri, char *verstat, size_t size)
{
    char text[512];
    int length = pjsip_uri_print(PJSIP_URI_IN_OTHER, pjsip_uri_get_uri(uri), text, sizeof text - 1); /* no display name */
    const char *at = NULL;
    size_t most;

    verstat[0] = '\0';
    if (length > 0) {
        text[length] = '\0';
        at = strcasestr(text, ";verstat=");
    }
    if (!at)
        return;
    at += 9;
    most = strcspn(at, ";@?>");
    most = most < size ? most : size - 1;
    memcpy(verstat, at, most);
    verstat[most] = '\0';
}

void sip_unquote(char *text)
{
    char *to = text;

    for (; *text; text++)
        if (*text != '\\' || *++text)
            *to++ = *text;
        else
            break;
    *to = '\0';
}

int sip_quote(char *out, size_t size, const char *from)
{
    size_t at = 0;

    if (size < 3)
        return -1;
    out[at++] = '"';
    for (; *from; from++) {
        unsigned char c = (unsigned char)*from;

        if (c < 0x20 || c == 0x7f)
            continue;
        if (at + 4 > size)
            break;
        if (c == '"' || c == '\\')
            out[at++] = '\\';
        out[at++] = (char)c;
    }
    while (at > 1 && ((unsigned char)out[at - 1] & 0xc0) == 0x80 && *from)
        at--; /* never cut within a UTF-8 character */
    if (*from && at > 1 && ((unsigned char)out[at - 1] & 0xc0) == 0xc0)
        at--;
    out[at++] = '"';
    out[at] = '\0';
    return (int)at;
}

int sip_user(char *out, size_t size, const char *from)
{
    static const char allowed[] = "-_.!~*'()&=+$,;?/";
    size_t at = 0;

    for (; *from && at + 1 < size; from++) {
        unsigned char c = (unsigned char)*from;

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr(allowed, c))
            out[at++] = (char)c;
        else if (c == '#' && at + 3 < size) {
            memcpy(out + at, "%23", 3);
            at += 3;
        }
    }
    out[at] = '\0';
    return (int)at;
}

void sip_identity(char out[SIP_IDENTITY_MAX], const char *number, const char *name, const char *hidden)
{
    char quoted[256], user[64];

    sip_quote(quoted, sizeof quoted, name);
    if (sip_user(user, sizeof user, number) <= 0)
        snprintf(user, sizeof user, "anonymous");
    snprintf(out, SIP_IDENTITY_MAX, "%s%s<sip:%s@%s>", name[0] ? quoted : "", name[0] ? " " : "", user,
             strcmp(user, "anonymous") == 0 ? hidden : sip_config.realm);
}

int sip_cause_of(int status)
{
    static const struct {
        int status, cause;
    } table[] = {
        /* RFC 3398 section 8.2.6.1, and 603/487 by common use */
        {400, 41}, {401, 21}, {402, 21}, {403, 21}, {404, 1},   {405, 63}, {406, 79},  {407, 21}, {408, 102},
        {410, 22}, {413, 127}, {414, 127}, {415, 79}, {416, 127}, {420, 127}, {480, 18}, {481, 41}, {482, 25},
        {483, 25}, {484, 28}, {485, 1},  {486, 17}, {487, 16},  {488, 79}, {500, 41},  {501, 79}, {502, 38},
        {503, 41}, {504, 102}, {513, 127}, {600, 17}, {603, 21}, {604, 1},  {606, 79},
    };

    if (status < 300)
        return 16;
    for (size_t i = 0; i < PJ_ARRAY_SIZE(table); i++)
        if (table[i].status == status)
            return table[i].cause;
    return 31;
}
