/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Percentages, exact to one call at every moment of a run: the chairman assignment of R. Tijdeman, "The chairman
 * assignment problem", Discrete Mathematics 32 (1980). A run lasts as long as the same people are there to share.
 *
 * Whole numbers only: what a person is owed is kept times W, the sum of the shares of the run.
 */
#include "inside.h"

#define OWED_MAX (INT32_C(1) << 30)

static int32_t added(int32_t owed, int64_t more)
{
    int64_t sum = owed + more;

    return (int32_t)(sum > OWED_MAX ? OWED_MAX : sum < -OWED_MAX ? -OWED_MAX : sum);
}

static struct lk_member *member_of(struct lk_core *core, uint32_t call, uint32_t slot, const struct lk_member_rule *rule)
{
    return lk_queues_member(&core->world.queues, slot, lk_rules_of(core, call)->person[rule->person]);
}

static bool shares_now(struct lk_core *core, uint32_t call, const struct lk_member_rule *rule)
{
    return rule->share > 0 && lk_on_duty(core, lk_rules_of(core, call), (struct lk_asked){rule->person, rule->ways});
}

/* The run's people and the sum of their shares. */
static void measure(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                    int64_t *people, int64_t *sum)
{
    *people = *sum = 0;
    for (uint32_t i = 0; i < queue->people.count; i++) {
        struct lk_member_rule rule = lk_plan_member(&lk_rules_of(core, call)->plan, queue->people.first + i);

        if (!member_of(core, call, slot, &rule)->in_run || rule.share == 0)
            continue;
        ++*people;
        *sum += rule.share;
    }
}

/* Everybody of the run is owed his part of this call; or no longer. */
static void owe(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot, int sign)
{
    for (uint32_t i = 0; i < queue->people.count; i++) {
        struct lk_member_rule rule = lk_plan_member(&lk_rules_of(core, call)->plan, queue->people.first + i);
        struct lk_member *member = member_of(core, call, slot, &rule);

        if (member->in_run)
            member->owed = added(member->owed, sign * (int64_t)rule.share);
    }
}

/* Whether the people of the run are those who share now; who is no longer of the queue is none of them. */
static bool same_people(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot)
{
    const struct lk_queues *queues = &core->world.queues;
    uint32_t in_run = 0;

    for (uint32_t person = 0; person < queues->people; person++)
        in_run += lk_queues_member(queues, slot, person)->in_run;
    for (uint32_t i = 0; i < queue->people.count; i++) {
        struct lk_member_rule rule = lk_plan_member(&lk_rules_of(core, call)->plan, queue->people.first + i);
        bool was = member_of(core, call, slot, &rule)->in_run;

        if (was != shares_now(core, call, &rule))
            return false;
        in_run -= was;
    }
    return in_run == 0;
}

/* Counts a call in before it is offered: in a new run when other people are there than before. */
static void count_in(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot)
{
    struct lk_queue *of = &core->world.queues.at[slot];
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;

    if (of->run == 0 || !same_people(core, call, queue, slot)) {
        of->run = of->run == UINT32_MAX ? 1 : of->run + 1;
        lk_queues_end_run(&core->world.queues, slot);
        for (uint32_t i = 0; i < queue->people.count; i++) {
            struct lk_member_rule rule = lk_plan_member(plan, queue->people.first + i);
            struct lk_member *member = member_of(core, call, slot, &rule);

            member->in_run = shares_now(core, call, &rule);
            member->owed = 0;
        }
    }
    if (lk_call_at(core, call)->counted != of->run) {
        owe(core, call, queue, slot, 1);
        lk_call_at(core, call)->counted = of->run;
    }
}

void lk_shares_settle(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                      uint32_t answered_by)
{
    struct lk_call *of = lk_call_at(core, call);
    uint32_t run = core->world.queues.at[slot].run;
    bool has_it = answered_by != LK_NO_SLOT && core->world.legs.at[answered_by].run == of->counted;

    if (of->counted == run && !has_it)
        owe(core, call, queue, slot, -1);
    of->counted = 0;
}

/* One who could be rung: first those who are due, by when they would be too late; then who is owed most; then the rest. */
struct candidate {
    enum { DUE, OF_RUN, OUTSIDE } class;
    int64_t late; /* calls till he would be too far behind, times W, times 2 (people - 1), divided by share */
    int64_t share;
    int64_t owed;
    uint32_t turn;
};

static struct candidate candidate_of(const struct lk_member *member, const struct lk_member_rule *rule, int64_t people,
                                     int64_t sum)
{
    int64_t owed = 2 * (people - 1) * member->owed;
    struct candidate one = {OUTSIDE, 0, 1, 0, member->turn};

    if (!member->in_run || rule->share == 0)
        return one;
    one.class = people == 1 || owed >= sum ? DUE : OF_RUN;
    one.late = (2 * people - 3) * sum - owed;
    one.share = rule->share;
    one.owed = member->owed;
    return one;
}

static bool before(const struct candidate *a, const struct candidate *b)
{
    if (a->class != b->class)
        return a->class < b->class;
    if (a->class == DUE && a->late * b->share != b->late * a->share)
        return a->late * b->share < b->late * a->share;
    if (a->class == OF_RUN && a->owed != b->owed)
        return a->owed > b->owed;
    return a->turn < b->turn;
}

uint32_t lk_shares_choose(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                          const uint32_t *fit, uint32_t count)
{
    struct candidate best = {0};
    uint32_t chosen = 0;
    int64_t people, sum;

    count_in(core, call, queue, slot);
    measure(core, call, queue, slot, &people, &sum);
    for (uint32_t i = 0; i < count; i++) {
        struct lk_member_rule rule = lk_plan_member(&lk_rules_of(core, call)->plan, fit[i]);
        struct candidate one = candidate_of(member_of(core, call, slot, &rule), &rule, people, sum);

        if (i > 0 && !before(&one, &best))
            continue;
        chosen = i;
        best = one;
    }
    return chosen;
}

void lk_shares_take(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot, uint32_t leg)
{
    struct lk_member *member = lk_queues_member(&core->world.queues, slot, leg);
    int64_t people, sum;

    if (!member->in_run)
        return;
    measure(core, call, queue, slot, &people, &sum);
    member->owed = added(member->owed, -sum);
    core->world.legs.at[leg].run = core->world.queues.at[slot].run;
    core->world.legs.at[leg].taken = sum;
}

void lk_shares_give_back(struct lk_core *core, uint32_t leg)
{
    const struct lk_leg *ended = &core->world.legs.at[leg];
    uint32_t slot = core->world.queues.of[ended->call];

    if (slot != LK_NO_SLOT && core->world.queues.at[slot].run == ended->run) {
        struct lk_member *member = lk_queues_member(&core->world.queues, slot, leg);

        member->owed = added(member->owed, ended->taken);
    }
}
