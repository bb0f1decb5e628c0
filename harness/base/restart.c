/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/restart.h"

#include <fcntl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BITS_MOST                                                                                  \
    28 /* of randomness; with more, programs reach where the sanitizers' heap begins */
#define WORDS_MOST 4096u

/* Texts one behind another, as the system shows a command and its environment. */
struct texts {
    char bytes[1 << 18];
    char *text[WORDS_MOST + 1]; /* NULL behind the last */
};
static struct texts command, environment; /* the library knows of neither yet */

static long read_whole(const char *path, char *out, long room)
{
    long used = 0, got = 1;
    long file = syscall(SYS_open, path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && used < room && got > 0) {
        got = syscall(SYS_read, file, out + used, room - used);
        used += got > 0 ? got : 0;
    }
    if (file >= 0) {
        syscall(SYS_close, file);
    }
    return used;
}

static bool process_texts(const char *path, struct texts *texts)
{
    long used = read_whole(path, texts->bytes, sizeof(texts->bytes) - 1);
    unsigned count = 0;
    for (char *at = texts->bytes; at < texts->bytes + used && count < WORDS_MOST; count++) {
        texts->text[count] = at;
        while (*at++) {
        }
    }
    texts->text[count] = NULL;
    return count < WORDS_MOST && used < (long)sizeof(texts->bytes) - 1;
}

void restart_in_place(void)
{
    long now = syscall(SYS_personality, 0xFFFFFFFFul);
    if (now >= 0 && !(now & ADDR_NO_RANDOMIZE) && process_texts("/proc/self/cmdline", &command) &&
        process_texts("/proc/self/environ", &environment) &&
        syscall(SYS_personality, now | ADDR_NO_RANDOMIZE) >= 0) {
        syscall(SYS_execve, "/proc/self/exe", command.text, environment.text);
    }
}

void restart_if_moved_far(void)
{
    char text[8] = "";
    int bits = 0;
    read_whole("/proc/sys/vm/mmap_rnd_bits", text, sizeof(text) - 1);
    for (const char *at = text; *at >= '0' && *at <= '9'; at++) {
        bits = 10 * bits + (*at - '0');
    }
    if (bits > BITS_MOST) {
        restart_in_place();
    }
}
