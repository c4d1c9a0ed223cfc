/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who may be rung, and the legs that ring.
 */
#include "inside.h"

/* ---- who may be rung ---------------------------------------------------------------------------------------------- */

static bool mobile_can_be_called(const struct lk_core *core, const struct lk_rules *rules, uint64_t lines)
{
    for (uint32_t i = 0; lines != 0; i++, lines >>= 1)
        if (lines & 1 && core->world.usable[rules->line[i]])
            return true;
    return false;
}

uint32_t lk_ways_now(const struct lk_core *core, const struct lk_rules *rules, struct lk_asked asked)
{
    uint32_t ways = 0;

    if (asked.ways & LK_TELEPHONES && core->world.people.at[rules->person[asked.person]].reachable > 0)
        ways |= LK_TELEPHONES;
    if (asked.ways & LK_MOBILE &&
        mobile_can_be_called(core, rules, lk_plan_person(&rules->plan, asked.person).mobile))
        ways |= LK_MOBILE;
    return ways;
}

/* Why somebody (PRSN index) is not at work now, LK_BECAUSE_NONE when he is. */
static enum lk_reason absent(const struct lk_core *core, const struct lk_rules *rules, uint32_t person, int64_t *detail)
{
    enum lk_reason reason = lk_person_off_duty(&core->world.people.at[rules->person[person]], core->now, detail);
    lk_ms begins;

    if (reason != LK_BECAUSE_NONE || lk_in_duty_hours(core, rules, person, &begins))
        return reason;
    *detail = begins;
    return LK_BECAUSE_OFF_DUTY;
}

bool lk_on_duty(const struct lk_core *core, const struct lk_rules *rules, struct lk_asked asked)
{
    int64_t detail;

    return absent(core, rules, asked.person, &detail) == LK_BECAUSE_NONE && lk_ways_now(core, rules, asked) != 0;
}

bool lk_is_free(const struct lk_core *core, uint32_t slot)
{
    const struct lk_person *person = &core->world.people.at[slot];

    return person->busy == 0 && person->wrap_until <= core->now && core->world.legs.at[slot].id == 0;
}

/* All that keeps a call from somebody but what this call itself remembers of him. */
static inline enum lk_reason unavailable(struct lk_core *core, uint32_t call, struct lk_asked asked, uint32_t slot,
                                         int64_t *detail)
{
    const struct lk_person *person = &core->world.people.at[slot];
    enum lk_reason reason;

    *detail = 0;
    if (slot == core->world.calls.at[call].caller)
        return LK_BECAUSE_CALLER;
    reason = absent(core, lk_rules_of(core, call), asked.person, detail);
    if (reason != LK_BECAUSE_NONE)
        return reason;
    if (person->reachable == 0 || !(asked.ways & LK_TELEPHONES)) /* else there is a way, whatever the mobile says */
        if (lk_ways_now(core, lk_rules_of(core, call), asked) == 0)
            return LK_BECAUSE_UNREACHABLE;
    if (person->busy > 0)
        return LK_BECAUSE_BUSY;
    if (person->wrap_until > core->now) {
        *detail = person->wrap_until - core->now;
        return LK_BECAUSE_WRAP_UP;
    }
    return core->world.legs.at[slot].id != 0 ? LK_BECAUSE_RINGING : LK_BECAUSE_NONE;
}

static bool declined(struct lk_core *core, uint32_t call, uint32_t slot)
{
    lk_ms at;

    return lk_refusals_get(&core->world.refusals, call, slot, &at) == LK_BECAUSE_DECLINED;
}

/* A chain may name a person twice, so not having answered is no reason there. */
enum lk_reason lk_unfit_for_chain(struct lk_core *core, uint32_t call, struct lk_asked asked, int64_t *detail)
{
    uint32_t slot = lk_rules_of(core, call)->person[asked.person];
    enum lk_reason reason = unavailable(core, call, asked, slot, detail);

    if (reason == LK_BECAUSE_NONE && declined(core, call, slot))
        return LK_BECAUSE_DECLINED;
    return reason;
}

enum lk_reason lk_out_of_reach(struct lk_core *core, uint32_t call, struct lk_asked asked)
{
    const struct lk_rules *rules = lk_rules_of(core, call);
    uint32_t slot = rules->person[asked.person];

    if (slot == lk_call_at(core, call)->caller)
        return LK_BECAUSE_CALLER;
    if (lk_ways_now(core, rules, asked) == 0)
        return LK_BECAUSE_UNREACHABLE;
    if (core->world.people.at[slot].busy > 0)
        return LK_BECAUSE_BUSY;
    if (core->world.legs.at[slot].id != 0)
        return LK_BECAUSE_RINGING;
    return declined(core, call, slot) ? LK_BECAUSE_DECLINED : LK_BECAUSE_NONE;
}

/* Whether he has every skill the call wants, each at the level wanted. */
static bool skilled(struct lk_core *core, uint32_t call, uint32_t person)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    uint64_t wants = lk_call_at(core, call)->wants;

    for (uint32_t skill = 0; wants != 0; skill++, wants >>= 1)
        if (wants & 1 &&
            lk_plan_skill(plan, person, skill) < *lk_remembered_level(&core->world.remembered, call, skill))
            return false;
    return true;
}

