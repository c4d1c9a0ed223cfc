/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The native SIP thread and what hangs on it. Everything here runs in that thread unless marked (any): those parts
 * take one short mutex and never a PJSIP lock, so Python never waits for SIP and SIP never waits for Python.
 */
#ifndef LINEKEEPER_SIP_H
#define LINEKEEPER_SIP_H

#include <pjsua-lib/pjsua.h>
#include <stdint.h>

#define SIP_TEXTS 8
#define SIP_SLOTS 2048         /* legs, players and recordings alive at once */
#define SIP_TAPES 128          /* calls recorded at once */
#define SIP_EDGES 4096         /* who hears whom */
#define SIP_PHONES 256
#define SIP_TRUNKS 32
#define SIP_PROXIES 4          /* servers of a trunk */
#define SIP_ADDRESSES 16       /* of all of them together */
#define SIP_CONTACTS 10        /* telephones registered under one account */
#define SIP_URI_MAX 255
#define SIP_PLACE_MAX 80       /* an address with its port */
#define SIP_IDENTITY_MAX 448   /* "name" <sip:number@host> */
#define SIP_NAME_MAX 63        /* id of a phone or trunk; ids are [a-z0-9-] */
#define SIP_STREAMS 2048       /* connections of those who came to us; PJSIP has room for as many sockets */
#define SIP_RESOURCES 2048     /* what may be watched: each person's lamp, status and messages, each park slot */
#define SIP_SUBSCRIPTIONS 4096
#define SIP_SESSION_LEAST 90   /* s, RFC 4028 section 4 */
#define SIP_FENCED 256         /* sources the kernel drops; of more, the SIP thread does */
#define SIP_BODY_MAX 2000      /* bytes of a state published: a NOTIFY must go into a packet */
#define SIP_EVENTS_MAX 65536   /* unread events; beyond, new calls are refused with 503 */
#define SIP_EVENTS_BUSY 2048
#define SIP_EVENTS_NOISE 1024  /* beyond, refusals and log lines are dropped: no stranger's flood makes the box busy */

typedef uint64_t sip_handle; /* generation << 16 | index of slot; 0 is none */

enum sip_event_kind {
    SIP_EV_INCOMING = 1, /* handle, value: handle of the leg it is to replace, or 0; texts: kind phone|trunk, its id,
                            caller user, caller display, called user, source, asserted user (P-Asserted-Identity),
                            what became of STIR: the verstat of that identity, or of the caller */
    SIP_EV_EARLY,        /* handle, code 180..183; value: 1 when it is heard now, before an answer (once more then) */
    SIP_EV_ANSWERED,     /* handle */
    SIP_EV_OVER,         /* handle, code: SIP status or 0 for BYE, value: Q.850 cause heard in Reason or 0; texts: reason */
    SIP_EV_AUDIO,        /* handle; texts: codec, e.g. "PCMA/8000" */
    SIP_EV_DIGIT,        /* handle, code ASCII */
    SIP_EV_PLAYED,       /* handle of a player that came to its end */
    SIP_EV_STOPPED,      /* handle of a recording or player now closed */
    SIP_EV_BOUND,        /* value: expires at, unix s; texts: phone, contact, target, agent */
    SIP_EV_UNBOUND,      /* texts: phone, contact, why: expired|removed|replaced */
    SIP_EV_TRUNK,        /* code: 200 usable; value: seconds granted; texts: trunk, reason */
    SIP_EV_REFUSED,      /* code: SIP status sent; texts: method, why, from, source */
    SIP_EV_LOG,          /* code: 1 error 2 warning; texts: line */
    SIP_EV_DEAD,         /* the SIP thread has ended by itself; texts: why */
    SIP_EV_HELD,         /* handle, code: 1 it put us on hold, 0 it is back */
    SIP_EV_TRANSFER,     /* handle of a telephone's leg, value: handle of the leg it names by Replaces, or 0; texts: user */
    SIP_EV_BANNED,       /* code: how often so far, value: until, unix s; texts: address, /64 or /48, why: passwords|requests|
                            malformed|scanner */
    SIP_EV_LIFTED,       /* texts: address, /64 or /48, why it is banned no longer: expired|lifted|known|forgotten|off|wider:
                            its /48 is, instead */
    SIP_EV_DIVERTED,     /* handle; texts: the number its other side names instead of itself (3xx); its end follows */
    SIP_EV_OPEN,         /* telephones and trunks are let in */
    SIP_EV_WATCHED,      /* code: 1 its state is asked for, as somebody watches it; 0 nobody does any more; texts: resource,
                            package */
    SIP_EV_SOUND,        /* handle of a line's leg, code: enum flow_stall, or SIP_SOUND_GONE; value: ms that it stalls so far;
                            texts: why it is gone */
};

