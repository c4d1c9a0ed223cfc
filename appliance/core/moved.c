/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calls that people move: sent somewhere, taken from wherever they are, parked.
 */
#include <string.h>

#include "inside.h"

enum { CAUSE_NORMAL = 16, CAUSE_ELSEWHERE = 26 };

/* Nobody has the call or is rung for it any more. */
static void let_go(struct lk_core *core, uint32_t call, int32_t cause)
{
    lk_hush(core, call);
    lk_call_at(core, call)->unheeded = 0;
    lk_stop_others(core, call, LK_NO_SLOT, cause);
    lk_free_answerer(core, call);
    lk_leave_queue(core, call, LK_NO_SLOT);
    lk_set_timer(core, LK_TIMER_WAIT, call, LK_NONE);
}

/* ---- sent --------------------------------------------------------------------------------------------------------- */

/* The step a call is sent to, LK_NO_INDEX for none: a step, or that of a number dialled at a telephone. */
static uint32_t sent_to(const struct lk_plan *plan, const struct lk_event *event)
{
    int length = lk_number_length(event->other);

    if (event->what != 0)
        return lk_plan_step_of(plan, event->what);
    return length <= 0 ? LK_NO_INDEX : lk_plan_first_step(plan, 0, event->other, (size_t)length);
}

enum lk_error lk_take_sent(struct lk_core *core, const struct lk_event *event)
{
    uint32_t slot = lk_calls_find(&core->world.calls, event->call), step;
    const struct lk_plan *plan;
    struct lk_call *call;

    if (slot == LK_NO_SLOT)
        return LK_NO_CALL;
    call = lk_call_at(core, slot);
    plan = &lk_rules_of(core, slot)->plan;
    step = sent_to(plan, event);
    if (step == LK_NO_INDEX || (event->person != 0 && lk_ids_find(&core->world.people.ids, event->person) == LK_NO_SLOT))
        return LK_BAD_EVENT;
    if (call->state == LK_RECORDING)
        return LK_CANNOT;
    call->sender = event->person == 0 ? LK_NO_SLOT : lk_ids_find(&core->world.people.ids, event->person);
    if (event->what == 0) {
        call->called_length = (uint8_t)lk_number_length(event->other);
        memcpy(call->called, event->other, call->called_length);
    }
    lk_note(core, slot, LK_WHY_SENT, LK_BECAUSE_NONE, lk_plan_id(plan, LK_STEP, step), 0);
    let_go(core, slot, CAUSE_NORMAL);
    lk_walk(core, slot, step, LK_BECAUSE_SENT, CAUSE_NORMAL);
    return LK_OK;
}

/* ---- taken -------------------------------------------------------------------------------------------------------- */

/* Takes a person off what he is rung for or talks on. Returns the call that is to ring others instead, LK_NO_SLOT none. */
static uint32_t take_off(struct lk_core *core, uint32_t person)
{
    const struct lk_leg *leg = &core->world.legs.at[person];
    uint32_t other = leg->call;

    if (leg->id == 0)
        return LK_NO_SLOT;
    if (lk_call_at(core, other)->answerer == person) {
        lk_hang_up(core, other, CAUSE_NORMAL);
        lk_finish(core, other, LK_ANSWERED, LK_BECAUSE_NONE);
        return LK_NO_SLOT;
    }
    lk_stop(core, person, CAUSE_NORMAL);
    return lk_call_at(core, other)->state == LK_HUNTING ? other : LK_NO_SLOT;
}

enum lk_error lk_take_taken(struct lk_core *core, const struct lk_event *event)
{
    struct lk_world *world = &core->world;
    uint32_t slot = lk_calls_find(&world->calls, event->call), person = LK_NO_SLOT, known = LK_NO_INDEX, leg, other;
    struct lk_call *call;

    if (slot == LK_NO_SLOT)
        return LK_NO_CALL;
    call = lk_call_at(core, slot);
    if (event->person != 0) {
        person = lk_ids_find(&world->people.ids, event->person);
        known = lk_plan_index_of(core, slot, person);
        if (known == LK_NO_INDEX)
            return LK_BAD_EVENT;
    }
    if (call->state == LK_RECORDING || (person != LK_NO_SLOT && (person == call->caller || person == call->answerer)))
        return LK_CANNOT;
    leg = person == LK_NO_SLOT ? world->legs.people + slot : person;
    lk_note(core, slot, LK_WHY_TAKEN, LK_BECAUSE_NONE, event->person, 0);
    let_go(core, slot, call->state == LK_TALKING ? CAUSE_NORMAL : CAUSE_ELSEWHERE);
    other = person == LK_NO_SLOT ? LK_NO_SLOT : take_off(core, person);
    lk_legs_begin(&world->legs, leg, slot, 0);
    world->legs.at[leg].person = known;
    if (person != LK_NO_SLOT)
        world->legs.at[leg].wrap_up_ms = lk_plan_person(&lk_rules_of(core, slot)->plan, known).wrap_up_ms;
    lk_answered(core, slot, leg);
    if (other != LK_NO_SLOT)
        lk_hunt_on(core, other, LK_BECAUSE_BUSY, 0);
    return LK_OK;
}

/* ---- parked ------------------------------------------------------------------------------------------------------- */

bool lk_take_park(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);

    (void)way;
    if (!call->answered)
        lk_do(core, (struct lk_command){.kind = LK_DO_ANSWER, .call = call->id});
    call->answered = true;
    call->state = LK_PARKED;
    lk_do(core, (struct lk_command){.kind = LK_DO_PARK, .call = call->id, .target = step->id});
    if (step->ms != 0)
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + step->ms);
    return true;
}

void lk_parked_long_enough(struct lk_core *core, uint32_t call)
{
    const struct lk_step_rule step = lk_step_of(core, call);

    lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_MAX_WAIT, step.id, step.ms);
    lk_walk_on(core, call, LK_BECAUSE_MAX_WAIT, 0);
}

enum lk_outcome lk_parked_ends(struct lk_core *core, uint32_t slot)
{
    const struct lk_call *call = lk_call_at(core, slot);

    if (lk_step_of(core, slot).least == 1)
        return LK_SELF_SERVICE;
    if (call->talked)
        return LK_ANSWERED;
    return call->served ? LK_SELF_SERVICE : LK_ABANDONED;
}
