/* SPDX-License-Identifier: MIT
 *
 * The oracle's short cut for the common segment changes nothing: in every program of the corpora,
 * and in descendants of each, two oracles watch the same run, one with it and one without. What
 * they know of every connection is the same at every rest, and so are the verdict and the count of
 * evaluations of every rule. So it is shown too that two can live at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/base/events.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/connections.h"
#include "oracle/receive/stamps.h"
#include "oracle/sender/flight.h"
#include "program/mutate.h"
#include "program/run.h"

#define DESCENDANTS 20u
#define TEXT_MOST (1u << 20)

static struct world world;
static struct program program;
static char text[TEXT_MOST];
static uint32_t rules, *ran[2];
static uint64_t predicted, rests;

/* Two oracles watch one run: the world's own, and one that looks at every segment in full. */
static struct oracle *in_full;
static struct verdict verdict;
static uint32_t other_at; /* rest at which they first knew different things, from 1 */

/* Memory, which a piece may have more of than it uses. */
static void leave_memory_out(uint8_t *part, uint16_t at)
{
    if (at == offsetof(struct orc_conn, receive)) {
        struct orc_receive *r = (struct orc_receive *)part;
        r->bytes.bytes = r->alternate_bytes = NULL;
        r->bytes.size = 0;
        r->range = NULL;
        r->alternate = NULL;
        r->range_room = r->alternate_room = r->alternate_bytes_room = 0;
        r->largest_edge = 0; /* found anew before it is asked for */
    } else if (at == offsetof(struct orc_conn, send)) {
        struct orc_send *s = (struct orc_send *)part;
        s->bytes.bytes = NULL;
        s->bytes.size = 0;
    } else if (at == offsetof(struct orc_conn, flight)) {
        struct orc_flight *f = (struct orc_flight *)part;
        f->sent = NULL;
        f->room = f->head = 0;
        f->sampled = false; /* of the last segment, which need not have been asked about */
    } else if (at == offsetof(struct orc_conn, stamps)) {
        struct orc_stamps *x = (struct orc_stamps *)part; /* asked for with timestamps only */
        x->bare = false;
        x->bare_at = 0;
    }
}

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ byte[i]) * 0x100000001B3ull;
    }
    return hash;
}

static uint64_t prediction_test_digest(const struct oracle *o, uint64_t hash,
                                       const struct orc_conn *c)
{
    static _Alignas(16) uint8_t part[1 << 16];
    hash = add_bytes(hash, c, offsetof(struct orc_conn, receive));
    for (uint32_t i = 0; i < o->rows->conns; i++) {
        const struct orc_layout *layout = &o->rows->conn[i];
        memcpy(part, *(void *const *)(const void *)((const uint8_t *)c + layout->at),
               layout->bytes);
        leave_memory_out(part, layout->at);
        hash = add_bytes(hash, part, layout->bytes);
    }
    return hash;
}

static uint64_t knowledge(const struct oracle *o)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        const struct orc_conn *c = o->connections->conn[i];
        hash = c ? prediction_test_digest(o, hash, c) : hash;
    }
    return hash;
}

/* Both have seen the event before this one. */
static void watch(void *context, const struct tap_event *event)
{
    (void)context;
    oracle_event(in_full, event);
    if (event->fn == TAP_STEP && !other_at) {
        rests++;
        other_at = knowledge(in_full) == knowledge(world.oracle) ? 0 : in_full->steps;
    }
}

static void prediction_test_judge(void)
{
    struct run_options options = {.strict = true};
    struct oracle_options full = {.strict = true, .in_full = true};
    struct run_counts reached;
    oracle_count_into(world.oracle, ran[0]);
    oracle_count_into(in_full, ran[1]);
    verdict_reset(&verdict);
    oracle_begin(in_full, &full, &verdict);
    other_at = 0;
    program_run(&world, &program, &options, &reached);
}

static void prediction_test_compare(const char *name, uint32_t descendant)
{
    prediction_test_judge();
    assert_int_equal(oracle_predicted(in_full), 0);
    predicted += oracle_predicted(world.oracle);
    const struct verdict *x = &verdict, *y = &world.trace->verdict;
    bool same = x->kind == y->kind && x->event == y->event && x->violations == y->violations &&
                x->warnings == y->warnings && !strcmp(x->rule, y->rule) &&
                !strcmp(x->actual, y->actual) && !strcmp(x->warning_text, y->warning_text);
    if (!same) {
        fail_msg("%s, descendant %u: %s %s in full, %s %s with prediction", name, descendant,
                 x->rule, x->actual, y->rule, y->actual);
    }
    const struct oracle_rule *rule = oracle_rules(&rules);
    for (uint32_t i = 0; i < rules; i++) {
        if (ran[0][i] != ran[1][i]) {
            fail_msg("%s, descendant %u: %s evaluated %u times in full, %u with prediction", name,
                     descendant, rule[i].id, ran[1][i], ran[0][i]);
        }
    }
    if (other_at) {
        fail_msg("%s, descendant %u: other knowledge at rest %u", name, descendant, other_at);
    }
}

static void compare_family(const char *path, uint64_t seed)
{
    static uint8_t parent[PROGRAM_BINARY_MAX], child[PROGRAM_BINARY_MAX];
    struct program_error error;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof(text), file);
    fclose(file);
    if (strstr(path, ".bin")) {
        program_decode((const uint8_t *)text, length, &program);
    } else {
        assert_true(program_parse(text, length, &program, &error));
    }
    length = program_encode(&program, parent, sizeof(parent));
    for (uint32_t i = 0; i <= DESCENDANTS; i++) {
        prediction_test_compare(path, i);
        memcpy(child, parent, length);
        size_t changed = program_mutate(child, length, sizeof(child), seed * DESCENDANTS + i);
        program_decode(child, changed, &program);
    }
}

static void prediction_changes_nothing(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(CORPORA "/*/*.chim", 0, NULL, &found), 0);
    assert_int_equal(glob(CORPORA "/*/*.bin", GLOB_APPEND, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        compare_family(found.gl_pathv[i], i);
    }
    assert_true(rests > 0);
    printf("%zu programs and %u descendants of each, %llu segments predicted\n", found.gl_pathc,
           DESCENDANTS, (unsigned long long)predicted);
    assert_true(found.gl_pathc > 100);
    assert_true(predicted > 1000);
    globfree(&found);
}

static int open_world(void **state)
{
    const char *error;
    (void)state;
    oracle_rules(&rules);
    ran[0] = calloc(rules, sizeof(uint32_t));
    ran[1] = calloc(rules, sizeof(uint32_t));
    in_full = oracle_new();
    if (!ran[0] || !ran[1] || !in_full || !world_new(&world) ||
        !world_open_driver(world_default_driver(), &error)) {
        return -1;
    }
    world.reader = watch;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prediction_changes_nothing)};
    return cmocka_run_group_tests(tests, open_world, NULL);
}
