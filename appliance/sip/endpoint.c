/* SPDX-License-Identifier: GPL-2.0-or-later
 * One native thread runs PJSIP. Commands come to it through a socket pair in PJSIP's own ioqueue (an eventfd fails
 * there: the ioqueue uses recv).
 */
#include "../lines/pump/urgent.h"
#include "sip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <pjmedia-codec/opus.h>
#include <pthread.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EXPIRY_EVERY 1   /* s */
#define TRIM_AFTER 30    /* s without a call before memory is given back */
#define TRIM_ABOVE (8 << 20) /* bytes free at the end of the heap before it is while there are calls: with the usual 128 KB
                                each call's memory comes from the kernel and goes back to it */
#define STOP_WITHIN 3000 /* ms given to BYE and unregister at the end */
#define LOG_LINE_MAX 1024
#define FAILURES_MAX 100 /* of the wait for packets, one after another, before the thread gives up */

struct sip_config sip_config;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the three below */
static struct sip_command *command_first, *command_last;
static int running;

static int wake_fd = -1; /* our end of the pair */
static pthread_t thread;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int done;
    char why[256]; /* "" when it started */
} start = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, ""};

pj_time_val sip_now(void)
{
    pj_time_val now;

    pj_gettimeofday(&now);
    return now;
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

void sip_command_free(struct sip_command *command)
{
    if (!command)
        return;
    for (int i = 0; i < SIP_TEXTS; i++) {
        if (command->text[i])
            explicit_bzero(command->text[i], strlen(command->text[i])); /* it may be a password */
        free(command->text[i]);
    }
    free(command);
}

struct sip_command *sip_command_copy(const struct sip_command *command)
{
    struct sip_command *copy = calloc(1, sizeof *copy);
    int whole = copy != NULL;

    if (!whole)
        return NULL;
    *copy = *command;
    copy->next = NULL;
    for (int i = 0; i < SIP_TEXTS; i++) {
        copy->text[i] = command->text[i] ? strdup(command->text[i]) : NULL;
        whole = whole && (copy->text[i] || !command->text[i]);
    }
    if (whole)
        return copy;
    sip_command_free(copy);
    return NULL;
}

static int held; /* under the lock: whoever posts will say when all is there */

void sip_hold(int on)
{
    int due;

    pthread_mutex_lock(&lock);
    held = on;
    due = !on && running && command_first;
    pthread_mutex_unlock(&lock);
    if (due)
        (void)!send(wake_fd, "", 1, MSG_NOSIGNAL); /* full: the thread is awake already */
}

int sip_post(int kind, sip_handle handle, sip_handle other, int code, int64_t value, int texts,
             const char *const *text)
{
    struct sip_command *command = calloc(1, sizeof *command);
    int wakes, up;

    if (!command)
        return -1;
    command->kind = kind;
    command->handle = handle;
    command->other = other;
    command->code = code;
    command->value = value;
    for (int i = 0; i < texts && i < SIP_TEXTS; i++) {
        command->text[i] = strdup(text[i] ? text[i] : "");
        if (!command->text[i]) {
            sip_command_free(command);
            return -1;
        }
    }
    pthread_mutex_lock(&lock);
    up = running;
    wakes = command_first == NULL && !held;
    if (up) {
        if (!command_first)
            command_first = command;
        else
            command_last->next = command;
        command_last = command;
    }
    pthread_mutex_unlock(&lock);
    if (!up) {
        sip_command_free(command);
        return -1;
    }
    if (wakes && send(wake_fd, "", 1, MSG_NOSIGNAL) < 0)
        return 0; /* the pair is full of earlier wakes: the thread is awake already */
    return 0;
}

/* Returns 0 when the thread is to end. */
static int command_do(const struct sip_command *command)
{
    switch (command->kind) {
    case SIP_DO_QUIT: return 0;
    case SIP_DO_PHONE: sip_phone_set(command); break;
    case SIP_DO_BIND: sip_registrar_bind(command); break;
    case SIP_DO_TRUNK: sip_trunk_set(command); break;
    case SIP_DO_NO_TRUNK: sip_trunk_remove(command); break;
    case SIP_DO_CALL: sip_leg_call(command); break;
    case SIP_DO_PROGRESS:
    case SIP_DO_ANSWER: sip_leg_progress(command); break;
    case SIP_DO_HANG_UP: sip_leg_hang_up(command); break;
    case SIP_DO_OPEN: sip_gate_set(command->code ? SIP_GATE_OPEN : SIP_GATE_NO_CALLS); break;
    case SIP_DO_PUBLISH: sip_watch_publish(command); break;
    case SIP_DO_GUARD: sip_guard_set(command); break;
    case SIP_DO_LIFT: sip_guard_lift(command); break;
    case SIP_DO_SYNC: sip_registrar_tell(command->text[0], "check-sync;reboot=true", NULL); break;
    case SIP_DO_SOUND: sip_line_sound(command); break;
    case SIP_DO_CLOSED: sip_line_closed(command); break;
    case SIP_DO_KEY: sip_line_key(command); break;
    case SIP_DO_SHOW: sip_shown_set(command); break;
    case SIP_DO_REFERRED: sip_transfer_told(command); break;
    case SIP_DO_DIGITS: sip_leg_digits(command); break;
    case SIP_DO_PLAY: sip_audio_play(command); break;
    case SIP_DO_RECORD: sip_audio_record(command); break;
    case SIP_DO_TAPE: sip_tape_begin(command); break;
    case SIP_DO_PAUSE: sip_tape_pause(command); break;
    case SIP_DO_STOP: sip_audio_stop(command); break;
    case SIP_DO_HEAR: sip_audio_hear(command->handle, command->other, 1); break;
    case SIP_DO_UNHEAR: sip_audio_hear(command->handle, command->other, 0); break;
    default: break;
    }
    return 1;
}

static int commands_do(void)
{
    struct sip_command *list;
    int go_on = 1;

    pthread_mutex_lock(&lock);
    list = command_first;
    command_first = command_last = NULL;
    pthread_mutex_unlock(&lock);
    while (list) {
        struct sip_command *command = list;

        list = command->next;
        if (go_on)
            go_on = command_do(command);
        sip_command_free(command);
    }
    return go_on;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static struct {
    pj_ioqueue_key_t *key;
    pj_ioqueue_op_key_t op;
    char buffer[64];
    pj_ssize_t size;
    int go_on;
} wake;

static void on_wake(pj_ioqueue_key_t *key, pj_ioqueue_op_key_t *op, pj_ssize_t bytes)
{
    PJ_UNUSED_ARG(bytes);
    do {
        wake.size = sizeof wake.buffer;
    } while (pj_ioqueue_recv(key, op, wake.buffer, &wake.size, 0) == PJ_SUCCESS);
    if (!commands_do())
        wake.go_on = 0;
}

/* (any) Only the first line: what follows is the packet, whatever a stranger put into it. */
static void on_log(int level, const char *data, int length)
{
    pj_str_t line = {(char *)(uintptr_t)data, 0};

    while (line.slen < length && line.slen < LOG_LINE_MAX && (unsigned char)data[line.slen] >= ' ')
        line.slen++;
    sip_tell(SIP_EV_LOG, 0, level, 0, 1, &line);
}

static const char *failed(const char *what, pj_status_t status)
{
    static char text[PJ_ERR_MSG_SIZE + 64];
    char reason[PJ_ERR_MSG_SIZE];

    pj_strerror(status, reason, sizeof reason);
    snprintf(text, sizeof text, "%s: %s", what, reason);
    return text;
}

/* No name is waited for in this thread: libc keeps /etc/hosts, the name servers go to PJSIP, which does not wait. */
static void names(pjsua_config *config)
{
    static char servers[MAXNS][INET_ADDRSTRLEN];

    if (res_init())
        return;
    for (int i = 0; i < _res.nscount && config->nameserver_count < PJ_ARRAY_SIZE(config->nameserver); i++)
        if (_res.nsaddr_list[i].sin_family == AF_INET && /* 0: IPv6, which its resolver does not know */
            inet_ntop(AF_INET, &_res.nsaddr_list[i].sin_addr, servers[i], sizeof servers[i]))
            config->nameserver[config->nameserver_count++] = pj_str(servers[i]);
    _res.nscount = 0;
    _res.options |= RES_NORELOAD;
}

static void configure(pjsua_config *config, pjsua_logging_config *logging, pjsua_media_config *media)
{
    pjsua_config_default(config);
    names(config);
    config->thread_cnt = 0;
    config->max_calls = PJSUA_MAX_CALLS;
    config->user_agent = pj_str(sip_config.user_agent);
    sip_legs_configure(config);
    config->cb.on_transport_state = sip_streams_state;
    sip_accounts_configure(config);

    pjsua_logging_config_default(logging);
    logging->level = (unsigned)sip_config.log_level;
    logging->console_level = 0;
    logging->msg_logging = PJ_FALSE;
    logging->decor = PJ_LOG_HAS_SENDER;
    logging->cb = on_log;

    pjsua_media_config_default(media);
    media->clock_rate = (unsigned)sip_config.clock_rate;
    media->snd_clock_rate = (unsigned)sip_config.clock_rate;
    media->channel_count = 1;
    media->audio_frame_ptime = 20;
    media->max_media_ports = PJSUA_MAX_CONF_PORTS;
    media->thread_cnt = 1;
    media->no_vad = PJ_TRUE;
    media->ec_tail_len = 0;
    media->snd_auto_close_time = -1;
    media->quality = 2; /* of resampling: what Speex means for telephony; 3 costs nearly three times as much, and no ear tells */
}

/* What the bridge carries, and no more: by itself it would encode 48 kHz made of these. */
static void spare_opus(void)
{
    pj_str_t id = pj_str((char *)(uintptr_t) "opus/48000");
    pjmedia_codec_opus_config config;
    pjmedia_codec_param param;

    if (pjsua_codec_get_param(&id, &param) != PJ_SUCCESS || pjmedia_codec_opus_get_config(&config) != PJ_SUCCESS)
        return;
    config.sample_rate = (unsigned)sip_config.clock_rate;
    pjmedia_codec_opus_set_default_param(&config, &param);
}

static void prefer_codecs(void)
{
    pj_str_t all = pj_str((char *)(uintptr_t) "*");

    spare_opus();
    pjsua_codec_set_priority(&all, 0);
    for (int i = 0; i < sip_config.codec_count; i++) {
        pj_str_t id = pj_str(sip_config.codecs[i]);

        pjsua_codec_set_priority(&id, (pj_uint8_t)(PJMEDIA_CODEC_PRIO_NEXT_HIGHER - i));
    }
}

void sip_warn(const char *format, const char *why)
{
    char line[LOG_LINE_MAX];
    const char *text = line;

    snprintf(line, sizeof line, format, why);
    sip_tell_c(SIP_EV_LOG, 0, 2, 0, 1, &text);
}

/* The audio clock's thread is made as urgent as this one is meanwhile. */
static pj_status_t start_clock(void)
{
    struct urgent before;
    int refused = urgent_begin(&before);
    pj_status_t status = pjsua_set_null_snd_dev();

    if (refused)
        sip_warn("sound comes before no other work, and may stutter: %s (LimitRTPRIO)", strerror(refused));
    else
        urgent_end(&before);
    return status;
}

static const char *bring_up(int wake_read)
{
    pjsua_config config;
    pjsua_logging_config logging;
    pjsua_media_config media;
    pj_ioqueue_callback callback = {.on_read_complete = on_wake};
    const char *why;
    pj_status_t status;

    pj_log_set_level(0); /* nothing on stdout before our own writer is set */
    status = pjsua_create();

    if (status != PJ_SUCCESS)
        return failed("PJSIP does not start", status);
    configure(&config, &logging, &media);
    status = pjsua_init(&config, &logging, &media);
    if (status != PJ_SUCCESS)
        return failed("PJSIP does not initialise", status);
    if ((status = sip_guard_init()) != PJ_SUCCESS || (status = sip_nat_init()) != PJ_SUCCESS || (status = sip_gate_init()) != PJ_SUCCESS ||
        (status = sip_malformed_init()) != PJ_SUCCESS || (status = sip_transfer_init()) != PJ_SUCCESS ||
        (status = sip_watch_init()) != PJ_SUCCESS)
        return failed("the SIP gate does not load", status);
    sip_gate_set(SIP_GATE_CLOSED);
    if (sip_digest_init())
        return "no random numbers for the digest secret";
    if ((sip_config.tls_port && (why = sip_tls_fault())) || (why = sip_listen()))
        return why;
    if ((status = pjsua_start()) != PJ_SUCCESS)
        return failed("PJSIP does not run", status);
    if ((status = start_clock()) != PJ_SUCCESS)
        return failed("the audio clock does not start", status);
    prefer_codecs();
    if (sip_account_local())
        return "the account for the telephones is refused";
    status = pj_ioqueue_register_sock(pjsua_get_pool_factory() ? pjsua_pool_create("wake", 512, 512) : NULL,
                                      pjsip_endpt_get_ioqueue(pjsua_get_pjsip_endpt()), wake_read, NULL, &callback,
                                      &wake.key);
    if (status != PJ_SUCCESS)
        return failed("the command socket is refused", status);
    wake.go_on = 1;
    pj_ioqueue_op_key_init(&wake.op, sizeof wake.op);
    wake.size = sizeof wake.buffer;
    status = pj_ioqueue_recv(wake.key, &wake.op, wake.buffer, &wake.size, PJ_IOQUEUE_ALWAYS_ASYNC);
    return status == PJ_EPENDING || status == PJ_SUCCESS ? NULL : failed("the command socket is refused", status);
}

static void housekeeping(void)
{
    static pj_time_val last, last_call;
    static int trimmed = 1;
    pj_time_val now;

    pj_gettickcount(&now);
    if (now.sec - last.sec < EXPIRY_EVERY)
        return;
    last = now;
    sip_registrar_expire();
    sip_guard_look();
    sip_streams_look();
    sip_silence_look();
    sip_proxies_look();
    sip_relay_look();
    sip_listen_look();
    if (pjsua_call_get_count() > 0) {
        last_call = now;
        trimmed = 0;
    } else if (!trimmed && now.sec - last_call.sec >= TRIM_AFTER) {
        malloc_trim(0); /* the timers' pages; see docs/decisions/pjsip.md */
        trimmed = 1;
    }
}

static void started(const char *why)
{
    pthread_mutex_lock(&start.mutex);
    snprintf(start.why, sizeof start.why, "%s", why ? why : "");
    start.done = 1;
    pthread_cond_signal(&start.changed);
    pthread_mutex_unlock(&start.mutex);
}

static void *sip_thread(void *argument)
{
    int wake_read = (int)(intptr_t)argument;
    const char *why = bring_up(wake_read), *dead = "packets can no longer be waited for";
    pj_time_val end, now;

    pthread_setname_np(pthread_self(), "sip");
    pthread_mutex_lock(&lock);
    running = why == NULL;
    pthread_mutex_unlock(&lock);
    started(why);
    if (!why) {
        for (int failures = 0; wake.go_on && failures < FAILURES_MAX;) {
            failures = pjsua_handle_events(200) < 0 ? failures + 1 : 0;
            housekeeping();
        }
        if (wake.go_on)
            sip_tell_c(SIP_EV_DEAD, 0, 0, 0, 1, &dead);
        pthread_mutex_lock(&lock);
        running = 0;
        pthread_mutex_unlock(&lock);
        pjsua_call_hangup_all();
        pj_gettickcount(&end);
        end.sec += STOP_WITHIN / 1000;
        do {
            pjsua_handle_events(20);
            pj_gettickcount(&now);
        } while (pjsua_call_get_count() > 0 && PJ_TIME_VAL_LT(now, end));
    }
    sip_tapes_end();
    sip_lines_end();
    pjsua_destroy2(why ? PJSUA_DESTROY_NO_NETWORK : 0);
    sip_tapes_ended();
    close(wake_read);
    return NULL;
}

int sip_start(const struct sip_config *config, char *why, size_t why_size)
{
    int pair[2];

    if (wake_fd >= 0) {
        snprintf(why, why_size, "one SIP endpoint a process");
        return -1;
    }
    sip_config = *config;
    mallopt(M_TRIM_THRESHOLD, TRIM_ABOVE);
    sip_accounts_reset();
    sip_registrar_reset();
    sip_watch_reset();
    sip_guard_reset();
    sip_streams_reset();
    sip_audio_reset();
    sip_tapes_reset();
    sip_slots_reset();
    start.done = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) {
        snprintf(why, why_size, "no command socket for SIP: %s", strerror(errno));
        return -1;
    }
    if (sip_events_open() || pthread_create(&thread, NULL, sip_thread, (void *)(intptr_t)pair[1])) {
        snprintf(why, why_size, "no thread for SIP: %s", strerror(errno));
        sip_events_close();
        close(pair[0]);
        close(pair[1]);
        return -1;
    }
    wake_fd = pair[0];
    pthread_mutex_lock(&start.mutex);
    while (!start.done)
        pthread_cond_wait(&start.changed, &start.mutex);
    snprintf(why, why_size, "%s", start.why);
    pthread_mutex_unlock(&start.mutex);
    if (why[0])
        sip_stop();
    return why[0] ? -1 : 0;
}

void sip_stop(void)
{
    if (wake_fd < 0)
        return;
    sip_hold(0);
    sip_post(SIP_DO_QUIT, 0, 0, 0, 0, 0, NULL);
    pthread_join(thread, NULL);
    while (command_first) { /* posted behind the last one */
        struct sip_command *command = command_first;

        command_first = command->next;
        sip_command_free(command);
    }
    sip_events_close();
    close(wake_fd);
    wake_fd = -1;
}