static lk_ms again_after(const struct lk_queue_rule *queue, enum lk_reason how)
{
    uint32_t ms = how == LK_BECAUSE_DECLINED ? queue->again_after_refusal_ms : queue->again_after_no_answer_ms;

    return ms > LK_AGAIN_AT_LEAST ? ms : LK_AGAIN_AT_LEAST;
}

enum lk_reason lk_unfit_for_queue(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue,
                                  const struct lk_member_rule *member, uint32_t person, int64_t *detail)
{
    const struct lk_call *of = lk_call_at(core, call);
    enum lk_reason reason = unavailable(core, call, (struct lk_asked){member->person, member->ways}, person, detail);
    lk_ms waited, at;

    if (reason != LK_BECAUSE_NONE)
        return reason;
    waited = core->now > of->joined ? core->now - of->joined : 0;
    if (of->wants != 0 && (queue->any_skill_after_ms == UINT32_MAX || waited < queue->any_skill_after_ms) &&
        !skilled(core, call, member->person)) {
        *detail = queue->any_skill_after_ms == UINT32_MAX ? 0 : queue->any_skill_after_ms - waited;
        return LK_BECAUSE_NO_SKILL;
    }
    if (waited < member->after_ms) {
        *detail = member->after_ms - waited;
        return LK_BECAUSE_LATER;
    }
    reason = lk_refusals_get(&core->world.refusals, call, person, &at);
    if (reason == LK_BECAUSE_NONE || core->now >= at + again_after(queue, reason))
        return LK_BECAUSE_NONE;
    *detail = at + again_after(queue, reason) - core->now;
    return reason;
}

/* ---- legs that ring ----------------------------------------------------------------------------------------------- */

void lk_ring(struct lk_core *core, uint32_t call, struct lk_asked asked, enum lk_reason why,
             const struct lk_queue_rule *queue, lk_ms ring_for)
{
    struct lk_world *world = &core->world;
    const struct lk_rules *rules = lk_rules_of(core, call);
    uint32_t slot = rules->person[asked.person];
    struct lk_leg *leg = &world->legs.at[slot];
    uint32_t id = lk_legs_begin(&world->legs, slot, call, ring_for);

    lk_changed(core, slot);
    leg->person = asked.person;
    leg->wrap_up_ms = queue != NULL && queue->wrap_up_ms != UINT32_MAX
                          ? queue->wrap_up_ms
                          : lk_plan_person(&rules->plan, asked.person).wrap_up_ms;
    lk_set_timer(core, LK_TIMER_RING, slot, core->now + ring_for);
    *lk_refusals_passed(&world->refusals, call, slot) = LK_BECAUSE_NONE;
    lk_do(core, (struct lk_command){.kind = LK_DO_RING,
                                    .call = world->calls.at[call].id,
                                    .leg = id,
                                    .target = lk_person_id(core, slot),
                                    .queue = queue == NULL ? 0 : queue->id,
                                    .value = (int32_t)lk_ways_now(core, rules, asked)});
    lk_note(core, call, LK_WHY_RUNG, why, lk_person_id(core, slot), 0);
}

bool lk_pass(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason reason, int64_t detail)
{
    uint8_t *told = lk_refusals_passed(&core->world.refusals, call, person);
    const struct lk_fifo *traces = &core->world.traces;

    if (*told == reason)
        return true;
    if (traces->room - traces->count <= core->world.traces_of_feed)
        return false;
    *told = (uint8_t)reason;
    lk_note(core, call, LK_WHY_PASSED, reason, lk_person_id(core, person), detail);
    return true;
}

void lk_leg_ended(struct lk_core *core, uint32_t leg)
{
    struct lk_world *world = &core->world;

    if (world->legs.at[leg].run != 0)
        lk_shares_give_back(core, leg);
    lk_call_at(core, world->legs.at[leg].call)->seen = 0; /* another may take his place */
    lk_legs_end(&world->legs, leg);
    if (leg < world->legs.people) {
        lk_set_timer(core, LK_TIMER_RING, leg, LK_NONE);
        lk_changed(core, leg);
    }
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

/* ---- pauses ------------------------------------------------------------------------------------------------------- */

void lk_missed(struct lk_core *core, uint32_t call, uint32_t leg)
{
    struct lk_person *person = &core->world.people.at[leg];
    struct lk_person_rule rule = lk_plan_person(&lk_rules_of(core, call)->plan, core->world.legs.at[leg].person);
    uint32_t ms = rule.pause_ms < INT32_MAX ? rule.pause_ms : INT32_MAX;

    if (rule.pause_after == 0 || person->paused)
        return;
    if (++person->missed < rule.pause_after)
        return;
    person->paused = true;
    person->paused_until = ms == 0 ? 0 : core->now + ms;
    if (ms != 0)
        lk_set_timer(core, LK_TIMER_PAUSE, leg, person->paused_until);
    lk_do(core, (struct lk_command){.kind = LK_DO_PAUSED, .target = lk_person_id(core, leg), .value = (int32_t)ms});
    lk_note(core, call, LK_WHY_PAUSED, LK_BECAUSE_NONE, lk_person_id(core, leg), person->missed);
    lk_changed(core, leg);
    core->stirred = true;
}

void lk_end_pause(struct lk_core *core, uint32_t slot)
{
    struct lk_person *person = &core->world.people.at[slot];

    person->missed = 0;
    person->paused = false;
    lk_set_timer(core, LK_TIMER_PAUSE, slot, LK_NONE);
    lk_changed(core, slot);
    core->stirred = true;
}