#define SIP_SOUND_GONE 3 /* its tty is closed, the leg goes on */

struct sip_event {
    struct sip_event *next;
    int kind;
    sip_handle handle;
    int code;
    int64_t value;
    int64_t at; /* monotonic us when it was seen */
    char *text[SIP_TEXTS];
};

enum sip_command_kind {
    SIP_DO_QUIT = 1,
    SIP_DO_PHONE,   /* code: SIP_WITH_...; texts: id, HA1 MD5 hex, HA1 SHA-256 hex; no HA1: forget the phone */
    SIP_DO_BIND,    /* value: expires at; texts: phone, contact, target, agent */
    SIP_DO_TRUNK,   /* value: register expires or 0; other: s between OPTIONS, or 0; code: SIP_WITH_...; texts: id, uri,
                       user, password, addresses "ip[:port] ...", of each server in turn with " | " between them,
                       names that its certificate may have */
    SIP_DO_NO_TRUNK,/* texts: id */
    SIP_DO_CALL,    /* handle, code: to be answered at once; value: SIP_WITH_..., of a telephone; texts: trunk or "", target uri, from user, from display,
                       further headers, "Name: value" a line */
    SIP_DO_PROGRESS,/* handle, code */
    SIP_DO_ANSWER,  /* handle */
    SIP_DO_HANG_UP, /* handle, code SIP, value Q.850 */
    SIP_DO_PLAY,    /* handle, code: repeat; texts: path */
    SIP_DO_RECORD,  /* handle; texts: path */
    SIP_DO_TAPE,    /* handle of its left side, other: of its right, value: leg, code: samples a second << 2 | A-law << 1 |
                       players too */
    SIP_DO_PAUSE,   /* handle of a tape, code: 1 silence is taken down from now on, 0 no longer */
    SIP_DO_STOP,    /* handle */
    SIP_DO_HEAR,    /* handle listener, other source */
    SIP_DO_UNHEAR,
    SIP_DO_DIGITS,  /* handle; texts: digits */
    SIP_DO_OPEN,    /* telephones and trunks are known: let requests in; code 0: but no calls any more */
    SIP_DO_PUBLISH, /* texts: package, resource, its newest state ("": forget it, "?": ask for it once it is watched) */
    SIP_DO_REFERRED,/* handle, code: what became of the transfer its telephone asked for */
    SIP_DO_GUARD,   /* handle: 1 on; code, other: wrong passwords, requests that are too many; value: s of a ban; texts:
                       networks never banned, "ip[/bits] ..." */
    SIP_DO_LIFT,    /* texts: address banned no longer, "": all */
    SIP_DO_SYNC,    /* texts: telephone that is to fetch its settings, and starts anew for that */
    SIP_DO_SOUND,   /* handle of a line's leg, code: 1 its device is open, 0 it is not; value: the pump's opening, 0 any */
    SIP_DO_CLOSED,  /* handle of a line's leg that is over */
    SIP_DO_KEY,     /* handle of a line's leg, code: a key that is told beside the sound, ASCII */
    SIP_DO_SHOW,    /* handle of a telephone's leg; texts: number and name of whom it talks with */
};

enum sip_with { /* how a trunk or telephone is spoken with */
    SIP_WITH_LATE_OFFER = 1, /* it is called without an offer of codecs, and makes it itself */
    SIP_WITH_TCP = 2,
    SIP_WITH_TLS = 4,
    SIP_WITH_PROOF = 8,      /* its certificate is checked; a telephone: nothing but TLS is taken from it */
    SIP_WITH_SRTP = 16,      /* RFC 4568 keys are offered and taken */
    SIP_WITH_SRTP_ONLY = 32, /* and nothing else */
    SIP_WITH_LINE = 64,      /* what registers as a telephone does, and is the trunk of that name after "line-": of both */
};

struct sip_command {
    struct sip_command *next;
    int kind;
    sip_handle handle, other;
    int code;
    int64_t value;
    char *text[SIP_TEXTS];
};

