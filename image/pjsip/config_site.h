/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PJSIP's build macros for Linekeeper; the names are PJSIP's, the reasons are ours. */

/* Asserts are for PJSIP's developers; a malformed packet must never end the switch. */
#define PJ_DEBUG                            0

/* One exchange. The defaults are those of a single telephone: 4 calls, 8 accounts, 64 sockets. */
#define PJSUA_MAX_CALLS                     512
#define PJSUA_MAX_ACC                       256
#define PJSUA_MAX_PLAYERS                   512
#define PJSUA_MAX_RECORDERS                 128
#define PJSUA_MAX_CONF_PORTS                2048
#define PJ_IOQUEUE_MAX_HANDLES              2048

/* Each finished transaction lingers for 32 s (RFC 3261, timers B, D, H, J): room for a burst. */
#define PJSIP_MAX_TSX_COUNT                 16383
#define PJSIP_MAX_DIALOG_COUNT              16383

/* Plain level-triggered epoll: the default (one-shot) costs 3.7 epoll_ctl calls per packet. */
#define PJ_IOQUEUE_DEFAULT_EPOLL_FLAGS      0

/* Seconds a lamp key's subscription lasts; 600 would have 100 phones of 20 keys ask three times a second. */
#define PJSIP_DLG_EVENT_DEFAULT_EXPIRES     3600
#define PJSIP_PRES_DEFAULT_EXPIRES          3600

#define PJ_HAS_IPV6                         1

/* Linear audio without a codec, between the switch and things on the same box. */
#define PJMEDIA_CODEC_L16_HAS_8KHZ_MONO     1
#define PJMEDIA_CODEC_L16_HAS_16KHZ_MONO    1
