/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include "allocate.h"
#include "bytes.h"
#include "deadlines.h"

enum {
    CALLS_MAX_AT = 16, /* in the head of a plan */
    ASK_EVERY = 4096,  /* arrivals between two questions whether to go on */
    NOBODY = 0,
};

#define FNV_START UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)
#define LEG_ROOM 8 /* places of the leg table for each person */

/* What a call under way does next by itself, when its second timer is due. */
enum doing { WAITING, CALLED_OUTSIDE, TALKING, RECORDING, HEARING, PRESSING, LOOKING };

struct visit {
    uint32_t arrival;
    uint32_t leg;     /* outside, or of who has the call */
    uint32_t look_up; /* index */
    int32_t cause;    /* outside: 0 he answers */
    uint8_t doing;
    uint8_t pressed; /* keys */
    bool told;       /* DONE was fed for what is asked */
};

struct person {
    uint32_t leg;   /* rung, 0 not */
    uint32_t visit;
    int32_t cause;  /* with which he will refuse, 0 he answers */
};

struct run {
    const struct lk_replay *of;
    struct lk_core *core;
    struct lk_replay_call *calls;
    struct lk_replay_load *loads;
    struct lk_deadlines timers; /* of each person, and two of each visit */
    struct person *people;
    uint32_t *places; /* index of a person + 1 by hash of his id, linear probing */
    bool *used;       /* by manner */
    uint32_t *by_leg; /* index of the person last rung by such a leg */
    struct visit *visits;
    uint32_t *spare; /* a stack of free visits */
    uint32_t places_size, by_leg_size, room, count; /* the sizes are powers of two */
    lk_ms now;
};

/* ---- memory ------------------------------------------------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t least)
{
    uint32_t size = 2;

    while (size < least)
        size *= 2;
    return size;
}

static uint32_t place_of(const struct run *run, uint32_t id)
{
    uint32_t place = (id * UINT32_C(0x9E3779B1)) >> 7 & (run->places_size - 1);

    while (run->places[place] != 0 && run->of->people[run->places[place] - 1].id != id)
        place = (place + 1) & (run->places_size - 1);
    return place;
}

static enum lk_error make(struct run *run, const struct lk_allocator *from)
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
        run->places[place_of(run, of->people[i].id)] = i + 1;
        run->loads[i] = (struct lk_replay_load){.id = of->people[i].id};
    }
    return LK_OK;
}

static void unmake(struct run *run, const struct lk_allocator *from)
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

/* ---- who does what, and when -------------------------------------------------------------------------------------- */

static const struct lk_replay_arrival *arrival_of(const struct run *run, const struct visit *visit)
{
    return &run->of->arrivals[visit->arrival];
}

static uint64_t call_of(const struct visit *visit)
{
    return (uint64_t)visit->arrival + 1;
}

static struct visit *visit_of(const struct run *run, uint64_t call)
{
    return &run->visits[run->calls[call - 1].under_way - 1];
}

static uint32_t patience_of(const struct run *run, const struct visit *visit)
{
    return run->of->person_count + 2 * (uint32_t)(visit - run->visits);
}

/* Does this in so many ms, LK_NEVER for not at all. */
static void soon(struct run *run, struct visit *visit, enum doing doing, uint32_t ms)
{
    visit->doing = (uint8_t)doing;
    lk_deadlines_set(&run->timers, patience_of(run, visit) + 1, ms == LK_NEVER ? LK_NONE : run->now + ms);
}

