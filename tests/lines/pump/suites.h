/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LK_PUMP_SUITES_H
#define LK_PUMP_SUITES_H

#include "../../check/check.h"

extern const struct test delay_tests[], flow_tests[], key_tests[], pump_tests[], uac_tests[];

#endif
