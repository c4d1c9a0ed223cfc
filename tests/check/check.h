/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A test is a function that returns; CHECK ends the program with the place where it did not hold.
 */
#ifndef LINEKEEPER_CHECK_H
#define LINEKEEPER_CHECK_H

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
    const char *name; /* NULL ends the tests of a suite */
    void (*run)(void);
};

struct suite {
    const char *name; /* NULL ends all */
    const struct test *tests;
};

/* What main is: with a name, the tests of that name; without, all. */
int check(int argc, char **argv, const struct suite *suites);

#endif
