/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A whole traffic through the core in virtual time: what comes in is known beforehand, what the core wants done is done
 * by callers and people made of numbers. Uses the doors of core.h alone; docs/replay.md says what is assumed.
 * Records lie in the machine's own byte order, as _core.pyi says for `struct`.
 */
#ifndef LINEKEEPER_REPLAY_H
#define LINEKEEPER_REPLAY_H

#include <stdbool.h>

#include "core.h"

#define LK_REPLAY_KEYS 16
#define LK_NEVER UINT32_MAX    /* ms: he does not */
#define LK_LINGER 86400000 /* ms after the last arrival; whoever still waits then hangs up */

/* One caller's visit. Sorted by time. */
struct lk_replay_arrival {
    lk_ms at;
    uint32_t line;
    uint32_t person;       /* id of the caller when he is one of ours */
    uint32_t what;         /* id of the person who spoke to him last */
    uint32_t patience_ms;  /* from his arrival; 0: he waits for ever */
    uint32_t talk_ms;
    uint32_t answer_ms;    /* till whoever is rung picks up; LK_NEVER: nobody does */
    uint32_t message_ms;   /* spoken to a mailbox */
    uint32_t first_manner; /* how this or that person takes this call, where it is known */
    uint16_t manners;
    uint8_t trust;
    uint8_t history;
    uint8_t caller_ends; /* 1: the caller hangs up after the talk, else his partner */
    uint8_t zero[3];
    char number[LK_NUMBER_MAX + 1];
    char other[LK_NUMBER_MAX + 1];
    char keys[LK_REPLAY_KEYS]; /* pressed as asked, zero-padded */
};

/* What one person (or, with person 0, who is called outside) does when rung for one call; several of one person: each time he is
 * rung the next, the last one again and again. */
struct lk_replay_manner {
    uint32_t person;
    uint32_t after_ms; /* LK_NEVER: lets it ring */
    int32_t cause;     /* 0: answers; else refuses with this cause */
};

/* A fact about a person, a line or hours, or a RESET. Sorted by time; of an id the plan does not know: left out. */
struct lk_replay_fact {
    lk_ms at;
    uint16_t kind; /* enum lk_event_kind: STATUS, REACHABLE, LINE, OVERRIDE, RESET */
    uint16_t zero;
    uint32_t id;
    int32_t value;
    uint32_t zero_too;
};

struct lk_replay_person {
    uint32_t id;
    uint32_t ignores; /* calls of a thousand he lets ring, drawn by call and person */
};

/* What is answered when this is looked up; what is not among them fails at once. */
struct lk_replay_look_up {
    uint32_t id;
    uint32_t after_ms; /* LK_NEVER: no answer */
    uint32_t found;    /* 0: there is none */
    char text[LK_NUMBER_MAX + 1];
};

/* What became of an arrival. */
struct lk_replay_call {
    lk_ms answered_at; /* by a person or outside; 0 never */
    lk_ms over_at;
    uint64_t path;      /* FNV-1a, a word a line, of rule, reason and subject of STEP, QUEUED, ANSWERED and OVER */
    uint32_t person;    /* id of who had it, 0 nobody */
    uint32_t queue;     /* id of the last one it waited in */
    uint32_t waited_ms; /* till it was answered, by a person or a mailbox, or over */
    uint32_t under_way; /* while it runs; 0 then */
    uint16_t rung;      /* people, each time */
    uint8_t outcome;    /* enum lk_outcome; 0: the plan has no such line or person */
    uint8_t actions;
    uint8_t looked_for; /* 1 when somebody was, were it in vain: who is let in at a gate or kept out was not missed */
    uint8_t zero[3];
};

struct lk_replay_load {
    uint32_t id;
    uint32_t calls; /* answered */
    uint32_t rung;
    uint32_t zero;
    uint64_t talk_ms;
};

struct lk_replay {
    const uint8_t *plan, *memory; /* memory may be NULL */
    size_t plan_size, memory_size;
    const struct lk_replay_arrival *arrivals;
    const struct lk_replay_fact *facts;
    const struct lk_replay_person *people; /* everybody who can be rung */
    const struct lk_replay_manner *manners;
    const struct lk_replay_look_up *look_ups;
    uint32_t arrival_count, fact_count, person_count, manner_count, look_up_count;
    uint32_t say_ms; /* how long each prompt is */
    uint32_t key_ms; /* from the end of the prompt, or the last key, to the next one */
    uint32_t spread; /* of a thousand: people pick up between answer_ms and so much later, each in his own way */
    bool (*go_on)(void *state, uint32_t arrivals); /* asked now and then, false ends it; may be NULL */
    void *state;
};

/* Fills one call for each arrival and one load for each person. LK_BAD_EVENT: not sorted, or a manner outside its
 * table. Memory is taken once, before the first arrival. */
enum lk_error lk_replay_run(const struct lk_replay *replay, const struct lk_allocator *from,
                            struct lk_replay_call *calls, struct lk_replay_load *loads);

#endif
