/* SPDX-License-Identifier: MIT */
#include "families/edit.h"

#include <string.h>

uint32_t edit_conns(const struct program *in)
{
    return 1 + program_get(in, "connections");
}

uint32_t edit_mss(const struct program *in)
{
    uint32_t mss = program_get(in, "mss");
    return !mss ? 1460 : mss < 88 ? 88 : mss > 8960 ? 8960 : mss;
}

void edit_header(const struct program *in, struct program *out)
{
    program_init(out);
    memcpy(out->header, in->header, sizeof(out->header));
}

bool edit_ops(const struct program *in, uint32_t from, uint32_t to, struct program *out)
{
    uint32_t conns = edit_conns(in);
    for (uint32_t i = from; i < to; i++) {
        struct program_op op = in->op[i];
        if (program_op_form(op.byte[0])->has_conn) {
            op.byte[1] = (uint8_t)(op.byte[1] % conns);
        }
        if (op.byte[0] == OP_INITIATE && op.byte[1] + op_get(&op, "more") >= conns) {
            op_set(&op, "more", conns - 1 - op.byte[1]);
        }
        struct program_op *made = program_add(out, OP_NOP, 0);
        if (!made) {
            return false;
        }
        *made = op;
    }
    return true;
}

const char *edit_whole(const struct program *in, struct program *out)
{
    edit_header(in, out);
    return edit_ops(in, 0, in->count, out) ? NULL : NO_ROOM;
}

uint32_t edit_opening(const struct program *in)
{
    uint32_t at = 0;
    for (; at < in->count; at++) {
        uint8_t code = in->op[at].byte[0];
        if (code != OP_STATE && code != OP_INITIATE && code != OP_PARAMETERS && code != OP_CPU) {
            break;
        }
    }
    return at;
}

struct program_op *edit_add(struct program *out, enum op_code code, uint32_t conn,
                            const char *field, uint32_t value)
{
    static struct program_op lost; /* whoever has no room asks edit_ops at the end */
    struct program_op *op = program_add(out, code, (uint8_t)conn);
    op = op ? op : &lost;
    if (field) {
        op_set(op, field, value);
    }
    return op;
}

void edit_offload(const struct program *in, struct program *out, uint32_t conns)
{
    if (!program_get(in, "separate-trees")) {
        edit_add(out, OP_INITIATE, 0, "more", conns - 1);
        return;
    }
    for (uint32_t i = 0; i < conns; i++) {
        edit_add(out, OP_INITIATE, i, NULL, 0);
    }
}

bool edit_has(const struct program *in, enum op_code code, const char *field)
{
    for (uint32_t i = 0; i < in->count; i++) {
        if (in->op[i].byte[0] == code && (!field || op_get(&in->op[i], field))) {
            return true;
        }
    }
    return false;
}
