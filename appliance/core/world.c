/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The world: everything that is allocated, made at once for a set of plans and moved whole to a new one.
 */
#include "inside.h"

#include "allocate.h"

#define PASSED_ROOM 4096 /* traces of people passed over that are kept beside those a feed may need */

static bool make_ids(struct lk_world *world, const struct lk_allocator *from, struct lk_rules *const *rules,
                     const struct lk_world *old)
{
    struct {
        struct lk_ids *ids;
        enum lk_table table;
    } const kinds[] = {{&world->people.ids, LK_PRSN}, {&world->queues.ids, LK_QUEU}, {&world->lines, LK_LINE}, {&world->hours, LK_HOUR}};

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        uint32_t room = kinds[k].table == LK_PRSN && old != NULL ? old->people.ids.count : 0;

        for (int which = 0; which < LK_PLANS_MAX; which++)
            room += rules[which] ? rules[which]->plan.count[kinds[k].table] : 0;
        if (!lk_ids_make(kinds[k].ids, from, room))
            return false;
        for (int which = 0; which < LK_PLANS_MAX; which++)
            for (uint32_t i = 0; rules[which] && i < rules[which]->plan.count[kinds[k].table]; i++)
                lk_ids_add(kinds[k].ids, lk_plan_id(&rules[which]->plan, kinds[k].table, i));
    }
    /* One who calls under a newer plan may be known to an older one only. */
    for (uint32_t person = 0; old != NULL && person < old->people.ids.count; person++)
        if (old->people.at[person].busy > 0)
            lk_ids_add(&world->people.ids, old->people.ids.at[person]);
    return true;
}

/* Room for twice what a feed can give: those of one feed may lie unfetched when the next one comes. */
static bool make_fifos(struct lk_world *world, const struct lk_allocator *from, struct lk_rules *const *rules,
                       const struct lk_world *old)
{
    uint32_t people = world->people.ids.count, calls = world->calls.room, walk = 1, does = 0, actions = 0;
    uint32_t commands = old ? old->commands.count : 0, traces = old ? old->traces.count : 0;
    uint32_t passed = people * calls < PASSED_ROOM ? people * calls : PASSED_ROOM;

    for (int which = 0; which < LK_PLANS_MAX; which++) {
        const struct lk_rules *of = rules[which];

        walk = of && of->walk_max > walk ? of->walk_max : walk;
        does = of && of->does_max > does ? of->does_max : does;
        actions = of && of->plan.count[LK_ACTN] > actions ? of->plan.count[LK_ACTN] : actions;
    }
    /* Everybody stopped, paused and rung once; a call hushed, stopped outside, answered, played to, dialled, recorded or
     * asked, an attribute set, hung up and over; what the steps of its walk command; actions of one arrival. */
    world->commands_of_feed = 3 * people + calls * (8 + does) + actions + 4;
    /* Every leg ended, paused and rung once; two per step of every walk, with its last resort, and the events around it;
     * lists of one arrival. */
    world->traces_of_feed = 4 * people + calls * (2 * (walk + 1) + 10) + actions + 64 + 4;
    commands = commands > world->commands_of_feed ? commands : world->commands_of_feed;
    traces = traces > world->traces_of_feed ? traces : world->traces_of_feed;
    return lk_fifo_make(&world->commands, from, sizeof(struct lk_command), world->commands_of_feed + commands) &&
           lk_fifo_make(&world->traces, from, sizeof(struct lk_trace), world->traces_of_feed + traces + passed);
}

/* The most of something any of the plans has. */
static uint32_t most_of(struct lk_rules *const *rules, enum lk_table table)
{
    uint32_t most = 0;

    for (int which = 0; which < LK_PLANS_MAX; which++)
        if (rules[which] && rules[which]->plan.count[table] > most)
            most = rules[which]->plan.count[table];
    return most;
}

