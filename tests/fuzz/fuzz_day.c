/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libFuzzer: any day in the offices of the stories. The first byte is the office, the rest as day.c says.
 */
#include <dirent.h>

#include "day.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLANS_MAX = 64 };

static struct plan_bytes plans[PLANS_MAX];
static int count;

static struct plan_bytes read_plan(const char *name)
{
    char path[4096];
    uint8_t *bytes = malloc(1 << 20);
    struct plan_bytes plan = {bytes, 0};
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", PLANS, name);
    file = fopen(path, "rb");
    MUST(bytes != NULL && file != NULL);
    plan.size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return plan;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct dirent **names = NULL;
    int found = scandir(PLANS, &names, NULL, alphasort);

    (void)argc, (void)argv;
    for (int i = 0; i < found; i++) {
        size_t length = strlen(names[i]->d_name);

        if (length > 5 && strcmp(names[i]->d_name + length - 5, ".plan") == 0 && count < PLANS_MAX)
            plans[count++] = read_plan(names[i]->d_name);
        free(names[i]);
    }
    free(names);
    MUST(count > 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct purse purse = {.allowed = 100000};
    struct day day = {.others = plans, .other_count = (size_t)count};

    if (size < 1)
        return 0;
    day.plan = plans[data[0] % count];
    day.events = data + 1;
    day.size = size - 1;
    MUST(run_day(&day, &purse) == LK_OK);
    return 0;
}
