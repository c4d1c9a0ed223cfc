/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tapes: what a leg says and what it hears of other legs, in two channels, as long as it lasts. Whoever it is connected
 * with, the tape follows (hold, transfer, conference); music and prompts are not taken down unless that is asked for.
 *
 * The audio clock's thread puts samples into a ring and waits for nothing; whoever writes them down takes them out in a
 * thread of his own. What finds no room is counted as lost.
 */
#include "sip.h"

#include <pjmedia/alaw_ulaw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RING (1u << 19) /* bytes, a power of two: 8 s at 16 kHz, which a disk may take for one write */
#define FRAMES 50       /* a second */
#define FRAME_MAX (48000 / FRAMES)

enum { LEFT, RIGHT, SIDES };

struct tape;

struct side {
    pjmedia_port port; /* first: PJMEDIA knows it by this */
    struct tape *tape;
    int which;
    pjmedia_port *from; /* a stream that nobody else reads, under the lock of the tape; NULL: what is put here counts */
    struct sip_twice twice; /* of it, when the tape has twice as many samples */
};

static struct tape {
    atomic_uint_fast64_t handle; /* of the left side; 0: free */
    sip_handle right;
    sip_handle leg; /* 0: not begun yet, or ended */
    pj_pool_t *pool;
    unsigned char *ring;
    struct side *side[SIDES];
    pthread_mutex_t lock;      /* guards frame, full and from, between threads of the audio clock and ours */
    int sounds;                /* players are taken down too */
    int a_law;                 /* 8 bits of G.711 each, not 16 */
    unsigned count;            /* samples of a frame, of one channel */
    atomic_int paused;
    atomic_int ports;          /* not destroyed yet: more may come while there are any */
    atomic_uint put, taken;    /* bytes so far, modulo 2^32 */
    atomic_uint lost;          /* samples of one channel that found no room, not told yet */
    int slot[SIDES];           /* of the conference bridge */
    int full[SIDES];
    pj_int16_t frame[FRAME_MAX * SIDES];
} tapes[SIP_TAPES];

static int under_way; /* tapes that have a leg */

static struct tape *tape_of(sip_handle handle)
{
    for (int i = 0; handle && i < SIP_TAPES; i++)
        if (atomic_load(&tapes[i].handle) == handle)
            return &tapes[i];
    return NULL;
}

/* ---- the audio clock's thread ----------------------------------------------------------------------------------- */

static unsigned compressed(struct tape *tape)
{
    unsigned char *out = (unsigned char *)tape->frame;

    for (unsigned i = 0; i < tape->count * SIDES; i++)
        out[i] = pjmedia_linear2alaw(tape->frame[i]); /* never overtakes what is still to be read */
    return tape->count * SIDES;
}

static void frame_done(struct tape *tape)
{
    unsigned whole = tape->count * SIDES * (unsigned)sizeof *tape->frame, size = whole;
    unsigned put = atomic_load_explicit(&tape->put, memory_order_relaxed);
    unsigned first = RING - put % RING;

    if (atomic_load(&tape->paused))
        memset(tape->frame, 0, whole);
    if (tape->a_law)
        size = compressed(tape);
    if (RING - (put - atomic_load_explicit(&tape->taken, memory_order_acquire)) < size) {
        atomic_fetch_add(&tape->lost, tape->count);
    } else {
        if (first > size)
            first = size;
        memcpy(tape->ring + put % RING, tape->frame, first);
        memcpy(tape->ring, (const unsigned char *)tape->frame + first, size - first);
        atomic_store_explicit(&tape->put, put + size, memory_order_release);
    }
    memset(tape->frame, 0, whole);
    tape->full[LEFT] = tape->full[RIGHT] = 0;
}

