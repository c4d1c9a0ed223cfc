/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What time brings: wrap-up over, rung long enough, waited long enough, may be rung again.
 */
#include "inside.h"

enum { CAUSE_TIME_UP = 19 };

uint32_t lk_timer(const struct lk_world *world, enum lk_timer kind, uint32_t slot)
{
    uint32_t people = world->legs.people, calls = world->calls.room;
    const uint32_t base[] = {
        [LK_TIMER_WRAP_UP] = 0,
        [LK_TIMER_RING] = people,
        [LK_TIMER_WAIT] = 2 * people,
        [LK_TIMER_AGAIN] = 2 * people + calls,
    };

    return base[kind] + slot;
}

uint32_t lk_timers(const struct lk_world *world)
{
    return 2 * world->legs.people + 2 * world->calls.room;
}

static void wrap_up_over(struct lk_core *core, uint32_t person)
{
    (void)person;
    core->stirred = true;
}

static void rung_long_enough(struct lk_core *core, uint32_t person)
{
    struct lk_world *world = &core->world;
    const struct lk_leg *leg = &world->legs.at[person];
    uint32_t call = leg->call;

    lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_NO_ANSWER, lk_person_id(core, person), leg->rings_for);
    lk_refusals_set(&world->refusals, call, person, LK_BECAUSE_NO_ANSWER, core->now);
    lk_stop(core, person, CAUSE_TIME_UP);
    if (lk_call_at(core, call)->state == LK_HUNTING)
        lk_hunt_on(core, call, LK_BECAUSE_NO_ANSWER, 0);
}

static void waited_long_enough(struct lk_core *core, uint32_t call)
{
    struct lk_world *world = &core->world;
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    const struct lk_queue_rule queue = lk_plan_queue(plan, lk_plan_step(plan, lk_call_at(core, call)->step).what);

    lk_note(core, call, LK_WHY_TIMEOUT, LK_BECAUSE_MAX_WAIT, queue.id, queue.max_wait_ms);
    lk_stop_others(core, call, LK_NO_SLOT, CAUSE_TIME_UP);
    lk_queues_leave(&world->queues, call);
    lk_deadlines_set(&world->deadlines, lk_timer(world, LK_TIMER_AGAIN, call), LK_NONE);
    lk_walk_on(core, call, LK_BECAUSE_MAX_WAIT, 0);
}

static void again(struct lk_core *core, uint32_t call)
{
    (void)call;
    core->stirred = true;
}

void lk_run_due(struct lk_core *core)
{
    static void (*const due[])(struct lk_core *core, uint32_t slot) = {
        [LK_TIMER_WRAP_UP] = wrap_up_over,
        [LK_TIMER_RING] = rung_long_enough,
        [LK_TIMER_WAIT] = waited_long_enough,
        [LK_TIMER_AGAIN] = again,
    };
    struct lk_world *world = &core->world;
    uint32_t timer;

    while (lk_deadlines_next(&world->deadlines, &timer) <= core->now) {
        int kind = LK_TIMER_AGAIN;

        while (timer < lk_timer(world, (enum lk_timer)kind, 0))
            kind--;
        lk_deadlines_set(&world->deadlines, timer, LK_NONE);
        due[kind](core, timer - lk_timer(world, (enum lk_timer)kind, 0));
    }
}
