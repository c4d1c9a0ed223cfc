/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What each kind of step does when a call comes to it; settings/plan_format.md has the table of them.
 */
#include <string.h>

#include "inside.h"

bool lk_go_on(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way,
              uint32_t otherwise, enum lk_reason why)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;

    *way = (struct lk_way){lk_plan_exit(plan, step, LK_ON_REASON + why, otherwise), why, lk_cause_of(why)};
    return false;
}

static bool on_next(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way,
                    enum lk_reason why)
{
    return lk_go_on(core, call, step, way, step->next, why);
}

/* To next when so, to other when not. */
static bool by_answer(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way, bool so)
{
    return lk_go_on(core, call, step, way, so ? step->next : step->other, so ? LK_BECAUSE_YES : LK_BECAUSE_NO);
}

/* ---- who calls, and when ------------------------------------------------------------------------------------------ */

static bool take_hours(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way)
{
    const struct lk_rules *rules = lk_rules_of(core, call);
    lk_ms until;
    enum lk_reason reason = lk_hours_now(core, rules, step->what, &until);
    bool open = lk_hours_are_open(reason);

    lk_note(core, call, LK_WHY_HOURS, reason, lk_plan_id(&rules->plan, LK_HOUR, step->what), until);
    return lk_go_on(core, call, step, way, open ? step->next : step->other,
                    open ? LK_BECAUSE_OPEN : LK_BECAUSE_CLOSED);
}

static bool take_list(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way)
{
    bool listed = lk_call_at(core, call)->lists >> step->what & 1;

    return lk_go_on(core, call, step, way, listed ? step->next : step->other, LK_BECAUSE_NONE);
}

static bool take_trust(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    const struct lk_call *call = lk_call_at(core, slot);
    bool enough = call->trust >= step->extra;

    lk_note(core, slot, LK_WHY_TRUST, enough ? LK_BECAUSE_YES : LK_BECAUSE_NO,
            lk_plan_id(&lk_rules_of(core, slot)->plan, LK_LINE, call->line), call->trust);
    return by_answer(core, slot, step, way, enough);
}

static bool take_history(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    const struct lk_call *call = lk_call_at(core, slot);
    bool so = step->extra == LK_HAS_SPOKEN ? call->last != LK_NO_SLOT
                                           : (call->history >> (step->extra == LK_WAS_MISSED) & 1) != 0;

    lk_note(core, slot, LK_WHY_HISTORY, so ? LK_BECAUSE_YES : LK_BECAUSE_NO,
            call->last == LK_NO_SLOT ? 0 : lk_person_id(core, call->last), call->history);
    return by_answer(core, slot, step, way, so);
}

/* ---- those who answer --------------------------------------------------------------------------------------------- */

static bool take_queue(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, step->what);
    uint32_t waits_in = rules->queue[step->what];

    if (queue.max_length != 0 && world->queues.at[waits_in].waiting >= queue.max_length)
        return on_next(core, slot, step, way, LK_BECAUSE_QUEUE_FULL);
    if ((!queue.join_when_empty || queue.leave_when_empty) && !lk_anybody_on_duty(core, slot, &queue))
        return on_next(core, slot, step, way, LK_BECAUSE_QUEUE_EMPTY);
    if (queue.music && !call->answered) {
        lk_do(core, (struct lk_command){.kind = LK_DO_ANSWER, .call = call->id});
        call->answered = true;
    }
    if (call->answered)
        lk_do(core, (struct lk_command){.kind = LK_DO_PLAY, .call = call->id, .target = queue.id});
    call->state = LK_WAITING;
    call->queue = queue.id;
    call->joined = core->now;
    call->seen = 0;
    call->joined_at = core->facts;
    lk_note(core, slot, LK_WHY_QUEUED, LK_BECAUSE_NONE, queue.id,
            lk_queues_join(&world->queues, waits_in, slot, call->priority + queue.weight));
    if (queue.max_wait_ms != 0)
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + queue.max_wait_ms);
    core->stirred = core->stirred || core->joined != LK_NO_SLOT;
    core->joined = slot;
    return true;
}

