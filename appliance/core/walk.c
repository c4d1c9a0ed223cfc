/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call's walk through its steps, from one that waits to the next, and its end.
 */
#include <string.h>

#include "inside.h"

enum { CAUSE_NO_ROUTE = 1, CAUSE_NORMAL = 16, CAUSE_BUSY = 17, CAUSE_NO_ANSWER = 19, CAUSE_AWAY = 20,
       CAUSE_DECLINED = 21, CAUSE_LOOP = 25, CAUSE_NO_LINE = 34 };

/* The Q.850 cause a caller gets when a step ended for this reason and no other follows. */
static int32_t cause_of(enum lk_reason why)
{
    static const int32_t causes[] = {
        [LK_BECAUSE_NONE] = CAUSE_NORMAL,
        [LK_BECAUSE_OPEN] = CAUSE_NORMAL,
        [LK_BECAUSE_CLOSED] = CAUSE_NORMAL,
        [LK_BECAUSE_STATUS] = CAUSE_AWAY,
        [LK_BECAUSE_UNREACHABLE] = CAUSE_AWAY,
        [LK_BECAUSE_BUSY] = CAUSE_BUSY,
        [LK_BECAUSE_RINGING] = CAUSE_BUSY,
        [LK_BECAUSE_WRAP_UP] = CAUSE_BUSY,
        [LK_BECAUSE_DECLINED] = CAUSE_DECLINED,
        [LK_BECAUSE_NO_ANSWER] = CAUSE_NO_ANSWER,
        [LK_BECAUSE_CALLER] = CAUSE_BUSY,
        [LK_BECAUSE_QUEUE_FULL] = CAUSE_BUSY,
        [LK_BECAUSE_QUEUE_EMPTY] = CAUSE_AWAY,
        [LK_BECAUSE_MAX_WAIT] = CAUSE_NO_ANSWER,
        [LK_BECAUSE_CHAIN_END] = CAUSE_NO_ANSWER,
        [LK_BECAUSE_NO_ROUTE] = CAUSE_NO_ROUTE,
        [LK_BECAUSE_LINE_DOWN] = CAUSE_NO_LINE,
        [LK_BECAUSE_LOOP] = CAUSE_LOOP,
    };

    return causes[why];
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

void lk_hang_up(struct lk_core *core, uint32_t call, int32_t cause)
{
    lk_do(core, (struct lk_command){.kind = LK_DO_HANG_UP, .call = lk_call_at(core, call)->id, .value = cause});
}

static void free_answerer(struct lk_core *core, const struct lk_call *call)
{
    struct lk_world *world = &core->world;
    struct lk_person *person = &world->people.at[call->answerer];

    person->busy--;
    if (call->wrap_up_ms == 0)
        return;
    person->wrap_until = core->now + call->wrap_up_ms;
    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_WRAP_UP, call->answerer), person->wrap_until);
}

void lk_finish(struct lk_core *core, uint32_t slot, enum lk_outcome outcome, enum lk_reason why)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    uint32_t person = call->answerer == LK_NO_SLOT ? 0 : lk_person_id(core, call->answerer);
    uint32_t which = call->rules;

    while (world->legs.first[slot] != LK_NO_SLOT)
        lk_leg_ended(core, world->legs.first[slot]);
    lk_do(core, (struct lk_command){
                    .kind = LK_DO_OVER, .call = call->id, .target = person, .queue = call->queue, .value = outcome});
    lk_note(core, slot, LK_WHY_OVER, why, outcome == LK_VOICEMAIL ? call->mailbox : person, outcome);
    if (call->answerer != LK_NO_SLOT)
        free_answerer(core, call);
    if (call->caller != LK_NO_SLOT) {
        world->people.at[call->caller].busy--;
        core->stirred = true;
    }
    lk_queues_leave(&world->queues, slot);
    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_WAIT, slot), LK_NONE);
    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_AGAIN, slot), LK_NONE);
    lk_refusals_forget(&world->refusals, slot);
    lk_calls_end(&world->calls, slot);
    if (--core->rules[which]->calls == 0 && which != core->current)
        lk_rules_free(core, which);
}

/* ---- steps: each says whether it waits (or ended the call), or where to go on and why ------------------------------ */

