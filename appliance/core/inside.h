/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the core share: the plans in force, the world as it is now, and how commands and traces are given.
 */
#ifndef LINEKEEPER_INSIDE_H
#define LINEKEEPER_INSIDE_H

#include "calls.h"
#include "deadlines.h"
#include "fifo.h"
#include "legs.h"
#include "people.h"
#include "plan.h"
#include "queues.h"
#include "refusals.h"

/* A plan with calls under way, and where its people, queues and lines stand in the world. */
struct lk_rules {
    struct lk_plan plan;
    uint8_t *bytes;
    size_t size;
    uint32_t *person; /* PRSN index -> slot */
    uint32_t *queue;
    uint32_t *line;
    uint32_t walk_max;
    uint32_t calls; /* under way */
};

struct lk_world {
    struct lk_people people;
    struct lk_queues queues;
    struct lk_ids lines;
    bool *usable; /* by line slot */
    struct lk_calls calls;
    struct lk_legs legs;
    struct lk_refusals refusals;
    struct lk_deadlines deadlines;
    struct lk_fifo commands; /* struct lk_command */
    struct lk_fifo traces;   /* struct lk_trace */
    uint32_t commands_of_feed; /* the most one feed can give */
    uint32_t traces_of_feed;   /* the same, LK_WHY_PASSED apart */
};

struct lk_core {
    struct lk_allocator from;
    struct lk_rules *rules[LK_PLANS_MAX]; /* NULL = none */
    uint32_t current;
    struct lk_world world;
    lk_ms now;
    bool stirred;    /* something changed that may let any waiting call ring somebody */
    uint32_t joined; /* the first call that began to wait since the last dispatch, LK_NO_SLOT none */
};

/* ---- timers.c: one number space of the deadlines ------------------------------------------------------------------ */

enum lk_timer { LK_TIMER_WRAP_UP, LK_TIMER_RING, LK_TIMER_WAIT, LK_TIMER_AGAIN };

/* The number of the timer of a person (WRAP_UP, RING) or a call (WAIT, AGAIN). */
uint32_t lk_timer(const struct lk_world *world, enum lk_timer kind, uint32_t slot);
uint32_t lk_timers(const struct lk_world *world); /* how many there are */
/* Does what is due now; whatever that sets is due later. */
void lk_run_due(struct lk_core *core);

/* ---- world.c ------------------------------------------------------------------------------------------------------ */

/* A world with room for the people, queues, lines and calls of all rules, and for what goes on in `old` (or NULL). */
bool lk_world_make(struct lk_world *world, const struct lk_allocator *from, struct lk_rules *const *rules,
                   const struct lk_world *old);
void lk_world_free(struct lk_world *world, const struct lk_allocator *from);
/* Everything of `old` that `world` has room for, under its new slots. Cannot fail. */
void lk_world_move(struct lk_world *world, struct lk_world *old);
/* Says where the people, queues and lines of these rules stand. */
void lk_rules_settle(struct lk_rules *rules, const struct lk_world *world);

/* ---- memory.c ----------------------------------------------------------------------------------------------------- */

/* LK_BAD_MEMORY unless the bytes are whole; ids the world does not know are dropped. */
enum lk_error lk_remember(struct lk_world *world, const uint8_t *memory, size_t size);

/* ---- core.c ------------------------------------------------------------------------------------------------------- */

void lk_do(struct lk_core *core, struct lk_command command);
void lk_note(struct lk_core *core, uint32_t call, enum lk_rule rule, enum lk_reason reason, uint32_t subject,
             int64_t detail);
void lk_rules_free(struct lk_core *core, uint32_t which);

static inline struct lk_call *lk_call_at(struct lk_core *core, uint32_t call)
{
    return &core->world.calls.at[call];
}

static inline const struct lk_rules *lk_rules_of(struct lk_core *core, uint32_t call)
{
    return core->rules[lk_call_at(core, call)->rules];
}

/* The person slot of a MEMB record of a call's plan. */
static inline uint32_t lk_member(const struct lk_rules *rules, uint32_t member)
{
    return rules->person[lk_plan_member(&rules->plan, member)];
}

/* Id of a person slot, 0 for nobody. */
static inline uint32_t lk_person_id(const struct lk_core *core, uint32_t person)
{
    return person < core->world.people.ids.count ? core->world.people.ids.at[person] : 0;
}

/* ---- ringing.c ---------------------------------------------------------------------------------------------------- */

/* Why a person is not rung for a call by a queue or a chain (`again_after` ms by how he refused, NULL in a chain). */
enum lk_reason lk_unfit(struct lk_core *core, uint32_t call, uint32_t person, const struct lk_queue_rule *queue,
                        int64_t *detail);
void lk_ring(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason why, uint32_t queue, lk_ms ring_for);
/* Traces a person passed over, once per reason. */
void lk_pass(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason reason, int64_t detail);
/* A leg has come to its end by itself. */
void lk_leg_ended(struct lk_core *core, uint32_t leg);
/* Stops a leg. */
void lk_stop(struct lk_core *core, uint32_t leg, int32_t cause);
/* Stops all legs of a call but one (LK_NO_SLOT: all). */
void lk_stop_others(struct lk_core *core, uint32_t call, uint32_t but, int32_t cause);
/* Rings for the waiting calls whom their queues allow, in the order they joined: all, or only new ones if none stirred. */
void lk_dispatch(struct lk_core *core);

/* ---- walk.c ------------------------------------------------------------------------------------------------------- */

/* Walks from a step (LK_NO_INDEX: none is left) till one waits or the call is over; why and cause of coming there. */
void lk_walk(struct lk_core *core, uint32_t call, uint32_t step, enum lk_reason why, int32_t cause);
/* The call goes on to what comes after the step it is in. */
void lk_walk_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause);
/* A leg of a chain or person step ended: the next is rung, or the next step taken, when it was the last. */
void lk_hunt_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause);
/* The last word about a call; everybody on it is free afterwards. */
void lk_finish(struct lk_core *core, uint32_t call, enum lk_outcome outcome, enum lk_reason why);
void lk_hang_up(struct lk_core *core, uint32_t call, int32_t cause);

/* ---- facts.c ------------------------------------------------------------------------------------------------------ */

/* Takes one fact; when it is refused nothing has changed. */
enum lk_error lk_take(struct lk_core *core, const struct lk_event *event);

#endif
