/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Python face of the core: parse, call, convert. _core.pyi is its contract. Limited API of 3.11.
 */
#include "_core.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum { FIELDS = 11 }; /* keywords of feed() */
static const char *const field_names[FIELDS] = {"call",  "leg",   "line",  "person",  "value", "number",
                                                "other", "what", "trust", "history", "until"};

struct state {
    PyObject *error;
    PyTypeObject *core;
    PyTypeObject *command;
    PyTypeObject *trace;
    PyObject *fields[FIELDS];
};

struct object {
    PyObject_HEAD
    struct lk_core *core;
};

/* ---- errors ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *id;
    const char *message;
} errors[] = {
    [LK_NOMEM] = {"no-memory", "there is no memory left"},
    [LK_BAD_PLAN] = {"bad-plan", "the plan is damaged or of another version"},
    [LK_BAD_MEMORY] = {"bad-memory", "the memory is damaged or of another version"},
    [LK_BAD_EVENT] = {"bad-event", "no such fact, or a field outside its range"},
    [LK_NO_CALL] = {"no-call", "the call is unknown or over"},
    [LK_NO_LEG] = {"no-leg", "the leg is not one of this call"},
    [LK_FULL] = {"full", "as many calls or plans as fit are under way, or commands were not fetched"},
    [LK_CANNOT] = {"cannot", "this cannot happen to a call in its state"},
};

static PyObject *fail(struct state *state, enum lk_error error)
{
    PyObject *raised = PyObject_CallFunction(state->error, "s", errors[error].message);
    PyObject *id = PyUnicode_FromString(errors[error].id);

    if (raised != NULL && id != NULL && PyObject_SetAttrString(raised, "id", id) == 0)
        PyErr_SetObject(state->error, raised);
    Py_XDECREF(id);
    Py_XDECREF(raised);
    return NULL;
}

PyObject *lk_raise(PyObject *module, enum lk_error error)
{
    return fail(PyModule_GetState(module), error);
}

/* ---- numbers from Python ------------------------------------------------------------------------------------------ */

/* An integer in the range given; -1 with an exception: bad-event when outside, TypeError when none. */
static int get_integer(struct state *state, PyObject *from, long long least, long long most, long long *out)
{
    int overflow;

    *out = PyLong_AsLongLongAndOverflow(from, &overflow);
    if (*out == -1 && PyErr_Occurred())
        return -1;
    if (overflow == 0 && *out >= least && *out <= most)
        return 0;
    fail(state, LK_BAD_EVENT);
    return -1;
}

static int get_u32(struct state *state, PyObject *from, uint32_t *out)
{
    long long value;

    if (get_integer(state, from, 0, UINT32_MAX, &value) < 0)
        return -1;
    *out = (uint32_t)value;
    return 0;
}

static int get_u64(struct state *state, PyObject *from, uint64_t *out)
{
    *out = PyLong_AsUnsignedLongLong(from);
    if (*out != UINT64_MAX || !PyErr_Occurred())
        return 0;
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        fail(state, LK_BAD_EVENT);
    }
    return -1;
}

static int get_number(struct state *state, PyObject *from, char out[LK_NUMBER_MAX + 1])
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(from, &size);

    if (text == NULL)
        return -1;
    if (size > LK_NUMBER_MAX || memchr(text, 0, (size_t)size) != NULL) {
        fail(state, LK_BAD_EVENT);
        return -1;
    }
    memcpy(out, text, (size_t)size);
    out[size] = 0;
    return 0;
}

/* ---- the five doors ----------------------------------------------------------------------------------------------- */

static struct state *state_of(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

static void *get_block(void *state, size_t size)
{
    (void)state;
    return malloc(size);
}

static void put_block(void *state, void *block, size_t size)
{
    (void)state, (void)size;
    free(block);
}

struct lk_allocator lk_from_malloc(void)
{
    return (struct lk_allocator){get_block, put_block, NULL};
}

static PyObject *core_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"plan", "memory", NULL};
    const struct lk_allocator from = lk_from_malloc();
    PyObject *plan, *memory = Py_None;
    char *plan_bytes, *memory_bytes = NULL;
    Py_ssize_t plan_size, memory_size = 0;
    struct object *self;
    enum lk_error error;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "S|O:Core", names, &plan, &memory) ||
        PyBytes_AsStringAndSize(plan, &plan_bytes, &plan_size) < 0 ||
        (memory != Py_None && PyBytes_AsStringAndSize(memory, &memory_bytes, &memory_size) < 0))
        return NULL;
    self = (struct object *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL)
        return NULL;
    error = lk_core_new(&self->core, &from, (const uint8_t *)plan_bytes, (size_t)plan_size,
                        (const uint8_t *)memory_bytes, (size_t)memory_size);
    if (error == LK_OK)
        return (PyObject *)self;
    fail(PyType_GetModuleState(type), error);
    Py_DECREF(self);
    return NULL;
}

