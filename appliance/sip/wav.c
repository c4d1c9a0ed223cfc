/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a WAV file must be before PJSIP may play it: its reader divides by the rate and the channels of the header, and
 * repeats an empty file for ever.
 */
#include "sip.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNKS_MAX 64 /* before the samples */

enum { PCM = 1, A_LAW = 6, U_LAW = 7 };

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t value = 0;

    while (bytes--)
        value = value << 8 | at[bytes];
    return value;
}

/* NULL, or what is wrong with a fmt chunk; bytes of 20 ms at *frame. */
static const char *format_fault(const unsigned char *fmt, uint32_t *frame)
{
    uint32_t coding = little(fmt, 2), channels = little(fmt + 2, 2), rate = little(fmt + 4, 4);
    uint32_t align = little(fmt + 12, 2), bits = little(fmt + 14, 2);

    if (coding != PCM && coding != A_LAW && coding != U_LAW)
        return "not PCM, A-law or u-law";
    if (channels < 1 || channels > 2)
        return "neither mono nor stereo";
    if (rate < 8000 || rate > 48000 || rate % 50 != 0)
        return "not 8 to 48 kHz in steps of 50 Hz";
    if (bits != (coding == PCM ? 16 : 8) || align != bits / 8 * channels)
        return "not 16 bits a sample, or 8 of A-law or u-law";
    *frame = rate / 50 * align;
    return NULL;
}

static const char *fault_of(int file, off_t size)
{
    unsigned char head[12], chunk[8], fmt[16];
    uint32_t frame = 0;
    off_t at = sizeof head;
    const char *fault;

    if (pread(file, head, sizeof head, 0) != sizeof head || memcmp(head, "RIFF", 4) != 0 ||
        memcmp(head + 8, "WAVE", 4) != 0)
        return "not a WAV file";
    for (int i = 0; i < CHUNKS_MAX && pread(file, chunk, sizeof chunk, at) == sizeof chunk; i++) {
        off_t length = little(chunk + 4, 4);

        at += (off_t)sizeof chunk;
        if (memcmp(chunk, "fmt ", 4) == 0) {
            if (length < (off_t)sizeof fmt || pread(file, fmt, sizeof fmt, at) != sizeof fmt)
                return "its format is cut off";
            if ((fault = format_fault(fmt, &frame)))
                return fault;
        } else if (memcmp(chunk, "data", 4) == 0) {
            if (!frame)
                return "its samples come before their format";
            return length < (off_t)frame || size - at < (off_t)frame ? "shorter than 20 ms" : NULL;
        }
        at += length;
    }
    return "it has no samples";
}

const char *sip_wav_fault(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would make the SIP thread wait */
    struct stat about;
    const char *fault;

    if (file < 0)
        return "it cannot be opened";
    fault = fstat(file, &about) || !S_ISREG(about.st_mode) ? "not a regular file" : fault_of(file, about.st_size);
    close(file);
    return fault;
}
