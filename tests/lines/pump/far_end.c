/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "far_end.h"

#include "suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void in_folder(const struct far_end *far, const char *name, char *path)
{
    CHECK(snprintf(path, 128, "%s/%s", far->folder, name) < 128);
}

static void put(const struct far_end *far, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    in_folder(far, name, path);
    file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && !fclose(file));
}

static int pipe_named(const struct far_end *far, const char *name)
{
    char path[128];
    int fd;

    in_folder(far, name, path);
    CHECK(!mkfifo(path, 0600));
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

void far_plug(struct far_end *far, unsigned rate)
{
    char text[1024], path[128];

    CHECK(getenv("FAR_CARD"));
    strcpy(far->folder, "/tmp/far-end-XXXXXX");
    CHECK(mkdtemp(far->folder));
    far->heard = pipe_named(far, "heard");
    far->said = pipe_named(far, "said");
    snprintf(text, sizeof text, "%u\n", rate);
    put(far, "rate", text);
    snprintf(text, sizeof text,
             "pcm_type.far { lib \"%s\" }\n"
             "pcm.hw { @args [ CARD DEV ] @args.CARD { type string } @args.DEV { type integer }\n"
             "type far folder \"%s\" }\n",
             getenv("FAR_CARD"), far->folder);
    put(far, "alsa.conf", text);
    in_folder(far, "alsa.conf", path);
    CHECK(!setenv("ALSA_CONFIG_PATH", path, 1));
}

static void lose(const struct far_end *far, const char *name)
{
    char path[128];

    in_folder(far, name, path);
    unlink(path);
}

void far_unplug(struct far_end *far)
{
    lose(far, "heard");
    lose(far, "said");
    close(far->heard);
    close(far->said);
}

void far_forget(const struct far_end *far)
{
    lose(far, "rate");
    lose(far, "alsa.conf");
    rmdir(far->folder);
}

void far_give(const struct far_end *far, const int16_t *samples, int count)
{
    CHECK(write(far->heard, samples, (size_t)count * 2) == count * 2);
}

int far_take(const struct far_end *far, int16_t *samples, int count)
{
    ssize_t got = read(far->said, samples, (size_t)count * 2);

    return got < 0 ? 0 : (int)got / 2;
}
