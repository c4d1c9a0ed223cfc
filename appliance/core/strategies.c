/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which of several people who could be rung is: a table of what each strategy goes by.
 */
#include "inside.h"

/* What a strategy goes by: the least comes first; `then` among equals. */
struct rank {
    int64_t first;
    int64_t then;
};

typedef struct rank ranker(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person);

static struct rank by_turn(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person)
{
    (void)core, (void)call, (void)person_rule, (void)queue, (void)person;
    return (struct rank){0, 0};
}

static struct rank by_level(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person)
{
    const struct lk_plan *plan = &lk_rules_of(core, call)->plan;
    uint64_t wants = lk_call_at(core, call)->wants;
    int64_t level = 0;

    (void)queue;
    if (wants == 0)
        level = lk_plan_person(plan, person_rule).level;
    for (uint32_t skill = 0; wants != 0; skill++, wants >>= 1)
        if (wants & 1)
            level += lk_plan_skill(plan, person_rule, skill);
    return (struct rank){-level, core->world.people.at[person].idle_since};
}

static struct rank by_idle(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person)
{
    (void)call, (void)person_rule, (void)queue;
    return (struct rank){core->world.people.at[person].idle_since, 0};
}

static struct rank by_calls(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person)
{
    (void)call, (void)person_rule;
    return (struct rank){lk_queues_member(&core->world.queues, queue, person)->calls, 0};
}

static struct rank by_talk(struct lk_core *core, uint32_t call, uint32_t person_rule, uint32_t queue, uint32_t person)
{
    (void)call, (void)person_rule;
    return (struct rank){lk_queues_member(&core->world.queues, queue, person)->talk, 0};
}

static const struct {
    enum lk_reason why;
    ranker *rank; /* NULL: another way of choosing */
} strategies[LK_STRATEGIES] = {
    [LK_RING_ALL] = {LK_BECAUSE_RING_ALL, NULL},
    [LK_ROUND_ROBIN] = {LK_BECAUSE_NEXT_TURN, by_turn},
    [LK_PERCENTAGE] = {LK_BECAUSE_PERCENT, NULL},
    [LK_BEST_FIRST] = {LK_BECAUSE_BEST, by_level},
    [LK_LONGEST_IDLE] = {LK_BECAUSE_LONGEST_IDLE, by_idle},
    [LK_FEWEST_CALLS] = {LK_BECAUSE_FEWEST_CALLS, by_calls},
    [LK_LEAST_TALK] = {LK_BECAUSE_LEAST_TALK, by_talk},
    [LK_RANDOM] = {LK_BECAUSE_RANDOM, NULL},
    [LK_FIXED_ORDER] = {LK_BECAUSE_FIXED_ORDER, NULL},
};

/* splitmix64: the same call is offered to the same people in the same order when it is replayed. */
static uint64_t scattered(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

uint32_t lk_choose(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                   const uint32_t *fit, uint32_t count, enum lk_reason *why)
{
    const struct lk_rules *rules = lk_rules_of(core, call);
    ranker *ranks = strategies[queue->strategy].rank;
    struct rank best = {0, 0};
    uint32_t chosen = 0, turn = 0;

    *why = strategies[queue->strategy].why;
    if (queue->strategy == LK_RANDOM)
        return (uint32_t)(scattered(lk_call_at(core, call)->id * 64 + lk_call_at(core, call)->offers) % count);
    if (queue->strategy == LK_PERCENTAGE)
        return lk_shares_choose(core, call, queue, slot, fit, count);
    for (uint32_t i = 0; i < count && ranks != NULL; i++) {
        uint32_t rule = lk_plan_member(&rules->plan, fit[i]).person, person = rules->person[rule];
        struct rank rank = ranks(core, call, rule, slot, person);
        uint32_t last = lk_queues_member(&core->world.queues, slot, person)->turn;

        if (i > 0 && (rank.first > best.first || (rank.first == best.first && rank.then > best.then) ||
                      (rank.first == best.first && rank.then == best.then && last >= turn)))
            continue;
        chosen = i;
        best = rank;
        turn = last;
    }
    return chosen;
}
