/* SPDX-License-Identifier: MIT
 *
 * The oracle's short cut for the common segment changes nothing: in every program of the corpora,
 * and in descendants of each, what it knows of every connection is the same at every rest with it
 * and without, and so are the verdict and the count of evaluations of every rule.
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

#include "oracle/model/model.h"
#include "program/mutate.h"
#include "program/run.h"

#define DESCENDANTS 20u
#define TEXT_MOST (1u << 20)
#define RESTS_MOST 4096u

static struct world world;
static struct program program;
static char text[TEXT_MOST];
static uint32_t rules, *ran[2];
static uint64_t predicted;

/* What the oracle knew at each rest of a run. */
struct knowledge {
    uint64_t rest[RESTS_MOST];
    uint32_t rests;
    struct verdict verdict;
};
static struct knowledge knowledge[2], *learner;

static uint64_t digest(uint64_t hash, const struct orc_conn *conn)
{
    static struct orc_conn c;
    memcpy(&c, conn, sizeof(c));
    /* Memory, which is kept from run to run. */
    c.receive.bytes.bytes = c.send.bytes.bytes = c.receive.alternate_bytes = NULL;
    c.receive.bytes.size = c.send.bytes.size = 0;
    c.receive.range = NULL;
    c.receive.alternate = NULL;
    c.receive.range_room = c.receive.alternate_room = c.receive.alternate_bytes_room = 0;
    c.timing.flight.sent = NULL;
    c.timing.flight.room = c.timing.flight.head = 0;
    /* Found anew before it is asked for; only asked for where timestamps are in use. */
    c.receive.largest_edge = 0;
    c.stamps.bare = false;
    c.stamps.bare_at = 0;
    const uint8_t *byte = (const uint8_t *)&c;
    for (size_t i = 0; i < sizeof(c); i++) {
        hash = (hash ^ byte[i]) * 0x100000001B3ull;
    }
    return hash;
}

static void learn(void *context, const struct tap_event *event)
{
    (void)context;
    if (event->fn != TAP_STEP || learner->rests == RESTS_MOST) {
        return;
    }
    uint64_t hash = 0;
    for (uint32_t i = 0; i < world.oracle->conns; i++) {
        hash = world.oracle->conn[i].used ? digest(hash, &world.oracle->conn[i]) : hash;
    }
    learner->rest[learner->rests++] = hash;
}

static void judge(bool in_full, uint32_t *counts, struct knowledge *known)
{
    struct run_options options = {.strict = true, .in_full = in_full};
    struct run_counts reached;
    memset(counts, 0, rules * sizeof(*counts));
    oracle_count_into(world.oracle, counts);
    learner = known;
    known->rests = 0;
    program_run(&world, &program, &options, &reached);
    known->verdict = world.trace->verdict;
}

static void compare(const char *name, uint32_t descendant)
{
    struct knowledge *full = &knowledge[0], *other = &knowledge[1];
    judge(true, ran[0], full);
    assert_int_equal(oracle_predicted(world.oracle), 0);
    judge(false, ran[1], other);
    predicted += oracle_predicted(world.oracle);
    const struct verdict *x = &full->verdict, *y = &other->verdict;
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
                     descendant, rule[i].id, ran[0][i], ran[1][i]);
        }
    }
    assert_int_equal(full->rests, other->rests);
    for (uint32_t i = 0; i < full->rests; i++) {
        if (full->rest[i] != other->rest[i]) {
            fail_msg("%s, descendant %u: other knowledge at rest %u", name, descendant, i);
        }
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
        compare(path, i);
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
    assert_true(knowledge[0].rests > 0);
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
    if (!ran[0] || !ran[1] || !world_new(&world) ||
        !world_open_driver(world_default_driver(), &error)) {
        return -1;
    }
    world.reader = learn;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prediction_changes_nothing)};
    return cmocka_run_group_tests(tests, open_world, NULL);
}
