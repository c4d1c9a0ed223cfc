/* SPDX-License-Identifier: GPL-2.0-or-later
 * The binding of legs and audio: parse, call, convert. Contract in _sip.pyi.
 */
#include "_sip.h"

/* Takes a slot and posts; a handle, 0 when none is left. */
static PyObject *take_and_post(int slot_kind, int kind, int code, int value, int texts, const char *const *text)
{
    sip_handle handle = sip_slot_take(slot_kind);

    if (handle && face_post(kind, handle, 0, code, value, texts, text)) {
        sip_slot_give_back(handle);
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(handle);
}

PyObject *endpoint_call(PyObject *self, PyObject *args)
{
    const char *text[5] = {[4] = ""};
    int at_once = 0, with = 0;

    (void)self;
    if (!PyArg_ParseTuple(args, "ssss|psi", &text[0], &text[1], &text[2], &text[3], &at_once, &text[4], &with))
        return NULL;
    return take_and_post(SIP_LEG, SIP_DO_CALL, at_once, with, 5, text);
}

PyObject *endpoint_play(PyObject *self, PyObject *args)
{
    const char *text[1];
    int repeat;

    (void)self;
    if (!PyArg_ParseTuple(args, "sp", &text[0], &repeat))
        return NULL;
    return take_and_post(SIP_PLAYER, SIP_DO_PLAY, repeat, 0, 1, text);
}

PyObject *endpoint_record(PyObject *self, PyObject *args)
{
    const char *text[1];

    (void)self;
    return PyArg_ParseTuple(args, "s", &text[0]) ? take_and_post(SIP_RECORDING, SIP_DO_RECORD, 0, 0, 1, text) : NULL;
}

PyObject *endpoint_tape(PyObject *self, PyObject *args)
{
    unsigned long long leg;
    int rate, sounds, a_law = 0, failed;
    sip_handle left, right;

    (void)self;
    if (!PyArg_ParseTuple(args, "Kip|p", &leg, &rate, &sounds, &a_law))
        return NULL;
    if (rate < 8000 || rate > 48000 || rate % 50 != 0) {
        PyErr_SetString(PyExc_ValueError, "8 to 48 kHz in steps of 50 Hz");
        return NULL;
    }
    left = sip_slot_take(SIP_TAPE);
    right = left ? sip_slot_take(SIP_TAPE) : 0;
    failed = !right || sip_tape_take(left);
    if (!failed && face_post(SIP_DO_TAPE, left, right, rate << 2 | a_law << 1 | sounds, (int64_t)leg, 0, NULL)) {
        sip_tape_drop(left);
        sip_slot_give_back(left);
        sip_slot_give_back(right);
        return NULL;
    }
    if (failed && left)
        sip_slot_give_back(left);
    if (failed && right)
        sip_slot_give_back(right);
    return PyLong_FromUnsignedLongLong(failed ? 0 : left);
}

PyObject *endpoint_pause(PyObject *self, PyObject *args)
{
    unsigned long long tape;
    int on;

    (void)self;
    if (!PyArg_ParseTuple(args, "Kp", &tape, &on))
        return NULL;
    return face_done(face_post(SIP_DO_PAUSE, tape, 0, on, 0, 0, NULL));
}

PyObject *endpoint_answer(PyObject *self, PyObject *args)
{
    (void)self;
    return face_handle(args, SIP_DO_ANSWER);
}

PyObject *endpoint_stop(PyObject *self, PyObject *args)
{
    (void)self;
    return face_handle(args, SIP_DO_STOP);
}

PyObject *endpoint_progress(PyObject *self, PyObject *args)
{
    unsigned long long handle;
    int code;

    (void)self;
    if (!PyArg_ParseTuple(args, "Ki", &handle, &code))
        return NULL;
    if (code < 101 || code > 199) {
        PyErr_SetString(PyExc_ValueError, "a provisional status is 101 to 199");
        return NULL;
    }
    return face_done(face_post(SIP_DO_PROGRESS, handle, 0, code, 0, 0, NULL));
}

PyObject *endpoint_hang_up(PyObject *self, PyObject *args)
{
    unsigned long long handle;
    int code, cause;

    (void)self;
    if (!PyArg_ParseTuple(args, "Kii", &handle, &code, &cause))
        return NULL;
    if (code != 0 && (code < 300 || code > 699)) {
        PyErr_SetString(PyExc_ValueError, "a final status is 300 to 699, or 0 to let the state decide");
        return NULL;
    }
    return face_done(face_post(SIP_DO_HANG_UP, handle, 0, code, cause, 0, NULL));
}

static PyObject *two_handles(PyObject *args, int kind)
{
    unsigned long long listener, source;

    if (!PyArg_ParseTuple(args, "KK", &listener, &source))
        return NULL;
    return face_done(face_post(kind, listener, source, 0, 0, 0, NULL));
}

PyObject *endpoint_hear(PyObject *self, PyObject *args)
{
    (void)self;
    return two_handles(args, SIP_DO_HEAR);
}

PyObject *endpoint_unhear(PyObject *self, PyObject *args)
{
    (void)self;
    return two_handles(args, SIP_DO_UNHEAR);
}

PyObject *endpoint_digits(PyObject *self, PyObject *args)
{
    unsigned long long handle;
    const char *text[1];

    (void)self;
    if (!PyArg_ParseTuple(args, "Ks", &handle, &text[0]))
        return NULL;
    return face_done(face_post(SIP_DO_DIGITS, handle, 0, 0, 0, 1, text));
}

PyObject *endpoint_show(PyObject *self, PyObject *args)
{
    unsigned long long handle;
    const char *text[2];

    (void)self;
    if (!PyArg_ParseTuple(args, "Kss", &handle, &text[0], &text[1]))
        return NULL;
    return face_done(face_post(SIP_DO_SHOW, handle, 0, 0, 0, 2, text));
}

PyObject *endpoint_referred(PyObject *self, PyObject *args)
{
    unsigned long long handle;
    int status;

    (void)self;
    if (!PyArg_ParseTuple(args, "Ki", &handle, &status))
        return NULL;
    if (status < 100 || status > 699) {
        PyErr_SetString(PyExc_ValueError, "a status is 100 to 699");
        return NULL;
    }
    return face_done(face_post(SIP_DO_REFERRED, handle, 0, status, 0, 0, NULL));
}

PyObject *endpoint_publish(PyObject *self, PyObject *args)
{
    const char *text[3];

    (void)self;
    if (!PyArg_ParseTuple(args, "sss", &text[0], &text[1], &text[2]))
        return NULL;
    if (strlen(text[1]) > SIP_NAME_MAX || strlen(text[2]) > SIP_BODY_MAX) {
        PyErr_Format(PyExc_ValueError, "a resource has up to %d, its state up to %d bytes", SIP_NAME_MAX, SIP_BODY_MAX);
        return NULL;
    }
    return face_done(face_post(SIP_DO_PUBLISH, 0, 0, 0, 0, 3, text));
}