/* What the stream has for this tick, if there is one. */
static int draw(struct side *side, pjmedia_frame *frame)
{
    pj_int16_t half[FRAME_MAX / 2];
    pjmedia_frame narrow = {.buf = half};
    pjmedia_port *from;
    unsigned count;

    pthread_mutex_lock(&side->tape->lock);
    if ((from = side->from) != NULL)
        pjmedia_port_add_ref(from); /* it ends when it will */
    pthread_mutex_unlock(&side->tape->lock);
    if (!from)
        return 0;
    count = PJMEDIA_PIA_SPF(&from->info);
    narrow.size = count * sizeof *half;
    if (pjmedia_port_get_frame(from, count == side->tape->count ? frame : &narrow) != PJ_SUCCESS)
        frame->type = narrow.type = PJMEDIA_FRAME_TYPE_NONE;
    pjmedia_port_dec_ref(from);
    if (count != side->tape->count && (frame->type = narrow.type) == PJMEDIA_FRAME_TYPE_AUDIO)
        sip_twice(&side->twice, half, count, frame->buf);
    return 1;
}

/* Each side comes once a tick, also when nobody speaks; one that stayed out was silent. */
static pj_status_t put_frame(pjmedia_port *port, pjmedia_frame *frame)
{
    struct side *side = (struct side *)port;
    struct tape *tape = side->tape;
    pj_int16_t room[FRAME_MAX];
    pjmedia_frame drawn = {.buf = room, .size = tape->count * sizeof *room};
    const pj_int16_t *samples;

    if (draw(side, &drawn))
        frame = &drawn;
    samples = frame->buf;
    pthread_mutex_lock(&tape->lock);
    if (tape->full[side->which])
        frame_done(tape);
    if (frame->type == PJMEDIA_FRAME_TYPE_AUDIO && frame->size == tape->count * sizeof *samples)
        for (unsigned i = 0; i < tape->count; i++)
            tape->frame[i * SIDES + (unsigned)side->which] = samples[i];
    tape->full[side->which] = 1;
    if (tape->full[LEFT] && tape->full[RIGHT])
        frame_done(tape);
    pthread_mutex_unlock(&tape->lock);
    return PJ_SUCCESS;
}

static pj_status_t get_frame(pjmedia_port *port, pjmedia_frame *frame)
{
    PJ_UNUSED_ARG(port);
    frame->type = PJMEDIA_FRAME_TYPE_NONE;
    return PJ_SUCCESS;
}

static pj_status_t on_destroy(pjmedia_port *port)
{
    struct tape *tape = ((struct side *)port)->tape;
    pj_pool_t *pool = tape->pool;

    if (atomic_fetch_sub(&tape->ports, 1) == 1)
        pj_pool_safe_release(&pool);
    return PJ_SUCCESS;
}

/* ---- the SIP thread ---------------------------------------------------------------------------------------------- */

static int side_add(struct tape *tape, int which, unsigned rate)
{
    static const char *names[SIDES] = {"tape left", "tape right"};
    struct side *side = PJ_POOL_ZALLOC_T(tape->pool, struct side);
    pj_str_t name = pj_str((char *)(uintptr_t)names[which]);

    side->tape = tape;
    side->which = which;
    side->port.put_frame = put_frame;
    side->port.get_frame = get_frame;
    side->port.on_destroy = on_destroy;
    if (pjmedia_port_info_init(&side->port.info, &name, PJMEDIA_SIG_CLASS_APP('L', 'K', 'T'), rate, 1, 16, rate / FRAMES) !=
            PJ_SUCCESS ||
        pjmedia_port_init_grp_lock(&side->port, tape->pool, NULL) != PJ_SUCCESS)
        return -1;
    tape->side[which] = side;
    atomic_fetch_add(&tape->ports, 1);
    return pjsua_conf_add_port(tape->pool, &side->port, &tape->slot[which]) == PJ_SUCCESS ? 0 : -1;
}

static struct side *side_of(sip_handle handle)
{
    for (int i = 0; i < SIP_TAPES; i++) {
        if (!tapes[i].leg)
            continue;
        if (atomic_load(&tapes[i].handle) == handle)
            return tapes[i].side[LEFT];
        if (tapes[i].right == handle)
            return tapes[i].side[RIGHT];
    }
    return NULL;
}

