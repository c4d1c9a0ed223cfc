/* SPDX-License-Identifier: GPL-2.0-or-later
 * The binding: parse, call, convert. Contract in _sip.pyi. Here the endpoint, telephones and trunks.
 */
#include "_sip.h"

#include <stdio.h>
#include <string.h>

static PyObject *sip_error;

static PyObject *alive; /* the one Endpoint of the process, not owned; the GIL guards it */

/* The GIL is kept: it waits for nothing, and another thread would not give it back for a while. */
int face_post(int kind, sip_handle handle, sip_handle other, int code, int64_t value, int texts,
              const char *const *text)
{
    int result = sip_post(kind, handle, other, code, value, texts, text);

    if (result)
        PyErr_SetString(sip_error, "the SIP thread is not running");
    return result;
}

PyObject *face_done(int failed)
{
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *face_handle(PyObject *args, int kind)
{
    unsigned long long handle;

    return PyArg_ParseTuple(args, "K", &handle) ? face_done(face_post(kind, handle, 0, 0, 0, 0, NULL)) : NULL;
}

/* ---- Endpoint --------------------------------------------------------------------------------------------------- */

static int codecs_of(PyObject *list, struct sip_config *config)
{
    Py_ssize_t count = PySequence_Size(list);

    if (count < 0)
        return -1;
    if (count > (Py_ssize_t)PJ_ARRAY_SIZE(config->codecs)) {
        PyErr_SetString(PyExc_ValueError, "more than 16 codecs");
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(list, i);
        const char *name = item ? PyUnicode_AsUTF8AndSize(item, NULL) : NULL;

        if (name)
            snprintf(config->codecs[i], sizeof config->codecs[i], "%s", name);
        Py_XDECREF(item);
        if (!name)
            return -1;
    }
    config->codec_count = (int)count;
    return 0;
}

static int text_into(char *out, size_t size, const char *from, const char *what)
{
    if ((size_t)snprintf(out, size, "%s", from) < size)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s is too long", what);
    return -1;
}

static int digests_of(const char *text, struct sip_config *config)
{
    config->offers_sha256 = strcmp(text, "sha-256") == 0 || strcmp(text, "both") == 0;
    config->offers_md5 = strcmp(text, "md5") == 0 || strcmp(text, "both") == 0;
    if (config->offers_sha256 || config->offers_md5)
        return 0;
    PyErr_SetString(PyExc_ValueError, "digest is md5, sha-256 or both");
    return -1;
}

static int session_expires_of(const struct sip_config *config)
{
    if (!config->session_expires || config->session_expires >= SIP_SESSION_LEAST)
        return 0;
    PyErr_Format(PyExc_ValueError, "session_expires is 0, or at least %d", SIP_SESSION_LEAST);
    return -1;
}

static PyObject *endpoint_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"listen",     "port",        "realm",       "rtp_first", "rtp_last", "user_agent", "codecs",
                            "clock_rate", "min_expires", "max_expires", "nonce_lives", "silent_after",
                            "session_expires", "digest", "log_level",
                            "tls_port", "certificate", "key", "authorities", "relay", "strangers",
                            "stranger_stays", "listen6", "name6", NULL};
    struct sip_config config;
    const char *listen, *realm, *user_agent, *digest = "md5", *certificate = "", *key = "", *authorities = "";
    const char *listen6 = "", *name6 = "";
    char why[256];
    PyObject *codecs, *self;
    int failed;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);

    memset(&config, 0, sizeof config);
    config.clock_rate = 16000;
    config.min_expires = 60;
    config.max_expires = 3600;
    config.nonce_lives = 300;
    config.silent_after = 15;
    config.session_expires = 1800;
    config.log_level = 2;
    config.relay = 1;
    config.strangers = 256;
    config.stranger_stays = 20;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sisiisO|$iIIIIIsiissspiiss", names, &listen, &config.port, &realm,
                                     &config.rtp_first, &config.rtp_last, &user_agent, &codecs, &config.clock_rate,
                                     &config.min_expires, &config.max_expires, &config.nonce_lives,
                                     &config.silent_after, &config.session_expires, &digest, &config.log_level,
                                     &config.tls_port, &certificate, &key, &authorities, &config.relay,
                                     &config.strangers, &config.stranger_stays, &listen6, &name6) ||
        session_expires_of(&config) ||
        digests_of(digest, &config) ||
        text_into(config.certificate, sizeof config.certificate, certificate, "certificate") ||
        text_into(config.key, sizeof config.key, key, "key") ||
        text_into(config.authorities, sizeof config.authorities, authorities, "authorities") ||
        text_into(config.listen, sizeof config.listen, listen, "listen") ||
        text_into(config.listen6, sizeof config.listen6, listen6, "listen6") ||
        text_into(config.name6, sizeof config.name6, name6, "name6") ||
        text_into(config.realm, sizeof config.realm, realm, "realm") ||
        text_into(config.user_agent, sizeof config.user_agent, user_agent, "user_agent") || codecs_of(codecs, &config))
        return NULL;
    if (alive) {
        PyErr_SetString(sip_error, "one SIP endpoint a process");
        return NULL;
    }
    if (!(self = alloc(type, 0)))
        return NULL;
    alive = self;
    Py_BEGIN_ALLOW_THREADS
    failed = sip_start(&config, why, sizeof why);
    Py_END_ALLOW_THREADS
    if (failed) {
        alive = NULL;
        PyErr_SetString(sip_error, why);
        Py_DECREF(self);
        return NULL;
    }
    return self;
}

