/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who hears whom. The wish is kept as edges between handles; the conference bridge follows as ports come and go, or two
 * who hear each other alone are handed each other's packets (relay.c). A tape disturbs nobody: it draws what they say
 * from where nobody else takes it.
 */
#include "sip.h"

#include <string.h>

static struct edge {
    sip_handle listener, source;
    int tape;    /* the listener is a side of one */
    int joined;  /* connected in the bridge */
    int relayed; /* by packets, instead */
    int drawn;   /* by a tape, from the stream, instead */
} edges[SIP_EDGES];
static int edge_count;

static int touches(const struct edge *edge, sip_handle handle)
{
    return edge->listener == handle || edge->source == handle;
}

static int is_a(sip_handle handle, int kind)
{
    const struct sip_slot *slot = sip_slot_look(handle);

    return slot && slot->kind == kind;
}

static int is_read(sip_handle source)
{
    for (int i = 0; i < edge_count; i++)
        if (edges[i].source == source && (edges[i].joined || edges[i].drawn))
            return 1;
    return 0;
}

/* While nobody hears a leg the bridge does not read it, and half a second piles up, which would be late for good. */
static void edge_join(struct edge *edge)
{
    const struct sip_slot *listener = sip_slot_of(edge->listener), *source = sip_slot_of(edge->source);

    if (edge->joined || !listener || !source || listener->port < 0 || source->port < 0)
        return;
    if (source->kind == SIP_LEG && !is_read(edge->source))
        sip_relay_fresh(source->id);
    edge->joined = pjsua_conf_connect(source->port, listener->port) == PJ_SUCCESS;
}

/* A tape begins to draw what it hears of who is handed on, if it can, or does so no more. */
static void edge_draw(struct edge *edge, int on)
{
    const struct sip_slot *source = sip_slot_look(edge->source);

    if (edge->drawn == on || (on && (!source || !sip_tape_draws(edge->listener, sip_relay_port(source->id)))))
        return;
    edge->drawn = on;
    if (!on)
        sip_tape_draws(edge->listener, NULL);
    if (source)
        sip_relay_read(source->id, on);
}

static void edge_leave(struct edge *edge)
{
    const struct sip_slot *listener = sip_slot_of(edge->listener), *source = sip_slot_of(edge->source);

    if (edge->joined && listener && source && listener->port >= 0 && source->port >= 0)
        pjsua_conf_disconnect(source->port, listener->port);
    edge->joined = 0;
}

static void edge_part(struct edge *edge)
{
    const struct sip_slot *source = sip_slot_of(edge->source);

    edge_leave(edge);
    edge_draw(edge, 0);
    if (edge->relayed && source)
        sip_relay_part(source->id);
    edge->relayed = 0;
}

/* Do these two hear each other, and nobody else, nor anybody else them but for tapes? */
static int alone(sip_handle one, sip_handle other)
{
    int between = 0;

    for (int i = 0; i < edge_count; i++) {
        if (edges[i].tape || (!touches(&edges[i], one) && !touches(&edges[i], other)))
            continue;
        if (!touches(&edges[i], one) || !touches(&edges[i], other))
            return 0;
        between++;
    }
    return between == 2;
}

static int relay(const struct edge *edge)
{
    const struct sip_slot *listener = sip_slot_of(edge->listener), *source = sip_slot_of(edge->source);

    return listener && source && listener->kind == SIP_LEG && source->kind == SIP_LEG && listener->port >= 0 &&
           source->port >= 0 && alone(edge->listener, edge->source) && sip_relay_join(listener->id, source->id);
}

/* May a tape draw what this leg says? It is handed on, no other tape hears it, and this side of the tape nobody else. */
static int may_draw(const struct edge *edge)
{
    int handed_on = 0, others = 0;

    for (int i = 0; i < edge_count; i++) {
        handed_on |= edges[i].relayed && edges[i].source == edge->source;
        others += &edges[i] != edge && edges[i].tape && (edges[i].listener == edge->listener || edges[i].source == edge->source);
    }
    return handed_on && !others;
}

