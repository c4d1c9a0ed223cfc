/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suites.h"
#include "keys.h"

#include <math.h>
#include <string.h>

enum { RATE = 8000, BLOCK = 160, TOLD_MOST = 64 };

/* A far end that presses keys, heard in blocks of 20 ms, with a modem that tells some of them. */
struct ear {
    struct keys keys;
    int64_t now; /* ms */
    long at;     /* samples */
    char told[TOLD_MOST];
    int count;
};

static void listen(struct ear *ear)
{
    memset(ear, 0, sizeof *ear);
    ear->now = 1000000; /* a clock does not begin with the call */
    keys_init(&ear->keys);
}

static void tones(char key, double *row, double *column)
{
    static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
    static const char all[] = "123A456B789C*0#D";
    long at = strchr(all, key) - all;

    *row = rows[at / 4];
    *column = columns[at % 4];
}

static void hear(struct ear *ear, char key, int ms)
{
    double row = 0, column = 0;
    int16_t block[BLOCK];
    char out[KEYS_ROOM];

    if (key)
        tones(key, &row, &column);
    for (int passed = 0; passed < ms; passed += 20, ear->now += 20) {
        for (int i = 0; i < BLOCK; i++, ear->at++) {
            double t = 2 * 3.14159265358979 * (double)ear->at / RATE;

            block[i] = (int16_t)(key ? 4000 * sin(row * t) + 4000 * sin(column * t) : 0);
        }
        for (int i = 0, found = keys_hear(&ear->keys, ear->now, block, BLOCK, out); i < found; i++)
            ear->told[ear->count++] = out[i];
    }
}

static void modem_tells(struct ear *ear, char key)
{
    if (keys_told(&ear->keys, ear->now, key))
        ear->told[ear->count++] = key;
}

static void test_in_the_sound(void)
{
    static const char all[] = "0123456789*#ABCD";
    struct ear ear;

    listen(&ear);
    for (size_t i = 0; i < strlen(all); i++) {
        hear(&ear, all[i], 80);
        hear(&ear, 0, 80);
    }
    CHECK(strcmp(ear.told, all) == 0);
}

static void test_both_ways(void)
{
    struct ear ear;

    listen(&ear);
    for (int i = 0; i < 5; i++) { /* the same key again and again */
        hear(&ear, '1', 100);
        modem_tells(&ear, '1');
        hear(&ear, 0, 100);
    }
    CHECK(strcmp(ear.told, "11111") == 0);
}

static void test_modem_tells_late(void)
{
    struct ear ear;

    listen(&ear);
    hear(&ear, '4', 100);
    hear(&ear, 0, 100);
    hear(&ear, '2', 100);
    hear(&ear, 0, 200);
    modem_tells(&ear, '4');
    modem_tells(&ear, '2');
    CHECK(strcmp(ear.told, "42") == 0);
}

static void test_modem_tells_first(void)
{
    struct ear ear;

    listen(&ear);
    modem_tells(&ear, '7');
    hear(&ear, 0, 100);
    hear(&ear, '7', 100);
    CHECK(strcmp(ear.told, "7") == 0);
}

static void test_held_long(void)
{
    struct ear ear;

    listen(&ear);
    hear(&ear, '9', 5000);
    hear(&ear, 0, 200);
    modem_tells(&ear, '9'); /* at its end */
    CHECK(strcmp(ear.told, "9") == 0);
}

static void test_two_presses(void)
{
    struct ear ear;

    listen(&ear);
    hear(&ear, '5', 100);
    hear(&ear, 0, 2000);
    modem_tells(&ear, '5'); /* another one, which did not get through in the sound */
    CHECK(strcmp(ear.told, "55") == 0);
    modem_tells(&ear, '6');
    modem_tells(&ear, '6');
    CHECK(strcmp(ear.told, "5566") == 0);
}

static void test_many_at_once(void)
{
    static int16_t noise[KEYS_SAMPLES];
    struct ear ear;
    char out[KEYS_ROOM];

    listen(&ear);
    srand(1);
    for (int turn = 0; turn < 200; turn++) {
        for (int i = 0; i < KEYS_SAMPLES; i++)
            noise[i] = (int16_t)(rand() % 60000 - 30000);
        CHECK(keys_hear(&ear.keys, ear.now++, noise, KEYS_SAMPLES, out) == 0); /* 42 s of noise are no key */
    }
}

const struct test key_tests[] = {
    {"every key in the sound is told once", test_in_the_sound},
    {"one that the modem tells too is the same press", test_both_ways},
    {"also when it tells it late", test_modem_tells_late},
    {"also when it tells it first", test_modem_tells_first},
    {"also when it is held for seconds", test_held_long},
    {"two presses are two, whichever way brings them", test_two_presses},
    {"noise is no key", test_many_at_once},
    {NULL, NULL},
};