enum sip_slot_kind { SIP_FREE = 0, SIP_LEG, SIP_PLAYER, SIP_RECORDING, SIP_TAPE, SIP_LINE };

struct sip_slot {
    int64_t heard_at, asked_at; /* s when `heard` grew last; when it was asked whether it is there, 0: it was not */
    pjsip_transaction *unheard; /* our INVITE, while nothing at all has come back */
    struct sip_command *again;  /* how a trunk of several servers was called */
    struct sip_shown *shown;    /* by its telephone; NULL: nothing was told */
    uint32_t generation;
    uint32_t heard;  /* packets of sound and reports so far */
    int id;          /* pjsua call, player or recorder id */
    int port;        /* conference port, or PJSUA_INVALID_ID while it has no audio */
    uint8_t kind;    /* enum sip_slot_kind */
    uint8_t started; /* a pjsua object stands behind it */
    uint8_t early;   /* an early state was told */
    uint8_t cause;   /* Q.850, when it was we who ended it */
    uint8_t phone;   /* a leg of a telephone of ours, not of a trunk */
    uint8_t held;    /* its other side has put us on hold */
    uint8_t proxy;   /* server of its trunk that it went to last */
    uint8_t tried;   /* those it went to, a bit each */
    uint8_t waits;   /* for the next of them to be called */
    uint8_t diverted; /* its other side named another number */
    uint8_t heard_early; /* its sound before the answer was told */
    uint8_t glare;   /* its refresh crossed a request of the other side, and comes again */
};

struct sip_config {
    char listen[64];
    char listen6[64]; /* an IPv6 address listened on too; "": none */
    char name6[64];   /* the address others see of it */
    int port, rtp_first, rtp_last, clock_rate, log_level;
    unsigned min_expires, max_expires; /* s */
    int strangers, stranger_stays;     /* connections of those not let in: how many, and s each may stay */
    unsigned silent_after; /* s without sound before a leg is asked whether it is there, and then to answer; 0: never */
    unsigned session_expires; /* s that a session lasts without a refresh (RFC 4028); 0: no timers */
    unsigned nonce_lives; /* s; an older one is stale, the telephone tries again by itself */
    int tls_port;           /* 0: TLS is not spoken */
    char certificate[256], key[256], authorities[256]; /* PEM files */
    char user_agent[64];
    char realm[64];
    char codecs[16][32]; /* most wanted first, e.g. "opus/48000" */
    int codec_count;
    int relay; /* two-party calls of one codec are handed on packet by packet */
    int offers_sha256, offers_md5; /* RFC 8760; libre before 2.0 gives up when it sees SHA-256 at all */
};

extern struct sip_config sip_config;

/* endpoint.c */
int sip_start(const struct sip_config *config, char *why, size_t why_size); /* (any) 0 when it runs */
void sip_stop(void);                                                        /* (any) */
struct sip_command *sip_command_copy(const struct sip_command *command); /* or NULL */
void sip_command_free(struct sip_command *command);
int sip_post(int kind, sip_handle handle, sip_handle other, int code, int64_t value, int texts,
             const char *const *text); /* (any) 0, or -1 when not running or out of memory */
void sip_hold(int on); /* (any) the thread is not woken for what is posted until it is off again */
pj_time_val sip_now(void);
void sip_warn(const char *format, const char *why); /* a line of the log */

/* listen.c */
const char *sip_listen(void); /* NULL, or why IPv4 cannot be spoken; IPv6 may come later */
void sip_listen_look(void);   /* once a second */

/* events.c, all (any) */
int sip_events_open(void); /* 0, or -1 with errno */
void sip_events_close(void);
int sip_fileno(void);                    /* readable while events wait */
struct sip_event *sip_take_events(void); /* oldest first; free each */
void sip_event_free(struct sip_event *event);
int sip_events_waiting(void);
uint64_t sip_events_dropped(void); /* because nobody read them, or memory ran out */
void sip_tell(int kind, sip_handle handle, int code, int64_t value, int texts, const pj_str_t *text);
void sip_tell_c(int kind, sip_handle handle, int code, int64_t value, int texts, const char *const *text);