bool lk_ring_chain(struct lk_core *core, uint32_t slot)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_legs *legs = &core->world.legs;

    while (call->chain_next < call->chain_end && legs->first[slot] == LK_NO_SLOT) {
        struct lk_chain_step_rule step = lk_plan_chain_step(&rules->plan, call->chain_next++);

        for (uint32_t i = 0; i < step.people.count; i++) {
            struct lk_member_rule member = lk_plan_member(&rules->plan, step.people.first + i);
            struct lk_asked asked = {member.person, member.ways};
            uint32_t person = rules->person[member.person];
            int64_t detail = 0;
            enum lk_reason reason;

            if (legs->at[person].id != 0 && legs->at[person].call == slot)
                continue;
            reason = lk_unfit_for_chain(core, slot, asked, &detail);
            if (reason == LK_BECAUSE_NONE)
                lk_ring(core, slot, asked, LK_BECAUSE_CHAIN_STEP, NULL, step.ring_ms);
            else
                lk_pass(core, slot, person, reason, detail);
        }
    }
    return legs->first[slot] != LK_NO_SLOT;
}

static bool take_chain(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);
    struct lk_run run = lk_plan_chain(&lk_rules_of(core, slot)->plan, step->what);

    call->state = LK_HUNTING;
    call->chain_next = run.first;
    call->chain_end = run.first + run.count;
    return lk_ring_chain(core, slot) || on_next(core, slot, step, way, LK_BECAUSE_CHAIN_END);
}

static bool ring_one(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_asked asked,
                     enum lk_reason why)
{
    struct lk_call *call = lk_call_at(core, slot);

    call->state = LK_HUNTING;
    call->chain_next = call->chain_end = 0;
    lk_ring(core, slot, asked, why, NULL, (lk_ms)step->extra * 1000);
    return true;
}

static struct lk_asked asked_by(const struct lk_step_rule *step, uint32_t person)
{
    return (struct lk_asked){person, step->least == 0 ? (uint32_t)LK_TELEPHONES : step->least};
}

static bool take_person(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_asked asked = asked_by(step, step->what);
    enum lk_reason reason = lk_out_of_reach(core, slot, asked);

    if (reason == LK_BECAUSE_NONE)
        return ring_one(core, slot, step, asked, LK_BECAUSE_DIRECT);
    lk_pass(core, slot, lk_rules_of(core, slot)->person[step->what], reason, 0);
    return on_next(core, slot, step, way, reason);
}

/* Somebody the caller has to do with, as long as he takes calls now. */
static bool ring_known(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way,
                       uint32_t person, enum lk_reason why)
{
    uint32_t index = lk_plan_index_of(core, slot, person);
    enum lk_reason reason;
    int64_t detail = 0;

    if (index == LK_NO_INDEX)
        return on_next(core, slot, step, way, LK_BECAUSE_NOBODY);
    reason = lk_unfit_for_chain(core, slot, asked_by(step, index), &detail);
    if (reason == LK_BECAUSE_NONE)
        return ring_one(core, slot, step, asked_by(step, index), why);
    lk_pass(core, slot, person, reason, detail);
    return on_next(core, slot, step, way, reason);
}

static bool take_manager(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    return ring_known(core, slot, step, way, lk_call_at(core, slot)->manager, LK_BECAUSE_MANAGER);
}

static bool take_last_person(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    return ring_known(core, slot, step, way, lk_call_at(core, slot)->last, LK_BECAUSE_LAST_SPOKEN);
}

/* Who sent the call where nobody took it, whatever his status says. */
static bool take_sender(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    uint32_t person = lk_call_at(core, slot)->sender, index = lk_plan_index_of(core, slot, person);
    enum lk_reason reason;

    if (index == LK_NO_INDEX)
        return on_next(core, slot, step, way, LK_BECAUSE_NOBODY);
    reason = lk_out_of_reach(core, slot, asked_by(step, index));
    if (reason == LK_BECAUSE_NONE)
        return ring_one(core, slot, step, asked_by(step, index), LK_BECAUSE_RETURNED);
    lk_pass(core, slot, person, reason, 0);
    return on_next(core, slot, step, way, reason);
}

