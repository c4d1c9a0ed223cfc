/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include "allocate.h"
#include "bytes.h"
#include "replay_run.h"

enum {
    CALLS_MAX_AT = 16, /* in the head of a plan */
    ASK_EVERY = 4096,  /* arrivals between two questions whether to go on */
};

#define FNV_START UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)
#define LEG_ROOM 8 /* places of the leg table for each person */

/* ---- memory ------------------------------------------------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t least)
{
    uint32_t size = 2;

    while (size < least)
        size *= 2;
    return size;
}

static enum lk_error make(struct lk_replay_run *run, const struct lk_allocator *from)
{
    const struct lk_replay *of = run->of;
    enum lk_error error = lk_core_new(&run->core, from, of->plan, of->plan_size, of->memory, of->memory_size);

    if (error != LK_OK)
        return error;
    run->room = lk_u32(of->plan + CALLS_MAX_AT);
    run->places_size = power_of_two(2 * of->person_count);
    run->by_leg_size = power_of_two(LEG_ROOM * of->person_count);
    run->people = lk_get(from, of->person_count, sizeof *run->people);
    run->places = lk_get(from, run->places_size, sizeof *run->places);
    run->used = lk_get(from, of->manner_count, sizeof *run->used);
    run->by_leg = lk_get(from, run->by_leg_size, sizeof *run->by_leg);
    run->visits = lk_get(from, run->room, sizeof *run->visits);
    run->spare = lk_get(from, run->room, sizeof *run->spare);
    if (!lk_deadlines_make(&run->timers, from, of->person_count + 2 * run->room) || run->people == NULL ||
        run->places == NULL || run->used == NULL || run->by_leg == NULL || run->visits == NULL || run->spare == NULL)
        return LK_NOMEM;
    for (uint32_t i = 0; i < run->room; i++)
        run->spare[i] = run->room - 1 - i;
    for (uint32_t i = 0; i < of->person_count; i++) {
        run->places[lk_place_of(run, of->people[i].id)] = i + 1;
        run->loads[i] = (struct lk_replay_load){.id = of->people[i].id};
    }
    return LK_OK;
}

static void unmake(struct lk_replay_run *run, const struct lk_allocator *from)
{
    lk_put(from, run->spare, run->room, sizeof *run->spare);
    lk_put(from, run->visits, run->room, sizeof *run->visits);
    lk_put(from, run->by_leg, run->by_leg_size, sizeof *run->by_leg);
    lk_put(from, run->used, run->of->manner_count, sizeof *run->used);
    lk_put(from, run->places, run->places_size, sizeof *run->places);
    lk_put(from, run->people, run->of->person_count, sizeof *run->people);
    lk_deadlines_free(&run->timers, from);
    lk_core_free(run->core);
}

static void feed(struct lk_replay_run *run, struct lk_event event);

static void about(struct lk_replay_run *run, enum lk_event_kind kind, const struct lk_visit *visit, int32_t value)
{
    feed(run, (struct lk_event){.kind = (uint16_t)kind, .call = lk_call_of(visit), .leg = visit->leg, .value = value});
}

/* ---- traces ------------------------------------------------------------------------------------------------------- */

/* A call that comes to another step does no longer what it did in the one before. */
static void step_taken(struct lk_replay_run *run, uint64_t call)
{
    struct lk_visit *visit = lk_visit_of(run, call);

    if (visit->doing != WAITING)
        lk_soon(run, visit, WAITING, LK_NEVER);
}

static void keep_path(struct lk_replay_run *run)
{
    const uint32_t told = 1u << LK_WHY_STEP | 1u << LK_WHY_QUEUED | 1u << LK_WHY_ANSWERED | 1u << LK_WHY_OVER;
    const uint32_t looks = 1u << LK_WHY_QUEUED | 1u << LK_WHY_RUNG | 1u << LK_WHY_PASSED;
    struct lk_trace trace;

    while (lk_core_trace(run->core, &trace)) {
        struct lk_replay_call *call;

        if (trace.call != 0 && (looks >> trace.rule & 1 || trace.reason == LK_BECAUSE_QUEUE_FULL ||
                                trace.reason == LK_BECAUSE_QUEUE_EMPTY))
            run->calls[trace.call - 1].looked_for = 1;
        if (!(told >> trace.rule & 1))
            continue;
        call = &run->calls[trace.call - 1];
        call->path = (call->path ^ (trace.rule | (uint64_t)trace.reason << 16 | (uint64_t)trace.subject << 32)) * FNV_PRIME;
        if (trace.rule == LK_WHY_STEP)
            step_taken(run, trace.call);
    }
}

