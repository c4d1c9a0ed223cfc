/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call arrives: who calls, what is due because of him, and where he begins.
 */
#include <string.h>

#include "inside.h"

enum { CAUSE_NO_ROUTE = 1, CAUSE_NORMAL = 16 };

int lk_number_length(const char number[LK_NUMBER_MAX + 1])
{
    for (int i = 0; i <= LK_NUMBER_MAX; i++) {
        if (number[i] == 0)
            return i;
        if (number[i] <= ' ' || number[i] > '~')
            break;
    }
    return -1;
}

static void look_at_actions(struct lk_core *core, uint32_t slot)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_plan *plan = &lk_rules_of(core, slot)->plan;

    for (uint32_t i = 0; i < plan->count[LK_ACTN]; i++) {
        struct lk_action_rule action = lk_plan_action(plan, i);

        if (action.list == LK_NO_INDEX || !(call->lists >> action.list & 1) || call->line >= 64 ||
            !(action.lines >> call->line & 1))
            continue;
        if (call->trust >= action.trust)
            lk_do(core, (struct lk_command){.kind = LK_DO_ACTION, .call = call->id, .target = action.id});
        lk_note(core, slot, LK_WHY_ACTION, call->trust >= action.trust ? LK_BECAUSE_NONE : LK_BECAUSE_TRUST, action.id,
                0);
    }
}

/* Who the caller is. */
static void recognise(struct lk_core *core, uint32_t slot)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_plan *plan = &rules->plan;
    uint32_t caller = call->caller_length == 0 ? lk_plan_withheld(plan)
                                               : lk_numbers_find(&plan->numbers, call->from, call->caller_length);
    struct lk_caller_rule rule;
    uint32_t first = 0;

    if (caller == LK_NO_CALLER)
        return;
    rule = lk_plan_caller(plan, caller);
    call->lists = rule.lists;
    call->priority = rule.priority;
    call->manager = rule.manager == LK_NO_INDEX ? LK_NO_SLOT : rules->person[rule.manager];
    for (uint32_t i = 0; i < plan->count[LK_LIST]; i++) {
        if (!(call->lists >> i & 1))
            continue;
        first = first == 0 ? lk_plan_id(plan, LK_LIST, i) : first;
        lk_note(core, slot, LK_WHY_CALLER, LK_BECAUSE_NONE, lk_plan_id(plan, LK_LIST, i), 0);
    }
    if (rule.priority > 0)
        lk_note(core, slot, LK_WHY_PRIORITY, LK_BECAUSE_NONE, first, rule.priority);
}

enum lk_error lk_take_arrival(struct lk_core *core, const struct lk_event *event)
{
    struct lk_world *world = &core->world;
    struct lk_rules *rules = core->rules[core->current];
    int number = lk_number_length(event->number), called = lk_number_length(event->other);
    uint32_t line = lk_plan_line(&rules->plan, event->line), caller = LK_NO_SLOT, slot, first;
    uint32_t sent = event->leg == 0 ? LK_NO_INDEX : lk_plan_step_of(&rules->plan, event->leg);
    struct lk_call *call;

    if (event->call == 0 || number < 0 || called < 0 || line == LK_NO_INDEX || event->trust > LK_TRUST_OURS ||
        event->history > (LK_CALLED_BEFORE | LK_MISSED_LAST) || (event->leg != 0 && sent == LK_NO_INDEX))
        return LK_BAD_EVENT;
    if (event->person != 0 && (caller = lk_ids_find(&world->people.ids, event->person)) == LK_NO_SLOT)
        return LK_BAD_EVENT;
    if (lk_calls_find(&world->calls, event->call) != LK_NO_SLOT)
        return LK_CANNOT;
    if (world->calls.count >= rules->plan.calls_max)
        return LK_FULL;
    slot = lk_calls_begin(&world->calls, event->call);
    call = lk_call_at(core, slot);
    call->arrived = core->now;
    call->rules = core->current;
    call->first_leg = world->legs.next_id;
    call->line = line;
    call->trust = event->trust;
    call->history = event->history;
    call->last = event->what == 0 ? LK_NO_SLOT : lk_ids_find(&world->people.ids, event->what);
    call->caller_length = (uint8_t)number;
    memcpy(call->from, event->number, (size_t)number);
    call->called_length = (uint8_t)called;
    memcpy(call->called, event->other, (size_t)called);
    rules->calls++;
    if (caller != LK_NO_SLOT) {
        call->caller = caller;
        world->people.at[caller].busy++;
        lk_changed(core, caller);
    }
    lk_note(core, slot, LK_WHY_ARRIVED, LK_BECAUSE_NONE, event->line, sent != LK_NO_INDEX ? 2 : caller != LK_NO_SLOT);
    recognise(core, slot);
    if (sent != LK_NO_INDEX) { /* we called him: nothing is due because of that */
        lk_note(core, slot, LK_WHY_SENT, LK_BECAUSE_NONE, event->leg, 0);
        lk_walk(core, slot, sent, LK_BECAUSE_SENT, CAUSE_NORMAL);
        return LK_OK;
    }
    look_at_actions(core, slot);
    first = lk_plan_first_step(&rules->plan, line, event->other, (size_t)called);
    lk_walk(core, slot, first, first == LK_NO_INDEX ? LK_BECAUSE_NO_ROUTE : LK_BECAUSE_NONE, CAUSE_NO_ROUTE);
    return LK_OK;
}
