/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the files of the binding share. Only the stable ABI.
 */
#ifndef LINEKEEPER_SIP_FACE_H
#define LINEKEEPER_SIP_FACE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "sip.h"

/* Posts a command; -1 and SipError when the SIP thread is not running. */
int face_post(int kind, sip_handle handle, sip_handle other, int code, int64_t value, int texts,
              const char *const *text);

/* None, or NULL when it failed. */
PyObject *face_done(int failed);

/* A command whose only argument is a handle. */
PyObject *face_handle(PyObject *args, int kind);

/* Legs and audio: _sip_legs.c */
PyObject *endpoint_call(PyObject *self, PyObject *args);
PyObject *endpoint_play(PyObject *self, PyObject *args);
PyObject *endpoint_record(PyObject *self, PyObject *args);
PyObject *endpoint_tape(PyObject *self, PyObject *args);
PyObject *endpoint_pause(PyObject *self, PyObject *args);
PyObject *endpoint_answer(PyObject *self, PyObject *args);
PyObject *endpoint_stop(PyObject *self, PyObject *args);
PyObject *endpoint_progress(PyObject *self, PyObject *args);
PyObject *endpoint_hang_up(PyObject *self, PyObject *args);
PyObject *endpoint_hear(PyObject *self, PyObject *args);
PyObject *endpoint_unhear(PyObject *self, PyObject *args);
PyObject *endpoint_digits(PyObject *self, PyObject *args);
PyObject *endpoint_show(PyObject *self, PyObject *args);
PyObject *endpoint_referred(PyObject *self, PyObject *args);
PyObject *endpoint_publish(PyObject *self, PyObject *args);

/* Lines: _sip_lines.c */
PyObject *endpoint_line(PyObject *self, PyObject *unused);
PyObject *endpoint_line_sound(PyObject *self, PyObject *args);
PyObject *endpoint_line_card(PyObject *self, PyObject *args);
PyObject *endpoint_line_uac(PyObject *self, PyObject *args);
PyObject *endpoint_line_silent(PyObject *self, PyObject *args);
PyObject *endpoint_line_closed(PyObject *self, PyObject *args);
PyObject *endpoint_line_digit(PyObject *self, PyObject *args);
PyObject *endpoint_line_counters(PyObject *self, PyObject *args);

#endif
