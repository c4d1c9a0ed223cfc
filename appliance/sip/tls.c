/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLS: our certificate for whoever comes, and a look at that of a trunk we go to, where its settings want one (RFC 5922).
 */
#include "sip.h"

#include <string.h>
#include <unistd.h>

const char *sip_tls_fault(void)
{
    static char text[320];
    const char *files[] = {sip_config.certificate, sip_config.key, sip_config.authorities};

    for (size_t i = 0; i < PJ_ARRAY_SIZE(files); i++)
        if ((files[i][0] || i < 2) && access(files[i], R_OK)) {
            snprintf(text, sizeof text, "%s cannot be read", files[i][0] ? files[i] : "the certificate of TLS");
            return text;
        }
    return NULL;
}

static struct sip_trunk *trunk_at(const pj_sockaddr_t *address)
{
    for (int i = 0; i < sip_trunks_count(); i++) {
        struct sip_trunk *trunk = sip_trunk_nth(i);

        for (int j = 0; trunk->with & SIP_WITH_TLS && j < trunk->addresses; j++)
            if (pj_sockaddr_cmp(&trunk->address[j], address) == 0)
                return trunk;
    }
    return NULL;
}

static int is_named(const struct sip_trunk *trunk, const pj_str_t *name)
{
    for (const char *one = trunk->names; *one; one += strspn(one, " ")) {
        pj_str_t known = {(char *)(uintptr_t)one, (pj_ssize_t)strcspn(one, " ")};

        if (pj_stricmp(&known, name) == 0)
            return 1;
        one += known.slen;
    }
    return 0;
}

/* As RFC 5922 section 7: alternative names count, the common name where there are none; no wildcards. */
static int is_its_own(const struct sip_trunk *trunk, const pj_ssl_cert_info *certificate)
{
    for (unsigned i = 0; i < certificate->subj_alt_name.cnt; i++) {
        pj_str_t name = certificate->subj_alt_name.entry[i].name;

        if (certificate->subj_alt_name.entry[i].type == PJ_SSL_CERT_NAME_URI && pj_strnicmp2(&name, "sip:", 4) == 0) {
            name.ptr += 4;
            name.slen -= 4;
        }
        if (is_named(trunk, &name))
            return 1;
    }
    return !certificate->subj_alt_name.cnt && is_named(trunk, &certificate->subject.cn);
}

static pj_bool_t refused(const struct sip_trunk *trunk, const char *why)
{
    char line[160];
    const char *text[] = {line};

    snprintf(line, sizeof line, "line %s: its certificate %s", trunk->id, why);
    sip_tell_c(SIP_EV_LOG, 0, 2, 0, 1, text);
    return PJ_FALSE;
}

static pj_bool_t on_verify(const pjsip_tls_on_verify_param *param)
{
    const struct sip_trunk *trunk = param->tp_dir == PJSIP_TP_DIR_OUTGOING ? trunk_at(param->remote_addr) : NULL;
    pj_ssl_sock_info info;

    if (!trunk || !(trunk->with & SIP_WITH_PROOF))
        return PJ_TRUE;
    if (pj_ssl_sock_get_info(param->ssock, &info) != PJ_SUCCESS || !param->remote_cert_info ||
        !param->remote_cert_info->version)
        return refused(trunk, "is missing");
    if (info.verify_status & ~(pj_uint32_t)PJ_SSL_CERT_EIDENTITY_NOT_MATCH)
        return refused(trunk, "is not vouched for, or not any more");
    return is_its_own(trunk, param->remote_cert_info) ? PJ_TRUE : refused(trunk, "is of somebody else");
}

void sip_tls_settings(pjsua_transport_config *transport)
{
    pjsip_tls_setting *tls = &transport->tls_setting;

    transport->port = (unsigned)sip_config.tls_port;
    tls->cert_file = pj_str(sip_config.certificate);
    tls->privkey_file = pj_str(sip_config.key);
    tls->ca_list_file = pj_str(sip_config.authorities);
    tls->proto = PJ_SSL_SOCK_PROTO_TLS1_2 | PJ_SSL_SOCK_PROTO_TLS1_3;
    tls->on_verify_cb = on_verify;
    tls->timeout.sec = 4; /* for a handshake; as long as a call waits for the first word of a trunk */
}
