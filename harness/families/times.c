/* SPDX-License-Identifier: MIT */
#include "families/times.h"

#include <stddef.h>

#include "families/edit.h"
#include "world/world.h"

/* ---- other ticks ---- */

#define NOT_A_MULTIPLE "it names a time that is no multiple of such a tick"

/* A number of milliseconds becomes one of longer ticks. What it is without a choice of its own
 * (0) stays, and so does what stands for no time at all. */
static bool rescale(uint32_t *value, uint32_t longer)
{
    bool fits = *value == UINT32_MAX || *value % longer == 0;
    *value = *value == UINT32_MAX ? *value : *value / longer;
    return fits;
}

static bool rescale_field(struct program_op *op, const char *field, uint32_t longer)
{
    uint32_t value = op_get(op, field);
    bool fits = rescale(&value, longer);
    op_set(op, field, value);
    return fits;
}

#define DELAYED_TICKS                                                                              \
    200u /* stage.c: a fifth of a second by milliseconds, a half by longer ticks */

static bool of_time(const struct program_op *op)
{
    uint32_t what = op_get(op, "what");
    if (op->byte[0] == OP_UPDATE) {
        return what == UPDATE_KEEPALIVE || what == UPDATE_MAXRT || what == UPDATE_KA_TIMEOUT ||
               what == UPDATE_KA_INTERVAL;
    }
    return op->byte[0] == OP_STATE &&
           (what == VARIABLE_SRTT || what == VARIABLE_RTTVAR || what == VARIABLE_RETRANSMIT ||
            what == VARIABLE_TOTAL_RT || what == VARIABLE_KEEPALIVE || what == VARIABLE_MAX_RT ||
            what == VARIABLE_KA_INTERVAL);
}

static const char *op_to_ticks(struct program_op *op, enum tick_rate rate, uint32_t longer)
{
    if (op->byte[0] == OP_STATE && op_get(op, "what") == VARIABLE_TS_TIME) {
        return "it names a timestamp";
    }
    if (of_time(op)) {
        return rescale_field(op, "value", longer) ? NULL : NOT_A_MULTIPLE;
    }
    if (op->byte[0] != OP_PARAMETERS) {
        return NULL;
    }
    if (op_get(op, "ticks") != TICKS_1000) {
        return "it changes its ticks";
    }
    op_set(op, "ticks", rate);
    if (!op_get(op, "delayed-ack-ticks")) {
        op_set(op, "delayed-ack-ticks", DELAYED_TICKS);
    }
    bool fits = rescale_field(op, "delayed-ack-ticks", longer);
    fits = rescale_field(op, "push-ticks", longer) && fits;
    return rescale_field(op, "sws-ticks", longer) && fits ? NULL : NOT_A_MULTIPLE;
}

static const char *ticks(const struct program *in, struct program *out, enum tick_rate rate,
                         uint32_t longer)
{
    const char *why = edit_whole(in, out);
    uint32_t push = program_get(in, "push-ticks");
    uint32_t delayed = program_get(in, "delayed-ack-ticks");
    delayed = delayed ? delayed : DELAYED_TICKS;
    if (program_get(in, "ticks") != TICKS_1000) {
        return "it has ticks of another length";
    }
    if (!rescale(&push, longer) || !rescale(&delayed, longer)) {
        return NOT_A_MULTIPLE;
    }
    program_set(out, "ticks", rate);
    program_set(out, "push-ticks", push);
    program_set(out, "delayed-ack-ticks", delayed);
    for (uint32_t i = 0; !why && i < out->count; i++) {
        why = op_to_ticks(&out->op[i], rate, longer);
    }
    return why;
}

const char *times_ticks_100(const struct program *in, struct program *out)
{
    return ticks(in, out, TICKS_100, 10);
}

const char *times_ticks_10(const struct program *in, struct program *out)
{
    return ticks(in, out, TICKS_10, 100);
}

/* ---- a system that has been up for long ---- */

const char *times_uptime(const struct program *in, struct program *out)
{
    const char *why = edit_whole(in, out);
    program_set(out, "uptime", UPTIME_WRAPS);
    return program_get(in, "uptime") ? "it has chosen its time" : why;
}

/* ---- 25 times ---- */

#define TIMES 25u
#define REST_MS 250u /* as the stage rests at the end of a program */

/* Connections that are over cannot be handed over again, an adapter that stands takes nothing. */
static const char *once_only(const struct program *in)
{
    bool stands = false;
    if (program_get(in, "state") != STATE_ESTABLISHED) {
        return "its connections are handed over half closed";
    }
    if (edit_has(in, OP_DISCONNECT, NULL) || edit_has(in, OP_SEG, "fin") ||
        edit_has(in, OP_SEG, "rst") || edit_has(in, OP_SEG, "syn") ||
        edit_has(in, OP_FORWARD, "fin") || edit_has(in, OP_FORWARD, "rst")) {
        return "it ends its connections";
    }
    for (uint32_t i = 0; i < in->count; i++) {
        const struct program_op *op = &in->op[i];
        uint32_t what = op_get(op, "do");
        if (op->byte[0] == OP_NEST && (what == NEST_DISCONNECT || what == NEST_ABORT)) {
            return "it ends its connections";
        }
        if (op->byte[0] == OP_ADAPTER && (what == STOP_REMOVE || what == STOP_HALT)) {
            return "it ends the adapter";
        }
        if (op->byte[0] == OP_ADAPTER) {
            stands =
                what == STOP_PAUSE || what == STOP_POWER_DOWN || (stands && what == STOP_RESET);
        }
    }
    return stands ? "it leaves the adapter standing" : NULL;
}

static void rest(const struct program *in, struct program *out)
{
    edit_add(out, OP_BATCH, 0, NULL, 0);
    edit_add(out, OP_FAULT, 0, "kind", INJECT_CLEAR);
    edit_add(out, OP_TICK, 0, "time", REST_MS);
    edit_add(out, OP_RETURN, 0, NULL, 0);
    for (uint32_t i = 0; i < edit_conns(in); i++) {
        edit_add(out, OP_TERMINATE, i, "scope", SCOPE_ALL);
    }
}

const char *times_again(const struct program *in, struct program *out)
{
    const char *why = once_only(in);
    bool room = true;
    if (why) {
        return why;
    }
    edit_header(in, out);
    for (uint32_t i = 0; i < TIMES; i++) {
        if (i) {
            rest(in, out);
        }
        if (i && !program_get(in, "manual-initiate")) {
            edit_offload(in, out, edit_conns(in));
        }
        room = edit_ops(in, 0, in->count, out) && room;
    }
    return room ? NULL : NO_ROOM;
}
