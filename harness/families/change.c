/* SPDX-License-Identifier: MIT */
#include "families/change.h"

#include <string.h>

#include "families/edit.h"
#include "world/world.h"

#define LENGTH 200u   /* of what the second life sends */
#define SILENCE_S 23u /* longer than whatever is owed may take (the 22 of a frame of the host) */
#define ROUNDS 6u     /* alike; what is lost in each of them is told from what is kept once */

static struct program_op *fault(struct program *out, enum fault_kind kind)
{
    return edit_add(out, OP_FAULT, 0, "kind", kind);
}

static void adapter(struct program *out, enum world_stop what)
{
    edit_add(out, OP_ADAPTER, 0, "do", what);
}

static void pass_ms(struct program *out, uint32_t ms)
{
    edit_add(out, OP_TICK, 0, "time", ms);
}

/* Both ways, with a request for what comes and without. */
static void use(const struct program *in, struct program *out)
{
    for (uint32_t conn = 0; conn < edit_conns(in); conn++) {
        op_set(edit_add(out, OP_SEG, conn, "length", LENGTH), "push", 1);
        edit_add(out, OP_POST, conn, "length", LENGTH);
        op_set(edit_add(out, OP_SEG, conn, "length", LENGTH), "push", 1);
        edit_add(out, OP_SEND, conn, "length", LENGTH);
        edit_add(out, OP_ACK, conn, NULL, 0);
    }
    edit_add(out, OP_RETURN, 0, NULL, 0);
}

static void upload(const struct program *in, struct program *out)
{
    for (uint32_t conn = 0; conn < edit_conns(in); conn++) {
        edit_add(out, OP_TERMINATE, conn, "scope", SCOPE_ALL);
    }
    edit_add(out, OP_RETURN, 0, NULL, 0);
    pass_ms(out, 100);
}

/* What the host can ask, and what goes past the connections. */
static void ask(const struct program *in, struct program *out)
{
    static const enum oid_word statistics[] = {WORD_TCP4, WORD_TCP6, WORD_IP4, WORD_IP6};
    for (uint32_t conn = 0; conn < edit_conns(in); conn++) {
        edit_add(out, OP_QUERY, conn, "what", QUERY_TREE);
    }
    for (uint32_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++) {
        edit_add(out, OP_OID, 0, "what", statistics[i]);
    }
    edit_add(out, OP_HOST_SEND, 0, "length", LENGTH);
    edit_add(out, OP_RAW, 0, "kind", RAW_ARP);
}

static void second_life(const struct program *in, struct program *out)
{
    edit_add(out, OP_BATCH, 0, NULL, 0);
    fault(out, INJECT_CLEAR);
    use(in, out);
    ask(in, out);
    pass_ms(out, 300);
    upload(in, out);
    edit_offload(in, out, edit_conns(in));
    pass_ms(out, 100);
    use(in, out);
    ask(in, out);
    pass_ms(out, 300);
}

/* What is owed comes without being asked for. */
static void owed_comes(struct program *out)
{
    edit_add(out, OP_BATCH, 0, NULL, 0);
    fault(out, INJECT_CLEAR);
    edit_add(out, OP_RETURN, 0, NULL, 0);
    op_set(edit_add(out, OP_TICK, 0, "time", SILENCE_S), "unit", UNIT_S);
}

/* ---- Calls that fail ---- */

static const char *calls_fail(const struct change *change, const struct program *in,
                              struct program *out)
{
    if (program_get(in, "fail") || program_get(in, "fail-start")) {
        return "a call of its driver fails already";
    }
    edit_header(in, out);
    program_set(out, "fail", change->at);
    program_set(out, "fail-what", change->kind == CHANGE_ALLOC ? FAILING_ALLOCATION : FAILING_ANY);
    program_set(out, "fail-then", change->then);
    program_set(out, "start-again", 1);
    edit_ops(in, 0, in->count, out);
    owed_comes(out);
    second_life(in, out);
    return NULL;
}

/* ---- During an operation ---- */

static void fault_on(enum change_kind kind, struct program *out)
{
    struct program_op *op;
    switch (kind) {
    case CHANGE_POOL:
        fault(out, INJECT_POOL);
        break;
    case CHANGE_STALL:
        fault(out, INJECT_TX_STALL);
        break;
    case CHANGE_LINK:
        fault(out, INJECT_LINK_DOWN);
        break;
    case CHANGE_STARVE:
        op = fault(out, INJECT_CALL);
        op_set(op, "what", FAILING_ANY);
        op_set(op, "count", UINT16_MAX);
        break;
    default:
        fault(out, INJECT_HARDWARE);
        break;
    }
}

