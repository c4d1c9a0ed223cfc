/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The calls under way: a pool with an index by the id the outside chose.
 */
#ifndef LINEKEEPER_CALLS_H
#define LINEKEEPER_CALLS_H

#include "ids.h"

enum lk_state {
    LK_STATE_NONE = 0, /* not a call */
    LK_WAITING,        /* in a queue */
    LK_HUNTING,        /* a chain or a person is rung */
    LK_DIALING,        /* a number outside is called */
    LK_TALKING,
    LK_RECORDING, /* in voicemail */
    LK_SPEAKING,  /* something is said to him */
    LK_ASKING,    /* a menu, or digits are collected */
    LK_LOOKING,   /* something is looked up */
    LK_PARKED,    /* in the hands of the switch */
    LK_STATES
};

struct lk_call {
    uint64_t id;
    uint64_t lists; /* caller lists he is on, by bit */
    uint64_t wants; /* skills, by bit; their levels are in the world */
    lk_ms arrived;
    lk_ms joined;       /* the queue he waits in */
    uint64_t joined_at; /* the same as a count of facts */
    lk_ms asked;  /* when something began to be looked up */
    enum lk_state state;
    uint32_t rules;      /* the plan he came under */
    uint32_t line;       /* LINE index he came in on */
    uint32_t step;       /* STEP index */
    uint32_t steps;      /* taken in all */
    uint32_t queue;      /* id of the queue last joined, 0 none */
    uint32_t chain_next; /* CHST index to ring after this one */
    uint32_t chain_end;
    uint32_t caller;    /* person slot, LK_NO_SLOT when not one of ours */
    uint32_t answerer;  /* person slot, LK_NO_SLOT when none or outside */
    uint32_t last;      /* person slot of who spoke to him last, LK_NO_SLOT none */
    uint32_t manager;   /* person slot, LK_NO_SLOT none */
    uint32_t sender;    /* person slot of who sent it last, LK_NO_SLOT none */
    uint32_t mailbox;   /* id, 0 none */
    uint32_t first_leg; /* leg ids below this were given before he came */
    uint32_t wrap_up_ms; /* what the one who answered needs after it */
    uint32_t talks_for;  /* queue slot the talk is counted for, LK_NO_SLOT none */
    uint32_t counted;    /* the run of his queue he was counted in (percentage), 0 none */
    uint32_t priority;
    uint32_t offers; /* of strategies that ring one, in all */
    uint32_t unheeded; /* things said or looked up since he last pressed a key that counted */
    lk_ms talks_since;
    uint64_t seen; /* changes of people up to here were looked at for it while it waits; 0: look at everybody */
    uint8_t trust;   /* enum lk_trust */
    uint8_t history; /* enum lk_history */
    uint16_t tries;  /* times the menu was said */
    bool answered;   /* the caller's leg is */
    bool said;       /* what was to be said has been */
    bool keyed;      /* he pressed a key that counted */
    bool served;     /* he got what he pressed for */
    bool talked;     /* somebody spoke to him */
    uint8_t typed_length;
    uint8_t caller_length;
    uint8_t called_length;
    char typed[LK_NUMBER_MAX];
    char from[LK_NUMBER_MAX];
    char called[LK_NUMBER_MAX];
};

struct lk_calls {
    struct lk_call *at;
    uint32_t *index; /* slot + 1 by hash of the id, linear probing; 0 empty */
    uint32_t *spare; /* a stack of free slots */
    uint32_t count;
    uint32_t room;
    uint32_t index_size; /* a power of two, at least twice the room */
};

bool lk_calls_make(struct lk_calls *calls, const struct lk_allocator *from, uint32_t room);
void lk_calls_free(struct lk_calls *calls, const struct lk_allocator *from);
/* The slot of a new call, LK_NO_SLOT when the pool is full; the id must not be known. */
uint32_t lk_calls_begin(struct lk_calls *calls, uint64_t id);
void lk_calls_end(struct lk_calls *calls, uint32_t slot);
/* LK_NO_SLOT when unknown. */
uint32_t lk_calls_find(const struct lk_calls *calls, uint64_t id);
/* All calls of another pool with no more room than this empty one, each in its slot. */
void lk_calls_move(struct lk_calls *calls, const struct lk_calls *old);

#endif
