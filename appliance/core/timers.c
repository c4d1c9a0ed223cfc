/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What time brings: wrap-up over, rung long enough, waited long enough, may be rung again, held hours as written again,
 * duty begins or ends.
 */
#include "inside.h"

enum { CAUSE_TIME_UP = 19 };

uint32_t lk_timers(const struct lk_world *world)
{
    return lk_timer(world, LK_TIMER_DUTY, 1);
}

static void stir(struct lk_core *core, uint32_t slot)
{
    (void)slot;
    core->stirred = true;
}

static void wrapped_up(struct lk_core *core, uint32_t person)
{
    lk_changed(core, person);
    core->stirred = true;
}

static void rung_long_enough(struct lk_core *core, uint32_t person)
{
    struct lk_world *world = &core->world;
    const struct lk_leg *leg = &world->legs.at[person];
    uint32_t call = leg->call;

    lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_NO_ANSWER, lk_person_id(core, person), leg->rings_for);
    lk_refusals_set(&world->refusals, call, person, LK_BECAUSE_NO_ANSWER, core->now);
    lk_missed(core, call, person);
    lk_stop(core, person, CAUSE_TIME_UP);
    if (lk_call_at(core, call)->state == LK_HUNTING)
        lk_hunt_on(core, call, LK_BECAUSE_NO_ANSWER, 0);
}

static void waited_long_enough(struct lk_core *core, uint32_t call)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    const struct lk_step_rule step = lk_step_of(core, call);

    if (lk_call_at(core, call)->state == LK_WAITING) {
        const struct lk_queue_rule queue = lk_plan_queue(plan, step.what);

        lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_MAX_WAIT, queue.id, queue.max_wait_ms);
        lk_stop_others(core, call, LK_NO_SLOT, CAUSE_TIME_UP);
        lk_leave_queue(core, call, LK_NO_SLOT);
        lk_walk_on(core, call, LK_BECAUSE_MAX_WAIT, 0);
    } else if (lk_call_at(core, call)->state == LK_PARKED) {
        lk_parked_long_enough(core, call);
    } else if (lk_call_at(core, call)->state == LK_DIALING) {
        lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_NO_ANSWER, lk_plan_id(plan, LK_LINE, step.what), step.ms);
        lk_stop_others(core, call, LK_NO_SLOT, CAUSE_TIME_UP);
        lk_walk_other(core, call, LK_BECAUSE_MAX_WAIT);
    } else {
        lk_asked_long_enough(core, call);
    }
}

static void held_long_enough(struct lk_core *core, uint32_t hours)
{
    core->world.held[hours] = (struct lk_held){LK_AS_WRITTEN, 0};
    lk_hours_changed(core);
}

static void duty_changes(struct lk_core *core, uint32_t none)
{
    (void)none;
    lk_hours_changed(core);
}

void lk_run_due(struct lk_core *core)
{
    static void (*const due[LK_TIMERS])(struct lk_core *core, uint32_t slot) = {
        [LK_TIMER_WRAP_UP] = wrapped_up,
        [LK_TIMER_RING] = rung_long_enough,
        [LK_TIMER_PAUSE] = lk_end_pause,
        [LK_TIMER_WAIT] = waited_long_enough,
        [LK_TIMER_AGAIN] = stir,
        [LK_TIMER_HELD] = held_long_enough,
        [LK_TIMER_DUTY] = duty_changes,
    };
    struct lk_world *world = &core->world;
    uint32_t timer = 0;

    while (lk_deadlines_next(&world->deadlines, &timer) <= core->now) {
        int kind = LK_TIMERS - 1;

        while (timer < lk_timer(world, (enum lk_timer)kind, 0))
            kind--;
        lk_deadlines_set(&world->deadlines, timer, LK_NONE);
        due[kind](core, timer - lk_timer(world, (enum lk_timer)kind, 0));
    }
}
