/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan read where it lies: settings/plan_format.md says how. Nothing is trusted before lk_plan_read() has passed it.
 */
#ifndef LINEKEEPER_PLAN_H
#define LINEKEEPER_PLAN_H

#include <stdbool.h>

#include "bytes.h"
#include "core.h"
#include "numbers.h"

#define LK_NO_INDEX UINT32_MAX
#define LK_MEMBER_RECORD 16
#define LK_STEP_RECORD 40
#define LK_WALK_MAX 64 /* steps without a wait before a walk is taken for a loop */

/* Bounds of a plan, so that one of hostile bytes cannot ask for all the memory there is. */
#define LK_CALLS_MAX 4096
#define LK_PEOPLE_MAX 10000
#define LK_QUEUES_MAX 1000
#define LK_LINES_MAX 1000
#define LK_PAIRS_MAX (1u << 22) /* calls times people, queues times people */
#define LK_LISTS_MAX 64
#define LK_SKILLS_MAX 64
#define LK_ATTRIBUTES_MAX 32
#define LK_PRIORITY_MAX 99
#define LK_LEVEL_MAX 100

enum lk_table {
    LK_LINE,
    LK_PRSN,
    LK_SKIL,
    LK_PSKL,
    LK_MEMB,
    LK_QUEU,
    LK_CHST,
    LK_CHAN,
    LK_OPEN,
    LK_HOUR,
    LK_ATTR,
    LK_TEXT,
    LK_STEP,
    LK_EXIT,
    LK_DIAL,
    LK_CALR,
    LK_NUMB,
    LK_LIST,
    LK_ACTN,
    LK_TABLES
};

enum lk_step_kind {
    LK_STEP_HOURS = 1,
    LK_STEP_QUEUE,
    LK_STEP_CHAIN,
    LK_STEP_PERSON,
    LK_STEP_VOICEMAIL,
    LK_STEP_HANG_UP,
    LK_STEP_OUTSIDE, /* least: 0 or of enum lk_outside */
    LK_STEP_LIST,
    LK_STEP_TRUST,
    LK_STEP_SAY,
    LK_STEP_MENU,
    LK_STEP_COLLECT,
    LK_STEP_LOOK_UP,
    LK_STEP_SET,
    LK_STEP_COMPARE,
    LK_STEP_ACTION,
    LK_STEP_SKILL,
    LK_STEP_LOAD,
    LK_STEP_HISTORY,
    LK_STEP_MANAGER,
    LK_STEP_LAST_PERSON,
    LK_STEP_PRIORITY,
    LK_STEP_PARK,
    LK_STEP_SENDER,
    LK_STEPS
};

/* Whoever answers must confirm; or the line is tried also when it is not usable, as calls for help are. */
enum lk_outside { LK_OUTSIDE_CONFIRMS = 1, LK_OUTSIDE_ANYWAY = 2 };

enum lk_strategy {
    LK_RING_ALL,
    LK_ROUND_ROBIN,
    LK_PERCENTAGE,
    LK_BEST_FIRST,
    LK_LONGEST_IDLE,
    LK_FEWEST_CALLS,
    LK_LEAST_TALK,
    LK_RANDOM,
    LK_FIXED_ORDER,
    LK_STRATEGIES
};

enum lk_comparison { LK_IS, LK_BEGINS_WITH, LK_LESS_THAN, LK_MORE_THAN, LK_IS_EMPTY, LK_COMPARISONS };
enum lk_measure { LK_WAITING_NOW, LK_FREE_NOW, LK_ON_DUTY_NOW, LK_LONGEST_WAIT, LK_MEASURES };
enum lk_past { LK_HAS_CALLED, LK_WAS_MISSED, LK_HAS_SPOKEN, LK_PASTS };

#define LK_CALLER UINT32_C(0xfffffffe) /* what a comparison looks at instead of an attribute */
#define LK_CALLED UINT32_C(0xfffffffd)
#define LK_ON_REASON 128 /* added to a reason in EXIT.on; keys are below it */

struct lk_plan {
    const uint8_t *at[LK_TABLES];
    uint32_t count[LK_TABLES];
    uint32_t calls_max;
    struct lk_numbers numbers;
};

/* A run of records: `count` from `first`. */
struct lk_run {
    uint32_t first;
    uint32_t count;
};

struct lk_person_rule {
    uint32_t id;
    uint32_t wrap_up_ms;
    uint8_t level;
    uint8_t pause_after; /* 0 = never */
    uint32_t pause_ms;   /* 0 = till his status is set */
    uint64_t mobile;     /* bits of LINE indices */
};

struct lk_member_rule {
    uint32_t person; /* PRSN index */
    uint8_t ways;
    uint16_t share;
    uint32_t after_ms;
};

struct lk_queue_rule {
    uint32_t id;
    enum lk_strategy strategy;
    bool music; /* answer at once and play music; else the caller hears ringing */
    bool join_when_empty;
    bool leave_when_empty;
    uint32_t ring_ms;
    uint32_t max_wait_ms; /* 0 = as long as he likes */
    uint32_t max_length;  /* 0 = no limit */
    uint32_t again_after_refusal_ms;
    uint32_t again_after_no_answer_ms;
    struct lk_run people;
    uint32_t wrap_up_ms; /* UINT32_MAX = the person's */
    uint32_t any_skill_after_ms; /* UINT32_MAX = never */
    uint32_t weight;
};