static void core_free(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    lk_core_free(((struct object *)self)->core);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* Which keyword of feed() a name is: the very object nearly always, else by value; -1 when none. */
static int field_of(const struct state *state, PyObject *name)
{
    for (int i = 0; i < FIELDS; i++)
        if (name == state->fields[i])
            return i;
    for (int i = 0; i < FIELDS; i++)
        if (PyUnicode_CompareWithASCIIString(name, field_names[i]) == 0)
            return i;
    PyErr_Format(PyExc_TypeError, "feed() has no field %R", name);
    return -1;
}

static int set_field(struct state *state, struct lk_event *event, int field, PyObject *from)
{
    long long value;

    switch (field) {
    case 0:
        return get_u64(state, from, &event->call);
    case 1:
        return get_u32(state, from, &event->leg);
    case 2:
        return get_u32(state, from, &event->line);
    case 3:
        return get_u32(state, from, &event->person);
    case 4:
        if (get_integer(state, from, INT32_MIN, INT32_MAX, &value) < 0)
            return -1;
        event->value = (int32_t)value;
        return 0;
    case 5:
        return get_number(state, from, event->number);
    case 6:
        return get_number(state, from, event->other);
    case 7:
        return get_u32(state, from, &event->what);
    case 8:
    case 9:
        if (get_integer(state, from, 0, UINT8_MAX, &value) < 0)
            return -1;
        *(field == 8 ? &event->trust : &event->history) = (uint8_t)value;
        return 0;
    case 10:
        if (get_integer(state, from, 0, LK_NOW_MAX, &value) < 0)
            return -1;
        event->until = value;
        return 0;
    default:
        return -1;
    }
}

static PyObject *core_feed(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    struct state *state = state_of(self);
    Py_ssize_t keywords = names == NULL ? 0 : PyTuple_Size(names);
    struct lk_event event = {0};
    long long kind, now;
    enum lk_error error;

    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "feed() takes a kind and the time, and the rest by name");
        return NULL;
    }
    if (get_integer(state, args[0], 0, UINT16_MAX, &kind) < 0 || get_integer(state, args[1], 0, INT64_MAX, &now) < 0)
        return NULL;
    event.kind = (uint16_t)kind;
    for (Py_ssize_t i = 0; i < keywords; i++)
        if (set_field(state, &event, field_of(state, PyTuple_GetItem(names, i)), args[2 + i]) < 0)
            return NULL;
    error = lk_core_feed(((struct object *)self)->core, &event, now);
    if (error != LK_OK)
        return fail(state, error);
    Py_RETURN_NONE;
}

/* A named tuple of the objects given, which it takes over; NULL when one of them could not be made. */
static PyObject *named(PyTypeObject *type, PyObject *const *values, Py_ssize_t count)
{
    PyObject *made = PyStructSequence_New(type);
    bool whole = made != NULL;

    for (Py_ssize_t i = 0; i < count; i++) {
        whole = whole && values[i] != NULL;
        if (made != NULL)
            PyStructSequence_SetItem(made, i, values[i]);
        else
            Py_XDECREF(values[i]);
    }
    if (whole)
        return made;
    Py_XDECREF(made);
    return NULL;
}

static PyObject *next_command(struct state *state, struct lk_core *core)
{
    struct lk_command command;

    if (!lk_core_command(core, &command))
        return NULL;
    return named(state->command,
                 (PyObject *const[]){
                     PyLong_FromLong(command.kind),
                     PyLong_FromUnsignedLongLong(command.call),
                     PyLong_FromUnsignedLong(command.leg),
                     PyLong_FromUnsignedLong(command.target),
                     PyLong_FromUnsignedLong(command.queue),
                     PyLong_FromLong(command.value),
                     PyUnicode_FromString(command.number),
                 },
                 7);
}

