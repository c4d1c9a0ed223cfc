/* SPDX-License-Identifier: GPL-2.0-or-later
 * Programs that look for telephone boxes and say so: the name that they give themselves, and tags as SIPVicious makes them.
 * No telephone has either. Whoever hides both is found by what he asks (guard.c).
 */
#include "sip.h"

#include <string.h>

#define RANDOM_AT_LEAST 5 /* digits: fewer would be a chance in many thousand that a telephone's tag looks so */

static const char *const names[] = {"friendly-scanner", "friendly-request", "sipvicious", "sundayddr", "sip-scan"};

static int names_itself(const pjsip_msg *message)
{
    static const pj_str_t agent = {(char *)(uintptr_t) "User-Agent", 10};
    const pjsip_generic_string_hdr *header = pjsip_msg_find_hdr_by_name(message, &agent, NULL);

    for (size_t i = 0; header && i < PJ_ARRAY_SIZE(names); i++) {
        pj_str_t name = pj_str((char *)(uintptr_t)names[i]);

        if (pj_stristr(&header->hvalue, &name))
            return 1;
    }
    return 0;
}

/* The byte that two hexadecimal digits spell, or -1. */
static int byte_of(const char *text)
{
    return pj_isxdigit(text[0]) && pj_isxdigit(text[1]) ? (int)(pj_hex_digit_to_val((unsigned char)text[0]) << 4 |
                                                                pj_hex_digit_to_val((unsigned char)text[1]))
                                                        : -1;
}

/* What it asks for, a byte of one, and a random number in decimal: all of it spelt in hexadecimal digits. */
static int spelt_as_theirs(const pj_str_t *tag)
{
    pj_ssize_t at = 0, digits = 0;
    int byte = 0;

    if (tag->slen % 2)
        return 0;
    for (; at < tag->slen && (byte = byte_of(tag->ptr + at)) != 1; at += 2)
        if (byte < ' ' || byte > '~')
            return 0;
    for (at += 2; at < tag->slen; at += 2, digits++)
        if (!pj_isdigit(byte_of(tag->ptr + at)))
            return 0;
    return byte == 1 && digits >= RANDOM_AT_LEAST;
}

int sip_is_scanner(const pjsip_rx_data *rdata)
{
    const pjsip_msg *message = rdata->msg_info.msg;

    return message->type == PJSIP_REQUEST_MSG && (names_itself(message) || spelt_as_theirs(&rdata->msg_info.from->tag));
}
