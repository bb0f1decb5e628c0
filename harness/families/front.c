/* SPDX-License-Identifier: MIT
 *
 * No time passes in front: it would move timers of what the program hands over. What a fault has to
 * meet is the work of a further connection, so that the program's own find their streams as they
 * left them.
 */
#include "families/front.h"

#include <stddef.h>

#include "families/edit.h"
#include "world/world.h"

struct front {
    struct program *out;
    uint32_t conn; /* the further one */
    uint32_t mss;
    bool by_hand; /* the peers acknowledge only when they are told to */
};

static void fault(struct front *f, enum fault_kind kind)
{
    edit_add(f->out, OP_FAULT, 0, "kind", kind);
}

static void sends(struct front *f, uint32_t length)
{
    edit_add(f->out, OP_SEND, f->conn, "length", length);
}

static void acknowledged(struct front *f)
{
    if (f->by_hand) {
        edit_add(f->out, OP_ACK, f->conn, NULL, 0);
    }
}

/* Data that nobody posted for, so that it is indicated. */
static void receives(struct front *f)
{
    struct program_op *op = edit_add(f->out, OP_SEG, f->conn, "length", 100);
    op_set(op, "push", 1);
}

static void starved(struct front *f, enum fault_kind kind)
{
    fault(f, kind);
    receives(f);
    fault(f, INJECT_CLEAR);
    receives(f); /* what waited is asked for again */
    edit_add(f->out, OP_RETURN, 0, NULL, 0);
}

static void no_alloc(struct front *f)
{
    starved(f, INJECT_ALLOC);
}

static void no_pool(struct front *f)
{
    starved(f, INJECT_POOL);
}

static void no_map(struct front *f)
{
    fault(f, INJECT_MAP);
    sends(f, 100);
    fault(f, INJECT_CLEAR);
    sends(f, 100);
    acknowledged(f);
}

static void stalled(struct front *f)
{
    fault(f, INJECT_TX_STALL);
    sends(f, 100);
    fault(f, INJECT_CLEAR);
    acknowledged(f);
}

static void unplugged(struct front *f)
{
    fault(f, INJECT_LINK_DOWN);
    sends(f, 100);
    fault(f, INJECT_CLEAR);
    acknowledged(f);
}

static void fails(struct front *f)
{
    fault(f, INJECT_HARDWARE);
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_RESET); /* else it may refuse whatever comes */
}

static void pauses(struct front *f)
{
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_PAUSE);
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_RESTART);
}

static void resets(struct front *f)
{
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_RESET);
}

static void sleeps(struct front *f)
{
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_POWER_DOWN);
    edit_add(f->out, OP_ADAPTER, 0, "do", STOP_POWER_UP);
}

#define FLOOD_FRAMES 70u /* more than there are descriptors */
#define FLOOD_LISTS 8u   /* as many as one call can hand down */

static void floods(struct front *f)
{
    uint32_t bytes = FLOOD_FRAMES * f->mss;
    struct program_op *op =
        edit_add(f->out, OP_SEND, f->conn, "length", (bytes + FLOOD_LISTS - 1) / FLOOD_LISTS);
    op_set(op, "more", FLOOD_LISTS - 1);
    acknowledged(f);
}

static void nothing(struct front *f)
{
    (void)f;
}

#define CONNS_MOST 8u

enum needs { NEEDS_NOTHING, NEEDS_CONN, NEEDS_RECEIVE, NEEDS_SEND };

/* Connections 2n and 2n + 1 share a path: the further one begins a path of its own. */
static uint32_t further(const struct program *in)
{
    uint32_t conns = edit_conns(in);
    return conns <= 2 ? 2 : (conns + 1) & ~1u;
}

static const char *unfit(const struct program *in, enum needs needs)
{
    enum tcp_state state = (enum tcp_state)program_get(in, "state");
    if (program_get(in, "fail-start")) {
        return "its driver may not start";
    }
    if (program_get(in, "fail")) {
        return "it names a call by its number";
    }
    if (needs == NEEDS_NOTHING) {
        return NULL;
    }
    if (further(in) >= CONNS_MOST) {
        return "it has no place for a further connection";
    }
    if (program_get(in, "capacity")) {
        return "its target takes no further connection";
    }
    bool open_in =
        state == STATE_ESTABLISHED || state == STATE_FIN_WAIT_1 || state == STATE_FIN_WAIT_2;
    bool open_out = state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT;
    bool closed = (needs == NEEDS_RECEIVE && !open_in) || (needs == NEEDS_SEND && !open_out);
    return closed ? "its connections are handed over half closed" : NULL;
}

