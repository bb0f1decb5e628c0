/* SPDX-License-Identifier: MIT
 *
 * The bundled core, which passes, with something hostile in front of its handlers: IN_CONSTRUCTOR,
 * IN_DESTRUCTOR, IN_REGISTER, IN_OPTIONS, IN_RESTART, IN_PAUSE, IN_OID and IN_HALT are statements
 * (-D). Linked with --wrap=NdisMRegisterMiniportDriver.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ndischimney.h"

#ifndef IN_CONSTRUCTOR
#define IN_CONSTRUCTOR
#endif
#ifndef IN_DESTRUCTOR
#define IN_DESTRUCTOR
#endif
#ifndef IN_REGISTER
#define IN_REGISTER
#endif
#ifndef IN_OPTIONS
#define IN_OPTIONS
#endif
#ifndef IN_RESTART
#define IN_RESTART
#endif
#ifndef IN_PAUSE
#define IN_PAUSE
#endif
#ifndef IN_OID
#define IN_OID
#endif
#ifndef IN_HALT
#define IN_HALT
#endif

static NDIS_MINIPORT_DRIVER_CHARACTERISTICS core;

/* What hostile drivers do; each use is one -D. */
static volatile int sink;
static jmp_buf way_back;

static inline void spin(void)
{
    for (;;) {
        sink++;
    }
}

static inline void *spinning(void *unused)
{
    (void)unused;
    spin();
    return NULL;
}

static inline void *sleeping(void *unused)
{
    (void)unused;
    for (;;) {
        pause();
    }
    return NULL;
}

static inline void start_thread(void *(*body)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, body, NULL);
}

static inline int recurse(volatile char *above)
{
    volatile char frame[4096];
    frame[0] = above[0];
    return recurse(frame) + frame[0];
}

static inline void deadlock(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static inline void wait_for_nobody(void)
{
    int ends[2];
    char byte;
    (void)!pipe(ends);
    (void)!read(ends[0], &byte, 1);
}

static inline void make_processes(int count)
{
    for (int i = 0; i < count; i++) {
        if (!fork()) {
            setsid();
            sleeping(NULL);
        }
    }
}

static inline void make_daemon(void)
{
    if (!fork()) {
        if (!fork()) {
            setsid();
            sleeping(NULL);
        }
        _exit(0);
    }
}

static inline void fill_memory(void)
{
    for (;;) {
        char *block = malloc(1 << 22);
        if (block) {
            for (int i = 0; i < 1 << 22; i += 4096) {
                *(volatile char *)(block + i) = 1;
            }
        }
    }
}

static inline void print_without_end(void)
{
    for (int i = 0; i < 300000; i++) {
        printf("{\"verdict\": \"pass\"} and %d more of it, again and again\n", i);
    }
    fflush(stdout);
}

/* Visits every mapping of the kind that the rig shares between processes, the large ones. */
static inline void each_shared(void (*visit)(char *begin, size_t bytes))
{
    char line[400], mode[8], name[200];
    unsigned long begin, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    struct {
        char *begin;
        size_t bytes;
    } found[16];
    int count = 0;
    while (maps && fgets(line, sizeof(line), maps)) {
        name[0] = '\0';
        int got = sscanf(line, "%lx-%lx %7s %*s %*s %*s %199s", &begin, &end, mode, name);
        if (got >= 3 && mode[3] == 's' && end - begin >= 1 << 20 && count < 16) {
            found[count].begin = (char *)begin;
            found[count++].bytes = end - begin;
        }
    }
    if (maps) {
        fclose(maps);
    }
    for (int i = 0; i < count; i++) {
        visit(found[i].begin, found[i].bytes);
    }
}

static inline void zeros(char *begin, size_t bytes)
{
    memset(begin, 0, bytes);
}

static inline void ones(char *begin, size_t bytes)
{
    memset(begin, 0xFF, bytes);
}

static inline void noise(char *begin, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        begin[i] = (char)(i * 2654435761u >> 7);
    }
}

static inline void one_word(char *begin, size_t bytes)
{
    (void)bytes;
    memset(begin, 0x55, 8);
}

static inline void beside(char *begin, size_t bytes)
{
    begin[bytes] = 1;
}

static inline void gone(char *begin, size_t bytes)
{
    munmap(begin, bytes);
}

static inline void read_only(char *begin, size_t bytes)
{
    mprotect(begin, bytes, PROT_READ);
}

__attribute__((constructor)) static void constructor(void)
{
    IN_CONSTRUCTOR;
}

__attribute__((destructor)) static void destructor(void)
{
    IN_DESTRUCTOR;
}

static NDIS_STATUS NDIS_CALL options(NDIS_HANDLE driver, NDIS_HANDLE context)
{
    IN_OPTIONS;
    return core.SetOptionsHandler ? core.SetOptionsHandler(driver, context) : NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS NDIS_CALL restart(NDIS_HANDLE adapter,
                                     PNDIS_MINIPORT_RESTART_PARAMETERS parameters)
{
    IN_RESTART;
    return core.RestartHandler(adapter, parameters);
}

static NDIS_STATUS NDIS_CALL pause_adapter(NDIS_HANDLE adapter,
                                           PNDIS_MINIPORT_PAUSE_PARAMETERS parameters)
{
    IN_PAUSE;
    return core.PauseHandler(adapter, parameters);
}

static NDIS_STATUS NDIS_CALL oid(NDIS_HANDLE adapter, PNDIS_OID_REQUEST request)
{
    IN_OID;
    return core.OidRequestHandler(adapter, request);
}

static VOID NDIS_CALL halt(NDIS_HANDLE adapter, NDIS_HALT_ACTION action)
{
    IN_HALT;
    core.HaltHandlerEx(adapter, action);
}

NDIS_STATUS NDIS_CALL __real_NdisMRegisterMiniportDriver(PDRIVER_OBJECT, PUNICODE_STRING,
                                                         NDIS_HANDLE,
                                                         PNDIS_MINIPORT_DRIVER_CHARACTERISTICS,
                                                         PNDIS_HANDLE);

NDIS_STATUS NDIS_CALL __wrap_NdisMRegisterMiniportDriver(
    PDRIVER_OBJECT object, PUNICODE_STRING path, NDIS_HANDLE context,
    PNDIS_MINIPORT_DRIVER_CHARACTERISTICS characteristics, PNDIS_HANDLE handle)
{
    core = *characteristics;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS own = core;
    own.SetOptionsHandler = options;
    own.RestartHandler = restart;
    own.PauseHandler = pause_adapter;
    own.OidRequestHandler = oid;
    own.HaltHandlerEx = halt;
    IN_REGISTER;
    return __real_NdisMRegisterMiniportDriver(object, path, context, &own, handle);
}
