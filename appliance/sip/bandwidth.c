/* SPDX-License-Identifier: GPL-2.0-or-later
 * How much of a voice is said to a telephone by Opus: no more than there is. While all it hears comes at 8 kHz, as by
 * G.711, the encoder is told to leave out what lies above: that is two thirds of the work, and the bits go to what is heard.
 */
#include "sip.h"

#pragma GCC diagnostic ignored "-Wstrict-prototypes" /* of a header that is not ours */
#include <pjsua-lib/pjsua_internal.h>

#define NARROW 8000       /* Hz */
#define LEAST_BIT_RATE 6000 /* RFC 7587 section 7 */

/* What the other side asks for in a=fmtp; 0 when it does not. */
static unsigned asked(const pjmedia_codec_fmtp *fmtp, const char *name)
{
    for (unsigned i = 0; i < fmtp->cnt; i++)
        if (pj_stricmp2(&fmtp->param[i].name, name) == 0)
            return (unsigned)pj_strtoul(&fmtp->param[i].val);
    return 0;
}

int sip_bandwidth_is_narrow(int port)
{
    pjmedia_conf_port_info info;

    return pjmedia_conf_get_port_info(pjsua_var.mconf, (unsigned)port, &info) == PJ_SUCCESS && info.clock_rate <= NARROW;
}

void sip_bandwidth_set(pjsua_call_id id, int narrow)
{
    const pjsua_call *call = &pjsua_var.calls[id];
    pjmedia_stream *stream = call->med_cnt && call->media[0].type == PJMEDIA_TYPE_AUDIO ? call->media[0].strm.a.stream : NULL;
    pjmedia_stream_info info;
    pjmedia_codec_param param;
    unsigned most;

    if (!stream || pjmedia_stream_get_info(stream, &info) != PJ_SUCCESS || !info.param ||
        pj_stricmp2(&info.fmt.encoding_name, "opus") != 0)
        return;
    param = *info.param;
    if (narrow)
        param.info.clock_rate = NARROW;
    /* the rest as it was when the stream began */
    most = asked(&param.setting.enc_fmtp, "maxaveragebitrate");
    param.info.avg_bps = most && most < param.info.max_bps ? PJ_MAX(most, LEAST_BIT_RATE) : 0;
    param.setting.plc = asked(&param.setting.enc_fmtp, "useinbandfec") != 0;
    param.setting.vad = asked(&param.setting.enc_fmtp, "usedtx") != 0;
    param.setting.cbr = asked(&param.setting.enc_fmtp, "cbr") != 0;
    pjmedia_stream_modify_codec_param(stream, &param);
}
