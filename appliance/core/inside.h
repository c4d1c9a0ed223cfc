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
#include "remembered.h"

#define LK_STEPS_MAX 1000     /* of one call, in all */
#define LK_ASKED_MAX 32       /* things said to a caller in a row, or looked up, without a key of his that counts */
#define LK_KEYS_WITHIN 2000   /* ms between the digits of an extension dialled in a menu */

/* A plan with calls under way, and where its people, queues, lines and hours stand in the world. */
struct lk_rules {
    struct lk_plan plan;
    uint8_t *bytes;
    size_t size;
    uint32_t *person; /* PRSN index -> slot */
    uint32_t *member; /* MEMB index -> slot of the person */
    uint32_t *queue;
    struct lk_queue_rule *queues; /* read once, as they are looked at with every fact */
    uint32_t *line;
    uint32_t *hours;
    uint32_t walk_max;
    uint32_t does_max;   /* steps of a walk that only command: set, action */
    uint32_t last_resort; /* STEP where calls end that go round: the first voicemail, LK_NO_INDEX none */
    uint32_t people_max; /* of one queue */
    bool leaves;         /* some queue is left when it is empty */
    uint32_t calls;      /* under way */
};

/* Hours held open or closed whatever is written. */
struct lk_held {
    uint8_t how; /* enum lk_override */
    lk_ms until; /* 0: till told otherwise */
};

struct lk_world {
    struct lk_people people;
    struct lk_queues queues;
    struct lk_ids lines;
    bool *usable; /* by line slot */
    struct lk_ids hours;
    struct lk_held *held; /* by hours slot */
    struct lk_calls calls;
    struct lk_legs legs;
    struct lk_refusals refusals;
    struct lk_remembered remembered;
    struct lk_deadlines deadlines;
    uint32_t *fit; /* MEMB indices of one queue: scratch of a dispatch */
    uint32_t fit_room;
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
    uint64_t changes;   /* of people, counted: a waiting call looks only at those who changed since it last did */
    uint64_t everybody; /* the last one that may be a change of anybody */
    uint32_t joined; /* the call that began to wait since the last dispatch, LK_NO_SLOT none; a second one stirs */
    uint64_t facts;  /* taken so far */
};

/* ---- timers.c: one number space of the deadlines ------------------------------------------------------------------ */

enum lk_timer {
    LK_TIMER_WRAP_UP, /* of a person */
    LK_TIMER_RING,
    LK_TIMER_PAUSE,
    LK_TIMER_WAIT, /* of a call: in a queue, outside, for a key, for what is looked up */
    LK_TIMER_AGAIN,
    LK_TIMER_HELD, /* of hours */
    LK_TIMER_DUTY, /* one: when somebody's duty may begin or end */
    LK_TIMERS
};

uint32_t lk_timers(const struct lk_world *world); /* how many there are */

static inline uint32_t lk_timer(const struct lk_world *world, enum lk_timer kind, uint32_t slot)
{
    uint32_t people = world->legs.people, calls = world->calls.room;

    switch (kind) {
    case LK_TIMER_WRAP_UP:
    case LK_TIMER_RING:
    case LK_TIMER_PAUSE:
        return (uint32_t)kind * people + slot;
    case LK_TIMER_WAIT:
    case LK_TIMER_AGAIN:
        return LK_TIMER_WAIT * people + (kind - LK_TIMER_WAIT) * calls + slot;
    case LK_TIMER_HELD:
        return LK_TIMER_WAIT * people + (LK_TIMER_HELD - LK_TIMER_WAIT) * calls + slot;
    default:
        return lk_timer(world, LK_TIMER_HELD, world->hours.count) + slot;
    }
}

/* LK_NONE clears it. */
static inline void lk_set_timer(struct lk_core *core, enum lk_timer kind, uint32_t slot, lk_ms at)
{
    struct lk_deadlines *deadlines = &core->world.deadlines;
    uint32_t timer = lk_timer(&core->world, kind, slot);

    if (at != LK_NONE || lk_deadlines_get(deadlines, timer) != LK_NONE)
        lk_deadlines_set(deadlines, timer, at);
}