static PyObject *endpoint_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (alive == self) {
        alive = NULL;
        Py_BEGIN_ALLOW_THREADS
        sip_stop();
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static void endpoint_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    Py_XDECREF(endpoint_close(self, NULL));
    release(self);
    Py_DECREF(type);
}

static PyObject *endpoint_open(PyObject *self, PyObject *args)
{
    int calls = 1;

    (void)self;
    return PyArg_ParseTuple(args, "|p", &calls) ? face_done(face_post(SIP_DO_OPEN, 0, 0, calls, 0, 0, NULL)) : NULL;
}

static PyObject *endpoint_hold(PyObject *self, PyObject *args)
{
    int on;

    (void)self;
    if (!PyArg_ParseTuple(args, "p", &on))
        return NULL;
    sip_hold(on);
    Py_RETURN_NONE;
}

static PyObject *endpoint_fileno(PyObject *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(alive == self ? sip_fileno() : -1);
}

static PyObject *event_tuple(const struct sip_event *event)
{
    PyObject *texts = PyTuple_New(SIP_TEXTS);

    if (!texts)
        return NULL;
    for (int i = 0; i < SIP_TEXTS; i++) {
        const char *text = event->text[i] ? event->text[i] : "";
        PyObject *item = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");

        if (!item || PyTuple_SetItem(texts, i, item)) {
            Py_DECREF(texts);
            return NULL;
        }
    }
    return Py_BuildValue("(iKiLLN)", event->kind, (unsigned long long)event->handle, event->code,
                         (long long)event->value, (long long)event->at, texts);
}

static PyObject *endpoint_events(PyObject *self, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    struct sip_event *event, *next;

    (void)unused;
    if (!list || alive != self)
        return list;
    for (event = sip_take_events(); event; event = next) {
        PyObject *item = list ? event_tuple(event) : NULL;

        next = event->next;
        if (list && (!item || PyList_Append(list, item)))
            Py_CLEAR(list);
        Py_XDECREF(item);
        sip_event_free(event);
    }
    return list;
}

static PyObject *endpoint_counts(PyObject *self, PyObject *unused)
{
    uint64_t alive_now, stale;

    (void)self, (void)unused;
    sip_slots_count(&alive_now, &stale);
    return Py_BuildValue("(KKK)", (unsigned long long)stale, (unsigned long long)sip_events_dropped(),
                         (unsigned long long)alive_now);
}

/* ---- telephones and trunks -------------------------------------------------------------------------------------- */

