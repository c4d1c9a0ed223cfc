/* SPDX-License-Identifier: GPL-2.0-or-later
 * The binding of lines: parse, call, convert. Contract in _sip.pyi.
 */
#include "../lines/pump/pump.h"
#include "_sip.h"

#include <errno.h>
#include <string.h>

static PyObject *os_error(int number)
{
    errno = number;
    return PyErr_SetFromErrno(PyExc_OSError);
}

PyObject *endpoint_line(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromUnsignedLongLong(sip_slot_take(SIP_LINE));
}

PyObject *endpoint_line_sound(PyObject *self, PyObject *args)
{
    int fd, stalled_after = 1000, failed;
    unsigned long long leg;

    (void)self;
    if (!PyArg_ParseTuple(args, "Ki|i", &leg, &fd, &stalled_after))
        return NULL;
    if (stalled_after < 100) {
        PyErr_SetString(PyExc_ValueError, "stalled_after is at least 100 ms");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    failed = sip_line_open(leg, fd, stalled_after);
    Py_END_ALLOW_THREADS
    return failed ? os_error(failed) : face_done(0);
}

PyObject *endpoint_line_card(PyObject *self, PyObject *args)
{
    int channel, copy, law, failed;
    unsigned long long leg;

    (void)self;
    if (!PyArg_ParseTuple(args, "Kiii", &leg, &channel, &copy, &law))
        return NULL;
    failed = sip_line_card(leg, channel, copy, law);
    return failed ? os_error(failed) : face_done(0);
}

PyObject *endpoint_line_uac(PyObject *self, PyObject *args)
{
    unsigned long long leg;
    const char *card;
    int failed;

    (void)self;
    if (!PyArg_ParseTuple(args, "Ks", &leg, &card))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = sip_line_uac(leg, card);
    Py_END_ALLOW_THREADS
    return failed ? os_error(failed) : face_done(0);
}

PyObject *endpoint_line_silent(PyObject *self, PyObject *args)
{
    unsigned long long leg;

    (void)self;
    if (!PyArg_ParseTuple(args, "K", &leg))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    sip_line_silent(leg);
    Py_END_ALLOW_THREADS
    return face_done(0);
}

PyObject *endpoint_line_closed(PyObject *self, PyObject *args)
{
    (void)self;
    return face_handle(args, SIP_DO_CLOSED);
}

PyObject *endpoint_line_digit(PyObject *self, PyObject *args)
{
    unsigned long long leg;
    const char *digit;

    (void)self;
    if (!PyArg_ParseTuple(args, "Ks", &leg, &digit))
        return NULL;
    if (strlen(digit) != 1 || !strchr("0123456789*#ABCD", digit[0])) {
        PyErr_SetString(PyExc_ValueError, "one of 0123456789*#ABCD");
        return NULL;
    }
    return face_done(face_post(SIP_DO_KEY, leg, 0, digit[0], 0, 0, NULL));
}

PyObject *endpoint_line_counters(PyObject *self, PyObject *args)
{
    struct pump_counters count;
    unsigned long long leg;

    (void)self;
    if (!PyArg_ParseTuple(args, "K", &leg))
        return NULL;
    if (!sip_slot_is(leg, SIP_LINE))
        return os_error(EBADF);
    if (pump_counters(leg, &count))
        Py_RETURN_NONE;
    return Py_BuildValue("KKKKIIIddIIddI", (unsigned long long)count.read, (unsigned long long)count.written,
                         (unsigned long long)count.refused, (unsigned long long)count.dropped, (unsigned)count.stalls,
                         (unsigned)count.down.underruns, (unsigned)count.down.overruns, count.down.skew,
                         count.down.delay, (unsigned)count.up.underruns, (unsigned)count.up.overruns, count.up.skew,
                         count.up.delay, (unsigned)count.xruns);
}
