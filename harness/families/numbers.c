/* SPDX-License-Identifier: MIT */
#include "families/numbers.h"

#include <stddef.h>

#include "families/edit.h"

#define BEFORE 50u /* bytes: the first data of most programs goes over the edge */

static const char *from(const struct program *in, struct program *out, const char *side,
                        uint32_t edge)
{
    const char *why = edit_whole(in, out);
    program_set(out, side, edge - BEFORE);
    return program_get(in, side) ? "it has chosen its sequence numbers" : why;
}

const char *numbers_local_31(const struct program *in, struct program *out)
{
    return from(in, out, "sequence", 0x80000000u);
}

const char *numbers_local_32(const struct program *in, struct program *out)
{
    return from(in, out, "sequence", 0);
}

const char *numbers_peer_31(const struct program *in, struct program *out)
{
    return from(in, out, "peer-sequence", 0x80000000u);
}

const char *numbers_peer_32(const struct program *in, struct program *out)
{
    return from(in, out, "peer-sequence", 0);
}

/* ---- the other version of IP ---- */

#define HEADERS_APART 20u /* bytes that an IPv6 header is longer */
#define MTU_LEAST 1280u

/* An MTU that leaves as much room for data. */
static const char *longer_mtu(struct program_op *op)
{
    uint32_t mtu = op_get(op, "value") + HEADERS_APART;
    op_set(op, "value", mtu);
    return mtu < MTU_LEAST ? "it names an MTU that IPv6 does not have" : NULL;
}

static const char *op_to_ipv6(struct program_op *op)
{
    uint32_t kind = op_get(op, "kind"), what = op_get(op, "what");
    if (op->byte[0] == OP_UPDATE && what == UPDATE_MTU) {
        return longer_mtu(op);
    }
    if (op->byte[0] == OP_RAW && kind == RAW_TOO_BIG) {
        return longer_mtu(op);
    }
    if (op->byte[0] == OP_RAW && (kind == RAW_IP_OPTIONS || kind == RAW_IPV6_EXTENSION)) {
        return "it has IPv4 frames that have no like";
    }
    if (op->byte[0] == OP_OID) {
        op_set(op, "what",
               what == WORD_TCP4   ? WORD_TCP6
               : what == WORD_TCP6 ? WORD_TCP4
               : what == WORD_IP4  ? WORD_IP6
               : what == WORD_IP6  ? WORD_IP4
                                   : what);
    }
    return NULL;
}

const char *numbers_ipv6(const struct program *in, struct program *out)
{
    const char *why = edit_whole(in, out);
    for (uint32_t i = 0; !why && i < out->count; i++) {
        why = op_to_ipv6(&out->op[i]);
    }
    program_set(out, "ipv6", 1);
    return program_get(in, "ipv6") ? "it is of IPv6" : why;
}

/* ---- a tag ---- */

#define VLAN 1234u
#define PRIORITY 5u

const char *numbers_vlan(const struct program *in, struct program *out)
{
    const char *why = edit_whole(in, out);
    for (uint32_t i = 0; !why && i < in->count; i++) {
        const struct program_op *op = &in->op[i];
        uint32_t value = op_get(op, "value");
        bool frame = op->byte[0] == OP_RAW && op_get(op, "kind") == RAW_VLAN;
        if (op->byte[0] == OP_OID && op_get(op, "what") == WORD_VLAN) {
            why = "it asks or sets the adapter's VLAN";
        } else if (frame && (value >= 0x1000 || value == VLAN)) {
            why = "it has a frame whose tag would fit, or not";
        }
    }
    program_set(out, "vlan", VLAN);
    program_set(out, "priority", PRIORITY);
    return program_get(in, "vlan") || program_get(in, "priority") ? "it has a tag" : why;
}

/* ---- timestamps ---- */

const char *numbers_timestamps(const struct program *in, struct program *out)
{
    const char *why = edit_whole(in, out);
    for (uint32_t i = 0; !why && i < out->count; i++) {
        struct program_op *op = &out->op[i];
        uint32_t kind = op_get(op, "kind");
        if (op->byte[0] == OP_RAW && (kind == RAW_TWO_TIMESTAMPS || kind == RAW_LATE_TIMESTAMPS)) {
            why = "it has timestamps in segments that should have none";
        } else if (op_get(op, "options")) {
            why = "it has lists of options for segments without timestamps";
        }
        op_set(op, "old-timestamp", 0); /* said nothing so far */
        op_set(op, "no-timestamp", 0);
    }
    program_set(out, "timestamps", 1);
    return program_get(in, "timestamps") ? "it has timestamps" : why;
}