static PyObject *endpoint_set_phone(PyObject *self, PyObject *args)
{
    const char *text[3];
    int with = 0;

    (void)self;
    if (!PyArg_ParseTuple(args, "sss|i", &text[0], &text[1], &text[2], &with))
        return NULL;
    if (strlen(text[0]) > SIP_NAME_MAX || strlen(text[1]) != 32 || strlen(text[2]) != 64) {
        PyErr_SetString(PyExc_ValueError, "id up to 63 characters, HA1 of 32 and of 64 hexadecimal digits");
        return NULL;
    }
    return face_done(face_post(SIP_DO_PHONE, 0, 0, with, 0, 3, text));
}

static PyObject *endpoint_remove_phone(PyObject *self, PyObject *args)
{
    const char *text[3] = {NULL, "", ""};

    (void)self;
    return PyArg_ParseTuple(args, "s", &text[0]) ? face_done(face_post(SIP_DO_PHONE, 0, 0, 0, 0, 3, text)) : NULL;
}

static PyObject *endpoint_bind(PyObject *self, PyObject *args)
{
    const char *text[4];
    long long expires;

    (void)self;
    if (!PyArg_ParseTuple(args, "ssssL", &text[0], &text[1], &text[2], &text[3], &expires))
        return NULL;
    return face_done(face_post(SIP_DO_BIND, 0, 0, 0, expires, 4, text));
}

static PyObject *endpoint_set_trunk(PyObject *self, PyObject *args)
{
    const char *text[6] = {[5] = ""};
    int expires, qualify = 0, with = 0;

    (void)self;
    if (!PyArg_ParseTuple(args, "sssssi|iis", &text[0], &text[1], &text[2], &text[3], &text[4], &expires, &qualify,
                          &with, &text[5]))
        return NULL;
    if (strlen(text[0]) > SIP_NAME_MAX || strlen(text[1]) > SIP_URI_MAX || strlen(text[2]) > SIP_NAME_MAX) {
        PyErr_SetString(PyExc_ValueError, "id and user up to 63, uri up to 255 characters");
        return NULL;
    }
    return face_done(face_post(SIP_DO_TRUNK, 0, (sip_handle)qualify, with, expires, 6, text));
}

static PyObject *endpoint_remove_trunk(PyObject *self, PyObject *args)
{
    const char *text[1];

    (void)self;
    return PyArg_ParseTuple(args, "s", &text[0]) ? face_done(face_post(SIP_DO_NO_TRUNK, 0, 0, 0, 0, 1, text)) : NULL;
}

static PyObject *endpoint_guard(PyObject *self, PyObject *args)
{
    const char *text[1];
    int on, wrong, requests, ban_for;

    (void)self;
    if (!PyArg_ParseTuple(args, "piiis", &on, &wrong, &requests, &ban_for, &text[0]))
        return NULL;
    if (wrong < 1 || requests < 1 || ban_for < 1 || strlen(text[0]) > 2000) {
        PyErr_SetString(PyExc_ValueError, "at least 1 of each; networks up to 2,000 characters");
        return NULL;
    }
    return face_done(face_post(SIP_DO_GUARD, (sip_handle)on, (sip_handle)requests, wrong, ban_for, 1, text));
}

static PyObject *endpoint_lift(PyObject *self, PyObject *args)
{
    const char *text[1];

    (void)self;
    return PyArg_ParseTuple(args, "s", &text[0]) ? face_done(face_post(SIP_DO_LIFT, 0, 0, 0, 0, 1, text)) : NULL;
}

static PyObject *endpoint_sync(PyObject *self, PyObject *args)
{
    const char *text[1];

    (void)self;
    return PyArg_ParseTuple(args, "s", &text[0]) ? face_done(face_post(SIP_DO_SYNC, 0, 0, 0, 0, 1, text)) : NULL;
}

