/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Facts: what each does to a call in each state, as a table; docs/core.md draws it.
 */
#include <string.h>

#include "inside.h"

enum { CAUSE_NORMAL = 16, CAUSE_BUSY = 17, CAUSE_NO_ANSWER = 19, CAUSE_DECLINED = 21, CAUSE_ELSEWHERE = 26,
       CAUSE_MAX = 127 };

#define TELEPHONES_MAX 1000 /* of one person; more is a mistake */
#define LK_CALL_FACTS (LK_EV_FOUND + 1) /* kinds of facts up to the last about a call */

typedef void fact_taker(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value);

/* The person of a leg, or the line of one to the outside, 0 of one that took the call: what a trace speaks of. */
static uint32_t party(struct lk_core *core, uint32_t leg)
{
    const struct lk_legs *legs = &core->world.legs;
    const struct lk_rules *rules;

    if (leg < legs->people)
        return lk_person_id(core, leg);
    rules = lk_rules_of(core, legs->at[leg].call);
    if (legs->at[leg].person == LK_NO_INDEX)
        return 0;
    return lk_plan_id(&rules->plan, LK_LINE, lk_step_of(core, legs->at[leg].call).what);
}

/* ---- facts about a call ------------------------------------------------------------------------------------------- */

static void nothing(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)core, (void)call, (void)leg, (void)value;
}

static void late(struct lk_core *core, uint32_t call, uint32_t leg, int32_t kind)
{
    lk_note(core, call, LK_WHY_LATE, LK_BECAUSE_NONE, lk_person_id(core, leg), kind);
}

static void late_rang(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)value;
    late(core, call, leg, LK_EV_RANG);
}

static void late_refused(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)value;
    late(core, call, leg, LK_EV_REFUSED);
}

void lk_answered(struct lk_core *core, uint32_t slot, uint32_t leg)
{
    struct lk_world *world = &core->world;
    struct lk_call *call = lk_call_at(core, slot);
    uint32_t queue = world->queues.of[slot];

    lk_stop_others(core, slot, leg, CAUSE_ELSEWHERE);
    lk_do(core, (struct lk_command){.kind = LK_DO_BRIDGE, .call = call->id, .leg = world->legs.at[leg].id});
    lk_note(core, slot, LK_WHY_ANSWERED, LK_BECAUSE_NONE, party(core, leg),
            core->now > call->arrived ? core->now - call->arrived : 0);
    lk_leave_queue(core, slot, leg);
    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    call->talks_for = LK_NO_SLOT;
    if (leg < world->legs.people) {
        lk_set_timer(core, LK_TIMER_RING, leg, LK_NONE);
        world->legs.at[leg].run = 0;
        world->people.at[leg].busy++;
        lk_changed(core, leg);
        world->people.at[leg].missed = 0;
        call->answerer = leg;
        call->wrap_up_ms = world->legs.at[leg].wrap_up_ms;
        call->talks_for = queue;
        call->talks_since = core->now;
        if (queue != LK_NO_SLOT)
            lk_queues_member(&world->queues, queue, leg)->calls++;
    }
    call->state = LK_TALKING;
    call->answered = call->talked = true;
    core->stirred = true;
}

static void answered(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)value;
    lk_answered(core, call, leg);
}

/* Ends a leg nobody took and keeps that in mind for this call. */
static enum lk_reason refuse(struct lk_core *core, uint32_t call, uint32_t leg, int32_t cause)
{
    enum lk_reason how = cause == CAUSE_BUSY || cause == CAUSE_DECLINED ? LK_BECAUSE_DECLINED : LK_BECAUSE_NO_ANSWER;

    lk_note(core, call, LK_WHY_REFUSED, how, party(core, leg), cause);
    if (leg < core->world.legs.people) {
        lk_refusals_set(&core->world.refusals, call, leg, how, core->now);
        if (how == LK_BECAUSE_NO_ANSWER)
            lk_missed(core, call, leg);
        else
            core->world.people.at[leg].missed = 0;
    }
    lk_leg_ended(core, leg);
    return how;
}

