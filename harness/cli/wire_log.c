/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/wire_log.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/handshake.h"

#define LOG_BYTES ((uint64_t)1 << 30) /* of addresses; memory is taken as it is written */

#define HANDSHAKES 64u /* connections whose handshakes are shown */

struct wire_log {
    bool keep, shaken[HANDSHAKES];
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

void wire_log_del(struct wire_log *log)
{
    current = current == log ? NULL : current;
    munmap(log, LOG_BYTES);
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

/* In front of the call that hands connections over for the first time. */
static void wire_log_handshakes(const struct world *world, const struct tap_event *event)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    for (uint32_t i = 0; i < world->host.conns && i < HANDSHAKES; i++) {
        const struct host_conn *conn = &world->host.conn[i];
        if (conn->phase != HOST_INITIATING || current->shaken[i]) {
            continue;
        }
        current->shaken[i] = true;
        for (uint32_t k = 0; k < 3; k++) {
            bool out;
            struct wire_entry entry = {.made = true};
            entry.record = tap_record(event);
            entry.length = handshake_frame(world, conn, k, frame, &out);
            entry.direction = out ? WIRE_OUT : WIRE_IN;
            wire_log_append(current, &entry, frame);
        }
    }
}

void wire_log_event(void *world, const struct tap_event *event)
{
    if (event->seq == 0) {
        memset(current->shaken, 0, sizeof(current->shaken));
    }
    if (event->seq == 0 && !current->keep) {
        current->used = current->lost = 0;
    }
    if (event->kind == TAP_ENTER && event->fn == TAP_INITIATE) {
        wire_log_handshakes(world, event);
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