/* slots.c */
sip_handle sip_slot_take(int kind);                    /* (any) 0 when all are in use */
void sip_slot_give_back(sip_handle handle);            /* (any) one that nobody else was told of */
void sip_slots_count(uint64_t *alive, uint64_t *over); /* (any) in use; commands so far to what was over */
void sip_slots_reset(void);                            /* (any) while no endpoint runs */
struct sip_slot *sip_slot_of(sip_handle handle);       /* NULL and counted when it is over */
struct sip_slot *sip_slot_look(sip_handle handle);     /* the same, not counted */
int sip_slot_is(sip_handle handle, int kind);           /* (any) alive, and of this kind */
void sip_slot_free(sip_handle handle);
sip_handle sip_slot_handle(const struct sip_slot *slot);
void sip_slots_each(int kind, void (*look)(sip_handle handle, struct sip_slot *slot));

/* silence.c */
void sip_silence_look(void);
void sip_silence_answered(sip_handle leg);

/* legs.c */
void sip_legs_configure(pjsua_config *config);
void sip_leg_call(const struct sip_command *command);
void sip_leg_progress(const struct sip_command *command);
void sip_leg_hang_up(const struct sip_command *command);
void sip_leg_digits(const struct sip_command *command);
sip_handle sip_leg_of_call(pjsua_call_id call);
unsigned sip_leg_after_glare(pjsua_call_id call); /* ms until what met a request of the other side (491) comes again */

/* shown.c */
void sip_shown_at_first(struct sip_slot *slot, const char *identity); /* by the INVITE to it */
void sip_shown_in_answer(struct sip_slot *slot, pjsua_msg_data *data, pjsip_generic_string_hdr *header);
void sip_shown_set(const struct sip_command *command);
void sip_shown_look(sip_handle leg); /* its call is answered */
/* Was it the request that told it? */
int sip_shown_answered(sip_handle leg, const pjsip_transaction *tsx, const pjsip_event *event);

/* transfer.c: REFER by telephones of ours, and calls named by Replaces (RFC 3515, 3891, 4488) */
pj_status_t sip_transfer_init(void);
void sip_transfer_know(pjsip_dialog *dialog, sip_handle leg); /* which leg a dialog is */
void sip_transfer_asked(pjsua_call_id call, pjsip_dialog *dialog, pjsip_rx_data *rdata); /* a REFER within a call */
void sip_transfer_told(const struct sip_command *command);
int sip_replaces_take(const pjsip_rx_data *rdata, sip_handle *leg); /* 0, or the status to refuse an INVITE with */

/* audio.c */
void sip_audio_reset(void); /* (any) while no endpoint runs */
void sip_audio_play(const struct sip_command *command);
void sip_audio_record(const struct sip_command *command);
void sip_audio_stop(const struct sip_command *command);
void sip_audio_hear(sip_handle listener, sip_handle source, int on);
void sip_audio_port(sip_handle handle, int port); /* its port is there, changed, or gone (PJSUA_INVALID_ID) */
void sip_audio_forget(sip_handle handle);         /* no edge touches it any more */
void sip_audio_follow(sip_handle leg, sip_handle left, sip_handle right, int sounds); /* a tape: its sides hear who talks */

/* tape.c */
void sip_tapes_reset(void);              /* (any) while no endpoint runs and nobody reads */
int sip_tape_take(sip_handle handle);    /* (any) 0, or -1 when there are too many */
void sip_tape_drop(sip_handle handle);   /* (any) one whose command could not be posted */
size_t sip_tape_waiting(sip_handle handle); /* (any) bytes to be read */
size_t sip_tape_read(sip_handle handle, unsigned char *out, size_t room, unsigned *lost,
                     int *ended); /* (any, one at a time) samples, left and right in turn; ended: it is over and forgotten */
void sip_tape_begin(const struct sip_command *command);
void sip_tape_pause(const struct sip_command *command);
void sip_tape_end(sip_handle handle);
int sip_tape_draws(sip_handle side, pjmedia_port *from); /* a side takes what it hears from a stream, NULL: from the
                                                            bridge; 0: it cannot, they are too unlike */
void sip_tapes_follow(void); /* who hears whom has changed */
void sip_tape_leg_over(sip_handle leg);
void sip_tapes_end(void);
void sip_tapes_ended(void); /* the bridge is gone: nothing comes any more */

