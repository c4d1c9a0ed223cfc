/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sound card without a kernel: a plug-in of ALSA, whose samples are those of two named pipes in a folder. What is written to
 * `heard` is heard of the card; what is read from `said` was played by it, so whoever reads there is its clock. It runs over
 * when its buffer is full of what nobody has heard, dry when there is nothing to play, and is unplugged when nobody has `heard`
 * open for writing. A file `rate` says the only rate that it has.
 *
 * pcm_type.far { lib ".../far_card.so" }  pcm.NAME { type far folder "..." }
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SAMPLE = 2 }; /* bytes */

struct far {
    snd_pcm_ioplug_t io; /* first: ALSA knows it by this */
    int fd;
    int running;
    uint64_t passed; /* samples */
};

static int waiting(const struct far *far)
{
    int bytes = 0;

    ioctl(far->fd, FIONREAD, &bytes);
    return bytes / SAMPLE;
}

static int unplugged(const struct far *far)
{
    struct pollfd look = {.fd = far->fd};

    return poll(&look, 1, 0) > 0 && look.revents & POLLHUP && !waiting(far);
}

static snd_pcm_sframes_t far_pointer(snd_pcm_ioplug_t *io)
{
    struct far *far = io->private_data;
    int count = waiting(far);

    if (unplugged(far))
        return -ENODEV;
    if (io->stream == SND_PCM_STREAM_CAPTURE) {
        if (count > (int)io->buffer_size)
            return -EPIPE;
        return (snd_pcm_sframes_t)((far->passed + (uint64_t)count) % io->buffer_size);
    }
    if (far->running && !count)
        return -EPIPE;
    return (snd_pcm_sframes_t)((far->passed - (uint64_t)count) % io->buffer_size);
}

static snd_pcm_sframes_t far_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                      snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
    struct far *far = io->private_data;
    char *at = (char *)areas->addr + (areas->first + areas->step * offset) / 8;
    ssize_t done = io->stream == SND_PCM_STREAM_CAPTURE ? read(far->fd, at, size * SAMPLE)
                                                        : write(far->fd, at, size * SAMPLE);

    if (done < 0)
        return -errno;
    far->passed += (uint64_t)done / SAMPLE;
    return done / SAMPLE;
}

static int far_prepare(snd_pcm_ioplug_t *io)
{
    struct far *far = io->private_data;
    char left[4096];

    if (unplugged(far))
        return -ENODEV;
    while (read(far->fd, left, sizeof left) > 0)
        ;
    far->passed = 0;
    return far->running = 0;
}

static int far_start(snd_pcm_ioplug_t *io)
{
    ((struct far *)io->private_data)->running = 1;
    return 0;
}

static int far_stop(snd_pcm_ioplug_t *io)
{
    return ((struct far *)io->private_data)->running = 0;
}

static int far_close(snd_pcm_ioplug_t *io)
{
    struct far *far = io->private_data;

    close(far->fd);
    free(far);
    return 0;
}

static unsigned rate_of(const char *folder)
{
    char path[512];
    unsigned rate = 8000;
    FILE *file;

    snprintf(path, sizeof path, "%s/rate", folder);
    if ((file = fopen(path, "r"))) {
        if (fscanf(file, "%u", &rate) != 1)
            rate = 0;
        fclose(file);
    }
    return rate;
}

static int limits(snd_pcm_ioplug_t *io, unsigned rate)
{
    static const unsigned access = SND_PCM_ACCESS_RW_INTERLEAVED, format = SND_PCM_FORMAT_S16;
    int failed;

    if ((failed = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 1, &access)) < 0 ||
        (failed = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, &format)) < 0 ||
        (failed = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_RATE, 1, &rate)) < 0 ||
        (failed = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 1)) < 0)
        return failed;
    return snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
}

/* Of who has it already, EBUSY. */
static int has(const char *folder, snd_pcm_stream_t stream)
{
    int heard = stream == SND_PCM_STREAM_CAPTURE, fd;
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, heard ? "heard" : "said");
    fd = open(path, (heard ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (!flock(fd, LOCK_EX | LOCK_NB))
        return fd;
    close(fd);
    return -EBUSY;
}

static const char *folder_of(snd_config_t *conf)
{
    const char *folder = NULL;
    snd_config_t *found;

    if (snd_config_search(conf, "folder", &found) || snd_config_get_string(found, &folder))
        return NULL;
    return folder;
}

SND_PCM_PLUGIN_DEFINE_FUNC(far)
{
    static const snd_pcm_ioplug_callback_t callbacks = {
        .start = far_start,
        .stop = far_stop,
        .pointer = far_pointer,
        .transfer = far_transfer,
        .prepare = far_prepare,
        .close = far_close,
    };
    const char *folder = folder_of(conf);
    int fd = folder ? has(folder, stream) : -EINVAL, failed;
    struct far *far;

    (void)root;
    if (fd < 0)
        return fd;
    far = calloc(1, sizeof *far);
    if (!far) {
        close(fd);
        return -ENOMEM;
    }
    far->fd = fd;
    far->io = (snd_pcm_ioplug_t){
        .version = SND_PCM_IOPLUG_VERSION,
        .name = "far",
        .callback = &callbacks,
        .private_data = far,
        .poll_fd = fd,
        .poll_events = stream == SND_PCM_STREAM_CAPTURE ? POLLIN : POLLOUT,
    };
    failed = snd_pcm_ioplug_create(&far->io, name, stream, mode);
    if (failed < 0) {
        far_close(&far->io);
        return failed;
    }
    failed = limits(&far->io, rate_of(folder));
    if (failed < 0)
        snd_pcm_ioplug_delete(&far->io);
    else
        *pcmp = far->io.pcm;
    return failed;
}

SND_PCM_PLUGIN_SYMBOL(far);