static void side_draws(struct side *side, pjmedia_port *from)
{
    pjmedia_port *before;

    if (from)
        pjmedia_port_add_ref(from);
    pthread_mutex_lock(&side->tape->lock);
    before = side->from;
    side->from = from;
    pthread_mutex_unlock(&side->tape->lock);
    if (before)
        pjmedia_port_dec_ref(before);
}

/* 20 ms as the tape has them, or half as many samples. */
static int suits(const struct side *side, const pjmedia_port_info *from)
{
    unsigned times = PJMEDIA_PIA_SRATE(&side->port.info) / PJMEDIA_PIA_SRATE(from), count = PJMEDIA_PIA_SPF(from);

    return PJMEDIA_PIA_CCNT(from) == 1 && PJMEDIA_PIA_SRATE(from) * times == PJMEDIA_PIA_SRATE(&side->port.info) &&
           (times == 1 || (times == 2 && count <= SIP_TWICE_MAX)) && count * times == side->tape->count;
}

int sip_tape_draws(sip_handle handle, pjmedia_port *from)
{
    struct side *side = side_of(handle);

    if (!side)
        return 0;
    if (from && !suits(side, &from->info))
        from = NULL;
    side_draws(side, from);
    return from != NULL;
}

static void sides_remove(struct tape *tape)
{
    for (int which = 0; which < SIDES; which++) {
        if (tape->slot[which] >= 0)
            pjsua_conf_remove_port(tape->slot[which]);
        if (tape->side[which]) {
            side_draws(tape->side[which], NULL);
            pjmedia_port_destroy(&tape->side[which]->port);
        }
        tape->slot[which] = PJSUA_INVALID_ID;
        tape->side[which] = NULL;
    }
}

/* NULL, or why it is none. */
static const char *tape_begin(struct tape *tape, sip_handle leg, unsigned rate)
{
    const struct sip_slot *slot = sip_slot_look(leg);

    tape->slot[LEFT] = tape->slot[RIGHT] = PJSUA_INVALID_ID;
    tape->side[LEFT] = tape->side[RIGHT] = NULL;
    tape->pool = NULL;
    tape->count = rate / FRAMES;
    tape->full[LEFT] = tape->full[RIGHT] = 0;
    if (!slot || (slot->kind != SIP_LEG && slot->kind != SIP_LINE))
        return "the leg is over";
    if (!(tape->ring = malloc(RING)) || !(tape->pool = pjsua_pool_create("tape", 1024, 1024)))
        return "out of memory";
    for (int which = 0; which < SIDES; which++)
        if (side_add(tape, which, rate))
            return "no room in the conference bridge";
    return NULL;
}

static void edges_follow(struct tape *tape)
{
    sip_audio_follow(tape->leg, atomic_load(&tape->handle), tape->right, tape->sounds);
}

void sip_tape_begin(const struct sip_command *command)
{
    struct tape *tape = tape_of(command->handle);
    const char *why = tape ? NULL : "it was given up";

    if (tape) {
        tape->sounds = (command->code & 1) != 0;
        tape->a_law = (command->code & 2) != 0;
        tape->right = command->other;
        why = tape_begin(tape, (sip_handle)command->value, (unsigned)command->code >> 2);
        if (why) {
            sides_remove(tape);
        } else {
            tape->leg = (sip_handle)command->value;
            under_way++;
        }
        if (atomic_fetch_sub(&tape->ports, 1) == 1 && tape->pool)
            pj_pool_safe_release(&tape->pool);
    }
    if (why) {
        sip_slot_free(command->handle);
        sip_slot_free(command->other);
        sip_tell_c(SIP_EV_STOPPED, command->handle, 1, 0, 1, &why);
        return;
    }
    sip_audio_port(command->handle, tape->slot[LEFT]);
    sip_audio_port(command->other, tape->slot[RIGHT]);
    edges_follow(tape);
}