static enum lk_error told(struct lk_replay_run *run, const struct lk_event *event)
{
    enum lk_error error = lk_core_feed(run->core, event, run->now);

    if (error == LK_OK) {
        keep_path(run);
        lk_carry_out(run);
    }
    return error;
}

/* What the core refuses here was overtaken by another fact: nothing follows from it. */
static void feed(struct lk_replay_run *run, struct lk_event event)
{
    told(run, &event);
}

/* ---- what happens ------------------------------------------------------------------------------------------------- */

static void arrive(struct lk_replay_run *run, uint32_t index)
{
    const struct lk_replay_arrival *arrival = &run->of->arrivals[index];
    struct lk_replay_call *call = &run->calls[index];
    struct lk_event event = {
        .kind = LK_EV_ARRIVED,
        .call = (uint64_t)index + 1,
        .line = arrival->line,
        .person = arrival->person,
        .what = arrival->what,
        .trust = arrival->trust,
        .history = arrival->history,
    };
    enum lk_error error;
    struct lk_visit *visit;

    memcpy(event.number, arrival->number, sizeof event.number);
    memcpy(event.other, arrival->other, sizeof event.other);
    *call = (struct lk_replay_call){.path = FNV_START, .over_at = run->now};
    if (run->count == run->room) {
        call->outcome = LK_REFUSED; /* as the switch would: all it may have are under way */
        return;
    }
    visit = &run->visits[run->spare[run->room - 1 - run->count++]];
    *visit = (struct lk_visit){.arrival = index};
    call->under_way = (uint32_t)(visit - run->visits) + 1;
    if (arrival->patience_ms != 0)
        lk_deadlines_set(&run->timers, lk_patience_of(run, visit), run->now + arrival->patience_ms);
    error = told(run, &event);
    if (error == LK_OK)
        return;
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit), LK_NONE);
    run->spare[run->room - run->count--] = (uint32_t)(visit - run->visits);
    call->under_way = 0;
    call->outcome = error == LK_FULL ? LK_REFUSED : 0;
}

static void learn(struct lk_replay_run *run, const struct lk_replay_fact *fact)
{
    struct lk_event event = {.kind = fact->kind, .value = fact->value};

    *(fact->kind == LK_EV_LINE ? &event.line : fact->kind == LK_EV_OVERRIDE ? &event.what : &event.person) = fact->id;
    feed(run, event);
}

static void press(struct lk_replay_run *run, struct lk_visit *visit)
{
    const char *keys = lk_arrival_of(run, visit)->keys;

    about(run, LK_EV_DIGIT, visit, keys[visit->pressed++]);
    if (visit->doing != PRESSING || lk_deadlines_get(&run->timers, lk_patience_of(run, visit) + 1) != LK_NONE)
        return; /* it went on, or asks again */
    if (visit->pressed < LK_REPLAY_KEYS && keys[visit->pressed] != 0)
        lk_soon(run, visit, PRESSING, run->of->key_ms);
    else if (!visit->told)
        lk_soon(run, visit, HEARING, 0);
}

static void looked_up(struct lk_replay_run *run, struct lk_visit *visit)
{
    const struct lk_replay_look_up *found = &run->of->look_ups[visit->look_up];
    struct lk_event event = {.kind = LK_EV_FAILED, .call = lk_call_of(visit)};

    if (visit->look_up < run->of->look_up_count) {
        event.kind = LK_EV_FOUND;
        event.value = found->found != 0;
        memcpy(event.number, found->text, sizeof event.number);
    }
    feed(run, event);
}

static void go_on(struct lk_replay_run *run, struct lk_visit *visit)
{
    switch ((enum lk_doing)visit->doing) {
    case WAITING:
        break;
    case CALLED_OUTSIDE:
        about(run, visit->cause == 0 ? LK_EV_ANSWERED : LK_EV_REFUSED, visit, visit->cause);
        break;
    case TALKING:
        about(run, lk_arrival_of(run, visit)->caller_ends ? LK_EV_HUNG_UP : LK_EV_LEFT, visit, 0);
        break;
    case RECORDING:
    case HEARING:
        about(run, LK_EV_DONE, visit, 0);
        break;
    case PRESSING:
        press(run, visit);
        break;
    case LOOKING:
        looked_up(run, visit);
        break;
    }
}

