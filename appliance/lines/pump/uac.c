/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uac.h"

#include "aside.h"

#include <errno.h>
#include <poll.h>

enum {
    RATE = 8000,
    PERIOD = RATE / 100,     /* samples: it is woken up for so many */
    PERIOD_MOST = RATE / 25, /* beyond this a call is late */
    BUFFER = RATE / 5,       /* samples: how long we may be held up */
    SPARE = RATE / 50,       /* samples that are kept ahead, beside two periods */
    FAILURES_MOST = 10,
};

/* ALSA's words would go to the standard error; its errors are ours to tell. */
static void quiet(const char *file, int line, const char *function, int error, const char *format, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

static int set_hardware(struct uac_way *way)
{
    snd_pcm_uframes_t period = PERIOD, buffer = BUFFER;
    snd_pcm_hw_params_t *params;
    int failed;

    snd_pcm_hw_params_alloca(&params);
    if ((failed = snd_pcm_hw_params_any(way->pcm, params)) < 0 ||
        (failed = snd_pcm_hw_params_set_access(way->pcm, params, SND_PCM_ACCESS_RW_INTERLEAVED)) < 0 ||
        (failed = snd_pcm_hw_params_set_format(way->pcm, params, SND_PCM_FORMAT_S16)) < 0 ||
        (failed = snd_pcm_hw_params_set_channels(way->pcm, params, 1)) < 0 ||
        (failed = snd_pcm_hw_params_set_rate(way->pcm, params, RATE, 0)) < 0 ||
        (failed = snd_pcm_hw_params_set_period_size_near(way->pcm, params, &period, NULL)) < 0 ||
        (failed = snd_pcm_hw_params_set_buffer_size_near(way->pcm, params, &buffer)) < 0 ||
        (failed = snd_pcm_hw_params(way->pcm, params)) < 0)
        return failed;
    way->period = (int)period;
    way->buffer = (int)buffer;
    return period > PERIOD_MOST || buffer < 3 * period + SPARE ? -EINVAL : 0;
}

/* It is started by us alone, and stops when it has nothing to play or no room. */
static int set_software(const struct uac_way *way)
{
    snd_pcm_sw_params_t *params;
    snd_pcm_uframes_t never;
    int failed;

    snd_pcm_sw_params_alloca(&params);
    if ((failed = snd_pcm_sw_params_current(way->pcm, params)) < 0 ||
        (failed = snd_pcm_sw_params_get_boundary(params, &never)) < 0 ||
        (failed = snd_pcm_sw_params_set_start_threshold(way->pcm, params, never)) < 0 ||
        (failed = snd_pcm_sw_params_set_avail_min(way->pcm, params, (snd_pcm_uframes_t)way->period)) < 0)
        return failed;
    return snd_pcm_sw_params(way->pcm, params);
}

static int way_open(struct uac_way *way, const char *card, snd_pcm_stream_t stream)
{
    int failed = snd_pcm_open(&way->pcm, card, stream, SND_PCM_NONBLOCK);

    if (!failed && !(failed = set_hardware(way)))
        failed = set_software(way);
    return failed;
}

/* 0, or an error of ALSA. */
static int hear(const struct uac *uac)
{
    int failed = snd_pcm_prepare(uac->heard.pcm);

    return failed ? failed : snd_pcm_start(uac->heard.pcm);
}

static int say(const struct uac *uac)
{
    static const int16_t silence[UAC_MOST];
    int failed = snd_pcm_prepare(uac->said.pcm);
    snd_pcm_sframes_t taken;

    if (failed)
        return failed;
    taken = snd_pcm_writei(uac->said.pcm, silence, (snd_pcm_uframes_t)uac->ahead);
    return taken < 0 ? (int)taken : snd_pcm_start(uac->said.pcm);
}

static int wait_for(struct uac *uac)
{
    struct pollfd waits;

    if (snd_pcm_poll_descriptors_count(uac->heard.pcm) != 1 ||
        snd_pcm_poll_descriptors(uac->heard.pcm, &waits, 1) != 1)
        return -EINVAL;
    uac->fd = waits.fd;
    return 0;
}

int uac_open(struct uac *uac, const char *card)
{
    int failed;

    *uac = (struct uac){.fd = -1};
    snd_lib_error_set_handler(quiet);
    if (!(failed = way_open(&uac->said, card, SND_PCM_STREAM_PLAYBACK)) &&
        !(failed = way_open(&uac->heard, card, SND_PCM_STREAM_CAPTURE)) && !(failed = wait_for(uac))) {
        uac->ahead = 2 * (uac->heard.period > uac->said.period ? uac->heard.period : uac->said.period) + SPARE;
        if (!(failed = say(uac)))
            failed = hear(uac);
    }
    if (failed)
        uac_close(uac);
    return -failed;
}

static void *closer(void *pcm)
{
    snd_pcm_close(pcm);
    return NULL;
}

/* The driver waits until the last of what is on the bus has come back. */
void uac_close(struct uac *uac)
{
    if (uac->heard.pcm)
        aside(closer, uac->heard.pcm);
    if (uac->said.pcm)
        aside(closer, uac->said.pcm);
    *uac = (struct uac){.fd = -1};
}

/* Ran dry, ran over or was put to sleep: it is started anew, but not for ever. 0, or an error of ALSA. */
static int again(struct uac *uac, struct uac_way *way, int error, int (*start)(const struct uac *uac))
{
    if ((error != -EPIPE && error != -ESTRPIPE && error != -EBADFD) || way->failures >= FAILURES_MOST)
        return error;
    way->failures++;
    uac->xruns++;
    return start(uac);
}

int uac_read(struct uac *uac, int16_t *samples, int room)
{
    snd_pcm_sframes_t got = snd_pcm_readi(uac->heard.pcm, samples, (snd_pcm_uframes_t)room);

    if (got == -EAGAIN || got == -EINTR)
        return 0;
    if (got < 0)
        got = again(uac, &uac->heard, (int)got, hear);
    if (got > 0)
        uac->heard.failures = 0;
    if (got >= 0)
        return (int)got;
    errno = (int)-got;
    return -1;
}

int uac_wanted(const struct uac *uac)
{
    snd_pcm_sframes_t room = snd_pcm_avail(uac->said.pcm);
    int wanted = uac->ahead - uac->said.buffer + (int)room;

    if (room < 0)
        return uac->said.period; /* it stands still, which is seen when it is written to */
    if (wanted < 0)
        return 0;
    return wanted > UAC_MOST ? UAC_MOST : wanted;
}

int uac_write(struct uac *uac, const int16_t *samples, int count)
{
    snd_pcm_sframes_t taken = snd_pcm_writei(uac->said.pcm, samples, (snd_pcm_uframes_t)count);

    if (taken < 0) {
        again(uac, &uac->said, (int)taken, say); /* with silence, and what is more than that is seen when it is read from */
        return 0;
    }
    if (taken > 0)
        uac->said.failures = 0;
    return (int)taken;
}