static const char *during(const struct change *change, const struct program *in,
                          struct program *out)
{
    if (change->at >= in->count) {
        return "it has no such operation";
    }
    edit_header(in, out);
    edit_ops(in, 0, change->at, out);
    fault_on(change->kind, out);
    edit_ops(in, change->at, change->at + 1, out);
    if (change->kind == CHANGE_HARDWARE) {
        upload(in, out);
        adapter(out, STOP_RESET);
    } else {
        fault(out, INJECT_CLEAR);
    }
    edit_ops(in, change->at + 1, in->count, out);
    owed_comes(out);
    second_life(in, out);
    return NULL;
}

/* ---- Again and again ---- */

static const char *wear(const struct change *change, const struct program *in, struct program *out)
{
    edit_header(in, out);
    edit_ops(in, 0, in->count, out);
    edit_add(out, OP_BATCH, 0, NULL, 0);
    fault(out, INJECT_CLEAR);
    upload(in, out);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct program_op *op = fault(out, INJECT_CALL);
        op_set(op, "what", FAILING_ANY);
        op_set(op, "skip", change->at - 1);
        edit_offload(in, out, edit_conns(in));
        pass_ms(out, 100);
        use(in, out);
        fault(out, INJECT_CLEAR);
        pass_ms(out, 100);
        upload(in, out);
    }
    second_life(in, out);
    return NULL;
}

/* ---- A prefix and its end ---- */

static const char *prefix(const struct change *change, const struct program *in,
                          struct program *out)
{
    if (change->at > in->count) {
        return "it has not so many operations";
    }
    edit_header(in, out);
    edit_ops(in, 0, change->at, out);
    switch (change->kind) {
    case CHANGE_TERMINATE:
        upload(in, out);
        break;
    case CHANGE_RESET:
        adapter(out, STOP_RESET);
        break;
    case CHANGE_PAUSE:
        adapter(out, STOP_PAUSE);
        use(in, out);
        adapter(out, STOP_RESTART);
        break;
    case CHANGE_POWER:
        adapter(out, STOP_POWER_DOWN);
        pass_ms(out, 100);
        adapter(out, STOP_POWER_UP);
        break;
    case CHANGE_REMOVE:
        adapter(out, STOP_REMOVE);
        return NULL;
    default:
        adapter(out, STOP_HALT);
        return NULL;
    }
    second_life(in, out);
    return NULL;
}

/* ---- A call inside an upcall ---- */

static void nested(const struct change *change, struct program *out)
{
    struct program_op *op = edit_add(out, OP_NEST, change->conn, "inside", change->inside);
    op_set(op, "do", change->call);
    op_set(op, "length", LENGTH);
}

static const char *nest(const struct change *change, const struct program *in, struct program *out)
{
    bool opening = change->at == 0 && !program_get(in, "manual-initiate");
    if (change->at > in->count) {
        return "it has no such operation";
    }
    edit_header(in, out);
    if (opening) { /* what the stage would have offloaded by itself */
        program_set(out, "manual-initiate", 1);
        nested(change, out);
        edit_offload(in, out, edit_conns(in));
    } else {
        edit_ops(in, 0, change->at - (change->at > 0), out);
        nested(change, out);
    }
    edit_ops(in, change->at - (change->at > 0), in->count, out);
    second_life(in, out);
    return NULL;
}

const char *change_apply(const struct change *change, const struct program *in, struct program *out)
{
    const char *why;
    switch (change->kind) {
    case CHANGE_ALLOC:
    case CHANGE_CALL:
    case CHANGE_PAIR:
        why = calls_fail(change, in, out);
        break;
    case CHANGE_WEAR:
        why = wear(change, in, out);
        break;
    case CHANGE_NEST:
        why = nest(change, in, out);
        break;
    default:
        why = change->kind < CHANGE_TERMINATE ? during(change, in, out) : prefix(change, in, out);
        break;
    }
    return why ? why : out->count == PROGRAM_OPS_MAX ? NO_ROOM : NULL;
}
