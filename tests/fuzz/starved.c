/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Days with memory that runs out: starved PLAN DAY ... plays each with 0, 1, 2 ... blocks, also with the plan swapped
 * now and then; told PLAN DAY prints what is commanded.
 */
#include "day.h"

static struct plan_bytes contents(const char *path)
{
    uint8_t *bytes = malloc(1 << 20);
    FILE *file = fopen(path, "rb");
    struct plan_bytes read = {bytes, 0};

    if (bytes == NULL || file == NULL) {
        perror(path);
        exit(2);
    }
    read.size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return read;
}

static void starve(struct day day)
{
    for (int swaps = 0; swaps < 2; swaps++) {
        enum lk_error error = LK_NOMEM;

        day.swaps = swaps == 1;
        for (long allowed = 0, enough = 0; enough == 0; allowed++) {
            struct purse purse = {.allowed = allowed};

            error = run_day(&day, &purse);
            MUST(error == LK_OK || error == LK_NOMEM);
            enough = purse.refused == 0;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc % 2 != 0)
        return 2;
    for (int i = 2; i < argc; i += 2) {
        struct plan_bytes plan = contents(argv[i]), events = contents(argv[i + 1]);
        struct day day = {.plan = plan, .events = events.bytes + 1, .size = events.size - 1};

        if (strcmp(argv[1], "told") == 0) {
            struct purse purse = {.allowed = 100000};

            day.told = stdout;
            MUST(run_day(&day, &purse) == LK_OK);
        } else {
            starve(day);
        }
        free((void *)plan.bytes);
        free((void *)events.bytes);
    }
    return 0;
}
