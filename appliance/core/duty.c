/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hours as they are now, and the people whose duty they are.
 */
#include "inside.h"

enum lk_reason lk_hours_now(const struct lk_core *core, const struct lk_rules *rules, uint32_t hours, lk_ms *until)
{
    const struct lk_held *held = &core->world.held[rules->hours[hours]];

    *until = held->until == 0 ? LK_NONE : held->until;
    if (held->how == LK_AS_WRITTEN || *until <= core->now)
        return lk_plan_open(&rules->plan, hours, core->now, until) ? LK_BECAUSE_OPEN : LK_BECAUSE_CLOSED;
    return held->how == LK_HELD_OPEN ? LK_BECAUSE_OVERRIDE_OPEN : LK_BECAUSE_OVERRIDE_CLOSED;
}

bool lk_hours_are_open(enum lk_reason reason)
{
    return reason == LK_BECAUSE_OPEN || reason == LK_BECAUSE_OVERRIDE_OPEN;
}

bool lk_in_duty_hours(const struct lk_core *core, const struct lk_rules *rules, uint32_t person, lk_ms *until)
{
    uint32_t hours = lk_plan_duty(&rules->plan, person);

    return hours == LK_NO_INDEX || lk_hours_are_open(lk_hours_now(core, rules, hours, until));
}

/* Of each hours, though several may have them: they are few, and this is done when they change. */
void lk_watch_duty(struct lk_core *core)
{
    lk_ms next = LK_NONE, until;

    for (int which = 0; which < LK_PLANS_MAX; which++) {
        const struct lk_rules *rules = core->rules[which];

        for (uint32_t i = 0; rules != NULL && i < rules->plan.count[LK_PRSN]; i++)
            if (lk_plan_duty(&rules->plan, i) != LK_NO_INDEX) {
                lk_hours_now(core, rules, lk_plan_duty(&rules->plan, i), &until);
                next = until < next ? until : next;
            }
    }
    lk_set_timer(core, LK_TIMER_DUTY, 0, next);
}

void lk_hours_changed(struct lk_core *core)
{
    lk_all_changed(core);
    core->stirred = true;
    lk_watch_duty(core);
}
