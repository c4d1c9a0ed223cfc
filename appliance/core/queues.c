/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queues.h"

#include "allocate.h"

bool lk_queues_make(struct lk_queues *queues, const struct lk_allocator *from, uint32_t people, uint32_t calls)
{
    *queues = (struct lk_queues){
        .ids = queues->ids,
        .people = people,
        .calls = calls,
        .first = LK_NO_SLOT,
        .last = LK_NO_SLOT,
        .at = lk_get(from, queues->ids.count, sizeof *queues->at),
        .turns = lk_get(from, (size_t)queues->ids.count * people, sizeof *queues->turns),
        .next = lk_get(from, calls, sizeof *queues->next),
        .previous = lk_get(from, calls, sizeof *queues->previous),
        .of = lk_get(from, calls, sizeof *queues->of),
    };
    if (queues->at == NULL || queues->turns == NULL || queues->next == NULL || queues->previous == NULL ||
        queues->of == NULL)
        return false;
    for (uint32_t call = 0; call < calls; call++)
        queues->of[call] = LK_NO_SLOT;
    return true;
}

void lk_queues_free(struct lk_queues *queues, const struct lk_allocator *from)
{
    lk_put(from, queues->at, queues->ids.count, sizeof *queues->at);
    lk_put(from, queues->turns, (size_t)queues->ids.count * queues->people, sizeof *queues->turns);
    lk_put(from, queues->next, queues->calls, sizeof *queues->next);
    lk_put(from, queues->previous, queues->calls, sizeof *queues->previous);
    lk_put(from, queues->of, queues->calls, sizeof *queues->of);
    lk_ids_free(&queues->ids, from);
}

uint32_t lk_queues_join(struct lk_queues *queues, uint32_t queue, uint32_t call)
{
    queues->of[call] = queue;
    queues->next[call] = LK_NO_SLOT;
    queues->previous[call] = queues->last;
    if (queues->last == LK_NO_SLOT)
        queues->first = call;
    else
        queues->next[queues->last] = call;
    queues->last = call;
    return ++queues->at[queue].waiting;
}

void lk_queues_leave(struct lk_queues *queues, uint32_t call)
{
    uint32_t next = queues->next[call], previous = queues->previous[call];

    if (queues->of[call] == LK_NO_SLOT)
        return;
    if (next == LK_NO_SLOT)
        queues->last = previous;
    else
        queues->previous[next] = previous;
    if (previous == LK_NO_SLOT)
        queues->first = next;
    else
        queues->next[previous] = next;
    queues->at[queues->of[call]].waiting--;
    queues->of[call] = LK_NO_SLOT;
}

uint32_t lk_queues_turn(const struct lk_queues *queues, uint32_t queue, uint32_t person)
{
    return queues->turns[(size_t)queue * queues->people + person];
}

void lk_queues_take_turn(struct lk_queues *queues, uint32_t queue, uint32_t person)
{
    queues->turns[(size_t)queue * queues->people + person] = ++queues->at[queue].turn;
}

void lk_queues_set_turn(struct lk_queues *queues, uint32_t queue, uint32_t person, uint32_t turn)
{
    queues->turns[(size_t)queue * queues->people + person] = turn;
    if (queues->at[queue].turn < turn)
        queues->at[queue].turn = turn;
}
