/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/wire_log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define LOG_BYTES ((uint64_t)1 << 30) /* of addresses; memory is taken as it is written */

struct wire_log {
    bool keep;
    uint64_t used, lost;
    _Alignas(16) uint8_t byte[];
};

/* The world calls a reader with itself, so the log is found from here. */
static struct wire_log *current;

struct wire_log *wire_log_new(bool keep)
{
    void *memory = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        fputs("chimneysweep: no shared memory for the log of the wire\n", stderr);
        return NULL;
    }
    current = memory;
    current->keep = keep;
    return current;
}

static uint64_t step(uint32_t length)
{
    return (sizeof(struct wire_entry) + length + 15) & ~(uint64_t)15;
}

static void wire_log_append(struct wire_log *log, const struct wire_entry *entry, const void *bytes)
{
    uint64_t size = step(entry->length);
    if (log->lost || size > LOG_BYTES - sizeof(*log) - log->used) {
        log->lost++;
        return;
    }
    memcpy(log->byte + log->used, entry, sizeof(*entry));
    if (entry->length) {
        memcpy(log->byte + log->used + sizeof(*entry), bytes, entry->length);
    }
    log->used += size; /* last: a crash in between leaves a log that is whole */
}

void wire_log_event(void *world, const struct tap_event *event)
{
    (void)world;
    if (event->seq == 0 && !current->keep) {
        current->used = current->lost = 0;
    }
    struct wire_entry entry = {.record = tap_record(event)};
    bool sent = event->fn == TAP_FRAME_OUT && event->status == NDIS_STATUS_SUCCESS;
    if (event->ptr && (sent || event->fn == TAP_FRAME_IN)) {
        entry.direction = sent ? WIRE_OUT : WIRE_IN;
        entry.length = event->data.frame.length;
    }
    wire_log_append(current, &entry, event->ptr);
}

void wire_log_run(const struct verdict *verdict, const char *about)
{
    struct wire_run run = {.verdict = *verdict};
    const struct wire_entry entry = {.ends = true, .length = sizeof(run)};
    snprintf(run.about, sizeof(run.about), "%s", about);
    wire_log_append(current, &entry, &run);
}

uint64_t wire_log_end(const struct wire_log *log)
{
    return log->used;
}

const struct wire_entry *wire_log_at(const struct wire_log *log, uint64_t offset, uint64_t *next)
{
    const struct wire_entry *entry = (const void *)(log->byte + offset);
    *next = offset + step(entry->length);
    return entry;
}

uint64_t wire_log_lost(const struct wire_log *log)
{
    return log->lost;
}