static void refused_waiting(struct lk_core *core, uint32_t call, uint32_t leg, int32_t cause)
{
    refuse(core, call, leg, cause);
}

static void refused_hunting(struct lk_core *core, uint32_t call, uint32_t leg, int32_t cause)
{
    lk_hunt_on(core, call, refuse(core, call, leg, cause), cause);
}

static void refused_dialing(struct lk_core *core, uint32_t call, uint32_t leg, int32_t cause)
{
    lk_set_timer(core, LK_TIMER_WAIT, call, LK_NONE);
    lk_walk_on(core, call, refuse(core, call, leg, cause), cause);
}

static void caller_gone(struct lk_core *core, uint32_t call, enum lk_outcome outcome)
{
    lk_note(core, call, LK_WHY_HUNG_UP, LK_BECAUSE_NONE, 0, 0);
    lk_stop_others(core, call, LK_NO_SLOT, CAUSE_NORMAL);
    lk_finish(core, call, outcome, LK_BECAUSE_NONE);
}

static void hung_up_unanswered(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    caller_gone(core, call, LK_ABANDONED);
}

static void hung_up_asked(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    caller_gone(core, call, lk_call_at(core, call)->served ? LK_SELF_SERVICE : LK_ABANDONED);
}

static void hung_up_talking(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    caller_gone(core, call, LK_ANSWERED);
}

static void hung_up_recording(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    caller_gone(core, call, LK_VOICEMAIL);
}

static void hung_up_parked(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    caller_gone(core, call, lk_parked_ends(core, call));
}

static void done_parked(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    lk_hang_up(core, call, CAUSE_NORMAL);
    lk_finish(core, call, lk_parked_ends(core, call), LK_BECAUSE_NONE);
}

static void left(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)value;
    lk_note(core, call, LK_WHY_LEFT, LK_BECAUSE_NONE, party(core, leg), 0);
    lk_hang_up(core, call, CAUSE_NORMAL);
    lk_finish(core, call, LK_ANSWERED, LK_BECAUSE_NONE);
}

static void recorded(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    lk_hang_up(core, call, CAUSE_NORMAL);
    lk_finish(core, call, LK_VOICEMAIL, LK_BECAUSE_NONE);
}

static void said(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    lk_said(core, call, LK_BECAUSE_SAID);
}

static void not_said(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    lk_said(core, call, LK_BECAUSE_FAILED);
}

static void pressed(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg;
    lk_key(core, call, value);
}

static void not_asked(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)leg, (void)value;
    lk_looked_up(core, call, LK_BECAUSE_FAILED, "", 0);
}

static void late_found(struct lk_core *core, uint32_t call, uint32_t leg, int32_t value)
{
    (void)value;
    late(core, call, leg, LK_EV_FOUND);
}

/* What a fact does in a state; NULL: it cannot be. Facts of legs that are over never come here. */
static fact_taker *const table[LK_STATES][LK_CALL_FACTS] = {
    [LK_WAITING] = {
        [LK_EV_RANG] = nothing,
        [LK_EV_ANSWERED] = answered,
        [LK_EV_REFUSED] = refused_waiting,
        [LK_EV_HUNG_UP] = hung_up_unanswered,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_HUNTING] = {
        [LK_EV_RANG] = nothing,
        [LK_EV_ANSWERED] = answered,
        [LK_EV_REFUSED] = refused_hunting,
        [LK_EV_HUNG_UP] = hung_up_unanswered,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_DIALING] = {
        [LK_EV_RANG] = nothing,
        [LK_EV_ANSWERED] = answered,
        [LK_EV_REFUSED] = refused_dialing,
        [LK_EV_HUNG_UP] = hung_up_unanswered,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_TALKING] = {
        [LK_EV_RANG] = late_rang,       /* another of his telephones */
        [LK_EV_REFUSED] = late_refused, /* the same */
        [LK_EV_LEFT] = left,
        [LK_EV_HUNG_UP] = hung_up_talking,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_RECORDING] = {
        [LK_EV_HUNG_UP] = hung_up_recording,
        [LK_EV_DONE] = recorded,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_SPEAKING] = {
        [LK_EV_HUNG_UP] = hung_up_asked,
        [LK_EV_DONE] = said,
        [LK_EV_FAILED] = not_said,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
    [LK_ASKING] = {
        [LK_EV_HUNG_UP] = hung_up_asked,
        [LK_EV_DONE] = said,
        [LK_EV_FAILED] = not_said,
        [LK_EV_DIGIT] = pressed,
        [LK_EV_FOUND] = late_found,
    },
    [LK_LOOKING] = {
        [LK_EV_HUNG_UP] = hung_up_asked,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FAILED] = not_asked, /* FOUND has a word with it, see take_found() */
    },
    [LK_PARKED] = {
        [LK_EV_HUNG_UP] = hung_up_parked,
        [LK_EV_DONE] = done_parked,
        [LK_EV_DIGIT] = nothing,
        [LK_EV_FOUND] = late_found,
    },
};