/* Does what is due now; whatever that sets is due later. */
void lk_run_due(struct lk_core *core);

/* ---- world.c ------------------------------------------------------------------------------------------------------ */

/* A world with room for the people, queues, lines and calls of all rules, and for what goes on in `old` (or NULL). */
bool lk_world_make(struct lk_world *world, const struct lk_allocator *from, struct lk_rules *const *rules,
                   const struct lk_world *old);
void lk_world_free(struct lk_world *world, const struct lk_allocator *from);
/* Everything of `old` that `world` has room for, under its new slots. Cannot fail. */
void lk_world_move(struct lk_world *world, struct lk_world *old);
/* Finds the slots of a plan's people, queues, lines and hours. */
void lk_rules_settle(struct lk_rules *rules, const struct lk_world *world);
void lk_rules_free(struct lk_core *core, uint32_t which);

/* ---- memory.c ----------------------------------------------------------------------------------------------------- */

enum lk_error lk_remember(struct lk_world *world, const uint8_t *memory, size_t size);

/* ---- core.c: what everybody does ---------------------------------------------------------------------------------- */

void lk_do(struct lk_core *core, struct lk_command command);
void lk_note(struct lk_core *core, uint32_t call, enum lk_rule rule, enum lk_reason reason, uint32_t subject,
             int64_t detail);

static inline struct lk_call *lk_call_at(struct lk_core *core, uint32_t slot)
{
    return &core->world.calls.at[slot];
}

static inline struct lk_rules *lk_rules_of(struct lk_core *core, uint32_t call)
{
    return core->rules[lk_call_at(core, call)->rules];
}

/* A person is not as he was: all that wait are to look at him. */
static inline void lk_changed(struct lk_core *core, uint32_t person)
{
    core->world.people.changed[person] = ++core->changes;
}

/* Anybody may be not as he was. */
static inline void lk_all_changed(struct lk_core *core)
{
    core->everybody = ++core->changes;
}

/* The step a call is in. */
static inline struct lk_step_rule lk_step_of(struct lk_core *core, uint32_t call)
{
    return lk_plan_step(&lk_rules_of(core, call)->plan, lk_call_at(core, call)->step);
}

/* PRSN index of a person slot in the plan of a call, LK_NO_INDEX when that does not know him. */
static inline uint32_t lk_plan_index_of(struct lk_core *core, uint32_t call, uint32_t person)
{
    const struct lk_rules *rules = lk_rules_of(core, call);

    for (uint32_t i = 0; person != LK_NO_SLOT && i < rules->plan.count[LK_PRSN]; i++)
        if (rules->person[i] == person)
            return i;
    return LK_NO_INDEX;
}

/* The id of a person slot, 0 for none. */
static inline uint32_t lk_person_id(const struct lk_core *core, uint32_t slot)
{
    return slot < core->world.people.ids.count ? core->world.people.ids.at[slot] : 0;
}

/* ---- duty.c ------------------------------------------------------------------------------------------------------- */

/* OPEN, CLOSED or an override (HOUR index of a plan), and *until when that changes, LK_NONE never. */
enum lk_reason lk_hours_now(const struct lk_core *core, const struct lk_rules *rules, uint32_t hours, lk_ms *until);
bool lk_hours_are_open(enum lk_reason reason);
/* Whether a person (PRSN index) is in his duty hours, or has none; if not, *until is when they begin. */
bool lk_in_duty_hours(const struct lk_core *core, const struct lk_rules *rules, uint32_t person, lk_ms *until);
/* Sets when somebody's duty may begin or end next. */
void lk_watch_duty(struct lk_core *core);
/* Some hours are not as they were: people may be on duty who were not. */
void lk_hours_changed(struct lk_core *core);