static bool take_voicemail(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
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

static bool take_hang_up(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    (void)way;
    lk_hang_up(core, slot, (int32_t)step->what);
    lk_finish(core, slot, lk_call_at(core, slot)->served ? LK_SELF_SERVICE : LK_REFUSED, LK_BECAUSE_NONE);
    return true;
}

static bool take_outside(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_rules *rules = lk_rules_of(core, slot);
    struct lk_command dial = {.kind = LK_DO_DIAL, .call = call->id, .value = step->least == LK_OUTSIDE_CONFIRMS};

    if (step->value != LK_NO_INDEX)
        memcpy(dial.number, lk_plan_text(&rules->plan, step->value), sizeof dial.number);
    else if (step->extra < call->called_length)
        memcpy(dial.number, call->called + step->extra, (size_t)(call->called_length - step->extra));
    if (dial.number[0] == 0)
        return on_next(core, slot, step, way, LK_BECAUSE_NO_ROUTE);
    if (!world->usable[rules->line[step->what]] && step->least != LK_OUTSIDE_ANYWAY)
        return on_next(core, slot, step, way, LK_BECAUSE_LINE_DOWN);
    call->state = LK_DIALING;
    dial.leg = lk_legs_begin(&world->legs, world->legs.people + slot, slot, 0);
    dial.target = lk_plan_id(&rules->plan, LK_LINE, step->what);
    lk_do(core, dial);
    if (step->ms != 0)
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + step->ms);
    return true;
}

/* ---- what is known of the call ------------------------------------------------------------------------------------ */

void lk_set_attribute(struct lk_core *core, uint32_t call, uint32_t attribute, const char *value, size_t length)
{
    struct lk_remembered *remembered = &core->world.remembered;
    uint32_t id = lk_plan_id(&lk_rules_of(core, call)->plan, LK_ATTR, attribute);
    struct lk_command set = {.kind = LK_DO_SET, .call = lk_call_at(core, call)->id, .target = id};

    lk_remembered_set(remembered, call, attribute, value, length);
    memcpy(set.number, lk_remembered_get(remembered, call, attribute), sizeof set.number);
    lk_do(core, set);
    lk_note(core, call, LK_WHY_SET, LK_BECAUSE_NONE, id, 0);
}

static bool take_set(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way)
{
    const char *value = lk_plan_text(&lk_rules_of(core, call)->plan, step->value);

    lk_set_attribute(core, call, step->what, value, strlen(value));
    return on_next(core, call, step, way, LK_BECAUSE_NONE);
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0;
}

/* As numbers of any length: -1 less, 0 equal, 1 more. */
static int by_number(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order;

    while (a_length > 0 && *a == '0')
        a++, a_length--;
    while (b_length > 0 && *b == '0')
        b++, b_length--;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    order = memcmp(a, b, a_length);
    return order < 0 ? -1 : order > 0;
}

static bool compares(enum lk_comparison how, const char *value, size_t length, const char *with, size_t with_length)
{
    switch (how) {
    case LK_IS:
        return length == with_length && memcmp(value, with, length) == 0;
    case LK_BEGINS_WITH:
        return length >= with_length && memcmp(value, with, with_length) == 0;
    case LK_LESS_THAN:
        return all_digits(value, length) && all_digits(with, with_length) &&
               by_number(value, length, with, with_length) < 0;
    case LK_MORE_THAN:
        return all_digits(value, length) && all_digits(with, with_length) &&
               by_number(value, length, with, with_length) > 0;
    default:
        return length == 0;
    }
}

static bool take_compare(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    const struct lk_call *call = lk_call_at(core, slot);
    const struct lk_plan *plan = &lk_rules_of(core, slot)->plan;
    const char *value = call->from, *with = step->extra == LK_IS_EMPTY ? "" : lk_plan_text(plan, step->value);
    size_t length = call->caller_length;
    uint32_t id = 0;
    bool so;

    if (step->what == LK_CALLED) {
        value = call->called;
        length = call->called_length;
    } else if (step->what != LK_CALLER) {
        value = lk_remembered_get(&core->world.remembered, slot, step->what);
        length = strlen(value);
        id = lk_plan_id(plan, LK_ATTR, step->what);
    }
    so = compares((enum lk_comparison)step->extra, value, length, with, strlen(with));
    lk_note(core, slot, LK_WHY_COMPARED, so ? LK_BECAUSE_YES : LK_BECAUSE_NO, id, 0);
    return by_answer(core, slot, step, way, so);
}

