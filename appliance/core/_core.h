/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the Python face share.
 */
#ifndef LINEKEEPER_CORE_FACE_H
#define LINEKEEPER_CORE_FACE_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "core.h"

/* Raises CoreError of this module; NULL. */
PyObject *lk_raise(PyObject *module, enum lk_error error);
/* Plain malloc() and free(). */
struct lk_allocator lk_from_malloc(void);

/* _replay.c */
PyObject *lk_replay_from_python(PyObject *module, PyObject *args, PyObject *keywords);

#endif
