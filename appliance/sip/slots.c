/* SPDX-License-Identifier: GPL-2.0-or-later
 * Handles of legs, players and recordings: an index, and a generation so that none is ever used twice. They are taken by
 * any thread; what a slot holds is the SIP thread's alone from then on.
 */
#include "sip.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards kind and generation of all, and the two below */
static int next;
static uint64_t stale;

static struct sip_slot slots[SIP_SLOTS];

sip_handle sip_slot_handle(const struct sip_slot *slot)
{
    return (sip_handle)slot->generation << 16 | (sip_handle)(slot - slots);
}

sip_handle sip_slot_take(int kind)
{
    sip_handle handle = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < SIP_SLOTS; i++) {
        struct sip_slot *slot = &slots[(next + i) % SIP_SLOTS];

        if (slot->kind != SIP_FREE)
            continue;
        next = (int)(slot - slots + 1) % SIP_SLOTS;
        slot->generation++;
        slot->kind = (uint8_t)kind;
        slot->started = slot->early = slot->cause = slot->phone = slot->held = slot->tried = slot->waits = slot->diverted = slot->heard_early = slot->glare = 0;
        slot->heard = 0;
        slot->unheard = NULL;
        slot->again = NULL;
        slot->shown = NULL;
        slot->heard_at = slot->asked_at = 0;
        slot->id = slot->port = PJSUA_INVALID_ID;
        handle = sip_slot_handle(slot);
        break;
    }
    pthread_mutex_unlock(&lock);
    return handle;
}

void sip_slot_give_back(sip_handle handle)
{
    pthread_mutex_lock(&lock);
    slots[(handle & 0xffff) % SIP_SLOTS].kind = SIP_FREE;
    pthread_mutex_unlock(&lock);
}

static struct sip_slot *slot_of(sip_handle handle, unsigned counts)
{
    struct sip_slot *slot = &slots[(handle & 0xffff) % SIP_SLOTS];
    int alive;

    pthread_mutex_lock(&lock);
    alive = handle && slot->kind != SIP_FREE && sip_slot_handle(slot) == handle;
    if (!alive)
        stale += counts;
    pthread_mutex_unlock(&lock);
    return alive ? slot : NULL;
}

struct sip_slot *sip_slot_of(sip_handle handle)
{
    return slot_of(handle, 1);
}

struct sip_slot *sip_slot_look(sip_handle handle)
{
    return slot_of(handle, 0);
}

int sip_slot_is(sip_handle handle, int kind)
{
    const struct sip_slot *slot = &slots[(handle & 0xffff) % SIP_SLOTS];
    int is;

    pthread_mutex_lock(&lock);
    is = handle && slot->kind == kind && sip_slot_handle(slot) == handle;
    pthread_mutex_unlock(&lock);
    return is;
}

void sip_slot_free(sip_handle handle)
{
    struct sip_slot *slot = sip_slot_of(handle);

    if (!slot)
        return;
    sip_audio_forget(handle);
    sip_command_free(slot->again);
    slot->again = NULL;
    free(slot->shown);
    slot->shown = NULL;
    sip_slot_give_back(handle);
}

void sip_slots_each(int kind, void (*look)(sip_handle handle, struct sip_slot *slot))
{
    for (int i = 0; i < SIP_SLOTS; i++) {
        sip_handle handle;

        pthread_mutex_lock(&lock);
        handle = slots[i].kind == kind ? sip_slot_handle(&slots[i]) : 0;
        pthread_mutex_unlock(&lock);
        if (handle)
            look(handle, &slots[i]);
    }
}

void sip_slots_count(uint64_t *alive, uint64_t *over)
{
    *alive = 0;
    pthread_mutex_lock(&lock);
    *over = stale;
    for (int i = 0; i < SIP_SLOTS; i++)
        *alive += slots[i].kind != SIP_FREE;
    pthread_mutex_unlock(&lock);
}

void sip_slots_reset(void)
{
    for (int i = 0; i < SIP_SLOTS; i++)
        sip_slot_give_back((sip_handle)i);
}
