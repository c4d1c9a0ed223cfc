/* SPDX-License-Identifier: GPL-2.0-or-later
 * Preloaded into a program: says "sync" on its standard output whenever it forces data to the disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

static int forced(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(fd);
    return write(STDOUT_FILENO, "sync\n", 5) == 5 ? result : -1;
}

int fsync(int fd) { return forced("fsync", fd); }

int fdatasync(int fd) { return forced("fdatasync", fd); }