/* line.c: legs whose sound goes through a tty, by the pump of lines/pump */
int sip_line_open(sip_handle leg, int fd, int stalled_after); /* (any) 0, or errno; fd stays the caller's */
int sip_line_card(sip_handle leg, int channel, int copy, int law); /* (any) the same with a channel of a card */
int sip_line_uac(sip_handle leg, const char *card);           /* (any) the same with a sound card */
void sip_line_silent(sip_handle leg);                         /* (any) */
void sip_line_sound(const struct sip_command *command);
void sip_line_closed(const struct sip_command *command);
void sip_line_key(const struct sip_command *command);
void sip_lines_end(void); /* before the bridge goes */

/* bandwidth.c */
int sip_bandwidth_is_narrow(int port); /* of the conference bridge */
void sip_bandwidth_set(pjsua_call_id call, int narrow);

/* relay.c */
pjmedia_transport *sip_relay_between(pjsua_call_id call, unsigned index, pjmedia_transport *under, unsigned flags);
void sip_relay_stream(pjsua_call_id call, pjmedia_stream *stream); /* the call's, or NULL: it is gone */
int sip_relay_join(pjsua_call_id one, pjsua_call_id other);        /* 0: the bridge must, they are too unlike */
void sip_relay_part(pjsua_call_id call);
void sip_relay_read(pjsua_call_id call, int on); /* somebody takes what its stream hears, or nobody any more */
void sip_relay_fresh(pjsua_call_id call); /* what its stream has heard up to now is forgotten */
pjmedia_port *sip_relay_port(pjsua_call_id call); /* its stream's; NULL: it has none */
void sip_relay_keys(pjsua_call_id call); /* its stream is to send some */
void sip_relay_look(void);               /* now and then: who need not encode silence */

/* twice.c */
#define SIP_TWICE_TAPS 24
#define SIP_TWICE_MAX 480 /* samples at once, of 8 kHz */

struct sip_twice { /* zeroed, it begins in silence */
    float said[SIP_TWICE_TAPS + SIP_TWICE_MAX + 4]; /* the last ones, then those of now; who takes four at a time looks beyond */
};

void sip_twice(struct sip_twice *state, const int16_t *in, unsigned count, int16_t *out); /* out: twice as many */

/* wav.c */
const char *sip_wav_fault(const char *path); /* NULL when PJSIP can play it */

struct sip_source { /* of packets: an IPv4 address, the upper half of an IPv6 one, or a network of such */
    uint64_t bits;
    uint8_t family; /* 4 or 6; 0 nobody */
    uint8_t width;  /* leading bits that count: 32 or 64, fewer of a network */
};

/* source.c */
#define SIP_SOURCE_MAX 50 /* as text */
struct sip_source sip_source_of(const pj_sockaddr *address);
struct sip_source sip_source_wider(struct sip_source source, int width);      /* the network around it */
int sip_sources_meet(struct sip_source one, struct sip_source other);         /* is one within the other? */
int sip_source_same(struct sip_source one, struct sip_source other);
void sip_source_print(struct sip_source source, char out[SIP_SOURCE_MAX]);    /* IPv6 with its width */
int sip_source_parse(const char *text, struct sip_source *source); /* "address" or "address/width"; 0, or -1 when it is
                                                                      none. An IPv6 network longer than /64 is its /64 */

/* accounts.c */
struct sip_phone {
    char id[SIP_NAME_MAX + 1];
    char md5[33];
    char sha256[65];
    int with; /* SIP_WITH_... */
};

struct sip_proxy {
    int account;   /* pjsua account */
    int address;   /* the first of its addresses, or -1: PJSIP finds it by the trunk's URI */
    int down;      /* it did not answer when it was asked last */
    uintptr_t probe; /* the OPTIONS that is not answered yet, or 0 */
    int64_t asked_at; /* s */
};

struct sip_trunk {
    char id[SIP_NAME_MAX + 1];
    char uri[SIP_URI_MAX + 1]; /* sip:host:port of the far end */
    char user[SIP_NAME_MAX + 1];
    char names[512]; /* that its certificate may have, a space between two */
    int registers;
    int registrar; /* the server we register at, or -1 */
    int with;      /* SIP_WITH_... */
    int qualify;   /* s between OPTIONS that ask whether a server is there; 0: nobody asks, and none is ever down */
    int proxies, addresses;
    struct sip_proxy proxy[SIP_PROXIES];   /* the most wanted first */
    pj_sockaddr address[SIP_ADDRESSES]; /* calls from there are its own; port 0: any */
};