struct way {
    uint32_t next;
    enum lk_reason why;
    int32_t cause; /* for the caller when no step is left */
};

typedef bool step_taker(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct way *way);

static bool go_on(struct way *way, uint32_t next, enum lk_reason why)
{
    *way = (struct way){next, why, cause_of(why)};
    return false;
}

static bool take_hours(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct way *way)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    lk_ms until;
    bool open = lk_plan_open(plan, step->what, core->now, &until);
    enum lk_reason reason = open ? LK_BECAUSE_OPEN : LK_BECAUSE_CLOSED;

    lk_note(core, call, LK_WHY_HOURS, reason, lk_plan_id(plan, LK_HOUR, step->what), until);
    return go_on(way, open ? step->next : step->other, reason);
}

static bool anybody_on_duty(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue)
{
    const struct lk_rules *rules = lk_rules_of(core, call);

    for (uint32_t i = 0; i < queue->people.count; i++) {
        uint32_t person = lk_member(rules, queue->people.first + i);

        if (person != lk_call_at(core, call)->caller && lk_person_on_duty(&core->world.people.at[person]))
            return true;
    }
    return false;
}

static bool take_queue(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, step->what);
    uint32_t waits_in = rules->queue[step->what];

    if (queue.max_length != 0 && world->queues.at[waits_in].waiting >= queue.max_length)
        return go_on(way, step->next, LK_BECAUSE_QUEUE_FULL);
    if (!queue.join_when_empty && !anybody_on_duty(core, slot, &queue))
        return go_on(way, step->next, LK_BECAUSE_QUEUE_EMPTY);
    if (queue.music && !call->answered) {
        lk_do(core, (struct lk_command){.kind = LK_DO_ANSWER, .call = call->id});
        call->answered = true;
    }
    if (call->answered)
        lk_do(core, (struct lk_command){.kind = LK_DO_PLAY, .call = call->id, .target = queue.id});
    call->state = LK_WAITING;
    call->queue = queue.id;
    lk_note(core, slot, LK_WHY_QUEUED, LK_BECAUSE_NONE, queue.id, lk_queues_join(&world->queues, waits_in, slot));
    if (queue.max_wait_ms != 0)
        lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_WAIT, slot), core->now + queue.max_wait_ms);
    if (core->joined == LK_NO_SLOT)
        core->joined = slot;
    return true;
}

/* Rings the next step of the chain that has somebody to ring; false at its end. */
static bool ring_chain(struct lk_core *core, uint32_t slot)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_legs *legs = &core->world.legs;

    while (call->chain_next < call->chain_end && legs->first[slot] == LK_NO_SLOT) {
        struct lk_chain_step_rule step = lk_plan_chain_step(&rules->plan, call->chain_next++);

        for (uint32_t i = 0; i < step.people.count; i++) {
            uint32_t person = lk_member(rules, step.people.first + i);
            int64_t detail = 0;
            enum lk_reason reason;

            if (legs->at[person].id != 0 && legs->at[person].call == slot)
                continue;
            reason = lk_unfit(core, slot, person, NULL, &detail);
            if (reason == LK_BECAUSE_NONE)
                lk_ring(core, slot, person, LK_BECAUSE_CHAIN_STEP, 0, step.ring_ms);
            else
                lk_pass(core, slot, person, reason, detail);
        }
    }
    return legs->first[slot] != LK_NO_SLOT;
}

static bool take_chain(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    struct lk_call *call = lk_call_at(core, slot);
    struct lk_run run = lk_plan_chain(&lk_rules_of(core, slot)->plan, step->what);

    call->state = LK_HUNTING;
    call->chain_next = run.first;
    call->chain_end = run.first + run.count;
    return ring_chain(core, slot) || go_on(way, step->next, LK_BECAUSE_CHAIN_END);
}

