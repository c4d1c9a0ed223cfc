/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The doors: what core.h promises, put together from the parts.
 */
#include "core.h"

#include "allocate.h"
#include "inside.h"

/* ---- plans in force ----------------------------------------------------------------------------------------------- */

void lk_rules_free(struct lk_core *core, uint32_t which)
{
    struct lk_rules *rules = core->rules[which];

    if (rules == NULL)
        return;
    lk_put(&core->from, rules->person, rules->plan.count[LK_PRSN], sizeof *rules->person);
    lk_put(&core->from, rules->queue, rules->plan.count[LK_QUEU], sizeof *rules->queue);
    lk_put(&core->from, rules->line, rules->plan.count[LK_LINE], sizeof *rules->line);
    lk_put(&core->from, rules->queues, rules->plan.count[LK_QUEU], sizeof *rules->queues);
    lk_put(&core->from, rules->member, rules->plan.count[LK_MEMB], sizeof *rules->member);
    lk_put(&core->from, rules->hours, rules->plan.count[LK_HOUR], sizeof *rules->hours);
    lk_put(&core->from, rules->bytes, rules->size, 1);
    lk_put(&core->from, rules, 1, sizeof *rules);
    core->rules[which] = NULL;
}

static void measure_rules(struct lk_rules *rules)
{
    if (lk_plan_kind(&rules->plan, LK_STEP_SET) != LK_NO_INDEX || lk_plan_kind(&rules->plan, LK_STEP_ACTION) != LK_NO_INDEX)
        rules->does_max = rules->walk_max;
    rules->last_resort = lk_plan_kind(&rules->plan, LK_STEP_VOICEMAIL);
    for (uint32_t i = 0; i < rules->plan.count[LK_QUEU]; i++) {
        const struct lk_queue_rule queue = lk_plan_queue(&rules->plan, i);

        rules->people_max = queue.people.count > rules->people_max ? queue.people.count : rules->people_max;
        rules->leaves = rules->leaves || queue.leave_when_empty;
    }
}

static enum lk_error fill_rules(struct lk_rules *rules, const struct lk_allocator *from, const uint8_t *bytes,
                                size_t size)
{
    enum lk_error error;
    uint8_t *scratch;

    rules->size = size;
    rules->bytes = lk_get(from, size, 1);
    if (rules->bytes == NULL)
        return LK_NOMEM;
    memcpy(rules->bytes, bytes, size);
    error = lk_plan_read(&rules->plan, rules->bytes, size);
    if (error != LK_OK) {
        rules->plan = (struct lk_plan){0};
        return error;
    }
    rules->person = lk_get(from, rules->plan.count[LK_PRSN], sizeof *rules->person);
    rules->queue = lk_get(from, rules->plan.count[LK_QUEU], sizeof *rules->queue);
    rules->line = lk_get(from, rules->plan.count[LK_LINE], sizeof *rules->line);
    rules->member = lk_get(from, rules->plan.count[LK_MEMB], sizeof *rules->member);
    rules->queues = lk_get(from, rules->plan.count[LK_QUEU], sizeof *rules->queues);
    rules->hours = lk_get(from, rules->plan.count[LK_HOUR], sizeof *rules->hours);
    scratch = lk_get(from, rules->plan.count[LK_STEP], 1);
    if (scratch != NULL)
        rules->walk_max = lk_plan_walk(&rules->plan, scratch);
    lk_put(from, scratch, rules->plan.count[LK_STEP], 1);
    measure_rules(rules);
    for (uint32_t i = 0; rules->queues != NULL && i < rules->plan.count[LK_QUEU]; i++)
        rules->queues[i] = lk_plan_queue(&rules->plan, i);
    return scratch && rules->person && rules->member && rules->queue && rules->queues && rules->line && rules->hours
               ? LK_OK
               : LK_NOMEM;
}

static enum lk_error add_rules(struct lk_core *core, uint32_t which, const uint8_t *bytes, size_t size)
{
    enum lk_error error;

    if (bytes == NULL)
        return LK_BAD_PLAN;
    core->rules[which] = lk_get(&core->from, 1, sizeof *core->rules[which]);
    if (core->rules[which] == NULL)
        return LK_NOMEM;
    error = fill_rules(core->rules[which], &core->from, bytes, size);
    if (error != LK_OK)
        lk_rules_free(core, which);
    return error;
}

static void settle_rules(struct lk_core *core)
{
    for (int which = 0; which < LK_PLANS_MAX; which++)
        if (core->rules[which] != NULL)
            lk_rules_settle(core->rules[which], &core->world);
}

/* ---- new, free, swap ---------------------------------------------------------------------------------------------- */

