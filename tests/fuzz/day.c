/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Plays a day to the core and holds it to what it promises after every fact: no memory taken, commands that fit, a
 * deadline that is still to come, nobody rung twice or while on a call, one last word for each call, and everybody free
 * when all is over.
 *
 * The 16 bytes of an event: kind (a fact's, or SWAP, RESTART), call, leg, a, b, value, trust | history << 4, caller,
 * called, 1 when the box was asleep before it, u16 0, u32 ms since the last one (18 hours at most). `a` and `b` are
 * places in the plan's tables; numbers and texts are in texts[]. Kinds, calls and legs are taken as they are, so what
 * cannot be is tried too.
 */
#include "day.h"

#include "bytes.h"
#include "inside.h"

enum { SWAP = 100, RESTART, CALLS = 256, EVENTS_MAX = 200, TICKS_MAX = 100, GAP = 0x3ffffff /* ms, 18 hours */ };

static const char *const texts[] = {
    "", "37060000001", "37060000002", "447700900099", "447700900123", "4477009000", "15550100", "1555", "101", "102",
    "100", "201", "9", "0441214960000", "00441214960000", "7", "gold", "sales", "21", "305", "0123456789012345678901234567890",
    "37052000001", "37051000000", "37052000012", "5", "97",
};

struct box {
    struct lk_core *core;
    const struct day *day;
    struct plan_bytes plan; /* in force */
    struct purse *purse;
    lk_ms now;
    bool came[CALLS];
    bool over[CALLS];
};

/* ---- what must hold ----------------------------------------------------------------------------------------------- */

static void heed(struct box *box, const struct lk_command *command)
{
    struct lk_world *world = &box->core->world;

    if (box->day->told != NULL)
        fprintf(box->day->told, "%u %llu %u %u %u %d %s\n", command->kind, (unsigned long long)command->call,
                command->leg, command->target, command->queue, command->value, command->number);
    if (command->kind == LK_DO_PAUSED)
        return;
    MUST(command->call < CALLS && box->came[command->call] && !box->over[command->call]);
    if (command->kind == LK_DO_OVER) {
        MUST(command->value >= LK_ANSWERED && command->value <= LK_SELF_SERVICE);
        box->over[command->call] = true;
    }
    if (command->kind == LK_DO_RING) {
        uint32_t person = lk_ids_find(&world->people.ids, command->target);

        MUST(command->value >= LK_TELEPHONES && command->value <= (LK_TELEPHONES | LK_MOBILE));
        MUST(person != LK_NO_SLOT && world->people.at[person].busy == 0);
    }
}

static void fetch(struct box *box)
{
    struct lk_world *world = &box->core->world;
    struct lk_command command;
    struct lk_trace trace;

    MUST(world->commands.count <= world->commands_of_feed && world->traces.count < world->traces.room);
    while (lk_core_command(box->core, &command))
        heed(box, &command);
    while (lk_core_trace(box->core, &trace))
        MUST(trace.rule >= LK_WHY_ARRIVED && trace.rule <= LK_WHY_TAKEN && trace.reason <= LK_BECAUSE_RETURNED);
    for (uint32_t person = 0; person < world->people.ids.count; person++)
        MUST(world->legs.at[person].id == 0 || world->calls.at[world->legs.at[person].call].state != LK_STATE_NONE);
}

static enum lk_error feed(struct box *box, const struct lk_event *event)
{
    struct lk_world *world = &box->core->world;
    uint32_t calls = world->calls.count;
    long allowed = box->purse->allowed;
    enum lk_error error;

    box->purse->allowed = 0;
    error = lk_core_feed(box->core, event, box->now);
    box->purse->allowed = allowed;
    if (error == LK_OK)
        MUST(lk_core_deadline(box->core) > box->now);
    else
        MUST(error != LK_NOMEM && world->calls.count == calls && world->commands.count == 0 && world->traces.count == 0);
    return error;
}

static void tick_until(struct box *box, lk_ms then)
{
    for (int ticks = 0; lk_core_deadline(box->core) <= then && ticks < TICKS_MAX; ticks++) {
        if (box->now < lk_core_deadline(box->core))
            box->now = lk_core_deadline(box->core);
        feed(box, &(struct lk_event){.kind = LK_EV_TICK});
        fetch(box);
    }
    box->now = then > box->now ? then : box->now;
}

/* ---- what happens ------------------------------------------------------------------------------------------------- */

static const struct lk_plan *plan_of(const struct box *box)
{
    return &box->core->rules[box->core->current]->plan;
}

/* The id at some place of a table; 0, which nothing has, when the table is empty. */
static uint32_t id_at(const struct box *box, enum lk_table table, uint8_t place)
{
    uint32_t count = plan_of(box)->count[table];

    return count == 0 ? 0 : lk_plan_id(plan_of(box), table, place % count);
}

static struct lk_event event_of(const struct box *box, const uint8_t *at)
{
    struct lk_event event = {.kind = at[0], .call = at[1], .leg = at[2], .value = at[5]};

    switch (event.kind) {
    case LK_EV_ARRIVED:
        event.leg = at[2] == 0 ? 0 : id_at(box, LK_STEP, (uint8_t)(at[2] - 1));
        event.line = id_at(box, LK_LINE, at[3]);
        event.person = at[4] == 0 ? 0 : id_at(box, LK_PRSN, (uint8_t)(at[4] - 1));
        event.what = at[5] == 0 ? 0 : id_at(box, LK_PRSN, (uint8_t)(at[5] - 1));
        event.trust = at[6] & 15;
        event.history = at[6] >> 4;
        break;
    case LK_EV_STATUS:
    case LK_EV_REACHABLE:
        event.person = id_at(box, LK_PRSN, at[3]);
        break;
    case LK_EV_LINE:
        event.line = id_at(box, LK_LINE, at[3]);
        break;
    case LK_EV_SENT:
        event.what = at[5] == 0 ? 0 : id_at(box, LK_STEP, at[3]);
        event.person = at[4] == 0 ? 0 : id_at(box, LK_PRSN, (uint8_t)(at[4] - 1));
        break;
    case LK_EV_TAKEN:
        event.person = at[4] == 0 ? 0 : id_at(box, LK_PRSN, (uint8_t)(at[4] - 1));
        break;
    case LK_EV_OVERRIDE:
        event.what = id_at(box, LK_HOUR, at[3]);
        event.until = at[4] == 0 ? 0 : box->now + at[4] * 1000;
        break;
    default:
        break;
    }
    strcpy(event.number, texts[at[7] % (sizeof texts / sizeof texts[0])]);
    strcpy(event.other, texts[at[8] % (sizeof texts / sizeof texts[0])]);
    return event;
}

static void everybody_there(struct box *box)
{
    for (uint32_t i = 0; i < plan_of(box)->count[LK_PRSN] && i < 256; i++) {
        feed(box, &(struct lk_event){.kind = LK_EV_REACHABLE, .person = id_at(box, LK_PRSN, (uint8_t)i), .value = 1});
        fetch(box);
    }
    for (uint32_t i = 0; i < plan_of(box)->count[LK_LINE] && i < 256; i++) {
        feed(box, &(struct lk_event){.kind = LK_EV_LINE, .line = id_at(box, LK_LINE, (uint8_t)i), .value = 1});
        fetch(box);
    }
}

/* The box's power fails: what it remembers is read again, perhaps under other rules. */
static enum lk_error restart(struct box *box, struct plan_bytes plan)
{
    size_t size = lk_core_memory(box->core, NULL, 0);
    uint8_t *memory = malloc(size);
    struct lk_allocator from = purse_of(box->purse);
    enum lk_error error;

    MUST(memory != NULL && lk_core_memory(box->core, memory, size) == size);
    lk_core_free(box->core);
    error = lk_core_new(&box->core, &from, plan.bytes, plan.size, memory, size);
    MUST(error == LK_OK || error == LK_NOMEM);
    box->plan = plan;
    if (error == LK_OK) {
        memset(box->over, true, sizeof box->over);
        everybody_there(box);
    }
    free(memory);
    return error;
}

static void happen(struct box *box, const uint8_t *at)
{
    struct lk_event event = event_of(box, at);
    enum lk_error error;

    if (event.kind == LK_EV_ARRIVED && (event.call == 0 || box->came[event.call]))
        return; /* never used twice */
    if (event.kind == LK_EV_ARRIVED)
        box->came[event.call] = true, box->over[event.call] = false;
    error = feed(box, &event);
    if (event.kind == LK_EV_ARRIVED && error != LK_OK)
        box->over[event.call] = true;
    fetch(box);
}

static void end(struct box *box)
{
    struct lk_world *world = &box->core->world;

    for (unsigned call = 1; call < CALLS; call++)
        if (box->came[call] && !box->over[call]) {
            MUST(feed(box, &(struct lk_event){.kind = LK_EV_HUNG_UP, .call = call}) == LK_OK);
            fetch(box);
            MUST(box->over[call]);
        }
    MUST(world->calls.count == 0 && world->queues.first == LK_NO_SLOT);
    for (uint32_t person = 0; person < world->people.ids.count; person++)
        MUST(world->people.at[person].busy == 0 && world->legs.at[person].id == 0);
    for (int ticks = 0; lk_core_deadline(box->core) != LK_NONE; ticks++) {
        MUST(ticks < 100000);
        tick_until(box, lk_core_deadline(box->core));
    }
}

static struct plan_bytes other_plan(const struct box *box, const uint8_t *at)
{
    bool another = box->day->other_count > 0 && (at[0] == SWAP || at[0] == RESTART) && at[3] != 0;

    return another ? box->day->others[at[3] % box->day->other_count] : box->plan;
}

/* New rules with calls under way; when they cannot be, the old ones are in force. */
static void swap(struct box *box, struct plan_bytes plan)
{
    enum lk_error error = lk_core_swap(box->core, plan.bytes, plan.size, box->now);

    MUST(error == LK_OK || error == LK_NOMEM || error == LK_FULL);
    if (error == LK_OK)
        box->plan = plan;
}

enum lk_error run_day(const struct day *day, struct purse *purse)
{
    struct box box = {.day = day, .plan = day->plan, .purse = purse, .now = INT64_C(1772784000000)};
    struct lk_allocator from = purse_of(purse);
    enum lk_error error = lk_core_new(&box.core, &from, day->plan.bytes, day->plan.size, NULL, 0);

    if (error == LK_OK)
        everybody_there(&box);
    for (size_t i = 0; error == LK_OK && i + DAY_EVENT <= day->size && i < EVENTS_MAX * DAY_EVENT; i += DAY_EVENT) {
        const uint8_t *at = day->events + i;
        lk_ms then = box.now + (lk_u32(at + 12) & GAP);

        if (at[9] & 1)
            box.now = then; /* the box was asleep */
        else
            tick_until(&box, then);
        if ((day->swaps && i / DAY_EVENT % 5 == 0) || at[0] == SWAP)
            swap(&box, other_plan(&box, at));
        if (at[0] == RESTART)
            error = restart(&box, other_plan(&box, at));
        else if (at[0] != SWAP)
            happen(&box, at);
    }
    if (error == LK_OK)
        end(&box);
    lk_core_free(box.core);
    MUST(purse->live == 0);
    return error;
}