static bool take_skill(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);
    uint8_t *level = lk_remembered_level(&core->world.remembered, slot, step->what);

    call->wants |= UINT64_C(1) << step->what;
    *level = step->extra > *level ? (uint8_t)step->extra : *level;
    lk_note(core, slot, LK_WHY_SKILL, LK_BECAUSE_NONE, lk_plan_id(&lk_rules_of(core, slot)->plan, LK_SKIL, step->what),
            *level);
    return on_next(core, slot, step, way, LK_BECAUSE_NONE);
}

static bool take_priority(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);
    uint32_t sum = call->priority + step->extra;

    call->priority = sum < LK_PRIORITY_MAX ? sum : LK_PRIORITY_MAX;
    lk_note(core, slot, LK_WHY_PRIORITY, LK_BECAUSE_NONE, step->id, call->priority);
    return on_next(core, slot, step, way, LK_BECAUSE_NONE);
}

static int64_t measured(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step)
{
    const struct lk_rules *rules = lk_rules_of(core, slot);
    const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, step->what);
    const struct lk_queues *queues = &core->world.queues;
    uint32_t of = rules->queue[step->what];
    int64_t count = 0, longest = 0;

    if (step->extra == LK_WAITING_NOW)
        return queues->at[of].waiting;
    if (step->extra == LK_LONGEST_WAIT) {
        for (uint32_t call = queues->first; call != LK_NO_SLOT; call = queues->next[call])
            if (queues->of[call] == of && core->now - lk_call_at(core, call)->joined > longest)
                longest = core->now - lk_call_at(core, call)->joined;
        return longest / 1000;
    }
    for (uint32_t i = 0; i < queue.people.count; i++) {
        struct lk_member_rule member = lk_plan_member(&rules->plan, queue.people.first + i);

        count += lk_on_duty(core, rules, (struct lk_asked){member.person, member.ways}) &&
                 (step->extra == LK_ON_DUTY_NOW || lk_is_free(core, rules->person[member.person]));
    }
    return count;
}

static bool take_load(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way)
{
    int64_t found = measured(core, call, step);
    bool so = found >= step->ms;

    lk_note(core, call, LK_WHY_LOAD, so ? LK_BECAUSE_YES : LK_BECAUSE_NO,
            lk_plan_id(&lk_rules_of(core, call)->plan, LK_QUEU, step->what), found);
    return by_answer(core, call, step, way, so);
}

static bool take_action(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);
    struct lk_action_rule action = lk_plan_action(&lk_rules_of(core, slot)->plan, step->what);
    bool may = call->trust >= action.trust && call->line < 64 && action.lines >> call->line & 1;

    lk_note(core, slot, LK_WHY_ACTION, may ? LK_BECAUSE_NONE : LK_BECAUSE_TRUST, action.id, 0);
    if (!may)
        return lk_go_on(core, slot, step, way, step->other, LK_BECAUSE_TRUST);
    lk_do(core, (struct lk_command){.kind = LK_DO_ACTION, .call = call->id, .target = action.id});
    call->served = call->served || call->keyed;
    return on_next(core, slot, step, way, LK_BECAUSE_NONE);
}

lk_step_taker *const lk_take_step[LK_STEPS] = {
    [LK_STEP_HOURS] = take_hours,         [LK_STEP_QUEUE] = take_queue,     [LK_STEP_CHAIN] = take_chain,
    [LK_STEP_PERSON] = take_person,       [LK_STEP_VOICEMAIL] = take_voicemail,
    [LK_STEP_HANG_UP] = take_hang_up,     [LK_STEP_OUTSIDE] = take_outside, [LK_STEP_LIST] = take_list,
    [LK_STEP_TRUST] = take_trust,         [LK_STEP_SAY] = lk_take_say,      [LK_STEP_MENU] = lk_take_menu,
    [LK_STEP_COLLECT] = lk_take_collect,  [LK_STEP_LOOK_UP] = lk_take_look_up,
    [LK_STEP_SET] = take_set,             [LK_STEP_COMPARE] = take_compare, [LK_STEP_ACTION] = take_action,
    [LK_STEP_SKILL] = take_skill,         [LK_STEP_LOAD] = take_load,       [LK_STEP_HISTORY] = take_history,
    [LK_STEP_MANAGER] = take_manager,     [LK_STEP_LAST_PERSON] = take_last_person,
    [LK_STEP_PRIORITY] = take_priority,   [LK_STEP_PARK] = lk_take_park,   [LK_STEP_SENDER] = take_sender,
};
