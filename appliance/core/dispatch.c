/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The queues: who of those who wait is offered to whom.
 */
#include "inside.h"

bool lk_anybody_on_duty(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue)
{
    const struct lk_rules *rules = lk_rules_of(core, call);

    for (uint32_t i = 0; i < queue->people.count; i++) {
        struct lk_member_rule member = lk_plan_member(&rules->plan, queue->people.first + i);

        if (rules->person[member.person] != lk_call_at(core, call)->caller &&
            lk_on_duty(core, rules, (struct lk_asked){member.person, member.ways}))
            return true;
    }
    return false;
}

void lk_leave_queue(struct lk_core *core, uint32_t call, uint32_t answered_by)
{
    struct lk_world *world = &core->world;
    uint32_t slot = world->queues.of[call];

    if (slot == LK_NO_SLOT)
        return;
    if (lk_call_at(core, call)->counted != 0) {
        const struct lk_queue_rule queue =
            lk_plan_queue(&lk_rules_of(core, call)->plan, lk_step_of(core, call).what);

        lk_shares_settle(core, call, &queue, slot, answered_by);
    }
    lk_queues_leave(&world->queues, call);
    lk_set_timer(core, LK_TIMER_WAIT, call, LK_NONE);
    lk_set_timer(core, LK_TIMER_AGAIN, call, LK_NONE);
}

/* Whether he may be rung after `detail` ms whatever else happens. */
static bool passes_with_time(enum lk_reason reason, int64_t detail)
{
    return reason == LK_BECAUSE_DECLINED || reason == LK_BECAUSE_NO_ANSWER || reason == LK_BECAUSE_LATER ||
           (reason == LK_BECAUSE_NO_SKILL && detail > 0);
}

/* One of the fit members is rung, the others told why not; false when not all could be told. */
static bool offer(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot, uint32_t count)
{
    struct lk_world *world = &core->world;
    const struct lk_rules *rules = lk_rules_of(core, call);
    uint32_t chosen = LK_NO_SLOT;
    enum lk_reason why = LK_BECAUSE_NONE;
    bool told = true;

    if (world->legs.first[call] == LK_NO_SLOT)
        chosen = lk_choose(core, call, queue, slot, world->fit, count, &why);
    for (uint32_t i = 0; i < count; i++)
        if (i != chosen)
            told &= lk_pass(core, call, rules->member[world->fit[i]], LK_BECAUSE_NOT_YET, 0);
    if (chosen == LK_NO_SLOT)
        return told;
    {
        struct lk_member_rule member = lk_plan_member(&rules->plan, world->fit[chosen]);
        uint32_t person = rules->person[member.person];

        lk_queues_take_turn(&world->queues, slot, person);
        lk_ring(core, call, (struct lk_asked){member.person, member.ways}, why, queue, queue->ring_ms);
        lk_call_at(core, call)->offers++;
        if (queue->strategy == LK_PERCENTAGE)
            lk_shares_take(core, call, queue, slot, person);
    }
    return told;
}

static bool just_joined(struct lk_core *core, uint32_t call)
{
    return lk_call_at(core, call)->joined_at == core->facts;
}

/* Rings whom the queue of one waiting call allows; sets when somebody may be rung whom it passes now.
 * Who has not changed since it was last looked at would be passed for the reason told then: as long as none of them
 * passes with time, and no ring of this call has ended, they are left out. */
static void dispatch(struct lk_core *core, uint32_t call)
{
    struct lk_world *world = &core->world;
    const struct lk_rules *rules = lk_rules_of(core, call);
    uint32_t index = lk_plan_what(&rules->plan, lk_call_at(core, call)->step), count = 0;
    const struct lk_queue_rule *queue = &rules->queues[index];
    uint64_t seen = lk_call_at(core, call)->seen;
    lk_ms again = LK_NONE;
    bool told = true;

    if (seen < core->everybody)
        seen = 0;
    for (uint32_t i = queue->people.first; i < queue->people.first + queue->people.count; i++) {
        uint32_t person = rules->member[i];
        struct lk_member_rule member;
        enum lk_reason reason;
        int64_t detail = 0;

        if (seen != 0 && world->people.changed[person] <= seen)
            continue;
        if (world->legs.at[person].id != 0 && world->legs.at[person].call == call)
            continue;
        member = lk_plan_member(&rules->plan, i);
        reason = lk_unfit_for_queue(core, call, queue, &member, person, &detail);
        if (passes_with_time(reason, detail) && core->now + detail < again)
            again = core->now + detail;
        if (reason != LK_BECAUSE_NONE)
            told &= lk_pass(core, call, person, reason, detail);
        else if (queue->strategy == LK_RING_ALL)
            lk_ring(core, call, (struct lk_asked){member.person, member.ways}, LK_BECAUSE_RING_ALL, queue,
                    queue->ring_ms);
        else
            world->fit[count++] = i;
    }
    if (count > 0)
        told &= offer(core, call, queue, rules->queue[index], count);
    if (just_joined(core, call) && queue->leave_when_empty && !lk_anybody_on_duty(core, call, queue))
        again = core->now + 1; /* the last one went with the same fact: he leaves it with the next */
    lk_call_at(core, call)->seen = told && again == LK_NONE ? core->changes : 0;
    lk_set_timer(core, LK_TIMER_AGAIN, call, again);
}

/* Callers of a queue that is left when it is empty do not wait for nobody. Who joined by this very fact stays for a
 * millisecond, so that one fact makes a call walk once. */
static void leave_empty(struct lk_core *core)
{
    const struct lk_queues *queues = &core->world.queues;
    uint32_t next;

    for (uint32_t call = queues->first; call != LK_NO_SLOT; call = next) {
        const struct lk_rules *rules = lk_rules_of(core, call);

        next = queues->next[call];
        if (rules->leaves && !just_joined(core, call)) {
            const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, lk_step_of(core, call).what);

            if (!queue.leave_when_empty || lk_anybody_on_duty(core, call, &queue))
                continue;
            lk_stop_others(core, call, LK_NO_SLOT, 19);
            lk_leave_queue(core, call, LK_NO_SLOT);
            lk_walk_on(core, call, LK_BECAUSE_LEFT_EMPTY, 0);
        }
    }
}

void lk_dispatch(struct lk_core *core)
{
    const struct lk_queues *queues = &core->world.queues;

    if (core->stirred)
        leave_empty(core);
    if (core->stirred) {
        core->stirred = false;
        for (uint32_t call = queues->first; call != LK_NO_SLOT; call = queues->next[call])
            if (lk_call_at(core, call)->seen != core->changes)
                dispatch(core, call);
    } else if (core->joined != LK_NO_SLOT) {
        dispatch(core, core->joined);
    }
    core->joined = LK_NO_SLOT;
}
