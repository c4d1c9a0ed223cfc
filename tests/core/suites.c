/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suites.h"

#include <stddef.h>
#include <string.h>

union head {
    size_t size;
    max_align_t align;
};

static void *get(void *state, size_t size)
{
    struct purse *purse = state;
    union head *head;

    if (purse->allowed == 0) {
        purse->refused++;
        return NULL;
    }
    purse->allowed--;
    head = malloc(sizeof *head + size);
    CHECK(head != NULL);
    head->size = size;
    memset(head + 1, 0xa5, size); /* nothing may rely on zeroes of the allocator */
    purse->live++;
    return head + 1;
}

static void put(void *state, void *block, size_t size)
{
    struct purse *purse = state;
    union head *head = (union head *)block - 1;

    CHECK(head->size == size);
    purse->live--;
    free(head);
}

struct lk_allocator purse_of(struct purse *purse)
{
    return (struct lk_allocator){get, put, purse};
}

void starve(enum lk_error (*scenario)(struct purse *purse))
{
    enum lk_error error = LK_NOMEM;

    for (long allowed = 0; error == LK_NOMEM; allowed++) {
        struct purse purse = {.allowed = allowed};

        error = scenario(&purse);
        CHECK(error == LK_OK || error == LK_NOMEM);
        CHECK((error == LK_NOMEM) == (purse.refused > 0));
        CHECK(purse.live == 0);
    }
}

int main(int argc, char **argv)
{
    static const struct suite all[] = {
        {"numbers", number_tests}, {"hours", hour_tests},   {"deadlines", deadline_tests}, {"fifo", fifo_tests},
        {"people", people_tests},  {"queues", queue_tests}, {"legs", leg_tests},           {"refusals", refusal_tests},
        {"remembered", remembered_tests},
        {"calls", call_tests},     {"plan", plan_tests},    {"stories", story_tests},      {"limits", limit_tests},
        {"replay", replay_tests},
        {NULL, NULL},
    };

    return check(argc, argv, all);
}
