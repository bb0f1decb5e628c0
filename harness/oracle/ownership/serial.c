/* SPDX-License-Identifier: MIT
 *
 * Delivery calls of one connection never overlap nor nest; levels and locks at upcalls.
 */
#include "oracle/ownership/serial.h"
#include "oracle/base/memory.h"
#include "oracle/report/report.h"

static bool delivery(uint8_t fn)
{
    return fn == TAP_RCV_COMPLETE || fn == TAP_RCV_INDICATE;
}

static bool inside_on(const struct orc_conn *conn, uint8_t cpu)
{
    return conn->inside_cpu[(cpu % ORC_CPUS) / 32] >> (cpu % 32) & 1;
}

/* The innermost call into the target on this stack above the delivery call that is open there. */
static enum orc_rule nesting_rule(const struct oracle *o, const struct orc_cpu *cpu)
{
    (void)o;
    for (uint32_t i = cpu->depth - 1; i-- > 0;) {
        if (orc_calls_into_target(cpu->call[i].fn)) {
            return cpu->call[i].fn == TAP_POST ? ORC_SER_REENT_1 : ORC_SER_REENT_2;
        }
    }
    return ORC_SER_REENT_1;
}

static void judge_overlap(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                          struct orc_cpu *cpu)
{
    const struct orc_call *call = &cpu->call[cpu->depth - 1];
    const char *actual = orc_text(o, "%s while %u delivery call(s) of the connection are open",
                                  tap_fn_name((enum tap_fn)call->fn), conn->inside);
    if (inside_on(conn, ev->cpu)) {
        orc_fail(o, orc_ordinal(o, conn), nesting_rule(o, cpu),
                 "no delivery call nested in one of the same connection", actual);
    } else {
        orc_fail(o, orc_ordinal(o, conn), ORC_SER_CONN_1,
                 "one delivery call of a connection at a time", actual);
    }
}

void orc_serial_inside(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn)
{
    struct orc_cpu *cpu = &o->calls->cpu[ev->cpu % ORC_CPUS];
    struct orc_call *call = cpu->depth ? &cpu->call[cpu->depth - 1] : NULL;
    uint32_t ordinal = orc_ordinal(o, conn);
    if (!call || conn->inside_call == call->seq) {
        return; /* a later list of the same call */
    }
    orc_ran(o, ORC_SER_CONN_1);
    if (conn->inside) {
        judge_overlap(o, ev, conn, cpu);
    }
    if (!orc_grow(o->memory, (void **)&cpu->inside, &cpu->inside_room, cpu->inside_count + 1,
                  sizeof(uint32_t))) {
        o->short_of_memory = true;
        return;
    }
    cpu->inside[cpu->inside_count++] = ordinal;
    conn->inside_call = call->seq;
    conn->inside++;
    conn->inside_cpu[(ev->cpu % ORC_CPUS) / 32] |= 1u << (ev->cpu % 32);
}

void orc_serial_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_cpu *cpu = &o->calls->cpu[ev->cpu % ORC_CPUS];
    uint32_t base = call->inside_base;
    while (cpu->inside_count > base) {
        struct orc_conn *conn = o->connections->conn[cpu->inside[--cpu->inside_count]];
        if (conn->inside) {
            conn->inside--;
        }
        bool outer = false;
        for (uint32_t i = cpu->inside_count; conn->inside && i-- > 0 && !outer;) {
            outer = cpu->inside[i] == orc_ordinal(o, conn);
        }
        if (!outer) {
            conn->inside_cpu[(ev->cpu % ORC_CPUS) / 32] &= ~(1u << (ev->cpu % 32));
        }
        orc_dirty(o, conn);
    }
}

/* At the ENTER of any call of the target into the host. */
void orc_serial_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    struct orc_cpu *cpu = &o->calls->cpu[ev->cpu % ORC_CPUS];
    bool level = ev->fn == TAP_RCV_INDICATE || ev->fn == TAP_EVENT || ev->fn == TAP_MEVENT;
    orc_ran(o, ORC_SER_LOCK_1);
    o->ran[ORC_SER_IRQL_1] += level;
    if (level && ev->irql != DISPATCH_LEVEL) {
        orc_fail(o, ev->conn, ORC_SER_IRQL_1,
                 orc_text(o, "%s at DISPATCH_LEVEL", tap_fn_name((enum tap_fn)ev->fn)),
                 orc_text(o, "level %u", ev->irql));
    }
    if (!delivery(ev->fn)) {
        return;
    }
    if (cpu->depth > 1) { /* the call of the host that is answered at once */
        orc_ran(o, cpu->call[cpu->depth - 2].fn == TAP_POST ? ORC_SER_REENT_1 : ORC_SER_REENT_2);
    }
    for (uint32_t i = cpu->depth - 1; i-- > 0;) {
        if (delivery(cpu->call[i].fn) && cpu->call[i].conn != ev->conn) {
            orc_warn(o, ev->conn, ORC_SER_REENT_1,
                     "no delivery call nested in one of another connection",
                     orc_text(o, "%s inside %s of connection %u", tap_fn_name((enum tap_fn)ev->fn),
                              tap_fn_name((enum tap_fn)cpu->call[i].fn), cpu->call[i].conn));
            return;
        }
    }
}
