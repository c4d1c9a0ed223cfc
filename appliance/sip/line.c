/* SPDX-License-Identifier: GPL-2.0-or-later
 * Legs of lines that are no SIP: a handle from when the call begins, a port of the bridge as long as its device is open. The
 * samples are the pump's (lines/pump); this is where they meet PJMEDIA.
 */
#include "../lines/pump/pump.h"
#include "sip.h"

#include <errno.h>
#include <unistd.h>

#define RATE 8000
#define COUNT (RATE / 50) /* samples of a frame */
#define STALLED 1000 /* ms */

struct line_port {
    pjmedia_port port; /* first: PJMEDIA knows it by this */
    sip_handle leg;
    uint32_t opening; /* of the pump, the latest */
    pj_pool_t *pool;
};

static struct line_port *ports[SIP_SLOTS]; /* the SIP thread's, by the slot of their leg */

/* ---- the audio clock's thread ------------------------------------------------------------------------------------ */

static pj_status_t get_frame(pjmedia_port *port, pjmedia_frame *frame)
{
    pump_out(((const struct line_port *)port)->leg, frame->buf, COUNT);
    frame->type = PJMEDIA_FRAME_TYPE_AUDIO;
    frame->size = COUNT * sizeof(pj_int16_t);
    return PJ_SUCCESS;
}

/* It comes once a tick, also when nobody speaks. */
static pj_status_t put_frame(pjmedia_port *port, pjmedia_frame *frame)
{
    int whole = frame->type == PJMEDIA_FRAME_TYPE_AUDIO && frame->size == COUNT * sizeof(pj_int16_t);

    pump_in(((const struct line_port *)port)->leg, whole ? frame->buf : NULL, COUNT);
    return PJ_SUCCESS;
}

static pj_status_t on_destroy(pjmedia_port *port)
{
    pj_pool_t *pool = ((struct line_port *)port)->pool;

    pj_pool_safe_release(&pool);
    return PJ_SUCCESS;
}

/* ---- the pump's thread ------------------------------------------------------------------------------------------- */

static void gone(uint64_t leg, uint32_t opening, const char *why)
{
    sip_post(SIP_DO_SOUND, leg, 0, 0, opening, 0, NULL);
    sip_tell_c(SIP_EV_SOUND, leg, SIP_SOUND_GONE, 0, 1, &why);
}

static void stalled(uint64_t leg, enum flow_stall what, int ms)
{
    sip_tell(SIP_EV_SOUND, leg, (int)what, ms, 0, NULL);
}

static void key(uint64_t leg, char digit)
{
    sip_tell(SIP_EV_DIGIT, leg, digit, 0, 0, NULL);
}

static const struct pump_listener listener = {gone, stalled, key};

/* ---- any thread -------------------------------------------------------------------------------------------------- */

/* 0, or errno; ENOTCONN: the device is closed already. */
static int join(sip_handle leg, int stalled_after, const struct device *device)
{
    struct pump_opening what = {leg, stalled_after, &listener};
    uint32_t opening = 0;
    int failed = pump_open(&what, device, &opening);

    if (failed || !sip_post(SIP_DO_SOUND, leg, 0, 1, opening, 0, NULL))
        return failed;
    pump_close(leg, opening);
    return ENOTCONN;
}

static int why_not(sip_handle leg)
{
    if (!sip_slot_is(leg, SIP_LINE))
        return EBADF;
    return pump_is_open(leg) ? EBUSY : 0; /* before what is under way there is thrown away */
}

int sip_line_open(sip_handle leg, int fd, int stalled_after)
{
    struct device device;
    int failed = why_not(leg);

    if (failed || (failed = device_of_tty(&device, fd)))
        return failed;
    if ((failed = join(leg, stalled_after, &device)) && failed != ENOTCONN)
        close(device.fd); /* one of two of the caller's, who keeps it locked */
    return failed;
}

/* What is ours alone, and closed when it cannot be joined. */
static int join_own(sip_handle leg, struct device *device)
{
    int failed = join(leg, STALLED, device);

    if (failed && failed != ENOTCONN)
        device->kind->close(device);
    return failed;
}

int sip_line_card(sip_handle leg, int channel, int copy, int law)
{
    struct device device;
    int failed = why_not(leg);

    if (failed || (failed = device_of_card(&device, channel, copy, law == LAW_A ? LAW_A : LAW_MU)))
        return failed;
    return join_own(leg, &device);
}

