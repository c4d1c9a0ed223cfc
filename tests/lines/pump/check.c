/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <string.h>

/* With a name, the tests of that name; without, all. */
int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const struct test *tests;
    } all[] = {{"delay", delay_tests}, {"flow", flow_tests}, {"keys", key_tests}, {"pump", pump_tests}};
    int run = 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (const struct test *test = all[i].tests; test->name != NULL; test++) {
            if (argc > 1 && strcmp(argv[1], all[i].name) != 0)
                continue;
            test->run();
            printf("ok %s: %s\n", all[i].name, test->name);
            run++;
        }
    return run > 0 ? 0 : 2;
}