static const bool about_leg[LK_CALL_FACTS] = {
    [LK_EV_RANG] = true, [LK_EV_ANSWERED] = true, [LK_EV_REFUSED] = true, [LK_EV_LEFT] = true,
};

static bool is_digit(int32_t value)
{
    return value > 0 && value < 128 && memchr("0123456789*#ABCD", value, 16) != NULL;
}

/* A fact about a leg that was stopped: a normal race. One that was answered after all is stopped again. */
static enum lk_error take_late(struct lk_core *core, uint32_t slot, const struct lk_event *event)
{
    const struct lk_legs *legs = &core->world.legs;
    const struct lk_call *call = lk_call_at(core, slot);
    uint32_t leg = lk_legs_whose(legs, event->leg);

    if (event->leg < call->first_leg || event->leg >= legs->next_id || (leg != LK_NO_SLOT && legs->at[leg].call != slot))
        return LK_NO_LEG;
    late(core, slot, leg, event->kind);
    if (event->kind == LK_EV_ANSWERED)
        lk_do(core, (struct lk_command){.kind = LK_DO_STOP,
                                        .call = call->id,
                                        .leg = event->leg,
                                        .value = call->state == LK_TALKING ? CAUSE_ELSEWHERE : CAUSE_NO_ANSWER});
    return LK_OK;
}

static enum lk_error take_call_fact(struct lk_core *core, const struct lk_event *event)
{
    struct lk_world *world = &core->world;
    uint32_t call = lk_calls_find(&world->calls, event->call), leg = LK_NO_SLOT;
    fact_taker *taker;

    if ((event->kind == LK_EV_REFUSED && (event->value < 1 || event->value > CAUSE_MAX)) ||
        (event->kind == LK_EV_DIGIT && !is_digit(event->value)))
        return LK_BAD_EVENT;
    if (call == LK_NO_SLOT)
        return LK_NO_CALL;
    if (about_leg[event->kind]) {
        leg = lk_legs_find(&world->legs, call, event->leg);
        if (leg == LK_NO_SLOT)
            return take_late(core, call, event);
    }
    taker = table[lk_call_at(core, call)->state][event->kind];
    if (taker == NULL)
        return LK_CANNOT;
    taker(core, call, leg, event->value);
    return LK_OK;
}

/* Length of a text to keep, or -1. */
static int length_of_text(const char text[LK_NUMBER_MAX + 1])
{
    for (int i = 0; i <= LK_NUMBER_MAX; i++) {
        if (text[i] == 0)
            return i;
        if (text[i] < ' ' || text[i] > '~')
            break;
    }
    return -1;
}

static enum lk_error take_found(struct lk_core *core, const struct lk_event *event)
{
    static const enum lk_reason reasons[] = {LK_BECAUSE_FAILED, LK_BECAUSE_NOT_FOUND, LK_BECAUSE_FOUND};
    uint32_t call = lk_calls_find(&core->world.calls, event->call);
    int length = length_of_text(event->number);