static PyObject *next_trace(struct state *state, struct lk_core *core)
{
    struct lk_trace trace;

    if (!lk_core_trace(core, &trace))
        return NULL;
    return named(state->trace,
                 (PyObject *const[]){
                     PyLong_FromLongLong(trace.at),
                     PyLong_FromUnsignedLongLong(trace.call),
                     PyLong_FromLong(trace.rule),
                     PyLong_FromLong(trace.reason),
                     PyLong_FromUnsignedLong(trace.subject),
                     PyLong_FromLongLong(trace.detail),
                 },
                 6);
}

static PyObject *drain(PyObject *self, PyObject *(*next)(struct state *state, struct lk_core *core))
{
    struct state *state = state_of(self);
    PyObject *list = PyList_New(0), *record;

    while (list != NULL && (record = next(state, ((struct object *)self)->core)) != NULL) {
        if (PyList_Append(list, record) < 0)
            Py_CLEAR(list);
        Py_DECREF(record);
    }
    if (PyErr_Occurred())
        Py_CLEAR(list);
    return list;
}

static PyObject *core_commands(PyObject *self, PyObject *none)
{
    (void)none;
    return drain(self, next_command);
}

static PyObject *core_trace(PyObject *self, PyObject *none)
{
    (void)none;
    return drain(self, next_trace);
}

static PyObject *core_deadline(PyObject *self, PyObject *none)
{
    lk_ms at = lk_core_deadline(((struct object *)self)->core);

    (void)none;
    if (at == LK_NONE)
        Py_RETURN_NONE;
    return PyLong_FromLongLong(at);
}

static PyObject *core_swap(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"plan", "now", NULL};
    struct state *state = state_of(self);
    PyObject *plan, *when;
    char *bytes;
    Py_ssize_t size;
    long long now;
    enum lk_error error;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "SO:swap", names, &plan, &when) ||
        PyBytes_AsStringAndSize(plan, &bytes, &size) < 0 || get_integer(state, when, 0, INT64_MAX, &now) < 0)
        return NULL;
    error = lk_core_swap(((struct object *)self)->core, (const uint8_t *)bytes, (size_t)size, now);
    if (error != LK_OK)
        return fail(state, error);
    Py_RETURN_NONE;
}

static PyObject *core_memory(PyObject *self, PyObject *none)
{
    const struct lk_core *core = ((struct object *)self)->core;
    size_t size = lk_core_memory(core, NULL, 0);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);

    (void)none;
    if (bytes != NULL)
        lk_core_memory(core, (uint8_t *)PyBytes_AsString(bytes), size);
    return bytes;
}

/* ---- number_lookup ------------------------------------------------------------------------------------------------ */

static PyObject *number_lookup(PyObject *self, PyObject *args)
{
    PyObject *plan_object, *numbers, *found;
    char *bytes;
    Py_ssize_t size, count;
    struct lk_plan plan;

    if (!PyArg_ParseTuple(args, "SO!:number_lookup", &plan_object, &PyList_Type, &numbers) ||
        PyBytes_AsStringAndSize(plan_object, &bytes, &size) < 0)
        return NULL;
    if (lk_plan_read(&plan, (const uint8_t *)bytes, (size_t)size) != LK_OK)
        return fail(PyModule_GetState(self), LK_BAD_PLAN);
    count = PyList_Size(numbers);
    found = PyList_New(count);
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        Py_ssize_t length;
        const char *number = PyUnicode_AsUTF8AndSize(PyList_GetItem(numbers, i), &length);
        uint32_t caller = number == NULL ? LK_NO_CALLER : lk_numbers_find(&plan.numbers, number, (size_t)length);
        PyObject *index = number == NULL ? NULL : PyLong_FromLongLong(caller == LK_NO_CALLER ? -1 : (long long)caller);

        if (index == NULL || PyList_SetItem(found, i, index) < 0)
            Py_CLEAR(found);
    }
    return found;
}

/* ---- the module --------------------------------------------------------------------------------------------------- */

