/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <string.h>

int check(int argc, char **argv, const struct suite *suites)
{
    int run = 0;

    for (; suites->name; suites++)
        for (const struct test *test = suites->tests; test->name; test++) {
            if (argc > 1 && strcmp(argv[1], suites->name) != 0)
                continue;
            test->run();
            printf("ok %s: %s\n", suites->name, test->name);
            run++;
        }
    return run > 0 ? 0 : 2;
}
