/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said to a caller and what he answers: say, menu, collect; and what is looked up for him.
 */
#include <string.h>

#include "inside.h"

static void say(struct lk_core *core, uint32_t slot, uint32_t prompt, bool keys)
{
    struct lk_call *call = lk_call_at(core, slot);

    if (!call->answered)
        lk_do(core, (struct lk_command){.kind = LK_DO_ANSWER, .call = call->id});
    call->answered = true;
    call->said = false;
    call->unheeded++;
    lk_do(core, (struct lk_command){.kind = LK_DO_SAY, .call = call->id, .target = prompt, .value = keys});
}

void lk_hush(struct lk_core *core, uint32_t slot)
{
    struct lk_call *call = lk_call_at(core, slot);

    if (call->said || (call->state != LK_SPEAKING && call->state != LK_ASKING))
        return;
    call->said = true;
    lk_do(core, (struct lk_command){.kind = LK_DO_HUSH, .call = call->id});
}

/* ---- say ---------------------------------------------------------------------------------------------------------- */

bool lk_take_say(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    (void)way;
    say(core, slot, step->what, false);
    lk_call_at(core, slot)->state = LK_SPEAKING;
    return true;
}

void lk_said(struct lk_core *core, uint32_t slot, enum lk_reason why)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_step_rule step = lk_step_of(core, slot);

    if (call->said)
        return; /* it was hushed at the same moment */
    call->said = true;
    lk_note(core, slot, LK_WHY_SAID, why, step.what, 0);
    if (call->state == LK_SPEAKING) {
        call->served = call->served || (call->keyed && why == LK_BECAUSE_SAID);
        lk_walk_on(core, slot, why, 0);
    } else if (why == LK_BECAUSE_FAILED &&
               lk_plan_exit(&lk_rules_of(core, slot)->plan, &step, LK_ON_REASON + LK_BECAUSE_FAILED, LK_NO_INDEX) !=
                   LK_NO_INDEX) {
        lk_walk_on(core, slot, why, 0);
    } else { /* who knows the menu may press a key all the same */
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + step.ms);
    }
}

/* ---- menu and collect --------------------------------------------------------------------------------------------- */

static void ask(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step)
{
    struct lk_call *call = lk_call_at(core, slot);

    call->state = LK_ASKING;
    call->typed_length = 0;
    call->tries++;
    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    say(core, slot, step->what, true);
}

bool lk_take_menu(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    (void)way;
    lk_call_at(core, slot)->tries = 0;
    ask(core, slot, step);
    return true;
}

bool lk_take_collect(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    return lk_take_menu(core, slot, step, way);
}

/* Nothing of use was pressed: it is asked again, as often as the step says. */
static void ask_again(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, enum lk_reason why)
{
    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    if (lk_call_at(core, slot)->tries < step->extra)
        ask(core, slot, step);
    else
        lk_walk_other(core, slot, why);
}

static int32_t last_key(const struct lk_call *call)
{
    return call->typed_length == 0 ? 0 : call->typed[call->typed_length - 1];
}

static void choose(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, uint32_t next,
                   enum lk_reason why)
{
    struct lk_call *call = lk_call_at(core, slot);

    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    lk_note(core, slot, LK_WHY_KEY, why, step->id, last_key(call));
    call->keyed = true;
    call->unheeded = 0;
    if (why == LK_BECAUSE_KEY && step->value != LK_NO_INDEX)
        lk_set_attribute(core, slot, step->value, call->typed, call->typed_length);
    lk_walk(core, slot, next, why, lk_cause_of(why));
}

/* What was typed so far in a menu; `all`: nothing more will be. */
static void typed(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, bool all)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_plan *plan = &lk_rules_of(core, slot)->plan;
    uint32_t extension = LK_NO_INDEX, by_key = LK_NO_INDEX;
    bool longer = false;

    if (call->typed_length == 1)
        by_key = lk_plan_exit(plan, step, (uint32_t)call->typed[0], LK_NO_INDEX);
    if (step->least == 1)
        extension = lk_plan_extension(plan, call->typed, call->typed_length, &longer);
    if (longer && !all) {
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + LK_KEYS_WITHIN);
    } else if (extension != LK_NO_INDEX) {
        choose(core, slot, step, extension, LK_BECAUSE_EXTENSION);
    } else if (by_key != LK_NO_INDEX) {
        choose(core, slot, step, by_key, LK_BECAUSE_KEY);
    } else {
        lk_note(core, slot, LK_WHY_KEY, LK_BECAUSE_WRONG_KEY, step->id, last_key(call));
        ask_again(core, slot, step, LK_BECAUSE_WRONG_KEY);
    }
}