enum lk_error lk_core_new(struct lk_core **out, const struct lk_allocator *from, const uint8_t *plan, size_t plan_size,
                          const uint8_t *memory, size_t memory_size)
{
    struct lk_core *core = lk_get(from, 1, sizeof *core);
    enum lk_error error;

    *out = NULL;
    if (core == NULL)
        return LK_NOMEM;
    core->from = *from;
    core->joined = LK_NO_SLOT;
    lk_all_changed(core);
    error = add_rules(core, 0, plan, plan_size);
    if (error == LK_OK && !lk_world_make(&core->world, from, core->rules, NULL))
        error = LK_NOMEM;
    if (error == LK_OK && memory != NULL)
        error = lk_remember(&core->world, memory, memory_size);
    if (error != LK_OK) {
        lk_core_free(core);
        return error;
    }
    settle_rules(core);
    lk_watch_duty(core);
    *out = core;
    return LK_OK;
}

void lk_core_free(struct lk_core *core)
{
    struct lk_allocator from;

    if (core == NULL)
        return;
    for (uint32_t which = 0; which < LK_PLANS_MAX; which++)
        lk_rules_free(core, which);
    from = core->from;
    lk_world_free(&core->world, &from);
    lk_put(&from, core, 1, sizeof *core);
}

static bool is_time(lk_ms now)
{
    return now >= 0 && now <= LK_NOW_MAX;
}

enum lk_error lk_core_swap(struct lk_core *core, const uint8_t *plan, size_t plan_size, lk_ms now)
{
    uint32_t which = 0, before = core->current;
    struct lk_rules *idle = core->rules[before]->calls == 0 ? core->rules[before] : NULL;
    struct lk_world world;
    enum lk_error error;

    if (!is_time(now))
        return LK_BAD_EVENT;
    while (which < LK_PLANS_MAX && core->rules[which] != NULL)
        which++;
    if (which == LK_PLANS_MAX)
        return LK_FULL;
    error = add_rules(core, which, plan, plan_size);
    if (error != LK_OK)
        return error;
    if (idle != NULL)
        core->rules[before] = NULL; /* the new world need not know it */
    if (!lk_world_make(&world, &core->from, core->rules, &core->world)) {
        lk_world_free(&world, &core->from);
        lk_rules_free(core, which);
        core->rules[before] = idle != NULL ? idle : core->rules[before];
        return LK_NOMEM;
    }
    lk_world_move(&world, &core->world);
    lk_world_free(&core->world, &core->from);
    core->world = world;
    core->current = which;
    settle_rules(core);
    lk_all_changed(core);
    if (idle != NULL) {
        core->rules[before] = idle;
        lk_rules_free(core, before);
    }
    core->now = now;
    lk_watch_duty(core);
    return LK_OK;
}

/* ---- facts in, commands out --------------------------------------------------------------------------------------- */

enum lk_error lk_core_feed(struct lk_core *core, const struct lk_event *event, lk_ms now)
{
    const struct lk_world *world = &core->world;
    enum lk_error error;
    bool back;

    if (!is_time(now))
        return LK_BAD_EVENT;
    if (world->commands.room - world->commands.count < world->commands_of_feed ||
        world->traces.room - world->traces.count < world->traces_of_feed)
        return LK_FULL;
    back = now < core->now;
    core->now = now;
    if (back) { /* what time had ended goes on */
        lk_all_changed(core);
        lk_watch_duty(core);
    }
    core->facts++;
    error = lk_take(core, event);
    if (error != LK_OK)
        return error;
    lk_run_due(core);
    lk_dispatch(core);
    return LK_OK;
}

int lk_core_command(struct lk_core *core, struct lk_command *out)
{
    const struct lk_command *oldest = lk_fifo_take(&core->world.commands);

    if (oldest == NULL)
        return 0;
    *out = *oldest;
    return 1;
}

int lk_core_trace(struct lk_core *core, struct lk_trace *out)
{
    const struct lk_trace *oldest = lk_fifo_take(&core->world.traces);

    if (oldest == NULL)
        return 0;
    *out = *oldest;
    return 1;
}

lk_ms lk_core_deadline(const struct lk_core *core)
{
    uint32_t timer;

    return lk_deadlines_next(&core->world.deadlines, &timer);
}

void lk_do(struct lk_core *core, struct lk_command command)
{
    *(struct lk_command *)lk_fifo_next(&core->world.commands) = command;
}

void lk_note(struct lk_core *core, uint32_t call, enum lk_rule rule, enum lk_reason reason, uint32_t subject,
             int64_t detail)
{
    *(struct lk_trace *)lk_fifo_next(&core->world.traces) = (struct lk_trace){
        .at = core->now,
        .call = lk_call_at(core, call)->id,
        .rule = (uint16_t)rule,
        .reason = (uint16_t)reason,
        .subject = subject,
        .detail = detail,
    };
}
