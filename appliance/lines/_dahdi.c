/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Python face of what is done with the samples of an analogue line: they are read and written here and never become
 * Python objects. _dahdi.pyi is its contract. Limited API of 3.11.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "dahdi/digits.h"
#include "dahdi/fsk.h"
#include "dahdi/law.h"
#include "dahdi/progress.h"

enum { BLOCK = 160, BLOCKS = 16, ELAST = 500 }; /* ELAST: DAHDI's errno while an event waits to be fetched */
enum fact { BYTE = 1, GARBLED, CARRIER_LOST, DIGIT, TONE };


struct ear {
    PyObject_HEAD
    enum law law;
    bool wants_bytes;
    struct fsk_in fsk;
    struct digits digits;
    struct progress progress;
};

struct mouth {
    PyObject_HEAD
    enum law law;
    struct fsk_out out;
    uint8_t left[BLOCK]; /* made, and not taken by the line yet */
    size_t start, end;
};

/* ---- the ear ------------------------------------------------------------------------------------------------------ */

static bool read_tones(PyObject *list, struct progress_tone tones[PROGRESS_TONES], unsigned *count)
{
    Py_ssize_t length = list == NULL ? 0 : PySequence_Size(list);

    if (length < 0)
        return false;
    if (length > PROGRESS_TONES) {
        PyErr_Format(PyExc_ValueError, "more than %d tones", (int)PROGRESS_TONES);
        return false;
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        PyObject *one = PySequence_GetItem(list, i);
        PyObject *tuple = one == NULL ? NULL : PySequence_Tuple(one);
        double hz[2];
        unsigned on, off, cycles;
        bool good = tuple != NULL && PyArg_ParseTuple(tuple, "ddIII", &hz[0], &hz[1], &on, &off, &cycles);

        Py_XDECREF(tuple);
        Py_XDECREF(one);
        if (!good)
            return false;
        if (!(hz[0] > 0 && hz[0] < 4000 && hz[1] >= 0 && hz[1] < 4000) || on > 10000 || off > 10000 || cycles > 100) {
            PyErr_SetString(PyExc_ValueError, "a tone out of range");
            return false;
        }
        tones[i] = (struct progress_tone){
            {(float)hz[0], (float)hz[1]}, (uint16_t)on, (uint16_t)off, (uint8_t)cycles};
    }
    *count = (unsigned)length;
    return true;
}

static bool read_law(int law)
{
    if (law == LAW_A || law == LAW_MU)
        return true;
    PyErr_SetString(PyExc_ValueError, "law: 1 or 2");
    return false;
}

static PyObject *ear_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"law", "scheme", "tones", NULL};
    struct progress_tone tones[PROGRESS_TONES];
    unsigned count = 0;
    int law, scheme = -1;
    PyObject *list = NULL;
    struct ear *self;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "i|iO", names, &law, &scheme, &list))
        return NULL;
    if (!read_law(law) || !read_tones(list, tones, &count))
        return NULL;
    if (scheme < -1 || scheme >= FSK_SCHEMES)
        return PyErr_Format(PyExc_ValueError, "scheme: -1 to %d", FSK_SCHEMES - 1);
    self = ((struct ear *(*)(PyTypeObject *, Py_ssize_t))PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL)
        return NULL;
    self->law = (enum law)law;
    self->wants_bytes = scheme >= 0;
    fsk_listen(&self->fsk, scheme >= 0 ? (enum fsk_scheme)scheme : FSK_BELL202);
    digits_listen(&self->digits);
    progress_listen(&self->progress, tones, count);
    return (PyObject *)self;
}

static bool add(PyObject *facts, enum fact fact, int value)
{
    PyObject *pair = Py_BuildValue("(ii)", (int)fact, value);
    int result = pair == NULL ? -1 : PyList_Append(facts, pair);

    Py_XDECREF(pair);
    return result == 0;
}