/* ---- ringing.c: who may be rung ----------------------------------------------------------------------------------- */

/* Somebody to be rung: PRSN index in the plan of the call, and the ways to ring him by. */
struct lk_asked {
    uint32_t person;
    uint32_t ways;
};

/* Those of the ways that lead to a person now; 0: none. */
uint32_t lk_ways_now(const struct lk_core *core, const struct lk_rules *rules, struct lk_asked asked);
/* Whether he could answer once he is done with what he does. */
bool lk_on_duty(const struct lk_core *core, const struct lk_rules *rules, struct lk_asked asked);
/* Whether he is rung by nobody, on no call and not wrapping up. */
bool lk_is_free(const struct lk_core *core, uint32_t person);
/* Why a chain passes somebody over, LK_BECAUSE_NONE when it does not; *detail as core.h says for the reason. */
enum lk_reason lk_unfit_for_chain(struct lk_core *core, uint32_t call, struct lk_asked asked, int64_t *detail);
/* Why somebody asked for by name cannot be rung: whatever his status says, as long as his telephone is free. */
enum lk_reason lk_out_of_reach(struct lk_core *core, uint32_t call, struct lk_asked asked);
/* Why a queue passes a member over. */
enum lk_reason lk_unfit_for_queue(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue,
                                  const struct lk_member_rule *member, uint32_t person, int64_t *detail);

/* Rings; `queue` NULL when it is not for one. */
void lk_ring(struct lk_core *core, uint32_t call, struct lk_asked asked, enum lk_reason why,
             const struct lk_queue_rule *queue, lk_ms ring_for);
/* Traces a person passed over, once per reason; false when there was no room to. */
bool lk_pass(struct lk_core *core, uint32_t call, uint32_t person, enum lk_reason reason, int64_t detail);
/* A leg has come to its end by itself. */
void lk_leg_ended(struct lk_core *core, uint32_t leg);
/* Stops a leg. */
void lk_stop(struct lk_core *core, uint32_t leg, int32_t cause);
/* Stops all legs of a call but one (LK_NO_SLOT: all). */
void lk_stop_others(struct lk_core *core, uint32_t call, uint32_t but, int32_t cause);
/* He let a call ring; after as many as his rule says he is paused. */
void lk_missed(struct lk_core *core, uint32_t call, uint32_t leg);
void lk_end_pause(struct lk_core *core, uint32_t person);

/* ---- dispatch.c: the queues --------------------------------------------------------------------------------------- */

/* Whether anybody of a queue could answer this call at some time as things are. */
bool lk_anybody_on_duty(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue);
/* Out of the queue, if it is in one, with its timers; `answered_by` is the leg that has it, LK_NO_SLOT none. */
void lk_leave_queue(struct lk_core *core, uint32_t call, uint32_t answered_by);
/* Rings for the waiting calls whom their queues allow, in the order of the line: all, or only a new one if none stirred. */
void lk_dispatch(struct lk_core *core);

/* ---- strategies.c, shares.c --------------------------------------------------------------------------------------- */

/* Which of the fit members (at least one) is rung, as an index into `fit`, and why. */
uint32_t lk_choose(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                   const uint32_t *fit, uint32_t count, enum lk_reason *why);
/* A call leaves its queue: it counts only when one of the run it was counted in has it. */
void lk_shares_settle(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                      uint32_t answered_by);
uint32_t lk_shares_choose(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot,
                          const uint32_t *fit, uint32_t count);
/* A member is rung: it is taken from what he is owed, and given back by lk_leg_ended(). */
void lk_shares_take(struct lk_core *core, uint32_t call, const struct lk_queue_rule *queue, uint32_t slot, uint32_t leg);
void lk_shares_give_back(struct lk_core *core, uint32_t leg);

/* ---- steps.c, asking.c: each step says whether it waits (or ended the call), or where to go on and why ------------- */

