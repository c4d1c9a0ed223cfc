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

enum draft_table { LINE, PRSN, MEMB, QUEU, CHST, CHAN, OPEN, HOUR, STEP, DIAL, CALR, NUMB, LIST, ACTN, DRAFT_TABLES };

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
uint32_t add_members(struct draft *draft, uint32_t count, const uint32_t *people);

struct queue_draft {
    uint32_t id, ring_ms, max_wait_ms, max_length, again_after_refusal_ms, again_after_no_answer_ms, first, count,
        wrap_up_ms;
    bool round_robin, music, join_when_empty;
};

uint32_t add_queue(struct draft *draft, struct queue_draft queue);
uint32_t add_chain_step(struct draft *draft, uint32_t ring_ms, uint32_t first, uint32_t count);
uint32_t add_chain(struct draft *draft, uint32_t id, uint32_t first, uint32_t count);
uint32_t add_open(struct draft *draft, lk_ms from, lk_ms until);
uint32_t add_hours(struct draft *draft, uint32_t id, uint32_t first, uint32_t count);
uint32_t add_step(struct draft *draft, uint32_t id, uint16_t kind, uint16_t extra, uint32_t what, uint32_t next,
                  uint32_t other);
uint32_t add_dial(struct draft *draft, uint32_t line, uint32_t step, const char *number);
uint32_t add_list(struct draft *draft, uint32_t id);
uint32_t add_caller(struct draft *draft, uint64_t lists);
uint32_t add_action(struct draft *draft, uint32_t id, uint32_t list, uint64_t lines);
/* A table of `slots` slots; a number ending in * is a prefix. */
void add_numbers(struct draft *draft, uint32_t slots, uint32_t count, const char *const *numbers,
                 const uint32_t *callers);

/* Puts the tables together into bytes. */
void finish(struct draft *draft);
/* Sets length and checksum right after the bytes were changed. */
void seal(uint8_t *bytes, size_t size);

#endif