int sip_line_uac(sip_handle leg, const char *card)
{
    struct device device;
    int failed = why_not(leg);

    if (failed || (failed = device_of_uac(&device, card)))
        return failed;
    return join_own(leg, &device);
}

/* What is opened behind it is opened anew: the pump lets go at once, the bridge when its turn comes. */
void sip_line_silent(sip_handle leg)
{
    if (!sip_slot_is(leg, SIP_LINE))
        return;
    pump_close(leg, 0);
    sip_post(SIP_DO_SOUND, leg, 0, 0, 0, 0, NULL);
}

/* ---- the SIP thread ---------------------------------------------------------------------------------------------- */

static struct line_port *port_new(sip_handle leg)
{
    static pj_str_t name = {(char *)(uintptr_t) "line", 4};
    pj_pool_t *pool = pjsua_pool_create("line", 1024, 1024);
    struct line_port *line;

    if (!pool)
        return NULL;
    line = PJ_POOL_ZALLOC_T(pool, struct line_port);
    line->leg = leg;
    line->pool = pool;
    line->port.get_frame = get_frame;
    line->port.put_frame = put_frame;
    line->port.on_destroy = on_destroy;
    if (pjmedia_port_info_init(&line->port.info, &name, PJMEDIA_SIG_CLASS_APP('L', 'K', 'L'), RATE, 1, 16, COUNT) ==
            PJ_SUCCESS &&
        pjmedia_port_init_grp_lock(&line->port, pool, NULL) == PJ_SUCCESS)
        return line;
    pj_pool_release(pool);
    return NULL;
}

static void silent(sip_handle leg, struct sip_slot *slot)
{
    int port = slot->port;

    if (port < 0)
        return;
    sip_audio_port(leg, PJSUA_INVALID_ID);
    pjsua_conf_remove_port(port);
    pjmedia_port_destroy(&ports[leg & 0xffff]->port); /* once the audio clock's thread is out of it */
    ports[leg & 0xffff] = NULL;
}

static void sound(sip_handle leg, const struct sip_slot *slot, uint32_t opening)
{
    struct line_port *line = slot->port < 0 ? port_new(leg) : ports[leg & 0xffff];
    int port = PJSUA_INVALID_ID;

    if (line)
        line->opening = opening;
    if (!line || slot->port >= 0)
        return;
    if (pjsua_conf_add_port(line->pool, &line->port, &port) != PJ_SUCCESS) {
        pjmedia_port_destroy(&line->port);
        return;
    }
    ports[leg & 0xffff] = line;
    sip_audio_port(leg, port);
}

/* The one told of may be over, and another open in its place. */
static int is_later(sip_handle leg, const struct sip_slot *slot, uint32_t opening)
{
    return opening && slot->port >= 0 && ports[leg & 0xffff]->opening != opening;
}

void sip_line_sound(const struct sip_command *command)
{
    static const char *no_room = "no room in the conference bridge";
    struct sip_slot *slot = sip_slot_of(command->handle);
    uint32_t opening = (uint32_t)command->value;

    if (!slot || slot->kind != SIP_LINE) {
        pump_close(command->handle, 0); /* it was over before its device was open */
        return;
    }
    if (!command->code) {
        if (!is_later(command->handle, slot, opening))
            silent(command->handle, slot);
        return;
    }
    sound(command->handle, slot, opening);
    if (slot->port >= 0)
        return;
    pump_close(command->handle, opening);
    sip_tell_c(SIP_EV_SOUND, command->handle, SIP_SOUND_GONE, 0, 1, &no_room);
}

static void end(sip_handle leg, struct sip_slot *slot)
{
    pump_close(leg, 0);
    silent(leg, slot);
    sip_slot_free(leg);
}

void sip_line_closed(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);

    if (slot && slot->kind == SIP_LINE)
        end(command->handle, slot);
}

void sip_line_key(const struct sip_command *command)
{
    const struct sip_slot *slot = sip_slot_of(command->handle);

    if (slot && slot->kind == SIP_LINE && pump_told(command->handle, (char)command->code))
        key(command->handle, (char)command->code);
}

void sip_lines_end(void)
{
    sip_slots_each(SIP_LINE, end);
    pump_stop();
}