extern int sip_local_account;
int sip_account_of_phones(int with); /* that calls telephones spoken with in this way */
struct sip_phone *sip_phone_find(const pj_str_t *id);
struct sip_trunk *sip_trunk_find(const char *id);
struct sip_trunk *sip_trunk_of_phone(const struct sip_phone *phone); /* what a gateway is while it is registered, or NULL */
struct sip_trunk *sip_trunk_of_source(const pjsip_rx_data *rdata);
int sip_trunk_at(struct sip_source source); /* is one there, whatever its port? */
struct sip_trunk *sip_trunk_of_account(int account);
int sip_trunks_count(void);
struct sip_trunk *sip_trunk_nth(int index);
void sip_trunk_told(const struct sip_trunk *trunk, int code, int64_t granted, const char *why);
void sip_accounts_reset(void); /* (any) while no endpoint runs */
void sip_phone_set(const struct sip_command *command);
void sip_trunk_set(const struct sip_command *command);
void sip_trunk_remove(const struct sip_command *command);
int sip_account_local(void);
void sip_accounts_configure(pjsua_config *config);

/* ports.c */
/* Before a leg of this account begins: its sound goes by IPv4 or IPv6, from a pair of ports that is free, and says the
   address that its other side (NULL: not known) sees of us. */
void sip_ports_ready(int account, int six, const pj_sockaddr *peer);
/* The same of a telephone's, whose Contact of ours is that address too. */
void sip_ports_ready_for(int account, const char *target);
void sip_ports_ready_of(int account, const pjsip_rx_data *rdata);

/* proxies.c */
int sip_proxy_first(const struct sip_trunk *trunk, unsigned tried); /* that is up and was not tried, or -1 */
int sip_proxy_is_six(const struct sip_trunk *trunk, int proxy); /* is it called by IPv6? */
const pj_sockaddr *sip_proxy_place(const struct sip_trunk *trunk, int proxy); /* its first address, or NULL */
int sip_proxy_of_account(const struct sip_trunk *trunk, int account);
void sip_proxy_answers(struct sip_trunk *trunk, int proxy, int answers); /* heard of it, or in vain waited for it */
int sip_proxies_probed(const struct sip_trunk *trunk);
int sip_proxy_account(struct sip_slot *slot, const struct sip_trunk *trunk, const struct sip_command *command);
int sip_proxy_next(pjsua_call_id call, struct sip_slot *slot, int status, const pjsip_event *event); /* 1: it is called */
void sip_proxies_look(void); /* once a second */

/* digest.c */
enum sip_verdict { SIP_ALLOWED, SIP_NO_CREDENTIALS, SIP_STALE, SIP_WRONG };
int sip_digest_init(void);
enum sip_verdict sip_digest_verify(const pjsip_rx_data *rdata, const struct sip_phone **phone);
pj_str_t sip_digest_user(const pjsip_rx_data *rdata); /* of the credentials; empty without */
void sip_digest_challenge(pjsip_rx_data *rdata, int stale);

/* registrar.c */
void sip_registrar_reset(void); /* (any) while no endpoint runs */
void sip_registrar_register(pjsip_rx_data *rdata, const struct sip_phone *phone);
void sip_registrar_bind(const struct sip_command *command);
void sip_registrar_forget(const char *phone);
void sip_registrar_expire(void);
int sip_registrar_is_at(const pj_str_t *phone, const pjsip_rx_data *rdata); /* is it registered at that very place? */
int sip_registrar_phone_at(const pjsip_rx_data *rdata); /* is any telephone, which is no gateway? */
void sip_registrar_tell(const char *phone, const char *event, const char *body); /* every contact of a phone, unasked */

/* summary.c */
void sip_summary_tell(const char *target, const char *phone, const char *event, const char *body);

/* subscriptions.c */
void sip_watch_reset(void); /* (any) while no endpoint runs */
pj_status_t sip_watch_init(void);
void sip_watch_publish(const struct sip_command *command);
void sip_watch_forget(const char *phone);
void sip_watch_registered(const char *phone); /* anew: its lamp may show anything */
void sip_watch_subscribe(pjsip_rx_data *rdata, const struct sip_phone *phone);
int sip_watch_refused(pjsip_rx_data *rdata, const struct sip_phone *phone); /* within a dialog: 0, or it was answered */