bool lk_world_make(struct lk_world *world, const struct lk_allocator *from, struct lk_rules *const *rules,
                   const struct lk_world *old)
{
    uint32_t calls = old != NULL ? old->calls.room : 0, people;

    *world = (struct lk_world){0};
    for (int which = 0; which < LK_PLANS_MAX; which++) {
        if (rules[which] && rules[which]->plan.calls_max > calls)
            calls = rules[which]->plan.calls_max;
        if (rules[which] && rules[which]->people_max > world->fit_room)
            world->fit_room = rules[which]->people_max;
    }
    if (!make_ids(world, from, rules, old))
        return false;
    people = world->people.ids.count;
    world->usable = lk_get(from, world->lines.count, sizeof *world->usable);
    world->held = lk_get(from, world->hours.count, sizeof *world->held);
    world->fit = lk_get(from, world->fit_room, sizeof *world->fit);
    return world->usable != NULL && world->held != NULL && world->fit != NULL &&
           lk_people_make(&world->people, from) && lk_queues_make(&world->queues, from, people, calls) &&
           lk_calls_make(&world->calls, from, calls) && lk_legs_make(&world->legs, from, people, calls) &&
           lk_refusals_make(&world->refusals, from, people, calls) &&
           lk_remembered_make(&world->remembered, from, most_of(rules, LK_ATTR), most_of(rules, LK_SKIL), calls) &&
           lk_deadlines_make(&world->deadlines, from, lk_timers(world)) && make_fifos(world, from, rules, old);
}

void lk_world_free(struct lk_world *world, const struct lk_allocator *from)
{
    lk_fifo_free(&world->traces, from);
    lk_fifo_free(&world->commands, from);
    lk_deadlines_free(&world->deadlines, from);
    lk_remembered_free(&world->remembered, from);
    lk_refusals_free(&world->refusals, from);
    lk_legs_free(&world->legs, from);
    lk_calls_free(&world->calls, from);
    lk_queues_free(&world->queues, from);
    lk_put(from, world->fit, world->fit_room, sizeof *world->fit);
    lk_put(from, world->held, world->hours.count, sizeof *world->held);
    lk_put(from, world->usable, world->lines.count, sizeof *world->usable);
    lk_ids_free(&world->hours, from);
    lk_ids_free(&world->lines, from);
    lk_people_free(&world->people, from);
}

/* ---- moving ------------------------------------------------------------------------------------------------------- */

/* The slot in `to` of what stands at `slot` in `of`. */
static uint32_t moved(const struct lk_ids *to, const struct lk_ids *of, uint32_t slot)
{
    return slot == LK_NO_SLOT ? LK_NO_SLOT : lk_ids_find(to, of->at[slot]);
}

static void move_timer(struct lk_world *world, const struct lk_world *old, enum lk_timer kind, uint32_t to, uint32_t of)
{
    lk_deadlines_set(&world->deadlines, lk_timer(world, kind, to),
                     lk_deadlines_get(&old->deadlines, lk_timer(old, kind, of)));
}

static void move_people(struct lk_world *world, const struct lk_world *old)
{
    for (uint32_t of = 0; of < old->people.ids.count; of++) {
        uint32_t to = moved(&world->people.ids, &old->people.ids, of);

        if (to == LK_NO_SLOT)
            continue;
        world->people.at[to] = old->people.at[of];
        move_timer(world, old, LK_TIMER_WRAP_UP, to, of);
        move_timer(world, old, LK_TIMER_PAUSE, to, of);
        for (uint32_t queue = 0; queue < old->queues.ids.count; queue++) {
            uint32_t to_queue = moved(&world->queues.ids, &old->queues.ids, queue);

            if (to_queue != LK_NO_SLOT)
                lk_queues_set_member(&world->queues, to_queue, to, lk_queues_member(&old->queues, queue, of));
        }
        for (uint32_t call = 0; call < old->calls.room; call++) {
            lk_ms at;
            enum lk_reason how = lk_refusals_get(&old->refusals, call, of, &at);

            lk_refusals_set(&world->refusals, call, to, how, at);
            *lk_refusals_passed(&world->refusals, call, to) = old->refusals.passed[(size_t)call * old->legs.people + of];
        }
    }
}

/* Where a leg stands now: with its person, or behind all people with its call. */
static uint32_t moved_leg(const struct lk_world *world, const struct lk_world *old, uint32_t leg)
{
    if (leg < old->legs.people)
        return moved(&world->people.ids, &old->people.ids, leg);
    return leg - old->legs.people + world->legs.people;
}

static void move_legs(struct lk_world *world, const struct lk_world *old)
{
    world->legs.next_id = old->legs.next_id;
    for (uint32_t leg = 0; leg < old->legs.people + old->legs.calls; leg++) {
        uint32_t to = moved_leg(world, old, leg);

        if (to != LK_NO_SLOT && old->legs.at[leg].id == 0)
            lk_legs_move(&world->legs, to, &old->legs.at[leg]);
    }
    for (uint32_t call = 0; call < old->calls.room; call++)
        for (uint32_t leg = old->legs.first[call]; leg != LK_NO_SLOT; leg = old->legs.at[leg].next) {
            uint32_t to = moved_leg(world, old, leg);

            lk_legs_move(&world->legs, to, &old->legs.at[leg]);
            if (leg < old->legs.people)
                move_timer(world, old, LK_TIMER_RING, to, leg);
        }
}