static PyMethodDef core_methods[] = {
    {"feed", (PyCFunction)(void (*)(void))core_feed, METH_FASTCALL | METH_KEYWORDS, "Take one fact."},
    {"commands", core_commands, METH_NOARGS, "All commands due, oldest first; each is given once."},
    {"trace", core_trace, METH_NOARGS, "All decisions made since last asked, oldest first."},
    {"deadline", core_deadline, METH_NOARGS, "When a TICK must be fed next, or None."},
    {"swap", (PyCFunction)(void (*)(void))core_swap, METH_VARARGS | METH_KEYWORDS, "New rules for new calls."},
    {"memory", core_memory, METH_NOARGS, "Turns and statuses, to survive a restart."},
    {0},
};

static PyType_Slot core_slots[] = {
    {Py_tp_doc, "Decides who is rung, when and why. One thread at a time."},
    {Py_tp_new, core_new},
    {Py_tp_dealloc, core_free},
    {Py_tp_methods, core_methods},
    {0},
};

static PyType_Spec core_spec = {
    .name = "appliance.core._core.Core",
    .basicsize = sizeof(struct object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = core_slots,
};

static PyStructSequence_Field command_fields[] = {
    {"kind", NULL}, {"call", NULL}, {"leg", NULL}, {"target", NULL}, {"queue", NULL}, {"value", NULL}, {"number", NULL},
    {0},
};

static PyStructSequence_Field trace_fields[] = {
    {"at", NULL}, {"call", NULL}, {"rule", NULL}, {"reason", NULL}, {"subject", NULL}, {"detail", NULL}, {0},
};

static PyStructSequence_Desc command_desc = {
    "appliance.core._core.Command", "What is to be done.", command_fields, 7,
};

static PyStructSequence_Desc trace_desc = {
    "appliance.core._core.Trace", "One line of why.", trace_fields, 6,
};

static int module_exec(PyObject *self)
{
    struct state *state = PyModule_GetState(self);
    PyObject *ids = Py_BuildValue("{s:s}", "id", "");

    state->error = ids == NULL ? NULL
                               : PyErr_NewExceptionWithDoc("appliance.core._core.CoreError",
                                                           "A fact or plan the core refuses.", NULL, ids);
    Py_XDECREF(ids);
    state->core = (PyTypeObject *)PyType_FromModuleAndSpec(self, &core_spec, NULL);
    state->command = PyStructSequence_NewType(&command_desc);
    state->trace = PyStructSequence_NewType(&trace_desc);
    for (int i = 0; i < FIELDS; i++)
        if ((state->fields[i] = PyUnicode_InternFromString(field_names[i])) == NULL)
            return -1;
    if (state->error == NULL || state->core == NULL || state->command == NULL || state->trace == NULL)
        return -1;
    return PyModule_AddObjectRef(self, "CoreError", state->error) < 0 ||
                   PyModule_AddObjectRef(self, "Core", (PyObject *)state->core) < 0 ||
                   PyModule_AddObjectRef(self, "Command", (PyObject *)state->command) < 0 ||
                   PyModule_AddObjectRef(self, "Trace", (PyObject *)state->trace) < 0
               ? -1
               : 0;
}

static int module_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct state *state = PyModule_GetState(self);

    Py_VISIT(state->error);
    Py_VISIT(state->core);
    Py_VISIT(state->command);
    Py_VISIT(state->trace);
    return 0;
}

static int module_clear(PyObject *self)
{
    struct state *state = PyModule_GetState(self);

    Py_CLEAR(state->error);
    Py_CLEAR(state->core);
    Py_CLEAR(state->command);
    Py_CLEAR(state->trace);
    for (int i = 0; i < FIELDS; i++)
        Py_CLEAR(state->fields[i]);
    return 0;
}

static void module_free(void *self)
{
    module_clear(self);
}

static PyMethodDef module_methods[] = {
    {"number_lookup", number_lookup, METH_VARARGS, "The caller record index each number finds, -1 where none."},
    {"replay", (PyCFunction)(void (*)(void))lk_replay_from_python, METH_VARARGS | METH_KEYWORDS,
     "A whole traffic through the core in virtual time."},
    {0},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "appliance.core._core",
    .m_doc = "The routing core in C.",
    .m_size = sizeof(struct state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&module);
}