/* SplitMix64: what this person makes of this call, always the same. */
static uint64_t drawn(uint64_t call, uint32_t person)
{
    uint64_t x = call * UINT64_C(0x9E3779B97F4A7C15) + person;

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* How it is known that somebody takes this very call: the first time in the first way given, and so on. */
static const struct lk_replay_manner *known_manner(struct run *run, const struct lk_replay_arrival *arrival, uint32_t id)
{
    const struct lk_replay_manner *last = NULL;

    for (uint32_t i = arrival->first_manner; i < arrival->first_manner + arrival->manners; i++) {
        if (run->of->manners[i].person != id)
            continue;
        last = &run->of->manners[i];
        if (!run->used[i]) {
            run->used[i] = true;
            break;
        }
    }
    return last;
}

/* How somebody rung takes it: as is known, or as is usual. */
static struct lk_replay_manner manner_of(struct run *run, const struct visit *visit, uint32_t id, uint32_t ignores)
{
    const struct lk_replay_arrival *arrival = arrival_of(run, visit);
    const struct lk_replay_manner *known = arrival->manners > 0 ? known_manner(run, arrival, id) : NULL;
    struct lk_replay_manner usual = {id, arrival->answer_ms, 0};
    uint64_t chance;

    if (known != NULL)
        return *known;
    if (usual.after_ms == LK_NEVER || (ignores == 0 && run->of->spread == 0))
        return usual;
    chance = drawn(call_of(visit), id);
    if (chance % 1000 < ignores)
        usual.after_ms = LK_NEVER;
    else
        usual.after_ms += (uint32_t)((chance >> 32) % (run->of->spread + 1) * usual.after_ms / 1000);
    return usual;
}

static void feed(struct run *run, struct lk_event event);

static void about(struct run *run, enum lk_event_kind kind, const struct visit *visit, int32_t value)
{
    feed(run, (struct lk_event){.kind = (uint16_t)kind, .call = call_of(visit), .leg = visit->leg, .value = value});
}

/* ---- commands ----------------------------------------------------------------------------------------------------- */

static void ring(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);
    uint32_t index = run->places[place_of(run, command->target)] - 1;
    struct lk_replay_manner manner;

    run->calls[visit->arrival].rung++;
    if (index == UINT32_MAX) /* nobody told us of him: he lets it ring */
        return;
    manner = manner_of(run, visit, command->target, run->of->people[index].ignores);
    run->loads[index].rung++;
    run->people[index] = (struct person){command->leg, (uint32_t)(visit - run->visits), manner.cause};
    run->by_leg[command->leg & (run->by_leg_size - 1)] = index;
    lk_deadlines_set(&run->timers, index, manner.after_ms == LK_NEVER ? LK_NONE : run->now + manner.after_ms);
}

static void dial(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);
    struct lk_replay_manner manner = manner_of(run, visit, NOBODY, 0);

    visit->leg = command->leg;
    visit->cause = manner.cause;
    soon(run, visit, CALLED_OUTSIDE, manner.after_ms);
}

/* Whoever is rung by this leg, NULL when it is none of theirs. */
static struct person *rung_by(const struct run *run, uint32_t leg)
{
    struct person *likely = &run->people[run->by_leg[leg & (run->by_leg_size - 1)]];

    if (run->of->person_count == 0 || likely->leg == leg)
        return run->of->person_count == 0 ? NULL : likely;
    for (uint32_t i = 0; i < run->of->person_count; i++) /* so many were rung since that his place was taken */
        if (run->people[i].leg == leg)
            return &run->people[i];
    return NULL;
}

static void stop(struct run *run, const struct lk_command *command)
{
    struct person *person = rung_by(run, command->leg);
    struct visit *visit = visit_of(run, command->call);

    if (person != NULL) {
        person->leg = 0;
        lk_deadlines_set(&run->timers, (uint32_t)(person - run->people), LK_NONE);
    } else if (visit->doing == CALLED_OUTSIDE && visit->leg == command->leg) {
        soon(run, visit, WAITING, LK_NEVER);
    }
}

static void bridge(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);
    struct lk_replay_call *call = &run->calls[visit->arrival];

    visit->leg = command->leg;
    call->answered_at = run->now;
    call->waited_ms = (uint32_t)(run->now - arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, patience_of(run, visit), LK_NONE);
    soon(run, visit, TALKING, arrival_of(run, visit)->talk_ms);
}

static void mailbox(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);

    run->calls[visit->arrival].waited_ms = (uint32_t)(run->now - arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, patience_of(run, visit), LK_NONE);
    soon(run, visit, RECORDING, arrival_of(run, visit)->message_ms);
}

static void action(struct run *run, const struct lk_command *command)
{
    run->calls[command->call - 1].actions++;
}