static void move_calls(struct lk_world *world, const struct lk_world *old)
{
    lk_calls_move(&world->calls, &old->calls);
    for (uint32_t slot = 0; slot < old->calls.room; slot++) {
        struct lk_call *call = &world->calls.at[slot];

        if (call->state == LK_STATE_NONE)
            continue;
        call->caller = moved(&world->people.ids, &old->people.ids, call->caller);
        call->answerer = moved(&world->people.ids, &old->people.ids, call->answerer);
        call->last = moved(&world->people.ids, &old->people.ids, call->last);
        call->manager = moved(&world->people.ids, &old->people.ids, call->manager);
        call->sender = moved(&world->people.ids, &old->people.ids, call->sender);
        call->talks_for = moved(&world->queues.ids, &old->queues.ids, call->talks_for);
        move_timer(world, old, LK_TIMER_WAIT, slot, slot);
        move_timer(world, old, LK_TIMER_AGAIN, slot, slot);
    }
    for (uint32_t call = old->queues.first; call != LK_NO_SLOT; call = old->queues.next[call])
        lk_queues_join(&world->queues, moved(&world->queues.ids, &old->queues.ids, old->queues.of[call]), call,
                       old->queues.priority[call]);
    lk_remembered_move(&world->remembered, &old->remembered);
}

static void move_queues(struct lk_world *world, const struct lk_world *old)
{
    for (uint32_t of = 0; of < old->queues.ids.count; of++) {
        uint32_t to = moved(&world->queues.ids, &old->queues.ids, of);

        if (to == LK_NO_SLOT)
            continue;
        world->queues.at[to].run = old->queues.at[of].run;
        for (uint32_t person = 0; person < old->people.ids.count; person++)
            if (lk_queues_member(&old->queues, of, person)->in_run &&
                moved(&world->people.ids, &old->people.ids, person) == LK_NO_SLOT)
                lk_queues_end_run(&world->queues, to);
    }
}

static void move_hours(struct lk_world *world, const struct lk_world *old)
{
    for (uint32_t of = 0; of < old->hours.count; of++) {
        uint32_t to = moved(&world->hours, &old->hours, of);

        if (to == LK_NO_SLOT)
            continue;
        world->held[to] = old->held[of];
        move_timer(world, old, LK_TIMER_HELD, to, of);
    }
}

void lk_world_move(struct lk_world *world, struct lk_world *old)
{
    const struct lk_command *command;
    const struct lk_trace *trace;

    move_people(world, old);
    move_queues(world, old);
    move_hours(world, old);
    move_calls(world, old);
    move_legs(world, old);
    for (uint32_t of = 0; of < old->lines.count; of++) {
        uint32_t to = moved(&world->lines, &old->lines, of);

        if (to != LK_NO_SLOT)
            world->usable[to] = old->usable[of];
    }
    while ((command = lk_fifo_take(&old->commands)) != NULL)
        *(struct lk_command *)lk_fifo_next(&world->commands) = *command;
    while ((trace = lk_fifo_take(&old->traces)) != NULL)
        *(struct lk_trace *)lk_fifo_next(&world->traces) = *trace;
}

static void settle(uint32_t *slots, const struct lk_plan *plan, enum lk_table table, const struct lk_ids *ids)
{
    for (uint32_t i = 0; i < plan->count[table]; i++)
        slots[i] = lk_ids_find(ids, lk_plan_id(plan, table, i));
}

void lk_rules_settle(struct lk_rules *rules, const struct lk_world *world)
{
    settle(rules->person, &rules->plan, LK_PRSN, &world->people.ids);
    for (uint32_t i = 0; i < rules->plan.count[LK_MEMB]; i++)
        rules->member[i] = rules->person[lk_plan_member(&rules->plan, i).person];
    settle(rules->queue, &rules->plan, LK_QUEU, &world->queues.ids);
    settle(rules->line, &rules->plan, LK_LINE, &world->lines);
    settle(rules->hours, &rules->plan, LK_HOUR, &world->hours);
}
