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
        .members = lk_get(from, (size_t)queues->ids.count * people, sizeof *queues->members),
        .next = lk_get(from, calls, sizeof *queues->next),
        .previous = lk_get(from, calls, sizeof *queues->previous),
        .of = lk_get(from, calls, sizeof *queues->of),
        .priority = lk_get(from, calls, sizeof *queues->priority),
    };
    if (queues->at == NULL || queues->members == NULL || queues->next == NULL || queues->previous == NULL ||
        queues->of == NULL || queues->priority == NULL)
        return false;
    for (uint32_t call = 0; call < calls; call++)
        queues->of[call] = LK_NO_SLOT;
    return true;
}

void lk_queues_free(struct lk_queues *queues, const struct lk_allocator *from)
{
    lk_put(from, queues->at, queues->ids.count, sizeof *queues->at);
    lk_put(from, queues->members, (size_t)queues->ids.count * queues->people, sizeof *queues->members);
    lk_put(from, queues->next, queues->calls, sizeof *queues->next);
    lk_put(from, queues->previous, queues->calls, sizeof *queues->previous);
    lk_put(from, queues->of, queues->calls, sizeof *queues->of);
    lk_put(from, queues->priority, queues->calls, sizeof *queues->priority);
    lk_ids_free(&queues->ids, from);
}

uint32_t lk_queues_join(struct lk_queues *queues, uint32_t queue, uint32_t call, uint32_t priority)
{
    uint32_t after = queues->last, place;

    place = ++queues->at[queue].waiting;
    for (; after != LK_NO_SLOT && queues->priority[after] < priority; after = queues->previous[after])
        place -= queues->of[after] == queue;
    queues->of[call] = queue;
    queues->priority[call] = priority;
    queues->previous[call] = after;
    queues->next[call] = after == LK_NO_SLOT ? queues->first : queues->next[after];
    if (queues->next[call] == LK_NO_SLOT)
        queues->last = call;
    else
        queues->previous[queues->next[call]] = call;
    if (after == LK_NO_SLOT)
        queues->first = call;
    else
        queues->next[after] = call;
    return place;
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

struct lk_member *lk_queues_member(const struct lk_queues *queues, uint32_t queue, uint32_t person)
{
    return &queues->members[(size_t)queue * queues->people + person];
}

void lk_queues_take_turn(struct lk_queues *queues, uint32_t queue, uint32_t person)
{
    lk_queues_member(queues, queue, person)->turn = ++queues->at[queue].turn;
}

void lk_queues_set_member(struct lk_queues *queues, uint32_t queue, uint32_t person, const struct lk_member *member)
{
    *lk_queues_member(queues, queue, person) = *member;
    if (queues->at[queue].turn < member->turn)
        queues->at[queue].turn = member->turn;
    if (member->in_run && queues->at[queue].run == 0)
        queues->at[queue].run = 1;
}

void lk_queues_end_run(struct lk_queues *queues, uint32_t queue)
{
    for (uint32_t person = 0; person < queues->people; person++)
        lk_queues_member(queues, queue, person)->in_run = false;
}

void lk_queues_reset(struct lk_queues *queues)
{
    for (size_t i = 0; i < (size_t)queues->ids.count * queues->people; i++) {
        queues->members[i].calls = 0;
        queues->members[i].talk = 0;
    }
}
