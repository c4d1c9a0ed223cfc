/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan put together by hand, from settings/plan_format.md alone.
 */
#ifndef LINEKEEPER_DRAFT_H
#define LINEKEEPER_DRAFT_H

#include <stdbool.h>

#include "core.h"

#define DRAFT_MAX 65536
#define NONE UINT32_MAX

enum draft_table {
    LINE, PRSN, SKIL, PSKL, MEMB, QUEU, CHST, CHAN, OPEN, HOUR, ATTR, TEXT, STEP, EXIT, DIAL, CALR, NUMB, LIST, ACTN,
    DRAFT_TABLES
};

enum draft_strategy {
    RING_ALL, ROUND_ROBIN, PERCENTAGE, BEST_FIRST, LONGEST_IDLE, FEWEST_CALLS, LEAST_TALK, RANDOM, FIXED_ORDER
};

struct draft {
    uint32_t calls_max;
    struct {
        uint8_t bytes[8192];
        uint32_t size;
        uint32_t count;
    } table[DRAFT_TABLES];
    uint8_t bytes[DRAFT_MAX];
    size_t size;
};

/* Each adds a record and returns its index. Ids are what the tests know people and things by. */
uint32_t add_line(struct draft *draft, uint32_t id, uint32_t first_step);
uint32_t add_person(struct draft *draft, uint32_t id, uint32_t wrap_up_ms);

struct person_draft {
    uint32_t id, wrap_up_ms, mailbox, pause_ms;
    uint8_t level, pause_after;
    uint64_t mobile_lines;
};

uint32_t add_person_with(struct draft *draft, struct person_draft person);
uint32_t add_skill(struct draft *draft, uint32_t id);
uint32_t add_person_skill(struct draft *draft, uint32_t person, uint16_t skill, uint16_t level);
/* By their telephones, without shares, from the first moment on. */
uint32_t add_members(struct draft *draft, uint32_t count, const uint32_t *people);
uint32_t add_member(struct draft *draft, uint32_t person, uint8_t ways, uint16_t share, uint32_t after_ms);

struct queue_draft {
    uint32_t id, ring_ms, max_wait_ms, max_length, again_after_refusal_ms, again_after_no_answer_ms, first, count,
        wrap_up_ms, weight;
    uint32_t any_skill_after_ms; /* 0: never, as the plan's 0xffffffff */
    enum draft_strategy strategy;
    bool music, join_when_empty, leave_when_empty;
};

uint32_t add_queue(struct draft *draft, struct queue_draft queue);
uint32_t add_chain_step(struct draft *draft, uint32_t ring_ms, uint32_t first, uint32_t count);
uint32_t add_chain(struct draft *draft, uint32_t id, uint32_t first, uint32_t count);
uint32_t add_open(struct draft *draft, lk_ms from, lk_ms until);
uint32_t add_hours(struct draft *draft, uint32_t id, uint32_t first, uint32_t count);
/* A step that says nothing beyond these; one of kind 4 rings telephones, one of kind 7 dials what was called. */
uint32_t add_step(struct draft *draft, uint32_t id, uint16_t kind, uint16_t small, uint32_t what, uint32_t next,
                  uint32_t other);

struct step_draft {
    uint32_t id, what, next, other, first_exit, value, ms;
    uint16_t kind, small, exits;
    uint8_t least, most;
};

uint32_t add_step_with(struct draft *draft, struct step_draft step);
uint32_t add_exit(struct draft *draft, uint16_t on, uint32_t step);
uint32_t add_attribute(struct draft *draft, uint32_t id);
uint32_t add_text(struct draft *draft, const char *text);
uint32_t add_dial(struct draft *draft, uint32_t line, uint32_t step, const char *number);
uint32_t add_list(struct draft *draft, uint32_t id);
uint32_t add_list_of_withheld(struct draft *draft, uint32_t id, uint32_t caller);
uint32_t add_caller(struct draft *draft, uint64_t lists);
uint32_t add_caller_of(struct draft *draft, uint64_t lists, uint32_t manager, uint32_t priority);
uint32_t add_action(struct draft *draft, uint32_t id, uint32_t list, uint64_t lines);
uint32_t add_action_for(struct draft *draft, uint32_t id, uint32_t list, uint64_t lines, uint8_t least_trust);
/* A table of `slots` slots; a number ending in * is a prefix. */
void add_numbers(struct draft *draft, uint32_t slots, uint32_t count, const char *const *numbers,
                 const uint32_t *callers);

/* Puts the tables together into bytes. */
void finish(struct draft *draft);
/* Sets length and checksum right after the bytes were changed. */
void seal(uint8_t *bytes, size_t size);

#endif