void sip_tape_pause(const struct sip_command *command)
{
    struct tape *tape = tape_of(command->handle);

    if (tape)
        atomic_store(&tape->paused, command->code);
}

void sip_tape_end(sip_handle handle)
{
    struct tape *tape = tape_of(handle);

    if (!tape || !tape->leg)
        return;
    tape->leg = 0;
    under_way--;
    sip_slot_free(handle);
    sip_slot_free(tape->right);
    sides_remove(tape);
}

void sip_tapes_follow(void)
{
    for (int i = 0; under_way && i < SIP_TAPES; i++)
        if (tapes[i].leg)
            edges_follow(&tapes[i]);
}

void sip_tape_leg_over(sip_handle leg)
{
    for (int i = 0; under_way && i < SIP_TAPES; i++)
        if (tapes[i].leg == leg)
            sip_tape_end(atomic_load(&tapes[i].handle));
}

void sip_tapes_end(void)
{
    for (int i = 0; i < SIP_TAPES; i++)
        sip_tape_end(atomic_load(&tapes[i].handle));
}

void sip_tapes_ended(void)
{
    for (int i = 0; i < SIP_TAPES; i++)
        atomic_store(&tapes[i].ports, 0);
}

/* ---- whoever writes it down -------------------------------------------------------------------------------------- */

int sip_tape_take(sip_handle handle)
{
    for (int i = 0; i < SIP_TAPES; i++) {
        uint_fast64_t none = 0;

        if (!atomic_compare_exchange_strong(&tapes[i].handle, &none, handle))
            continue;
        atomic_store(&tapes[i].paused, 0);
        atomic_store(&tapes[i].ports, 1); /* ours, until it is known how it went */
        return 0;
    }
    return -1;
}

void sip_tape_drop(sip_handle handle)
{
    struct tape *tape = tape_of(handle);

    if (tape)
        atomic_store(&tape->handle, 0);
}

static void tape_free(struct tape *tape)
{
    explicit_bzero(tape->frame, sizeof tape->frame);
    if (tape->ring)
        explicit_bzero(tape->ring, RING);
    free(tape->ring);
    tape->ring = NULL;
    atomic_store(&tape->put, 0);
    atomic_store(&tape->taken, 0);
    atomic_store(&tape->lost, 0);
    atomic_store(&tape->handle, 0);
}

size_t sip_tape_waiting(sip_handle handle)
{
    struct tape *tape = tape_of(handle);

    return tape ? atomic_load_explicit(&tape->put, memory_order_acquire) - atomic_load(&tape->taken) : 0;
}

size_t sip_tape_read(sip_handle handle, unsigned char *out, size_t room, unsigned *lost, int *ended)
{
    struct tape *tape = tape_of(handle);
    unsigned taken, size, first;

    *lost = 0;
    *ended = !tape;
    if (!tape)
        return 0;
    *ended = atomic_load(&tape->ports) == 0; /* before what is there is counted: nothing comes afterwards */
    taken = atomic_load_explicit(&tape->taken, memory_order_relaxed);
    size = atomic_load_explicit(&tape->put, memory_order_acquire) - taken;
    if (size > room) {
        size = (unsigned)room;
        *ended = 0;
    }
    *lost = atomic_exchange(&tape->lost, 0);
    first = RING - taken % RING;
    if (first > size)
        first = size;
    if (size) {
        memcpy(out, tape->ring + taken % RING, first);
        memcpy(out + first, tape->ring, size - first);
    }
    atomic_store_explicit(&tape->taken, taken + size, memory_order_release);
    if (*ended)
        tape_free(tape);
    return size;
}

void sip_tapes_reset(void)
{
    under_way = 0;
    for (int i = 0; i < SIP_TAPES; i++) {
        pthread_mutex_init(&tapes[i].lock, NULL);
        tapes[i].leg = 0;
        tape_free(&tapes[i]);
    }
}
