/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "program/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS 10

static const int watched[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGXCPU};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static struct {
    bool open[DESCRIPTORS];
    ino_t file[DESCRIPTORS];
    dev_t device[DESCRIPTORS];
    struct stat folder;
    struct sigaction action[WATCHED];
    uint32_t threads;
} before;

/* Those of a sanitizer count too, so only more than before are the driver's. */
static uint32_t count_threads(void)
{
    uint32_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry = tasks ? readdir(tasks) : NULL; entry; entry = readdir(tasks)) {
        count += entry->d_name[0] != '.';
    }
    if (tasks) {
        closedir(tasks);
    }
    return count;
}

void process_begin(void)
{
    for (int i = 0; i < DESCRIPTORS; i++) {
        struct stat about = {0};
        before.open[i] = fstat(i, &about) == 0;
        before.file[i] = about.st_ino;
        before.device[i] = about.st_dev;
    }
    (void)!stat(".", &before.folder);
    for (unsigned i = 0; i < WATCHED; i++) {
        sigaction(watched[i], NULL, &before.action[i]);
    }
    before.threads = count_threads();
}

bool process_changed(char *what, size_t size)
{
    struct stat about;
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (before.open[i] && (fstat(i, &about) || about.st_ino != before.file[i] ||
                               about.st_dev != before.device[i])) {
            snprintf(what, size, "it closed descriptor %d", i);
            return true;
        }
    }
    if (stat(".", &about) == 0 && before.folder.st_ino &&
        (about.st_ino != before.folder.st_ino || about.st_dev != before.folder.st_dev)) {
        snprintf(what, size, "it changed the working folder");
        return true;
    }
    for (unsigned i = 0; i < WATCHED; i++) {
        struct sigaction now;
        sigaction(watched[i], NULL, &now);
        if (now.sa_sigaction != before.action[i].sa_sigaction) {
            snprintf(what, size, "it took over signal %d", watched[i]);
            return true;
        }
    }
    uint32_t threads = count_threads();
    if (threads > before.threads) {
        snprintf(what, size, "it left %u thread%s", threads - before.threads,
                 threads - before.threads > 1 ? "s" : "");
        return true;
    }
    return false;
}

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))

void process_protect(pid_t rig)
{
    struct sock_filter code[] = {
        LOAD(arch),
        IF_EQUAL(AUDIT_ARCH_X86_64, 0, 9),
        LOAD(nr),
        IF_EQUAL(SYS_kill, 2, 0),
        IF_EQUAL(SYS_tkill, 1, 0),
        IF_EQUAL(SYS_tgkill, 0, 5),
        LOAD(args[0]),
        IF_EQUAL((uint32_t)rig, 2, 0),
        IF_EQUAL(0, 1, 0), /* 0 or less means many */
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, INT32_MAX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        /* Without the flag the processor is slowed down as for code that is not trusted. */
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter);
    }
}
