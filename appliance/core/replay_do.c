/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the core wants done, done in virtual time: it is noted who will do what, and when.
 */
#include "replay_run.h"

enum { NOBODY = 0 };

/* SplitMix64: what this person makes of this call, always the same. */
static uint64_t drawn(uint64_t call, uint32_t person)
{
    uint64_t x = call * UINT64_C(0x9E3779B97F4A7C15) + person;

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* How it is known that somebody takes this very call: the first time in the first way given, and so on. */
static const struct lk_replay_manner *known_manner(struct lk_replay_run *run, const struct lk_replay_arrival *arrival, uint32_t id)
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
static struct lk_replay_manner manner_of(struct lk_replay_run *run, const struct lk_visit *visit, uint32_t id, uint32_t ignores)
{
    const struct lk_replay_arrival *arrival = lk_arrival_of(run, visit);
    const struct lk_replay_manner *known = arrival->manners > 0 ? known_manner(run, arrival, id) : NULL;
    struct lk_replay_manner usual = {id, arrival->answer_ms, 0};
    uint64_t chance;

    if (known != NULL)
        return *known;
    if (usual.after_ms == LK_NEVER || (ignores == 0 && run->of->spread == 0))
        return usual;
    chance = drawn(lk_call_of(visit), id);
    if (chance % 1000 < ignores)
        usual.after_ms = LK_NEVER;
    else
        usual.after_ms += (uint32_t)((chance >> 32) % (run->of->spread + 1) * usual.after_ms / 1000);
    return usual;
}

/* ---- commands ----------------------------------------------------------------------------------------------------- */

static void ring(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);
    uint32_t index = run->places[lk_place_of(run, command->target)] - 1;
    struct lk_replay_manner manner;

    run->calls[visit->arrival].rung++;
    if (index == UINT32_MAX) /* nobody told us of him: he lets it ring */
        return;
    manner = manner_of(run, visit, command->target, run->of->people[index].ignores);
    run->loads[index].rung++;
    run->people[index] = (struct lk_rung){command->leg, (uint32_t)(visit - run->visits), manner.cause};
    run->by_leg[command->leg & (run->by_leg_size - 1)] = index;
    lk_deadlines_set(&run->timers, index, manner.after_ms == LK_NEVER ? LK_NONE : run->now + manner.after_ms);
}

static void dial(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);
    struct lk_replay_manner manner = manner_of(run, visit, NOBODY, 0);

    visit->leg = command->leg;
    visit->cause = manner.cause;
    lk_soon(run, visit, CALLED_OUTSIDE, manner.after_ms);
}

/* Whoever is rung by this leg, NULL when it is none of theirs. */
static struct lk_rung *rung_by(const struct lk_replay_run *run, uint32_t leg)
{
    struct lk_rung *likely = &run->people[run->by_leg[leg & (run->by_leg_size - 1)]];

    if (run->of->person_count == 0 || likely->leg == leg)
        return run->of->person_count == 0 ? NULL : likely;
    for (uint32_t i = 0; i < run->of->person_count; i++) /* so many were rung since that his place was taken */
        if (run->people[i].leg == leg)
            return &run->people[i];
    return NULL;
}

static void stop(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_rung *person = rung_by(run, command->leg);
    struct lk_visit *visit = lk_visit_of(run, command->call);

    if (person != NULL) {
        person->leg = 0;
        lk_deadlines_set(&run->timers, (uint32_t)(person - run->people), LK_NONE);
    } else if (visit->doing == CALLED_OUTSIDE && visit->leg == command->leg) {
        lk_soon(run, visit, WAITING, LK_NEVER);
    }
}

static void bridge(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);
    struct lk_replay_call *call = &run->calls[visit->arrival];

    visit->leg = command->leg;
    call->answered_at = run->now;
    call->waited_ms = (uint32_t)(run->now - lk_arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit), LK_NONE);
    lk_soon(run, visit, TALKING, lk_arrival_of(run, visit)->talk_ms);
}

static void mailbox(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);

    run->calls[visit->arrival].waited_ms = (uint32_t)(run->now - lk_arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit), LK_NONE);
    lk_soon(run, visit, RECORDING, lk_arrival_of(run, visit)->message_ms);
}

static void action(struct lk_replay_run *run, const struct lk_command *command)
{
    run->calls[command->call - 1].actions++;
}

static void over(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);
    struct lk_replay_call *call = &run->calls[visit->arrival];
    uint32_t index;

    call->outcome = (uint8_t)command->value;
    call->person = command->target;
    call->queue = command->queue;
    call->over_at = run->now;
    call->under_way = 0;
    if (visit->doing != TALKING && visit->doing != RECORDING)
        call->waited_ms = (uint32_t)(run->now - lk_arrival_of(run, visit)->at);
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit), LK_NONE);
    lk_deadlines_set(&run->timers, lk_patience_of(run, visit) + 1, LK_NONE);
    run->spare[run->room - run->count--] = (uint32_t)(visit - run->visits);
    if (call->outcome != LK_ANSWERED || call->person == 0)
        return;
    index = run->places[lk_place_of(run, call->person)] - 1;
    if (index != UINT32_MAX) {
        run->loads[index].calls++;
        run->loads[index].talk_ms += (uint64_t)(run->now - call->answered_at);
    }
}

static void say(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);
    const char *keys = lk_arrival_of(run, visit)->keys;
    bool presses = command->value == 1 && visit->pressed < LK_REPLAY_KEYS && keys[visit->pressed] != 0;

    visit->told = false;
    lk_soon(run, visit, presses ? PRESSING : HEARING, run->of->say_ms + (presses ? run->of->key_ms : 0));
}

static void hush(struct lk_replay_run *run, const struct lk_command *command)
{
    lk_visit_of(run, command->call)->told = true;
}

static void look_up(struct lk_replay_run *run, const struct lk_command *command)
{
    struct lk_visit *visit = lk_visit_of(run, command->call);

    for (visit->look_up = 0; visit->look_up < run->of->look_up_count; visit->look_up++)
        if (run->of->look_ups[visit->look_up].id == command->target)
            break;
    lk_soon(run, visit, LOOKING,
         visit->look_up < run->of->look_up_count ? run->of->look_ups[visit->look_up].after_ms : 0);
}

void lk_carry_out(struct lk_replay_run *run)
{
    static void (*const how[])(struct lk_replay_run *run, const struct lk_command *command) = {
        [LK_DO_RING] = ring,       [LK_DO_DIAL] = dial,     [LK_DO_STOP] = stop,       [LK_DO_BRIDGE] = bridge,
        [LK_DO_MAILBOX] = mailbox, [LK_DO_ACTION] = action, [LK_DO_OVER] = over,       [LK_DO_SAY] = say,
        [LK_DO_HUSH] = hush,       [LK_DO_LOOK_UP] = look_up, [LK_DO_PAUSED] = NULL, /* the others are heard, not done */
    };
    struct lk_command command;

    while (lk_core_command(run->core, &command))
        if (how[command.kind] != NULL)
            how[command.kind](run, &command);
}