static PyMethodDef endpoint_methods[] = {
    {"close", endpoint_close, METH_NOARGS, NULL},
    {"open", endpoint_open, METH_VARARGS, NULL},
    {"hold", endpoint_hold, METH_VARARGS, NULL},
    {"fileno", endpoint_fileno, METH_NOARGS, NULL},
    {"events", endpoint_events, METH_NOARGS, NULL},
    {"counts", endpoint_counts, METH_NOARGS, NULL},
    {"set_phone", endpoint_set_phone, METH_VARARGS, NULL},
    {"remove_phone", endpoint_remove_phone, METH_VARARGS, NULL},
    {"bind", endpoint_bind, METH_VARARGS, NULL},
    {"set_trunk", endpoint_set_trunk, METH_VARARGS, NULL},
    {"remove_trunk", endpoint_remove_trunk, METH_VARARGS, NULL},
    {"guard", endpoint_guard, METH_VARARGS, NULL},
    {"lift", endpoint_lift, METH_VARARGS, NULL},
    {"sync", endpoint_sync, METH_VARARGS, NULL},
    {"call", endpoint_call, METH_VARARGS, NULL},
    {"progress", endpoint_progress, METH_VARARGS, NULL},
    {"answer", endpoint_answer, METH_VARARGS, NULL},
    {"hang_up", endpoint_hang_up, METH_VARARGS, NULL},
    {"digits", endpoint_digits, METH_VARARGS, NULL},
    {"show", endpoint_show, METH_VARARGS, NULL},
    {"publish", endpoint_publish, METH_VARARGS, NULL},
    {"referred", endpoint_referred, METH_VARARGS, NULL},
    {"play", endpoint_play, METH_VARARGS, NULL},
    {"record", endpoint_record, METH_VARARGS, NULL},
    {"tape", endpoint_tape, METH_VARARGS, NULL},
    {"pause", endpoint_pause, METH_VARARGS, NULL},
    {"stop", endpoint_stop, METH_VARARGS, NULL},
    {"hear", endpoint_hear, METH_VARARGS, NULL},
    {"unhear", endpoint_unhear, METH_VARARGS, NULL},
    {"line", endpoint_line, METH_NOARGS, NULL},
    {"line_sound", endpoint_line_sound, METH_VARARGS, NULL},
    {"line_card", endpoint_line_card, METH_VARARGS, NULL},
    {"line_uac", endpoint_line_uac, METH_VARARGS, NULL},
    {"line_silent", endpoint_line_silent, METH_VARARGS, NULL},
    {"line_closed", endpoint_line_closed, METH_VARARGS, NULL},
    {"line_digit", endpoint_line_digit, METH_VARARGS, NULL},
    {"line_counters", endpoint_line_counters, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot endpoint_slots[] = {
    {Py_tp_new, (void *)endpoint_new},
    {Py_tp_dealloc, (void *)endpoint_dealloc},
    {Py_tp_methods, endpoint_methods},
    {0, NULL},
};

static PyType_Spec endpoint_spec = {
    .name = "appliance.sip._sip.Endpoint",
    .basicsize = sizeof(PyObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = endpoint_slots,
};

static PyObject *module_cause_of(PyObject *self, PyObject *args)
{
    int status;

    (void)self;
    return PyArg_ParseTuple(args, "i", &status) ? PyLong_FromLong(sip_cause_of(status)) : NULL;
}

static PyObject *module_read_tape(PyObject *self, PyObject *args)
{
    unsigned long long tape;
    unsigned lost;
    int ended;
    Py_ssize_t size;
    PyObject *samples;

    (void)self;
    if (!PyArg_ParseTuple(args, "K", &tape))
        return NULL;
    size = (Py_ssize_t)sip_tape_waiting(tape);
    if (!(samples = PyBytes_FromStringAndSize(NULL, size)))
        return NULL;
    sip_tape_read(tape, (unsigned char *)PyBytes_AsString(samples), (size_t)size, &lost, &ended);
    return Py_BuildValue("(NIO)", samples, lost, ended ? Py_True : Py_False);
}

static PyMethodDef module_methods[] = {
    {"read_tape", module_read_tape, METH_VARARGS, NULL},
    {"cause_of", module_cause_of, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_sip", NULL, -1, module_methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__sip(void)
{
    PyObject *self = PyModule_Create(&module);
    PyObject *type = PyType_FromSpec(&endpoint_spec);

    sip_error = PyErr_NewException("appliance.sip._sip.SipError", PyExc_OSError, NULL);
    if (!self || !type || !sip_error || PyModule_AddObjectRef(self, "Endpoint", type) ||
        PyModule_AddObjectRef(self, "SipError", sip_error))
        return NULL;
    Py_DECREF(type);
    return self;
}