static void route_tapes(sip_handle handle)
{
    for (int i = 0; i < edge_count; i++) {
        if (!edges[i].tape || !touches(&edges[i], handle))
            continue;
        edge_draw(&edges[i], may_draw(&edges[i]));
        if (!edges[i].drawn)
            edge_join(&edges[i]);
        else
            edge_leave(&edges[i]);
    }
}

/* Whoever listens is told no more than comes from those he hears. */
static void route_bandwidth(sip_handle listener)
{
    const struct sip_slot *slot = sip_slot_look(listener);
    int narrow = 0;

    if (!slot || slot->kind != SIP_LEG || slot->port < 0)
        return;
    for (int i = 0; i < edge_count; i++) {
        const struct sip_slot *source = edges[i].listener == listener ? sip_slot_look(edges[i].source) : NULL;

        if (!source || source->port < 0)
            continue;
        narrow = sip_bandwidth_is_narrow(source->port);
        if (!narrow)
            break;
    }
    sip_bandwidth_set(slot->id, narrow);
}

/* Each edge of a handle takes the way it now should, and the tapes of all it touches follow. */
static void route(sip_handle handle)
{
    for (int i = 0; i < edge_count; i++) {
        if (edges[i].tape || !touches(&edges[i], handle))
            continue;
        if (relay(&edges[i])) {
            if (edges[i].joined)
                edge_part(&edges[i]);
            edges[i].relayed = 1;
        } else {
            if (edges[i].relayed)
                edge_part(&edges[i]);
            edge_join(&edges[i]);
        }
    }
    route_tapes(handle);
    route_bandwidth(handle);
    for (int i = 0; i < edge_count; i++)
        if (edges[i].source == handle)
            route_bandwidth(edges[i].listener);
    for (int i = 0; i < edge_count; i++)
        if (!edges[i].tape && touches(&edges[i], handle))
            route_tapes(edges[i].listener == handle ? edges[i].source : edges[i].listener);
}

static void edge_set(sip_handle listener, sip_handle source, int on)
{
    int at = 0;

    while (at < edge_count && (edges[at].listener != listener || edges[at].source != source))
        at++;
    if (on && at == edge_count) {
        if (edge_count == SIP_EDGES || !sip_slot_of(listener) || !sip_slot_of(source))
            return;
        edges[edge_count++] = (struct edge){.listener = listener, .source = source, .tape = is_a(listener, SIP_TAPE)};
    } else if (!on && at < edge_count) {
        edge_part(&edges[at]);
        edges[at] = edges[--edge_count];
    }
    route(listener);
    route(source);
}

void sip_audio_hear(sip_handle listener, sip_handle source, int on)
{
    edge_set(listener, source, on);
    sip_tapes_follow();
}

static int is_leg(sip_handle handle)
{
    return is_a(handle, SIP_LEG) || is_a(handle, SIP_LINE);
}

static int has_edge(sip_handle listener, sip_handle source)
{
    for (int i = 0; i < edge_count; i++)
        if (edges[i].listener == listener && edges[i].source == source)
            return 1;
    return 0;
}

void sip_audio_follow(sip_handle leg, sip_handle left, sip_handle right, int sounds)
{
    int heard = 0;

    for (int i = 0; i < edge_count; i++) {
        sip_handle listener = edges[i].listener, source = edges[i].source;

        if (source == leg && is_leg(listener))
            heard = 1;
        if (listener == leg && (is_leg(source) || (sounds && is_a(source, SIP_PLAYER))))
            edge_set(right, source, 1);
        if (listener == right && !has_edge(leg, source)) {
            edge_set(right, source, 0); /* another one is in its place now */
            i--;
        }
    }
    edge_set(left, leg, heard);
}

void sip_audio_port(sip_handle handle, int port)
{
    struct sip_slot *slot = sip_slot_of(handle);

    if (!slot)
        return;
    slot->port = port;
    for (int i = 0; i < edge_count; i++)
        if (touches(&edges[i], handle)) {
            edges[i].joined = 0; /* the old port took its connections with it, and the new one may have its number */
            edge_draw(&edges[i], 0);
        }
    route(handle);
}