/* A window and a congestion window for the whole flood: the peer acknowledges it in one. */
static void widen(const struct program *in, struct program *out, uint32_t conn)
{
    uint32_t bytes = (FLOOD_FRAMES + 1) * edit_mss(in);
    static const enum host_variable wide[] = {VARIABLE_CWND, VARIABLE_SND_WND};
    for (uint32_t i = 0; i < 2; i++) {
        op_set(edit_add(out, OP_STATE, conn, "what", wide[i]), "value", bytes);
    }
}

static bool moves_its_neighbor(const struct program *in)
{
    for (uint32_t i = 0; i < in->count; i++) {
        if (in->op[i].byte[0] == OP_UPDATE && op_get(&in->op[i], "what") == UPDATE_NEIGHBOR) {
            return true;
        }
    }
    return false;
}

/* Offloads the further connection, behind a router of its own where that is possible. */
static uint32_t add_further(const struct program *in, struct program *out, bool wide)
{
    uint32_t conn = further(in);
    program_set(out, "connections", conn);
    program_set(out, "manual-initiate", 1);
    if (edit_conns(in) <= 2 && !moves_its_neighbor(in)) {
        program_set(out, "two-routers", 1);
    }
    if (wide) {
        widen(in, out, conn);
    }
    edit_add(out, OP_INITIATE, conn, NULL, 0);
    return conn;
}

static void offload_own(const struct program *in, struct program *out)
{
    if (!program_get(in, "manual-initiate")) {
        edit_offload(in, out, edit_conns(in));
    }
}

/* After the program's connections were offloaded. */
static const char *front_after(const struct program *in, struct program *out, enum needs needs,
                               void (*make)(struct front *))
{
    const char *why = unfit(in, needs);
    uint32_t opening = edit_opening(in);
    struct front f = {out, 0, edit_mss(in), program_get(in, "manual-ack")};
    if (why) {
        return why;
    }
    edit_header(in, out);
    if (needs != NEEDS_NOTHING) {
        f.conn = add_further(in, out, make == floods);
        offload_own(in, out);
    }
    bool room = edit_ops(in, 0, opening, out);
    make(&f);
    return room && edit_ops(in, opening, in->count, out) ? NULL : NO_ROOM;
}

/* Before they were: what it ends is the further one. */
static const char *front_before(const struct program *in, struct program *out,
                                void (*make)(struct front *))
{
    struct front f = {out, 0, edit_mss(in), false};
    const char *why = unfit(in, NEEDS_CONN);
    if (why) {
        return why;
    }
    edit_header(in, out);
    f.conn = add_further(in, out, false);
    make(&f);
    edit_add(out, OP_TERMINATE, f.conn, "scope", SCOPE_ALL);
    offload_own(in, out);
    return edit_ops(in, 0, in->count, out) ? NULL : NO_ROOM;
}

const char *front_alloc(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_RECEIVE, no_alloc);
}

const char *front_pool(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_RECEIVE, no_pool);
}

const char *front_map(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_SEND, no_map);
}

const char *front_tx_stall(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_SEND, stalled);
}

const char *front_link(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_SEND, unplugged);
}

const char *front_hardware(const struct program *in, struct program *out)
{
    return front_before(in, out, fails);
}

const char *front_pause(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_NOTHING, pauses);
}

const char *front_reset(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_NOTHING, resets);
}

const char *front_power(const struct program *in, struct program *out)
{
    return front_before(in, out, sleeps);
}

const char *front_flood(const struct program *in, struct program *out)
{
    return FLOOD_FRAMES * edit_mss(in) > FLOOD_LISTS * 65535u
               ? "its segments are too long for so many in one call"
               : front_after(in, out, NEEDS_SEND, floods);
}

const char *front_idle(const struct program *in, struct program *out)
{
    return front_after(in, out, NEEDS_CONN, nothing);
}
