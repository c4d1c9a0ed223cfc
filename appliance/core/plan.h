/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan read where it lies: settings/plan_format.md says how. Nothing is trusted before lk_plan_read() has passed it.
 */
#ifndef LINEKEEPER_PLAN_H
#define LINEKEEPER_PLAN_H

#include <stdbool.h>

#include "core.h"
#include "numbers.h"

#define LK_NO_INDEX UINT32_MAX
#define LK_WALK_MAX 64 /* steps without a wait before a walk is taken for a loop */

/* Bounds of a plan, so that one of hostile bytes cannot ask for all the memory there is. */
#define LK_CALLS_MAX 4096
#define LK_PEOPLE_MAX 10000
#define LK_QUEUES_MAX 1000
#define LK_LINES_MAX 1000
#define LK_PAIRS_MAX (1u << 22) /* calls times people, queues times people */

enum lk_table {
    LK_LINE,
    LK_PRSN,
    LK_MEMB,
    LK_QUEU,
    LK_CHST,
    LK_CHAN,
    LK_OPEN,
    LK_HOUR,
    LK_STEP,
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
    LK_STEP_OUTSIDE,
    LK_STEP_LIST,
};

struct lk_plan {
    const uint8_t *at[LK_TABLES];
    uint32_t count[LK_TABLES];
    uint32_t calls_max;
    struct lk_numbers numbers;
};

/* A run of people: `count` MEMB records from `first`. */
struct lk_run {
    uint32_t first;
    uint32_t count;
};

struct lk_queue_rule {
    uint32_t id;
    bool round_robin; /* else all are rung */
    bool music;       /* answer at once and play music; else the caller hears ringing */
    bool join_when_empty;
    uint32_t ring_ms;
    uint32_t max_wait_ms; /* 0 = as long as he likes */
    uint32_t max_length;  /* 0 = no limit */
    uint32_t again_after_refusal_ms;
    uint32_t again_after_no_answer_ms;
    struct lk_run people;
    uint32_t wrap_up_ms; /* UINT32_MAX = the person's */
};

struct lk_chain_step_rule {
    uint32_t ring_ms;
    struct lk_run people;
};

struct lk_step_rule {
    uint32_t id;
    uint16_t kind;
    uint16_t extra; /* person: seconds to ring; outside: digits to strip */
    uint32_t what;  /* an index, or the id of a mailbox, or a cause */
    uint32_t next;
    uint32_t other;
};

struct lk_action_rule {
    uint32_t id;
    uint32_t list;
    uint64_t lines;
};

/* LK_BAD_PLAN unless every length, checksum, bound and reference holds. The bytes must outlive the plan. */
enum lk_error lk_plan_read(struct lk_plan *out, const uint8_t *bytes, size_t size);

/* The most steps one walk without a wait can take, LK_WALK_MAX for a loop; `scratch` has a zeroed byte per step. */
uint32_t lk_plan_walk(const struct lk_plan *plan, uint8_t *scratch);

/* Records by index, which must be below the count of their table. */
uint32_t lk_plan_id(const struct lk_plan *plan, enum lk_table table, uint32_t i); /* LINE PRSN QUEU CHAN HOUR STEP LIST */
uint32_t lk_plan_member(const struct lk_plan *plan, uint32_t i);                  /* PRSN index */
uint32_t lk_plan_wrap_up(const struct lk_plan *plan, uint32_t person);
struct lk_queue_rule lk_plan_queue(const struct lk_plan *plan, uint32_t i);
struct lk_chain_step_rule lk_plan_chain_step(const struct lk_plan *plan, uint32_t i);
struct lk_run lk_plan_chain(const struct lk_plan *plan, uint32_t i); /* CHST records */
struct lk_step_rule lk_plan_step(const struct lk_plan *plan, uint32_t i);
struct lk_action_rule lk_plan_action(const struct lk_plan *plan, uint32_t i);
uint64_t lk_plan_caller_lists(const struct lk_plan *plan, uint32_t i);
bool lk_plan_open(const struct lk_plan *plan, uint32_t hours, lk_ms now, lk_ms *until);

/* LINE index of an id, LK_NO_INDEX when there is none. */
uint32_t lk_plan_line(const struct lk_plan *plan, uint32_t id);
/* First step for a number called on a line: exact, the longest prefix, the line's own; LK_NO_INDEX when none. */
uint32_t lk_plan_first_step(const struct lk_plan *plan, uint32_t line, const char *called, size_t length);

#endif