void sip_audio_forget(sip_handle handle)
{
    sip_handle others[4]; /* were there more, no two are alone now */
    int count = 0;

    sip_tape_leg_over(handle);
    for (int i = 0; i < edge_count;) {
        if (!touches(&edges[i], handle)) {
            i++;
            continue;
        }
        edge_part(&edges[i]);
        if (count < (int)PJ_ARRAY_SIZE(others))
            others[count++] = edges[i].listener == handle ? edges[i].source : edges[i].listener;
        edges[i] = edges[--edge_count];
    }
    for (int i = 0; i < count; i++)
        route(others[i]);
    sip_tapes_follow();
}

void sip_audio_reset(void)
{
    edge_count = 0;
}

static void on_end(pjmedia_port *port, void *user)
{
    PJ_UNUSED_ARG(port);
    sip_tell(SIP_EV_PLAYED, (sip_handle)(uintptr_t)user, 0, 0, 0, NULL);
}

/* The port is destroyed, its file closed: in the audio clock's thread, a little after it was asked for. */
static void on_closed(void *handle)
{
    sip_tell(SIP_EV_STOPPED, (sip_handle)(uintptr_t)handle, 0, 0, 0, NULL);
}

static void watch_end(sip_handle handle, pjmedia_port *port)
{
    if (port->grp_lock)
        pj_grp_lock_add_handler(port->grp_lock, NULL, (void *)(uintptr_t)handle, on_closed);
}

static void gone(sip_handle handle, const char *why)
{
    sip_slot_free(handle);
    sip_tell_c(SIP_EV_STOPPED, handle, 1, 0, 1, &why);
}

static void failed(sip_handle handle, pj_status_t status)
{
    char why[PJ_ERR_MSG_SIZE];

    pj_strerror(status, why, sizeof why);
    gone(handle, why);
}

void sip_audio_play(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    pj_str_t path = pj_str(command->text[0]);
    const char *fault = sip_wav_fault(command->text[0]);
    pjmedia_port *port;
    pj_status_t status;

    if (!slot)
        return;
    if (fault) {
        gone(command->handle, fault);
        return;
    }
    status = pjsua_player_create(&path, command->code ? 0 : PJMEDIA_FILE_NO_LOOP, &slot->id);
    if (status != PJ_SUCCESS) {
        failed(command->handle, status);
        return;
    }
    slot->started = 1;
    if (pjsua_player_get_port(slot->id, &port) == PJ_SUCCESS) {
        watch_end(command->handle, port);
        if (!command->code)
            pjmedia_wav_player_set_eof_cb2(port, (void *)(uintptr_t)command->handle, on_end);
    }
    sip_audio_port(command->handle, pjsua_player_get_conf_port(slot->id));
}

void sip_audio_record(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    pj_str_t path = pj_str(command->text[0]);
    pjmedia_port *port;
    pj_status_t status;

    if (!slot)
        return;
    status = pjsua_recorder_create(&path, 0, NULL, 0, 0, &slot->id);
    if (status != PJ_SUCCESS) {
        failed(command->handle, status);
        return;
    }
    slot->started = 1;
    if (pjsua_recorder_get_port(slot->id, &port) == PJ_SUCCESS)
        watch_end(command->handle, port);
    sip_audio_port(command->handle, pjsua_recorder_get_conf_port(slot->id));
}

void sip_audio_stop(const struct sip_command *command)
{
    struct sip_slot *slot = sip_slot_of(command->handle);
    int kind, id;

    if (slot && slot->kind == SIP_TAPE)
        sip_tape_end(command->handle);
    if (!slot || (slot->kind != SIP_PLAYER && slot->kind != SIP_RECORDING) || !slot->started)
        return;
    kind = slot->kind;
    id = slot->id;
    sip_slot_free(command->handle);
    if (kind == SIP_PLAYER)
        pjsua_player_destroy(id);
    else
        pjsua_recorder_destroy(id);
}