static void over(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);
    struct lk_replay_call *call = &run->calls[visit->arrival];
    uint32_t index;

    call->outcome = (uint8_t)command->value;
    call->person = command->target;
    call->queue = command->queue;
    call->over_at = run->now;
    call->under_way = 0;
    if (visit->doing != TALKING && visit->doing != RECORDING)
        call->waited_ms = (uint32_t)(run->now - arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, patience_of(run, visit), LK_NONE);
    lk_deadlines_set(&run->timers, patience_of(run, visit) + 1, LK_NONE);
    run->spare[run->room - run->count--] = (uint32_t)(visit - run->visits);
    if (call->outcome != LK_ANSWERED || call->person == 0)
        return;
    index = run->places[place_of(run, call->person)] - 1;
    if (index != UINT32_MAX) {
        run->loads[index].calls++;
        run->loads[index].talk_ms += (uint64_t)(run->now - call->answered_at);
    }
}

static void say(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);
    const char *keys = arrival_of(run, visit)->keys;
    bool presses = command->value == 1 && visit->pressed < LK_REPLAY_KEYS && keys[visit->pressed] != 0;

    visit->told = false;
    soon(run, visit, presses ? PRESSING : HEARING, run->of->say_ms + (presses ? run->of->key_ms : 0));
}

static void hush(struct run *run, const struct lk_command *command)
{
    visit_of(run, command->call)->told = true;
}

static void look_up(struct run *run, const struct lk_command *command)
{
    struct visit *visit = visit_of(run, command->call);

    for (visit->look_up = 0; visit->look_up < run->of->look_up_count; visit->look_up++)
        if (run->of->look_ups[visit->look_up].id == command->target)
            break;
    soon(run, visit, LOOKING,
         visit->look_up < run->of->look_up_count ? run->of->look_ups[visit->look_up].after_ms : 0);
}

static void carry_out(struct run *run)
{
    static void (*const how[])(struct run *run, const struct lk_command *command) = {
        [LK_DO_RING] = ring,       [LK_DO_DIAL] = dial,     [LK_DO_STOP] = stop,       [LK_DO_BRIDGE] = bridge,
        [LK_DO_MAILBOX] = mailbox, [LK_DO_ACTION] = action, [LK_DO_OVER] = over,       [LK_DO_SAY] = say,
        [LK_DO_HUSH] = hush,       [LK_DO_LOOK_UP] = look_up, [LK_DO_PAUSED] = NULL, /* the others are heard, not done */
    };
    struct lk_command command;

    while (lk_core_command(run->core, &command))
        if (how[command.kind] != NULL)
            how[command.kind](run, &command);
}

/* ---- traces ------------------------------------------------------------------------------------------------------- */

/* A call that comes to another step does no longer what it did in the one before. */
static void step_taken(struct run *run, uint64_t call)
{
    struct visit *visit = visit_of(run, call);

    if (visit->doing != WAITING)
        soon(run, visit, WAITING, LK_NEVER);
}

static void keep_path(struct run *run)
{
    const uint32_t told = 1u << LK_WHY_STEP | 1u << LK_WHY_QUEUED | 1u << LK_WHY_ANSWERED | 1u << LK_WHY_OVER;
    struct lk_trace trace;

    while (lk_core_trace(run->core, &trace)) {
        struct lk_replay_call *call;

        if (!(told >> trace.rule & 1))
            continue;
        call = &run->calls[trace.call - 1];
        call->path = (call->path ^ (trace.rule | (uint64_t)trace.reason << 16 | (uint64_t)trace.subject << 32)) * FNV_PRIME;
        if (trace.rule == LK_WHY_STEP)
            step_taken(run, trace.call);
    }
}

static enum lk_error told(struct run *run, const struct lk_event *event)
{
    enum lk_error error = lk_core_feed(run->core, event, run->now);

    if (error == LK_OK) {
        keep_path(run);
        carry_out(run);
    }
    return error;
}

/* What the core refuses here was overtaken by another fact: nothing follows from it. */
static void feed(struct run *run, struct lk_event event)
{
    told(run, &event);
}

/* ---- what happens ------------------------------------------------------------------------------------------------- */