/* gate.c */
pj_status_t sip_gate_init(void);
enum sip_gate {
    SIP_GATE_CLOSED, /* every request is left unanswered: its sender asks again in half a second */
    SIP_GATE_OPEN,
    SIP_GATE_NO_CALLS /* who calls is told to come again in some seconds: the box is about to end */
};
void sip_gate_set(enum sip_gate is);
enum sip_gate sip_gate_now(void);
void sip_later(pjsip_generic_string_hdr *header); /* the Retry-After of a 503 */
struct sip_phone *sip_gate_phone(const pjsip_rx_data *rdata); /* who was let in by digest, or NULL */
struct sip_trunk *sip_gate_trunk(const pjsip_rx_data *rdata);
sip_handle sip_gate_is_call(void); /* the INVITE let in last: its end is told as a leg's from now on; what it replaces */
void sip_refuse(pjsip_rx_data *rdata, int code, const char *why);
void sip_refused(const pjsip_rx_data *rdata, int code, const char *why); /* tells that it was */

/* guard.c */
pj_status_t sip_guard_init(void);
void sip_guard_reset(void); /* (any) while no endpoint runs */
void sip_guard_set(const struct sip_command *command);
void sip_guard_lift(const struct sip_command *command);
void sip_guard_trunks(void); /* there are others now */
void sip_guard_look(void);   /* once a second */
int sip_guard_may_try(const pjsip_rx_data *rdata, const pj_str_t *user); /* 0: leave its password unlooked at */
/* What came: without a password, with a wrong one, or not to be parsed. 0: it is too much, and goes unanswered. */
int sip_guard_asked(const pjsip_rx_data *rdata);
int sip_guard_wrong(const pjsip_rx_data *rdata, const pj_str_t *user);
int sip_guard_malformed(const pj_sockaddr *address);
void sip_guard_right(const pjsip_rx_data *rdata); /* somebody was let in */
int sip_guard_is_known(struct sip_source at);     /* a trunk is there, or somebody was let in from there lately */
void sip_guard_expected(const pj_str_t *host, int64_t seconds); /* a telephone registered there before a restart */

/* scanner.c */
int sip_is_scanner(const pjsip_rx_data *rdata); /* a request of a program that says what it is */

/* streams.c */
void sip_streams_reset(void); /* (any) while no endpoint runs */
void sip_streams_state(pjsip_transport *of, pjsip_transport_state state, const pjsip_transport_state_info *info);
void sip_streams_right(const pjsip_rx_data *rdata); /* somebody was let in by this one */
void sip_streams_look(void);                        /* once a second */

/* fence.c */
void sip_fence_of(const pjsip_transport *transport);
void sip_fence_set(const struct sip_source *out, int count);
void sip_fence_reset(void); /* (any) while no endpoint runs */

/* nat.c */
pj_status_t sip_nat_init(void);
void sip_nat_rewrite(const pjsip_rx_data *rdata, pjsip_sip_uri *uri); /* to where the message came from */

/* tls.c */
void sip_tls_settings(pjsua_transport_config *transport); /* at tls_port, with our certificate */
const char *sip_tls_fault(void); /* NULL, or which of the files cannot be read */

/* malformed.c */
pj_status_t sip_malformed_init(void);

/* text.c */
size_t sip_place(char *out, size_t size, const pj_sockaddr *address); /* "address:port", IPv6 in brackets; its length */
void sip_copy(char *out, size_t size, const pj_str_t *from); /* cut to size, terminated */
void sip_unquote(char *text);                                 /* in place: \" is ", \\ is \ (RFC 3261 quoted-pair) */
int sip_quote(char *out, size_t size, const char *from);     /* display name in quotes, controls left out */
void sip_user_of(const pjsip_uri *uri, char *user, size_t size); /* user of a sip or number of a tel URI, or "" */
pjsip_uri *sip_asserted(const pjsip_rx_data *rdata); /* first P-Asserted-Identity (RFC 3325), NULL without: the trunk's word */
/* What a trunk found when it checked a caller's number: the verstat of a URI (TS 24.229, 7.2A.20), "" without one. */
void sip_verstat(pjsip_uri *uri, char *verstat, size_t size);
int sip_user(char *out, size_t size, const char *from);      /* only characters a user part may have unescaped */
void sip_identity(char out[SIP_IDENTITY_MAX], const char *number, const char *name,
                  const char *hidden); /* the host of a number that is not told */
int sip_cause_of(int status);                                /* RFC 3398: SIP status -> Q.850 cause */

#endif
