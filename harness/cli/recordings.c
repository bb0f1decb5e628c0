/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/recordings.h"

#include <string.h>
#include <sys/mman.h>

#include "cli/jobs.h"
#include "program/record.h"

#define LIST_BYTES ((uint64_t)1 << 31) /* of addresses; memory is taken as it is written */

struct row {
    uint32_t stream, length; /* of the binary program that follows */
    enum flow_side target;
    struct recorded about;
};

struct list {
    uint64_t used;
    _Alignas(16) uint8_t byte[];
};

static struct recording *recording;
static struct list *list;

bool recordings_open(struct world *world, uint32_t most)
{
    world->reader = record_event;
    if (list) {
        return true;
    }
    void *memory = mmap(NULL, LIST_BYTES, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    recording = memory == MAP_FAILED ? NULL : beside_shared(sizeof(*recording));
    if (!recording) {
        fputs("chimneysweep: no shared memory for programs\n", stderr);
        return false;
    }
    list = memory;
    recording->most = most;
    record_into(recording);
    return true;
}

static uint64_t row_bytes(uint32_t length)
{
    return (sizeof(struct row) + length + 15) & ~(uint64_t)15;
}

void recordings_ran(const struct trace *trace, const char *file, const struct flow *flow,
                    enum flow_side target, const struct replay_result *result)
{
    struct row row = {.stream = flow->stream, .target = target};
    (void)file;
    row.about.full = recording->full;
    row.about.left_out = recording->left_out;
    if (!strncmp(result->rule, "REPLAY-", strlen("REPLAY-"))) { /* no word of the oracle's */
        snprintf(row.about.identity, sizeof(row.about.identity), "%s %s",
                 verdict_kind_name(result->kind), result->rule);
    } else {
        cli_identity(trace, row.about.identity, sizeof(row.about.identity));
    }
    if (list->used + row_bytes(PROGRAM_BINARY_MAX) > LIST_BYTES - sizeof(*list)) {
        return;
    }
    uint8_t *at = list->byte + list->used;
    row.length =
        (uint32_t)program_encode(&recording->program, at + sizeof(row), PROGRAM_BINARY_MAX);
    memcpy(at, &row, sizeof(row));
    list->used += row_bytes(row.length);
}

bool recordings_get(uint32_t stream, enum flow_side target, struct recorded *about,
                    struct program *program)
{
    bool found = false;
    struct row row;
    for (uint64_t at = 0; at < list->used; at += row_bytes(row.length)) {
        memcpy(&row, list->byte + at, sizeof(row));
        if (row.stream == stream && row.target == target) {
            program_decode(list->byte + at + sizeof(row), row.length, program);
            *about = row.about;
            found = true;
        }
    }
    return found;
}

void recordings_clear(void)
{
    list->used = 0;
}