static void arrive(struct run *run, uint32_t index)
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
    struct visit *visit;

    memcpy(event.number, arrival->number, sizeof event.number);
    memcpy(event.other, arrival->other, sizeof event.other);
    *call = (struct lk_replay_call){.path = FNV_START, .over_at = run->now};
    if (run->count == run->room) {
        call->outcome = LK_REFUSED; /* as the switch would: all it may have are under way */
        return;
    }
    visit = &run->visits[run->spare[run->room - 1 - run->count++]];
    *visit = (struct visit){.arrival = index};
    call->under_way = (uint32_t)(visit - run->visits) + 1;
    if (arrival->patience_ms != 0)
        lk_deadlines_set(&run->timers, patience_of(run, visit), run->now + arrival->patience_ms);
    error = told(run, &event);
    if (error == LK_OK)
        return;
    lk_deadlines_set(&run->timers, patience_of(run, visit), LK_NONE);
    run->spare[run->room - run->count--] = (uint32_t)(visit - run->visits);
    call->under_way = 0;
    call->outcome = error == LK_FULL ? LK_REFUSED : 0;
}

static void learn(struct run *run, const struct lk_replay_fact *fact)
{
    struct lk_event event = {.kind = fact->kind, .value = fact->value};

    *(fact->kind == LK_EV_LINE ? &event.line : fact->kind == LK_EV_OVERRIDE ? &event.what : &event.person) = fact->id;
    feed(run, event);
}

static void press(struct run *run, struct visit *visit)
{
    const char *keys = arrival_of(run, visit)->keys;

    about(run, LK_EV_DIGIT, visit, keys[visit->pressed++]);
    if (visit->doing != PRESSING || lk_deadlines_get(&run->timers, patience_of(run, visit) + 1) != LK_NONE)
        return; /* it went on, or asks again */
    if (visit->pressed < LK_REPLAY_KEYS && keys[visit->pressed] != 0)
        soon(run, visit, PRESSING, run->of->key_ms);
    else if (!visit->told)
        soon(run, visit, HEARING, 0);
}

static void looked_up(struct run *run, struct visit *visit)
{
    const struct lk_replay_look_up *found = &run->of->look_ups[visit->look_up];
    struct lk_event event = {.kind = LK_EV_FAILED, .call = call_of(visit)};

    if (visit->look_up < run->of->look_up_count) {
        event.kind = LK_EV_FOUND;
        event.value = found->found != 0;
        memcpy(event.number, found->text, sizeof event.number);
    }
    feed(run, event);
}

static void go_on(struct run *run, struct visit *visit)
{
    switch ((enum doing)visit->doing) {
    case WAITING:
        break;
    case CALLED_OUTSIDE:
        about(run, visit->cause == 0 ? LK_EV_ANSWERED : LK_EV_REFUSED, visit, visit->cause);
        break;
    case TALKING:
        about(run, arrival_of(run, visit)->caller_ends ? LK_EV_HUNG_UP : LK_EV_LEFT, visit, 0);
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

static void take_up(struct run *run, struct person *person)
{
    struct lk_event event = {
        .kind = person->cause == 0 ? LK_EV_ANSWERED : LK_EV_REFUSED,
        .call = call_of(&run->visits[person->visit]),
        .leg = person->leg,
        .value = person->cause,
    };

    person->leg = 0;
    feed(run, event);
}

static void due(struct run *run, uint32_t timer)
{
    uint32_t people = run->of->person_count;
    struct visit *visit = &run->visits[(timer - people) / 2];

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
    for (uint32_t i = 0; i < of->arrival_count; i++)
        if ((i > 0 && of->arrivals[i].at < of->arrivals[i - 1].at) ||
            (uint64_t)of->arrivals[i].first_manner + of->arrivals[i].manners > of->manner_count)
            return false;
    for (uint32_t i = 0; i < of->fact_count; i++)
        if ((i > 0 && of->facts[i].at < of->facts[i - 1].at) ||
            (of->facts[i].kind < LK_EV_STATUS && of->facts[i].kind != LK_EV_LINE))
            return false;
    return of->arrival_count < UINT32_MAX;
}

/* Whoever is left when nothing can come any more hangs up. */
static void end_all(struct run *run)
{
    for (uint32_t i = 0; i < run->of->arrival_count && run->count > 0; i++)
        if (run->calls[i].under_way != 0)
            feed(run, (struct lk_event){.kind = LK_EV_HUNG_UP, .call = (uint64_t)i + 1});
}

static void play(struct run *run)
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
    struct run run = {.of = replay, .calls = calls, .loads = loads};
    enum lk_error error = sound(replay) ? make(&run, from) : LK_BAD_EVENT;

    if (error == LK_OK)
        play(&run);
    unmake(&run, from);
    return error;
}
