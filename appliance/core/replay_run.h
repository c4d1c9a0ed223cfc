/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the two files of the replay share: a run, and the visits under way in it.
 */
#ifndef LINEKEEPER_REPLAY_RUN_H
#define LINEKEEPER_REPLAY_RUN_H

#include "deadlines.h"
#include "replay.h"

/* What a call under way does next by itself, when its second timer is due. */
enum lk_doing { WAITING, CALLED_OUTSIDE, TALKING, RECORDING, HEARING, PRESSING, LOOKING };

struct lk_visit {
    uint32_t arrival;
    uint32_t leg;     /* outside, or of who has the call */
    uint32_t look_up; /* index */
    int32_t cause;    /* outside: 0 he answers */
    uint8_t doing;
    uint8_t pressed; /* keys */
    bool told;       /* DONE was fed for what is asked */
};

struct lk_rung {
    uint32_t leg;   /* rung, 0 not */
    uint32_t visit;
    int32_t cause;  /* with which he will refuse, 0 he answers */
};

struct lk_replay_run {
    const struct lk_replay *of;
    struct lk_core *core;
    struct lk_replay_call *calls;
    struct lk_replay_load *loads;
    struct lk_deadlines timers; /* of each person, and two of each visit */
    struct lk_rung *people;
    uint32_t *places; /* index of a person + 1 by hash of his id, linear probing */
    bool *used;       /* by manner */
    uint32_t *by_leg; /* index of the person last rung by such a leg */
    struct lk_visit *visits;
    uint32_t *spare; /* a stack of free visits */
    uint32_t places_size, by_leg_size, room, count; /* the sizes are powers of two */
    lk_ms now;
};

/* Where somebody's index is kept, or would be. */
static inline uint32_t lk_place_of(const struct lk_replay_run *run, uint32_t id)
{
    uint32_t place = (id * UINT32_C(0x9E3779B1)) >> 7 & (run->places_size - 1);

    while (run->places[place] != 0 && run->of->people[run->places[place] - 1].id != id)
        place = (place + 1) & (run->places_size - 1);
    return place;
}

static inline const struct lk_replay_arrival *lk_arrival_of(const struct lk_replay_run *run, const struct lk_visit *visit)
{
    return &run->of->arrivals[visit->arrival];
}

static inline uint64_t lk_call_of(const struct lk_visit *visit)
{
    return (uint64_t)visit->arrival + 1;
}

static inline struct lk_visit *lk_visit_of(const struct lk_replay_run *run, uint64_t call)
{
    return &run->visits[run->calls[call - 1].under_way - 1];
}

static inline uint32_t lk_patience_of(const struct lk_replay_run *run, const struct lk_visit *visit)
{
    return run->of->person_count + 2 * (uint32_t)(visit - run->visits);
}

/* Does this in so many ms, LK_NEVER for not at all. */
static inline void lk_soon(struct lk_replay_run *run, struct lk_visit *visit, enum lk_doing doing, uint32_t ms)
{
    visit->doing = (uint8_t)doing;
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit) + 1, ms == LK_NEVER ? LK_NONE : run->now + ms);
}

/* replay_do.c: does what the core wants done; nothing of it comes back to the core at once. */
void lk_carry_out(struct lk_replay_run *run);

#endif