    if (event->value < -1 || event->value > 1 || length < 0)
        return LK_BAD_EVENT;
    if (call == LK_NO_SLOT || lk_call_at(core, call)->state != LK_LOOKING)
        return take_call_fact(core, event);
    lk_looked_up(core, call, reasons[event->value + 1], event->number, (size_t)length);
    return LK_OK;
}

/* ---- facts about people and lines --------------------------------------------------------------------------------- */

static enum lk_error take_person_fact(struct lk_core *core, const struct lk_event *event)
{
    struct lk_people *people = &core->world.people;
    int32_t most = event->kind == LK_EV_STATUS ? LK_OFF : TELEPHONES_MAX;
    uint32_t slot = lk_ids_find(&people->ids, event->person);

    if (slot == LK_NO_SLOT || event->value < 0 || event->value > most)
        return LK_BAD_EVENT;
    if (event->kind == LK_EV_STATUS) {
        people->at[slot].status = (uint8_t)event->value;
        lk_end_pause(core, slot);
    } else {
        people->at[slot].reachable = (uint32_t)event->value;
        lk_changed(core, slot);
    }
    core->stirred = true;
    return LK_OK;
}

static enum lk_error take_line_fact(struct lk_core *core, const struct lk_event *event)
{
    uint32_t slot = lk_ids_find(&core->world.lines, event->line);

    if (slot == LK_NO_SLOT || event->value < 0 || event->value > 1)
        return LK_BAD_EVENT;
    core->world.usable[slot] = event->value == 1;
    lk_all_changed(core); /* a mobile may be called through it */
    core->stirred = true;
    return LK_OK;
}

static enum lk_error take_override(struct lk_core *core, const struct lk_event *event)
{
    uint32_t slot = lk_ids_find(&core->world.hours, event->what);
    bool ends = event->value != LK_AS_WRITTEN && event->until != 0;

    if (slot == LK_NO_SLOT || event->value < 0 || event->value > LK_HELD_CLOSED || event->until < 0 ||
        event->until > LK_NOW_MAX || (ends && event->until <= core->now))
        return LK_BAD_EVENT;
    core->world.held[slot] = (struct lk_held){(uint8_t)event->value, ends ? event->until : 0};
    lk_set_timer(core, LK_TIMER_HELD, slot, ends ? event->until : LK_NONE);
    lk_hours_changed(core);
    return LK_OK;
}

static enum lk_error take_reset(struct lk_core *core, const struct lk_event *event)
{
    (void)event;
    lk_queues_reset(&core->world.queues);
    return LK_OK;
}

static enum lk_error take_tick(struct lk_core *core, const struct lk_event *event)
{
    (void)core, (void)event;
    return LK_OK;
}

enum lk_error lk_take(struct lk_core *core, const struct lk_event *event)
{
    static enum lk_error (*const takers[])(struct lk_core *core, const struct lk_event *event) = {
        [LK_EV_TICK] = take_tick,          [LK_EV_ARRIVED] = lk_take_arrival,   [LK_EV_RANG] = take_call_fact,
        [LK_EV_ANSWERED] = take_call_fact, [LK_EV_REFUSED] = take_call_fact,    [LK_EV_HUNG_UP] = take_call_fact,
        [LK_EV_LEFT] = take_call_fact,     [LK_EV_DONE] = take_call_fact,       [LK_EV_DIGIT] = take_call_fact,
        [LK_EV_STATUS] = take_person_fact, [LK_EV_REACHABLE] = take_person_fact, [LK_EV_LINE] = take_line_fact,
        [LK_EV_FAILED] = take_call_fact,   [LK_EV_FOUND] = take_found,          [LK_EV_OVERRIDE] = take_override,
        [LK_EV_SENT] = lk_take_sent,       [LK_EV_RESET] = take_reset,       [LK_EV_TAKEN] = lk_take_taken,
    };

    if (event->kind >= sizeof takers / sizeof takers[0] || takers[event->kind] == NULL)
        return LK_BAD_EVENT;
    return takers[event->kind](core, event);
}