static bool add_fsk(struct ear *self, PyObject *facts, int16_t sample)
{
    int heard = fsk_hear(&self->fsk, sample);

    if (heard == FSK_LOST)
        return add(facts, CARRIER_LOST, 0);
    if (heard == FSK_GARBLED)
        return add(facts, GARBLED, 0);
    return heard < 0 || add(facts, BYTE, heard);
}

static bool hear(struct ear *self, const uint8_t *bytes, size_t count, PyObject *facts)
{
    for (size_t i = 0; i < count; i++) {
        int16_t sample = law_linear(self->law, bytes[i]);
        int tone = progress_hear(&self->progress, sample);
        char digit = digits_hear(&self->digits, sample);

        if (digit != 0 && !add(facts, DIGIT, digit))
            return false;
        if (tone >= 0 && !add(facts, TONE, tone))
            return false;
        if (self->wants_bytes && !add_fsk(self, facts, sample))
            return false;
    }
    return true;
}

static PyObject *ear_feed(struct ear *self, PyObject *args)
{
    const char *bytes;
    Py_ssize_t length;
    PyObject *facts;

    if (!PyArg_ParseTuple(args, "y#", &bytes, &length))
        return NULL;
    facts = PyList_New(0);
    if (facts != NULL && !hear(self, (const uint8_t *)bytes, (size_t)length, facts))
        Py_CLEAR(facts);
    return facts;
}

/* What waits in the descriptor, at most BLOCKS blocks of it. */
static PyObject *ear_hear(struct ear *self, PyObject *args)
{
    uint8_t bytes[BLOCK];
    int fd;
    PyObject *facts;

    if (!PyArg_ParseTuple(args, "i", &fd) || (facts = PyList_New(0)) == NULL)
        return NULL;
    for (int block = 0; block < BLOCKS; block++) {
        ssize_t got = read(fd, bytes, sizeof bytes);

        if (got < 0 && (errno == EAGAIN || errno == ELAST || errno == EINTR))
            break;
        if (got <= 0) {
            errno = got == 0 ? ENODEV : errno;
            Py_DECREF(facts);
            return PyErr_SetFromErrno(PyExc_OSError);
        }
        if (!hear(self, bytes, (size_t)got, facts)) {
            Py_DECREF(facts);
            return NULL;
        }
    }
    return facts;
}

static PyObject *ear_silence(struct ear *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(self->progress.silence);
}

static PyObject *ear_level(struct ear *self, void *unused)
{
    (void)unused; /* +3.14 dBm0 is a sine as large as the largest sample: 32124 */
    return PyFloat_FromDouble(20.0 * log10(((double)self->progress.level + 1e-3) / (32124.0 / sqrt(2.0))) + 3.14);
}