/* What was collected is kept when there is enough of it. */
static void collected(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step)
{
    struct lk_call *call = lk_call_at(core, slot);

    if (call->typed_length < step->least) {
        enum lk_reason why = call->typed_length == 0 ? LK_BECAUSE_NO_KEY : LK_BECAUSE_WRONG_KEY;

        if (why == LK_BECAUSE_WRONG_KEY)
            lk_note(core, slot, LK_WHY_KEY, why, step->id, last_key(call));
        ask_again(core, slot, step, why);
        return;
    }
    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    call->keyed = call->served = true;
    call->unheeded = 0;
    lk_set_attribute(core, slot, step->value, call->typed, call->typed_length);
    lk_walk_on(core, slot, LK_BECAUSE_COLLECTED, 0);
}

static void collect(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, int32_t key)
{
    struct lk_call *call = lk_call_at(core, slot);

    if (key == '*')
        call->typed_length = 0;
    else if (key >= '0' && key <= '9')
        call->typed[call->typed_length++] = (char)key;
    if (key == '#' || call->typed_length == step->most)
        collected(core, slot, step);
    else
        lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + step->ms);
}

void lk_key(struct lk_core *core, uint32_t slot, int32_t key)
{
    struct lk_call *call = lk_call_at(core, slot);
    const struct lk_step_rule step = lk_step_of(core, slot);

    lk_hush(core, slot);
    if (step.kind == LK_STEP_COLLECT) {
        collect(core, slot, &step, key);
        return;
    }
    if (call->typed_length < LK_NUMBER_MAX)
        call->typed[call->typed_length++] = (char)key;
    typed(core, slot, &step, false);
}

/* ---- look-up ------------------------------------------------------------------------------------------------------ */

bool lk_take_look_up(struct lk_core *core, uint32_t slot, const struct lk_step_rule *step, struct lk_way *way)
{
    struct lk_call *call = lk_call_at(core, slot);

    (void)way;
    call->state = LK_LOOKING;
    call->asked = core->now;
    call->unheeded++;
    lk_do(core, (struct lk_command){.kind = LK_DO_LOOK_UP, .call = call->id, .target = step->what});
    lk_set_timer(core, LK_TIMER_WAIT, slot, core->now + step->ms);
    return true;
}

void lk_looked_up(struct lk_core *core, uint32_t slot, enum lk_reason why, const char *value, size_t length)
{
    const struct lk_step_rule step = lk_step_of(core, slot);
    lk_ms asked = lk_call_at(core, slot)->asked;

    lk_set_timer(core, LK_TIMER_WAIT, slot, LK_NONE);
    lk_note(core, slot, LK_WHY_LOOKED_UP, why, step.what, core->now > asked ? core->now - asked : 0);
    if (why != LK_BECAUSE_FOUND) {
        lk_walk_other(core, slot, why);
        return;
    }
    if (step.value != LK_NO_INDEX)
        lk_set_attribute(core, slot, step.value, value, length);
    lk_walk_on(core, slot, why, 0);
}

void lk_asked_long_enough(struct lk_core *core, uint32_t slot)
{
    const struct lk_call *call = lk_call_at(core, slot);
    const struct lk_step_rule step = lk_step_of(core, slot);

    if (call->state == LK_LOOKING)
        lk_looked_up(core, slot, LK_BECAUSE_TIMED_OUT, "", 0);
    else if (step.kind == LK_STEP_COLLECT)
        collected(core, slot, &step);
    else if (call->typed_length > 0)
        typed(core, slot, &step, true);
    else
        ask_again(core, slot, &step, LK_BECAUSE_NO_KEY);
}