struct lk_way {
    uint32_t next;
    enum lk_reason why;
    int32_t cause; /* for the caller when no step is left */
};

typedef bool lk_step_taker(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way);

extern lk_step_taker *const lk_take_step[LK_STEPS];
lk_step_taker lk_take_say, lk_take_menu, lk_take_collect, lk_take_look_up;

/* Not waiting: on by the step's exit for this reason, or to `otherwise`. */
bool lk_go_on(struct lk_core *core, uint32_t call, const struct lk_step_rule *step, struct lk_way *way,
              uint32_t otherwise, enum lk_reason why);
/* Rings the next step of the chain that has somebody to ring; false at its end. */
bool lk_ring_chain(struct lk_core *core, uint32_t call);
/* What a call remembers of itself from now on; told outside. */
void lk_set_attribute(struct lk_core *core, uint32_t call, uint32_t attribute, const char *value, size_t length);

void lk_key(struct lk_core *core, uint32_t call, int32_t key);           /* pressed while ASKING */
void lk_said(struct lk_core *core, uint32_t call, enum lk_reason why);   /* SAID or FAILED, while SPEAKING or ASKING */
void lk_looked_up(struct lk_core *core, uint32_t call, enum lk_reason why, const char *value, size_t length);
void lk_hush(struct lk_core *core, uint32_t call); /* stops what is being said, if anything is */
void lk_asked_long_enough(struct lk_core *core, uint32_t call); /* the timer, while ASKING or LOOKING */

/* ---- moved.c: calls that people move ------------------------------------------------------------------------------ */

lk_step_taker lk_take_park;
enum lk_error lk_take_sent(struct lk_core *core, const struct lk_event *event);
enum lk_error lk_take_taken(struct lk_core *core, const struct lk_event *event);
void lk_parked_long_enough(struct lk_core *core, uint32_t call);              /* the timer, while PARKED */
enum lk_outcome lk_parked_ends(struct lk_core *core, uint32_t call); /* what a call has come to that ends while PARKED */

/* ---- walk.c ------------------------------------------------------------------------------------------------------- */

/* The Q.850 cause a caller gets when a step ended for this reason and no other follows. */
int32_t lk_cause_of(enum lk_reason why);
/* Walks from a step (LK_NO_INDEX: none is left) till one waits or the call is over; why and cause of coming there. */
void lk_walk(struct lk_core *core, uint32_t call, uint32_t step, enum lk_reason why, int32_t cause);
/* The call goes on to what comes after the step it is in, for a reason; cause 0: as the reason says. */
void lk_walk_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause);
/* The same, to the step's `other` where it has no exit for the reason. */
void lk_walk_other(struct lk_core *core, uint32_t call, enum lk_reason why);
/* A leg of a chain or person step ended: the next is rung, or the next step taken, when it was the last. */
void lk_hunt_on(struct lk_core *core, uint32_t call, enum lk_reason why, int32_t cause);
/* The last word about a call; everybody on it is free afterwards. */
void lk_finish(struct lk_core *core, uint32_t call, enum lk_outcome outcome, enum lk_reason why);
void lk_hang_up(struct lk_core *core, uint32_t call, int32_t cause);
/* Who answered has it no longer, and wraps up. */
void lk_free_answerer(struct lk_core *core, uint32_t call);

/* ---- arrival.c ---------------------------------------------------------------------------------------------------- */

/* Length of a number, or -1 when it has no end or letters that no number has. */
int lk_number_length(const char number[LK_NUMBER_MAX + 1]);
enum lk_error lk_take_arrival(struct lk_core *core, const struct lk_event *event);

/* ---- facts.c ------------------------------------------------------------------------------------------------------ */

/* A leg has the call from now on; all others of it stop. */
void lk_answered(struct lk_core *core, uint32_t call, uint32_t leg);
/* Takes one fact; when it is refused nothing has changed. */
enum lk_error lk_take(struct lk_core *core, const struct lk_event *event);

#endif