/* Somebody asked for by name is rung whatever his status says, as long as his telephone is free. */
static bool take_person(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    uint32_t person = lk_rules_of(core, slot)->person[step->what];
    enum lk_reason reason = lk_person_out_of_reach(&world->people.at[person]);
    lk_ms at;

    if (person == call->caller)
        reason = LK_BECAUSE_CALLER;
    else if (reason == LK_BECAUSE_NONE && world->legs.at[person].id != 0)
        reason = LK_BECAUSE_RINGING;
    else if (reason == LK_BECAUSE_NONE &&
             lk_refusals_get(&world->refusals, slot, person, &at) == LK_BECAUSE_DECLINED)
        reason = LK_BECAUSE_DECLINED;
    if (reason != LK_BECAUSE_NONE) {
        lk_pass(core, slot, person, reason, 0);
        return go_on(way, step->next, reason);
    }
    call->state = LK_HUNTING;
    call->chain_next = call->chain_end = 0;
    lk_ring(core, slot, person, LK_BECAUSE_DIRECT, 0, (lk_ms)step->extra * 1000);
    return true;
}

static bool take_voicemail(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    struct lk_call *call = lk_call_at(core, slot);

    (void)way;
    if (!call->answered)
        lk_do(core, (struct lk_command){.kind = LK_DO_ANSWER, .call = call->id});
    call->answered = true;
    call->state = LK_RECORDING;
    call->mailbox = step->what;
    lk_do(core, (struct lk_command){.kind = LK_DO_MAILBOX, .call = call->id, .target = step->what});
    return true;
}

static bool take_hang_up(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    (void)way;
    lk_hang_up(core, slot, (int32_t)step->what);
    lk_finish(core, slot, LK_REFUSED, LK_BECAUSE_NONE);
    return true;
}

static bool take_outside(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    struct lk_command dial = {.kind = LK_DO_DIAL, .call = call->id};

    if (step->extra >= call->called_length)
        return go_on(way, step->next, LK_BECAUSE_NO_ROUTE);
    if (!world->usable[rules->line[step->what]])
        return go_on(way, step->next, LK_BECAUSE_LINE_DOWN);
    call->state = LK_DIALING;
    dial.leg = lk_legs_begin(&world->legs, world->legs.people + slot, slot, 0);
    dial.target = lk_plan_id(&rules->plan, LK_LINE, step->what);
    memcpy(dial.number, call->called + step->extra, (size_t)(call->called_length - step->extra));
    lk_do(core, dial);
    return true;
}

static bool take_list(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct way *way)
{
    return go_on(way, lk_call_at(core, slot)->lists >> step->what & 1 ? step->next : step->other, LK_BECAUSE_NONE);
}

static step_taker *const take[] = {
    [LK_STEP_HOURS] = take_hours,         [LK_STEP_QUEUE] = take_queue,     [LK_STEP_CHAIN] = take_chain,
    [LK_STEP_PERSON] = take_person,       [LK_STEP_VOICEMAIL] = take_voicemail,
    [LK_STEP_HANG_UP] = take_hang_up,     [LK_STEP_OUTSIDE] = take_outside, [LK_STEP_LIST] = take_list,
};

/* ---- the walk ----------------------------------------------------------------------------------------------------- */

void lk_walk(struct lk_core *core, uint32_t call, uint32_t first, enum lk_reason why, int32_t cause)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    struct way way = {first, why, cause};

    for (uint32_t steps = 0; way.next != LK_NO_INDEX; steps++) {
        struct lk_step_rule step = lk_plan_step(plan, way.next);

        if (steps == LK_WALK_MAX) {
            go_on(&way, LK_NO_INDEX, LK_BECAUSE_LOOP);
            break;
        }
        lk_call_at(core, call)->step = way.next;
        lk_note(core, call, LK_WHY_STEP, way.why, step.id, 0);
        if (take[step.kind](core, call, &step, &way))
            return;
    }
    lk_hang_up(core, call, way.cause);
    lk_finish(core, call, LK_REFUSED, way.why);
}

void lk_walk_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause)
{
    uint32_t next = lk_plan_step(&lk_rules_of(core, call)->plan, lk_call_at(core, call)->step).next;

    lk_walk(core, call, next, why, cause == 0 ? cause_of(why) : cause);
}

void lk_hunt_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    bool chain = lk_plan_step(plan, lk_call_at(core, call)->step).kind == LK_STEP_CHAIN;

    if (core->world.legs.first[call] != LK_NO_SLOT || ring_chain(core, call))
        return;
    lk_walk_on(core, call, chain ? LK_BECAUSE_CHAIN_END : why, chain ? 0 : cause);
}
