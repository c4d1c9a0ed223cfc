/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A test is a function that returns; CHECK ends the program with the place where it did not hold.
 */
#ifndef LK_PUMP_CHECK_H
#define LK_PUMP_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

struct test {
    const char *name;
    void (*run)(void);
};

/* Each file of tests gives its own, ended by one without a name. */
extern const struct test delay_tests[], flow_tests[], key_tests[], pump_tests[];

#endif