static void free_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef ear_methods[] = {
    {"hear", (PyCFunction)(void (*)(void))ear_hear, METH_VARARGS, NULL},
    {"feed", (PyCFunction)(void (*)(void))ear_feed, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef ear_values[] = {
    {"silence", (getter)(void (*)(void))ear_silence, NULL, NULL, NULL},
    {"level", (getter)(void (*)(void))ear_level, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot ear_slots[] = {
    {Py_tp_new, (void *)ear_new},
    {Py_tp_dealloc, (void *)free_object},
    {Py_tp_methods, ear_methods},
    {Py_tp_getset, ear_values},
    {0, NULL},
};
static PyType_Spec ear_spec = {"appliance.lines._dahdi.Ear", sizeof(struct ear), 0, Py_TPFLAGS_DEFAULT, ear_slots};

/* ---- the mouth ---------------------------------------------------------------------------------------------------- */

static PyObject *mouth_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"law", "scheme", "message", "seizure", "mark", "tail", "level", NULL};
    const char *message;
    Py_ssize_t length;
    unsigned seizure, mark, tail;
    int law, scheme;
    double level; /* dBm0 */
    struct mouth *self;

    if (!PyArg_ParseTupleAndKeywords(args, keywords, "iiy#IIId", names, &law, &scheme, &message, &length, &seizure,
                                     &mark, &tail, &level) ||
        !read_law(law))
        return NULL;
    if (scheme < 0 || scheme >= FSK_SCHEMES || seizure > 10000 || mark > 10000 || tail > 10000 || !(level <= 3.0)) {
        PyErr_SetString(PyExc_ValueError, "a part of the signal out of range");
        return NULL;
    }
    self = ((struct mouth *(*)(PyTypeObject *, Py_ssize_t))PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL)
        return NULL;
    self->law = (enum law)law;
    if (fsk_say(&self->out, (enum fsk_scheme)scheme, (const uint8_t *)message, (size_t)length, seizure, mark, tail,
                (float)(32124.0 * pow(10.0, (level - 3.14) / 20.0))))
        return (PyObject *)self;
    Py_DECREF(self);
    return PyErr_Format(PyExc_ValueError, "a message of more than %d bytes", (int)FSK_LONGEST);
}

/* The next block, unless part of the last one is left. False at the end. */
static bool make(struct mouth *self)
{
    int16_t samples[BLOCK];

    if (self->start < self->end)
        return true;
    self->start = 0;
    self->end = fsk_fill(&self->out, samples, BLOCK);
    for (size_t i = 0; i < self->end; i++)
        self->left[i] = law_companded(self->law, samples[i]);
    if (self->end > 0 && self->end < BLOCK) { /* the line takes whole blocks */
        memset(self->left + self->end, law_companded(self->law, 0), BLOCK - self->end);
        self->end = BLOCK;
    }
    return self->end > 0;
}

/* As much as the descriptor takes. True when all is said. */
static PyObject *mouth_speak(struct mouth *self, PyObject *args)
{
    int fd;

    if (!PyArg_ParseTuple(args, "i", &fd))
        return NULL;
    while (make(self)) {
        ssize_t taken = write(fd, self->left + self->start, self->end - self->start);

        if (taken < 0 && (errno == EAGAIN || errno == ELAST || errno == EINTR))
            return PyBool_FromLong(0);
        if (taken <= 0)
            return PyErr_SetFromErrno(PyExc_OSError);
        self->start += (size_t)taken;
    }
    return PyBool_FromLong(1);
}

/* All of the signal, for who wants to hear it elsewhere. */
static PyObject *mouth_signal(struct mouth *self, PyObject *unused)
{
    PyObject *signal = PyBytes_FromStringAndSize(NULL, 0);

    (void)unused;
    while (signal != NULL && make(self)) {
        PyObject *block = PyBytes_FromStringAndSize((const char *)self->left + self->start,
                                                    (Py_ssize_t)(self->end - self->start));
        PyObject *longer = block == NULL ? NULL : PySequence_Concat(signal, block);

        self->start = self->end;
        Py_XDECREF(block);
        Py_DECREF(signal);
        signal = longer;
    }
    return signal;
}

static PyMethodDef mouth_methods[] = {
    {"speak", (PyCFunction)(void (*)(void))mouth_speak, METH_VARARGS, NULL},
    {"signal", (PyCFunction)(void (*)(void))mouth_signal, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot mouth_slots[] = {
    {Py_tp_new, (void *)mouth_new},
    {Py_tp_dealloc, (void *)free_object},
    {Py_tp_methods, mouth_methods},
    {0, NULL},
};
static PyType_Spec mouth_spec = {
    "appliance.lines._dahdi.Mouth", sizeof(struct mouth), 0, Py_TPFLAGS_DEFAULT, mouth_slots};

/* ---- the module --------------------------------------------------------------------------------------------------- */

static int fill_module(PyObject *module)
{
    static const struct {
        PyType_Spec *spec;
        const char *name;
    } types[] = {{&ear_spec, "Ear"}, {&mouth_spec, "Mouth"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        PyObject *type = PyType_FromModuleAndSpec(module, types[i].spec, NULL);

        if (type == NULL || PyModule_AddObjectRef(module, types[i].name, type) < 0)
            return -1;
        Py_DECREF(type);
    }
    return 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, (void *)fill_module}, {0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_dahdi", NULL, 0, NULL, module_slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__dahdi(void)
{
    return PyModuleDef_Init(&module);
}
