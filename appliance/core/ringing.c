/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who is rung for whom: the rules of availability, and the queues' turns.
 */
#include "inside.h"

static lk_ms again_after(const struct lk_queue_rule *queue, enum lk_reason how)
{
    uint32_t ms = how == LK_BECAUSE_DECLINED ? queue->again_after_refusal_ms : queue->again_after_no_answer_ms;

    return ms > LK_AGAIN_AT_LEAST ? ms : LK_AGAIN_AT_LEAST;
}

enum lk_reason lk_unfit(struct lk_core *core, uint32_t call, uint32_t person, const struct lk_queue_rule *queue,
                        int64_t *detail)
{
    struct lk_world *world = &core->world;
    enum lk_reason reason;
    lk_ms at;

    if (person == world->calls.at[call].caller)
        return LK_BECAUSE_CALLER;
    reason = lk_person_unavailable(&world->people.at[person], core->now, detail);
    if (reason != LK_BECAUSE_NONE)
        return reason;
    if (world->legs.at[person].id != 0)
        return LK_BECAUSE_RINGING;
    reason = lk_refusals_get(&world->refusals, call, person, &at);
    if (queue == NULL) /* a chain may name a person twice, so not having answered is no reason there */
        return reason == LK_BECAUSE_DECLINED ? reason : LK_BECAUSE_NONE;
    if (reason == LK_BECAUSE_NONE || core->now >= at + again_after(queue, reason))
        return LK_BECAUSE_NONE;
    *detail = at + again_after(queue, reason) - core->now;
    return reason;
}

void lk_ring(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason why, uint32_t queue, lk_ms ring_for)
{
    struct lk_world *world = &core->world;
    uint32_t leg = lk_legs_begin(&world->legs, person, call, ring_for);

    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_RING, person), core->now + ring_for);
    *lk_refusals_passed(&world->refusals, call, person) = LK_BECAUSE_NONE;
    lk_do(core, (struct lk_command){.kind = LK_DO_RING,
                                    .call = world->calls.at[call].id,
                                    .leg = leg,
                                    .target = lk_person_id(core, person),
                                    .queue = queue});
    lk_note(core, call, LK_WHY_RUNG, why, lk_person_id(core, person), 0);
}

void lk_pass(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason reason, int64_t detail)
{
    uint8_t *told = lk_refusals_passed(&core->world.refusals, call, person);
    struct lk_fifo *traces = &core->world.traces;

    /* What decides goes first: with no room left beside that, this is told at the next turn instead. */
    if (*told == reason || traces->room - traces->count <= core->world.traces_of_feed)
        return;
    *told = (uint8_t)reason;
    lk_note(core, call, LK_WHY_PASSED, reason, lk_person_id(core, person), detail);
}

void lk_leg_ended(struct lk_core *core, uint32_t leg)
{
    struct lk_world *world = &core->world;

    lk_legs_end(&world->legs, leg);
    if (leg < world->legs.people)
        lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_RING, leg), LK_NONE);
    core->stirred = true;
}

void lk_stop(struct lk_core *core, uint32_t leg, int32_t cause)
{
    const struct lk_leg *stopped = &core->world.legs.at[leg];

    lk_do(core, (struct lk_command){.kind = LK_DO_STOP,
                                    .call = lk_call_at(core, stopped->call)->id,
                                    .leg = stopped->id,
                                    .value = cause});
    lk_leg_ended(core, leg);
}

void lk_stop_others(struct lk_core *core, uint32_t call, uint32_t but, int32_t cause)
{
    const struct lk_legs *legs = &core->world.legs;
    uint32_t next;

    for (uint32_t leg = legs->first[call]; leg != LK_NO_SLOT; leg = next) {
        next = legs->at[leg].next;
        if (leg != but)
            lk_stop(core, leg, cause);
    }
}

/* Rings whom the queue of one waiting call allows; sets when somebody who refused it may be rung again. */
static void dispatch(struct lk_core *core, uint32_t call)
{
    struct lk_world *world = &core->world;
    const struct lk_rules *rules = lk_rules_of(core, call);
    uint32_t index = lk_plan_step(&rules->plan, lk_call_at(core, call)->step).what;
    const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, index);
    uint32_t slot = rules->queue[index], chosen = LK_NO_SLOT;
    bool one_rings = queue.round_robin && world->legs.first[call] != LK_NO_SLOT;
    lk_ms again = LK_NONE;

    for (uint32_t i = 0; i < queue.people.count; i++) {
        uint32_t person = lk_member(rules, queue.people.first + i);
        enum lk_reason reason;
        int64_t detail = 0;

        if (world->legs.at[person].id != 0 && world->legs.at[person].call == call)
            continue;
        reason = lk_unfit(core, call, person, &queue, &detail);
        if ((reason == LK_BECAUSE_DECLINED || reason == LK_BECAUSE_NO_ANSWER) && core->now + detail < again)
            again = core->now + detail;
        if (reason != LK_BECAUSE_NONE) {
            lk_pass(core, call, person, reason, detail);
        } else if (!queue.round_robin) {
            lk_ring(core, call, person, LK_BECAUSE_RING_ALL, queue.id, queue.ring_ms);
        } else if (one_rings || (chosen != LK_NO_SLOT && lk_queues_turn(&world->queues, slot, person) >=
                                                             lk_queues_turn(&world->queues, slot, chosen))) {
            if (person != chosen)
                lk_pass(core, call, person, LK_BECAUSE_NOT_YET, 0);
        } else {
            if (chosen != LK_NO_SLOT)
                lk_pass(core, call, chosen, LK_BECAUSE_NOT_YET, 0);
            chosen = person;
        }
    }
    if (chosen != LK_NO_SLOT) {
        lk_queues_take_turn(&world->queues, slot, chosen);
        lk_ring(core, call, chosen, LK_BECAUSE_NEXT_TURN, queue.id, queue.ring_ms);
    }
    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_AGAIN, call), again);
}

void lk_dispatch(struct lk_core *core)
{
    const struct lk_queues *queues = &core->world.queues;
    uint32_t first = core->stirred ? queues->first : core->joined;

    core->stirred = false;
    core->joined = LK_NO_SLOT;
    for (uint32_t call = first; call != LK_NO_SLOT; call = queues->next[call])
        dispatch(core, call);
}
