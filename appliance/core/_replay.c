/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay() of the Python face: bytes in, bytes out; _core.pyi has their layouts.
 */
#include "_core.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "replay.h"

#define TELL_EVERY 200000000 /* ns between two calls of progress() */

_Static_assert(sizeof(struct lk_replay_arrival) == 128 && sizeof(struct lk_replay_manner) == 12 &&
                   sizeof(struct lk_replay_fact) == 24 && sizeof(struct lk_replay_person) == 8 &&
                   sizeof(struct lk_replay_look_up) == 44 && sizeof(struct lk_replay_call) == 48 &&
                   sizeof(struct lk_replay_load) == 24,
               "the layouts that _core.pyi tells");

enum input { PLAN, ARRIVALS, FACTS, PEOPLE, MANNERS, LOOK_UPS, MEMORY, INPUTS };

static const size_t record[INPUTS] = {
    [PLAN] = 1,
    [ARRIVALS] = sizeof(struct lk_replay_arrival),
    [FACTS] = sizeof(struct lk_replay_fact),
    [PEOPLE] = sizeof(struct lk_replay_person),
    [MANNERS] = sizeof(struct lk_replay_manner),
    [LOOK_UPS] = sizeof(struct lk_replay_look_up),
    [MEMORY] = 1,
};

struct told {
    PyObject *progress; /* NULL: nobody wants to know */
    long long last;     /* ns */
};

static long long now_ns(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Whether to go on: false once Python raised, for a Ctrl-C too. */
static bool tell(void *state, uint32_t arrivals)
{
    struct told *told = state;
    long long now = now_ns();
    PyGILState_STATE held;
    PyObject *answer = NULL;
    bool fine;

    if (now >= told->last && now - told->last < TELL_EVERY)
        return true;
    told->last = now;
    held = PyGILState_Ensure();
    fine = PyErr_CheckSignals() == 0;
    if (fine && told->progress != NULL) {
        answer = PyObject_CallFunction(told->progress, "k", (unsigned long)arrivals);
        fine = answer != NULL;
    }
    Py_XDECREF(answer);
    PyGILState_Release(held);
    return fine;
}

/* Whole records, where the machine can read them in place. */
static bool whole(const Py_buffer given[INPUTS])
{
    for (int i = 0; i < INPUTS; i++) {
        bool bytes = record[i] == 1;

        if (given[i].buf == NULL)
            continue;
        if ((size_t)given[i].len % record[i] != 0 || (size_t)given[i].len / record[i] >= UINT32_MAX ||
            (!bytes && (uintptr_t)given[i].buf % _Alignof(struct lk_replay_arrival) != 0)) {
            PyErr_SetString(PyExc_ValueError, "replay() takes whole records, aligned as _core.pyi says");
            return false;
        }
    }
    return true;
}

static void describe(struct lk_replay *replay, const Py_buffer given[INPUTS])
{
    replay->plan = given[PLAN].buf;
    replay->plan_size = (size_t)given[PLAN].len;
    replay->memory = given[MEMORY].buf;
    replay->memory_size = (size_t)given[MEMORY].len;
    replay->arrivals = given[ARRIVALS].buf;
    replay->arrival_count = (uint32_t)((size_t)given[ARRIVALS].len / record[ARRIVALS]);
    replay->facts = given[FACTS].buf;
    replay->fact_count = (uint32_t)((size_t)given[FACTS].len / record[FACTS]);
    replay->people = given[PEOPLE].buf;
    replay->person_count = (uint32_t)((size_t)given[PEOPLE].len / record[PEOPLE]);
    replay->manners = given[MANNERS].buf;
    replay->manner_count = (uint32_t)((size_t)given[MANNERS].len / record[MANNERS]);
    replay->look_ups = given[LOOK_UPS].buf;
    replay->look_up_count = (uint32_t)((size_t)given[LOOK_UPS].len / record[LOOK_UPS]);
}

static PyObject *run(PyObject *module, struct lk_replay *replay)
{
    const struct lk_allocator from = lk_from_malloc();
    PyObject *calls = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(replay->arrival_count * sizeof(struct lk_replay_call)));
    PyObject *loads = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(replay->person_count * sizeof(struct lk_replay_load)));
    PyObject *both = NULL;

    if (calls != NULL && loads != NULL) {
        struct lk_replay_call *call = (void *)PyBytes_AsString(calls);
        struct lk_replay_load *load = (void *)PyBytes_AsString(loads);
        enum lk_error error;

        Py_BEGIN_ALLOW_THREADS
        error = lk_replay_run(replay, &from, call, load);
        Py_END_ALLOW_THREADS
        if (error != LK_OK)
            lk_raise(module, error);
        else if (!PyErr_Occurred())
            both = PyTuple_Pack(2, calls, loads);
    }
    Py_XDECREF(calls);
    Py_XDECREF(loads);
    return both;
}

PyObject *lk_replay_from_python(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"plan",   "arrivals", "facts",  "people", "manners",  "look_ups",
                            "memory", "say_ms",   "key_ms", "spread", "progress", NULL};
    Py_buffer given[INPUTS] = {{0}};
    struct told told = {.last = now_ns()};
    struct lk_replay replay = {.go_on = tell, .state = &told};
    PyObject *progress = Py_None, *both = NULL;
    bool parsed = PyArg_ParseTupleAndKeywords(
        args, keywords, "y*y*|$y*y*y*y*z*IIIO:replay", names, &given[PLAN], &given[ARRIVALS], &given[FACTS],
        &given[PEOPLE], &given[MANNERS], &given[LOOK_UPS], &given[MEMORY], &replay.say_ms, &replay.key_ms,
        &replay.spread, &progress);

    if (parsed && whole(given)) {
        told.progress = progress == Py_None ? NULL : progress;
        describe(&replay, given);
        both = run(module, &replay);
    }
    for (int i = 0; parsed && i < INPUTS; i++)
        if (given[i].obj != NULL)
            PyBuffer_Release(&given[i]);
    return both;
}
