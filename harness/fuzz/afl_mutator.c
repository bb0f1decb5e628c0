/* SPDX-License-Identifier: MIT
 *
 * The same mutator as AFL++ loads it (AFL_CUSTOM_MUTATOR_LIBRARY), with trimming by operations and
 * a readable name for findings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/mutate.h"

struct state {
    uint64_t seed;
    uint8_t out[PROGRAM_BINARY_MAX];
    uint8_t trim[PROGRAM_BINARY_MAX];
    size_t trim_length, tried_length;
    uint32_t step, steps;
};

void *afl_custom_init(void *afl, unsigned int seed);
void afl_custom_deinit(void *data);
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
                       uint8_t *add_buf, size_t add_buf_size, size_t max_size);
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t buf_size);
size_t afl_custom_trim(void *data, uint8_t **out_buf);
int32_t afl_custom_post_trim(void *data, uint8_t success);
const char *afl_custom_describe(void *data, size_t max_length);

void *afl_custom_init(void *afl, unsigned int seed)
{
    (void)afl;
    struct state *state = calloc(1, sizeof(*state));
    if (state) {
        state->seed = seed;
    }
    return state;
}

void afl_custom_deinit(void *data)
{
    free(data);
}

static uint64_t next_seed(struct state *state)
{
    state->seed = state->seed * 6364136223846793005u + 1442695040888963407u;
    return state->seed >> 11;
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size, uint8_t **out_buf,
                       uint8_t *add_buf, size_t add_buf_size, size_t max_size)
{
    struct state *state = data;
    size_t room = max_size < sizeof(state->out) ? max_size : sizeof(state->out);
    uint64_t seed = next_seed(state);
    size_t length;
    if (add_buf && add_buf_size && seed % 4 == 0) {
        length = program_cross(buf, buf_size, add_buf, add_buf_size, state->out, room, seed);
    } else {
        length = buf_size < room ? buf_size : room;
        memcpy(state->out, buf, length);
        length = program_mutate(state->out, length, room, seed);
    }
    *out_buf = state->out;
    return length;
}

/* One step leaves out one operation, from the back. */
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t buf_size)
{
    struct state *state = data;
    if (buf_size > sizeof(state->trim) || buf_size <= PROGRAM_HEADER_BYTES) {
        return 0;
    }
    memcpy(state->trim, buf, buf_size);
    state->trim_length = buf_size;
    state->steps = (uint32_t)((buf_size - PROGRAM_HEADER_BYTES) / PROGRAM_OP_BYTES);
    state->step = 0;
    return (int32_t)state->steps;
}

size_t afl_custom_trim(void *data, uint8_t **out_buf)
{
    struct state *state = data;
    size_t at = PROGRAM_HEADER_BYTES + (size_t)(state->steps - 1 - state->step) * PROGRAM_OP_BYTES;
    memcpy(state->out, state->trim, at);
    memcpy(state->out + at, state->trim + at + PROGRAM_OP_BYTES,
           state->trim_length - at - PROGRAM_OP_BYTES);
    state->tried_length = state->trim_length - PROGRAM_OP_BYTES;
    *out_buf = state->out;
    return state->tried_length;
}

int32_t afl_custom_post_trim(void *data, uint8_t success)
{
    struct state *state = data;
    if (success) {
        memcpy(state->trim, state->out, state->tried_length);
        state->trim_length = state->tried_length;
    }
    return (int32_t)++state->step;
}

const char *afl_custom_describe(void *data, size_t max_length)
{
    (void)data, (void)max_length;
    return "program";
}
