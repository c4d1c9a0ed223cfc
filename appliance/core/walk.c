/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call's walk through its steps, from one that waits to the next, and its end.
 */
#include "inside.h"

enum { CAUSE_NO_ROUTE = 1, CAUSE_NORMAL = 16, CAUSE_BUSY = 17, CAUSE_NO_ANSWER = 19, CAUSE_AWAY = 20,
       CAUSE_DECLINED = 21, CAUSE_LOOP = 25, CAUSE_NO_LINE = 34 };

int32_t lk_cause_of(enum lk_reason why)
{
    switch (why) {
    case LK_BECAUSE_STATUS:
    case LK_BECAUSE_UNREACHABLE:
    case LK_BECAUSE_PAUSED:
    case LK_BECAUSE_QUEUE_EMPTY:
    case LK_BECAUSE_LEFT_EMPTY:
    case LK_BECAUSE_NOBODY:
    case LK_BECAUSE_OFF_DUTY:
        return CAUSE_AWAY;
    case LK_BECAUSE_BUSY:
    case LK_BECAUSE_RINGING:
    case LK_BECAUSE_WRAP_UP:
    case LK_BECAUSE_CALLER:
    case LK_BECAUSE_QUEUE_FULL:
        return CAUSE_BUSY;
    case LK_BECAUSE_DECLINED:
        return CAUSE_DECLINED;
    case LK_BECAUSE_NO_ANSWER:
    case LK_BECAUSE_MAX_WAIT:
    case LK_BECAUSE_CHAIN_END:
        return CAUSE_NO_ANSWER;
    case LK_BECAUSE_NO_ROUTE:
        return CAUSE_NO_ROUTE;
    case LK_BECAUSE_LINE_DOWN:
        return CAUSE_NO_LINE;
    case LK_BECAUSE_LOOP:
        return CAUSE_LOOP;
    default:
        return CAUSE_NORMAL;
    }
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

void lk_hang_up(struct lk_core *core, uint32_t call, int32_t cause)
{
    lk_do(core, (struct lk_command){.kind = LK_DO_HANG_UP, .call = lk_call_at(core, call)->id, .value = cause});
}

void lk_free_answerer(struct lk_core *core, uint32_t slot)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    struct lk_person *person;

    if (call->answerer == LK_NO_SLOT)
        return;
    person = &world->people.at[call->answerer];
    person->busy--;
    person->idle_since = core->now;
    if (call->talks_for != LK_NO_SLOT && core->now > call->talks_since)
        lk_queues_member(&world->queues, call->talks_for, call->answerer)->talk += core->now - call->talks_since;
    if (call->wrap_up_ms != 0) {
        person->wrap_until = core->now + call->wrap_up_ms;
        lk_set_timer(core, LK_TIMER_WRAP_UP, call->answerer, person->wrap_until);
    }
    lk_changed(core, call->answerer);
    call->answerer = LK_NO_SLOT;
    core->stirred = true;
}

void lk_finish(struct lk_core *core, uint32_t slot, enum lk_outcome outcome, enum lk_reason why)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    uint32_t person = call->answerer == LK_NO_SLOT ? 0 : lk_person_id(core, call->answerer);
    uint32_t which = call->rules;

    while (world->legs.first[slot] != LK_NO_SLOT)
        lk_leg_ended(core, world->legs.first[slot]);
    lk_do(core, (struct lk_command){.kind = LK_DO_OVER,
                                    .call = call->id,
                                    .target = person,
                                    .queue = call->queue,
                                    .value = (int32_t)outcome});
    lk_note(core, slot, LK_WHY_OVER, why, outcome == LK_VOICEMAIL ? call->mailbox : person, outcome);
    lk_free_answerer(core, slot);
    if (call->caller != LK_NO_SLOT) {
        world->people.at[call->caller].busy--;
        world->people.at[call->caller].idle_since = core->now;
        lk_changed(core, call->caller);
        core->stirred = true;
    }
    lk_leave_queue(core, slot, LK_NO_SLOT);
    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    if (core->joined == slot)
        core->joined = LK_NO_SLOT;
    lk_refusals_forget(&world->refusals, slot);
    lk_remembered_forget(&world->remembered, slot);
    lk_calls_end(&world->calls, slot);
    if (--core->rules[which]->calls == 0 && which != core->current)
        lk_rules_free(core, which);
}

/* ---- the walk ----------------------------------------------------------------------------------------------------- */

/* Whether a call goes round: too many steps without a wait or in all, or once more something said to one who hears it
 * all and presses nothing. */
static bool goes_round(const struct lk_call *call, uint32_t walked, uint16_t kind)
{
    return walked == LK_WALK_MAX || call->steps >= LK_STEPS_MAX ||
           (call->unheeded >= LK_ASKED_MAX && lk_always_waits(kind));
}

void lk_walk(struct lk_core *core, uint32_t slot, uint32_t first, enum lk_reason why, int32_t cause)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_plan *plan = &lk_rules_of(core, slot)->plan;
    struct lk_way way = {first, why, cause};

    for (uint32_t steps = 0; way.next != LK_NO_INDEX; steps++) {
        struct lk_step_rule step = lk_plan_step(plan, way.next);

        if (way.why != LK_BECAUSE_LOOP && goes_round(call, steps, step.kind)) {
            way = (struct lk_way){lk_rules_of(core, slot)->last_resort, LK_BECAUSE_LOOP, CAUSE_LOOP};
            continue;
        }
        call->steps++; /* those that wait count too: a menu may lead to itself */
        call->step = way.next;
        lk_note(core, slot, LK_WHY_STEP, way.why, step.id, 0);
        if (lk_take_step[step.kind](core, slot, &step, &way))
            return;
    }
    lk_hang_up(core, slot, way.cause);
    lk_finish(core, slot, call->served && way.why != LK_BECAUSE_LOOP ? LK_SELF_SERVICE : LK_REFUSED, way.why);
}

static void walk_out(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause, bool other)
{
    const struct lk_step_rule step = lk_step_of(core, call);
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    uint32_t next = lk_plan_exit(plan, &step, LK_ON_REASON + why, other ? step.other : step.next);

    lk_walk(core, call, next, why, cause == 0 ? lk_cause_of(why) : cause);
}

void lk_walk_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause)
{
    walk_out(core, call, why, cause, false);
}

void lk_walk_other(struct lk_core *core, uint32_t call, enum lk_reason why)
{
    walk_out(core, call, why, 0, true);
}

void lk_hunt_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause)
{
    bool chain = lk_step_of(core, call).kind == LK_STEP_CHAIN;

    if (core->world.legs.first[call] != LK_NO_SLOT || lk_ring_chain(core, call))
        return;
    lk_walk_on(core, call, chain ? LK_BECAUSE_CHAIN_END : why, chain ? 0 : cause);
}
