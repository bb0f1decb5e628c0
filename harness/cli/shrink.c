/* SPDX-License-Identifier: MIT */
#include "cli/shrink.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "program/isolate.h"
#include "program/output.h"

#define TRY_S 0.3 /* of CPU; the longest program of corpora/ takes a tenth of a second */
#define TRY_TIMES 10.0
#define TRY_STALL_S 1u

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void shrink_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool shrink_was_interrupted(void)
{
    return interrupted;
}

static double clock_now(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool out_of_time(const struct shrink *shrink)
{
    return interrupted || clock_now(CLOCK_MONOTONIC) > shrink->begun + shrink->within_s;
}

/* One that may differ from itself in one of two runs does so in one of these but for 0.1 and 3 %.
 */
#define AGAIN_FIRST 10u
#define AGAIN 5u

static bool run_for(const struct shrink *shrink, const struct program *program, unsigned again)
{
    return cli_run_again(shrink->world, program, shrink->run, shrink->timeout_s,
                         shrink->kind == VERDICT_NONDETERMINISM ? again : 0);
}

static bool is_same(const struct shrink *shrink)
{
    const struct verdict *verdict = &shrink->world->trace->verdict;
    char identity[CLI_IDENTITY] = "";
    if (verdict->kind == shrink->kind && !strcmp(verdict->rule, shrink->rule)) {
        cli_identity(shrink->world->trace, identity, sizeof(identity));
    }
    return !strcmp(identity, shrink->identity);
}

static bool still(struct shrink *shrink, const struct program *program)
{
    if (out_of_time(shrink)) {
        return false;
    }
    shrink->tries++;
    if (shrink->progress && shrink->tries % 50 == 0) {
        fprintf(stderr, "\r%u tries, %u operations ", shrink->tries, program->count);
    }
    isolate_hang_after(shrink->try_s);
    isolate_stall_after(shrink->try_s > 0 ? TRY_STALL_S : shrink->timeout_s);
    bool same = run_for(shrink, program, AGAIN) && is_same(shrink);
    isolate_hang_after(0);
    isolate_stall_after(0);
    return same && !interrupted; /* the signal may have been the driver's end too */
}

static struct program candidate;

/* Leaves out runs of operations, halving the run length when nothing more goes. */
static bool cut_ops(struct shrink *shrink, struct program *program)
{
    bool any = false;
    for (uint32_t size = program->count / 2 ? program->count / 2 : 1; size; size /= 2) {
        for (uint32_t at = 0; at + size <= program->count && !out_of_time(shrink);) {
            candidate = *program;
            memmove(&candidate.op[at], &candidate.op[at + size],
                    (candidate.count - at - size) * sizeof(candidate.op[0]));
            candidate.count -= size;
            if (still(shrink, &candidate)) {
                *program = candidate;
                any = true;
            } else {
                at += size;
            }
        }
    }
    return any;
}

/* Brings one field towards zero: zero, else half. */
static bool lower(struct shrink *shrink, struct program *program, uint8_t *bytes,
                  const struct field *field)
{
    bool any = false;
    for (uint32_t value = field_get(field, bytes); value;) {
        uint8_t before[PROGRAM_HEADER_BYTES];
        size_t size = bytes == program->header ? PROGRAM_HEADER_BYTES : PROGRAM_OP_BYTES;
        memcpy(before, bytes, size);
        field_set(field, bytes, 0);
        if (still(shrink, program)) {
            return true;
        }
        memcpy(bytes, before, size);
        if (field->kind != FIELD_NUMBER || value < 2) {
            return any;
        }
        field_set(field, bytes, value / 2);
        if (!still(shrink, program)) {
            memcpy(bytes, before, size);
            return any;
        }
        value /= 2;
        any = true;
    }
    return any;
}

static bool lower_fields(struct shrink *shrink, struct program *program)
{
    bool any = false;
    uint32_t count;
    const struct field *header = program_header_fields(&count);
    for (uint32_t i = 0; i < count; i++) {
        any |= lower(shrink, program, program->header, &header[i]);
    }
    for (uint32_t k = 0; k < program->count; k++) {
        const struct op_form *form = program_op_form(program->op[k].byte[0]);
        for (uint32_t i = 0; i < form->fields; i++) {
            any |= lower(shrink, program, program->op[k].byte, &form->field[i]);
        }
    }
    return any;
}

bool shrink_goal(struct shrink *shrink, const struct program *program)
{
    double before = clock_now(CLOCK_MONOTONIC);
    shrink->begun = before;
    shrink->tries = 0;
    shrink->kind = VERDICT_NONDETERMINISM; /* until something else is known */
    if (!run_for(shrink, program, AGAIN_FIRST)) {
        return false;
    }
    const struct verdict *verdict = &shrink->world->trace->verdict;
    shrink->kind = verdict->kind;
    snprintf(shrink->rule, sizeof(shrink->rule), "%s", verdict->rule);
    cli_identity(shrink->world->trace, shrink->identity, sizeof(shrink->identity));
    bool slow = verdict->kind == VERDICT_HANG || verdict->kind == VERDICT_STALL;
    double took = slow ? 0 : TRY_TIMES * (clock_now(CLOCK_MONOTONIC) - before);
    shrink->try_s = took > TRY_S ? took : TRY_S;
    return true;
}

bool shrink_has_goal(const struct shrink *shrink)
{
    return shrink->kind != VERDICT_PASS && shrink->kind != VERDICT_NOT_JUDGED;
}

static void shrink_until_it_stays(struct shrink *shrink, struct program *program)
{
    for (bool again = true; again && !out_of_time(shrink);) {
        again = cut_ops(shrink, program);
        again |= lower_fields(shrink, program);
    }
}

/* With its whole time. */
static bool shrink_confirmed(struct shrink *shrink, const struct program *program)
{
    return run_for(shrink, program, 0) && is_same(shrink);
}

void shrink_program(struct shrink *shrink, struct program *program)
{
    static struct program given;
    given = *program;
    output_quiet(true);
    shrink_until_it_stays(shrink, program);
    bool timed = shrink->kind == VERDICT_HANG || shrink->kind == VERDICT_STALL;
    if (timed && !interrupted && !shrink_confirmed(shrink, program)) {
        *program = given; /* what takes long is no hang yet */
        shrink->try_s = 0;
        shrink_until_it_stays(shrink, program);
    }
    output_quiet(false);
}