static void take_up(struct lk_replay_run *run, struct lk_rung *person)
{
    struct lk_event event = {
        .kind = person->cause == 0 ? LK_EV_ANSWERED : LK_EV_REFUSED,
        .call = lk_call_of(&run->visits[person->visit]),
        .leg = person->leg,
        .value = person->cause,
    };

    person->leg = 0;
    feed(run, event);
}

static void due(struct lk_replay_run *run, uint32_t timer)
{
    uint32_t people = run->of->person_count;
    struct lk_visit *visit = &run->visits[(timer - people) / 2];

    lk_deadlines_set(&run->timers, timer, LK_NONE);
    if (timer < people)
        take_up(run, &run->people[timer]);
    else if ((timer - people) % 2 == 0)
        about(run, LK_EV_HUNG_UP, visit, 0);
    else
        go_on(run, visit);
}

/* ---- the run ------------------------------------------------------------------------------------------------------ */

static bool sound(const struct lk_replay *of)
{
    const uint32_t facts = 1u << LK_EV_STATUS | 1u << LK_EV_REACHABLE | 1u << LK_EV_LINE | 1u << LK_EV_OVERRIDE |
                           1u << LK_EV_RESET;

    for (uint32_t i = 0; i < of->arrival_count; i++)
        if ((i > 0 && of->arrivals[i].at < of->arrivals[i - 1].at) ||
            (uint64_t)of->arrivals[i].first_manner + of->arrivals[i].manners > of->manner_count)
            return false;
    for (uint32_t i = 0; i < of->fact_count; i++)
        if ((i > 0 && of->facts[i].at < of->facts[i - 1].at) ||
            of->facts[i].kind > LK_EV_RESET || !(facts >> of->facts[i].kind & 1))
            return false;
    return of->arrival_count < UINT32_MAX;
}

/* Whoever is left when nothing can come any more hangs up. */
static void end_all(struct lk_replay_run *run)
{
    for (uint32_t i = 0; i < run->of->arrival_count && run->count > 0; i++)
        if (run->calls[i].under_way != 0)
            feed(run, (struct lk_event){.kind = LK_EV_HUNG_UP, .call = (uint64_t)i + 1});
}

static void play(struct lk_replay_run *run)
{
    const struct lk_replay *of = run->of;
    uint32_t arrived = 0, known = 0;
    lk_ms last = of->arrival_count > 0 ? of->arrivals[of->arrival_count - 1].at + LK_LINGER : 0;

    while (arrived < of->arrival_count || run->count > 0) {
        lk_ms arrival = arrived < of->arrival_count ? of->arrivals[arrived].at : LK_NONE;
        lk_ms fact = known < of->fact_count ? of->facts[known].at : LK_NONE;
        lk_ms deadline = lk_core_deadline(run->core);
        uint32_t timer = 0;
        lk_ms own = lk_deadlines_next(&run->timers, &timer);

        if (fact <= own && fact <= deadline && fact <= arrival && fact != LK_NONE) {
            run->now = fact;
            learn(run, &of->facts[known++]);
        } else if (own <= deadline && own <= arrival && own != LK_NONE) {
            run->now = own;
            due(run, timer);
        } else if (deadline <= arrival && deadline <= last) {
            run->now = deadline;
            feed(run, (struct lk_event){.kind = LK_EV_TICK});
        } else if (arrival != LK_NONE) {
            run->now = arrival;
            arrive(run, arrived++);
            if (arrived % ASK_EVERY == 0 && of->go_on != NULL && !of->go_on(of->state, arrived))
                return;
        } else {
            break;
        }
        if (run->now > last)
            break;
    }
    end_all(run);
}

enum lk_error lk_replay_run(const struct lk_replay *replay, const struct lk_allocator *from,
                            struct lk_replay_call *calls, struct lk_replay_load *loads)
{
    struct lk_replay_run run = {.of = replay, .calls = calls, .loads = loads};
    enum lk_error error = sound(replay) ? make(&run, from) : LK_BAD_EVENT;

    if (error == LK_OK)
        play(&run);
    unmake(&run, from);
    return error;
}