struct lk_chain_step_rule {
    uint32_t ring_ms;
    struct lk_run people;
};

struct lk_step_rule { /* what each field is for a kind: settings/plan_format.md */
    uint32_t id;
    uint16_t kind;
    uint16_t extra;
    uint32_t what;
    uint32_t next;
    uint32_t other;
    struct lk_run exits;
    uint8_t least;
    uint8_t most;
    uint32_t value;
    uint32_t ms;
};

struct lk_caller_rule {
    uint64_t lists;
    uint32_t manager; /* PRSN index or LK_NO_INDEX */
    uint32_t priority;
};

struct lk_action_rule {
    uint32_t id;
    uint32_t list; /* LK_NO_INDEX = steps alone */
    uint64_t lines;
    uint8_t trust;
};

/* LK_BAD_PLAN unless every length, checksum, bound and reference holds. The bytes must outlive the plan. */
enum lk_error lk_plan_read(struct lk_plan *out, const uint8_t *bytes, size_t size);

/* The most steps one walk without a wait can take, LK_WALK_MAX for a loop; `scratch` has a zeroed byte per step. */
uint32_t lk_plan_walk(const struct lk_plan *plan, uint8_t *scratch);
/* Whether a step of this kind waits in any case: what comes after it is another walk. */
bool lk_always_waits(uint16_t kind);
/* The first step of this kind, LK_NO_INDEX when there is none. */
uint32_t lk_plan_kind(const struct lk_plan *plan, enum lk_step_kind kind);

/* Records by index, which must be below the count of their table. */
uint32_t lk_plan_id(const struct lk_plan *plan, enum lk_table table, uint32_t i); /* those that have an id */
struct lk_person_rule lk_plan_person(const struct lk_plan *plan, uint32_t i);
struct lk_queue_rule lk_plan_queue(const struct lk_plan *plan, uint32_t i);
struct lk_chain_step_rule lk_plan_chain_step(const struct lk_plan *plan, uint32_t i);
struct lk_run lk_plan_chain(const struct lk_plan *plan, uint32_t i); /* CHST records */
struct lk_step_rule lk_plan_step(const struct lk_plan *plan, uint32_t i);
struct lk_action_rule lk_plan_action(const struct lk_plan *plan, uint32_t i);
struct lk_caller_rule lk_plan_caller(const struct lk_plan *plan, uint32_t i);
/* The CALR index of callers who withhold their number, LK_NO_CALLER when no list has one. */
uint32_t lk_plan_withheld(const struct lk_plan *plan);
/* A constant, zero-padded to LK_NUMBER_MAX + 1. */
const char *lk_plan_text(const struct lk_plan *plan, uint32_t i);
bool lk_plan_open(const struct lk_plan *plan, uint32_t hours, lk_ms now, lk_ms *until);
/* The level of a skill a person has, 0 when he does not have it. */
uint32_t lk_plan_skill(const struct lk_plan *plan, uint32_t person, uint32_t skill);
/* Where a step leads for a key or LK_ON_REASON + reason, `otherwise` when it has no exit for that. */
uint32_t lk_plan_exit(const struct lk_plan *plan, const struct lk_step_rule *step, uint32_t on, uint32_t otherwise);

/* LINE index of an id, LK_NO_INDEX when there is none; STEP index likewise. */
uint32_t lk_plan_line(const struct lk_plan *plan, uint32_t id);
uint32_t lk_plan_step_of(const struct lk_plan *plan, uint32_t id);
/* First step for a number called on a line: exact, the longest prefix, the line's own; LK_NO_INDEX when none. */
uint32_t lk_plan_first_step(const struct lk_plan *plan, uint32_t line, const char *called, size_t length);
/* An extension (a DIAL row of LINE 0, no prefix, not leading outside) dialled in a menu: the step of the whole of it or
 * LK_NO_INDEX; *longer: some extension goes on where these digits end. */
uint32_t lk_plan_extension(const struct lk_plan *plan, const char *typed, size_t length, bool *longer);

/* A run as it lies in a record. */
struct lk_run lk_plan_run(const uint8_t *at);
/* Bytes of a record of each table, and where one lies. */
extern const uint32_t lk_plan_size[LK_TABLES];

static inline const uint8_t *lk_plan_record(const struct lk_plan *plan, enum lk_table table, uint32_t i)
{
    return plan->at[table] + (size_t)i * lk_plan_size[table];
}

static inline struct lk_member_rule lk_plan_member(const struct lk_plan *plan, uint32_t i)
{
    const uint8_t *at = plan->at[LK_MEMB] + (size_t)i * LK_MEMBER_RECORD;

    return (struct lk_member_rule){
        .person = lk_u32(at), .ways = at[4], .share = lk_u16(at + 6), .after_ms = lk_u32(at + 8)};
}

/* HOUR index of a person's duty, LK_NO_INDEX when he is always on duty. */
static inline uint32_t lk_plan_duty(const struct lk_plan *plan, uint32_t person)
{
    return lk_u32(lk_plan_record(plan, LK_PRSN, person) + 20) - 1;
}

/* What a step is about, alone. */
static inline uint32_t lk_plan_what(const struct lk_plan *plan, uint32_t step)
{
    return lk_u32(plan->at[LK_STEP] + (size_t)step * LK_STEP_RECORD + 8);
}

#endif
