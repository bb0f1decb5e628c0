/* SPDX-License-Identifier: MIT
 *
 * The one table of what a program's bytes mean.
 */
#include "program/choices.h"
#include "program/program.h"

#define N(items) ((uint32_t)(sizeof(items) / sizeof((items)[0])))

/* Name, byte, lowest bit in it, bits; a choice is a whole byte, so that lists have room to grow. */
#define NUMBER(name, byte, shift, bits)                                                            \
    {                                                                                              \
        name, byte, shift, bits, FIELD_NUMBER, NULL                                                \
    }
#define SIGNED(name, byte, shift, bits)                                                            \
    {                                                                                              \
        name, byte, shift, bits, FIELD_SIGNED, NULL                                                \
    }
#define FLAG(name, byte, shift)                                                                    \
    {                                                                                              \
        name, byte, shift, 1, FIELD_FLAG, NULL                                                     \
    }
#define CHOICE(name, byte, list)                                                                   \
    {                                                                                              \
        name, byte, 0, 8, FIELD_CHOICE, &choices_##list                                            \
    }

/* The header. Every field is zero in the ordinary case; run.c says what zero stands for. */
static const struct field header_fields[] = {
    NUMBER("connections", 1, 0, 3), /* less one */
    CHOICE("upload-policy", 2, upload_policy),
    CHOICE("capacity", 3, capacity), /* connections that the target takes */
    FLAG("ipv6", 8, 0),
    FLAG("timestamps", 8, 1),
    FLAG("sack", 8, 2),
    FLAG("window-scale", 8, 3),
    FLAG("manual-initiate", 8, 4),
    FLAG("manual-ack", 8, 5),
    FLAG("nagle", 8, 6),
    FLAG("keepalive", 8, 7),
    FLAG("hold-returns", 9, 0),
    FLAG("separate-trees", 9, 1),
    CHOICE("state", 4, tcp_state),
    CHOICE("ticks", 5, tick_rate),
    FLAG("source-mac", 9, 2),
    NUMBER("vlan", 12, 0, 12),
    NUMBER("priority", 12, 12, 3),
    NUMBER("mss", 14, 0, 16),
    NUMBER("rcv-scale", 7, 0, 4),
    NUMBER("snd-scale", 7, 4, 4),
    CHOICE("window", 6, window),
    NUMBER("ack-frequency", 1, 3, 3),
    FLAG("placeholders", 9, 3), /* instead of linkers above what is new */
    FLAG("two-routers", 9, 4),  /* connections 2 and up lie behind another */
    FLAG("many-lists", 9, 6),   /* of what an initiate hands over, with several buffers */
    FLAG("short-state", 9, 7),  /* delegated state of the length that NDIS 6.0 has */
    FLAG("large-window", 9, 5), /* InitialRcvWnd beyond what can be announced */
    NUMBER("peer-window", 24, 0, 16),
    NUMBER("peer-sequence", 16, 0, 32),
    NUMBER("sequence", 20, 0, 32),
    NUMBER("buffered", 26, 0, 16),
    NUMBER("outstanding", 28, 0, 16),
    NUMBER("in-flight", 30, 0, 16),
    NUMBER("indication-size", 32, 0, 16),
    NUMBER("push-ticks", 34, 0, 16),
    NUMBER("delayed-ack-ticks", 36, 0, 8),
    NUMBER("fail-start", 37, 0, 8),
    CHOICE("uptime", 38, uptime),
    NUMBER("uptime-more", 40, 0, 32), /* milliseconds, added to it */
    NUMBER("peer-port", 44, 0, 16),   /* 0 = 80 */
    NUMBER("fail", 46, 0, 16),        /* the n-th call that may fail does, from the load on */
    CHOICE("fail-what", 10, failing),
    NUMBER("fail-more", 11, 0, 7), /* and so many behind it */
    NUMBER("fail-then", 39, 0, 8), /* and the one so many behind these */
    FLAG("start-again", 11, 7),    /* once, when the driver was not given what it needs */
};

static const struct field post_fields[] = {
    NUMBER("length", 2, 0, 16), FLAG("no-push", 6, 0),       NUMBER("more", 6, 1, 3),
    NUMBER("pieces", 6, 4, 3),  NUMBER("prefill", 4, 0, 16), FLAG("slack", 6, 7),
};
static const struct field accept_fields[] = {
    CHOICE("answer", 2, answer),
    NUMBER("count", 3, 0, 8),
    NUMBER("bytes", 4, 0, 16),
};
static const struct field return_fields[] = {
    CHOICE("order", 2, order),
    NUMBER("count", 3, 0, 8),
};
static const struct field send_fields[] = {
    NUMBER("length", 2, 0, 16), NUMBER("buffers", 4, 0, 2), /* less one */
    NUMBER("more", 4, 2, 3),    NUMBER("pieces", 4, 5, 3),
    FLAG("slack", 5, 0), /* unused bytes behind the data, in the MDLs */
    FLAG("empty", 5, 1), /* the first of several buffers has no bytes */
};
static const struct field disconnect_fields[] = {
    FLAG("abort", 4, 0),
    NUMBER("pieces", 4, 1, 3),
    NUMBER("length", 2, 0, 16),
};
static const struct field initiate_fields[] = {
    NUMBER("more", 2, 0, 3), /* further connections in the same tree */
};
static const struct field query_fields[] = {
    CHOICE("what", 2, query), FLAG("twice", 3, 0), /* a second one before the first is answered */
};
static const struct field update_fields[] = {
    CHOICE("what", 2, update),
    NUMBER("value", 4, 0, 32),
};
/* A variable of the state that the next initiate hands over. */
static const struct field state_fields[] = {
    CHOICE("what", 2, variable),
    NUMBER("value", 4, 0, 32),
};
static const struct field scope_fields[] = {
    CHOICE("scope", 2, scope),
};
static const struct field invalidate_fields[] = {
    CHOICE("scope", 2, scope), FLAG("tree", 3, 0), /* down to the connection */
};
/* A segment and a forwarded segment are described alike. */
static const struct field seg_fields[] = {
    SIGNED("offset", 2, 0, 16),
    NUMBER("length", 4, 0, 14),
    FLAG("from-una", 6, 0),
    FLAG("push", 6, 1),
    FLAG("fin", 6, 2),
    FLAG("syn", 6, 3),
    FLAG("rst", 6, 4),
    FLAG("urgent", 6, 5),
    FLAG("no-ack", 6, 6),
    CHOICE("ack", 8, ack_number),
    CHOICE("window", 9, peer_window),
    FLAG("bad-checksum", 7, 0),
    FLAG("old-timestamp", 7, 1),
    FLAG("no-timestamp", 7, 2),
    FLAG("other-content", 7, 3),
    CHOICE("options", 10, peer_options),
    CHOICE("stamp", 11, peer_stamp),
    NUMBER("priority", 7, 4, 3), /* of its tag; without a VLAN the tag has id 0 */
    FLAG("trailer", 5, 6),       /* bytes behind the datagram */
};
static const struct field ack_fields[] = {
    NUMBER("less", 2, 0, 16), /* bytes below what has come */
    CHOICE("window", 4, peer_window),
    NUMBER("repeat", 5, 0, 3),
    FLAG("keep", 5, 3),               /* the window stays, data meets it closed */
    NUMBER("sack-more", 5, 4, 2),     /* further blocks as long, gaps as long between */
    NUMBER("sack-hundreds", 6, 0, 8), /* bytes of a block, more with each repetition */
    NUMBER("sack-from", 8, 0, 16),    /* above the acknowledgement */
    CHOICE("report", 7, peer_report),
    NUMBER("window-value", 10, 0, 16), /* of the window that is chosen */
};
/* Until the next of these; not of bare acknowledgements, which say all of it themselves. */
static const struct field peer_fields[] = {
    NUMBER("less", 2, 0, 16), /* acknowledges so many bytes below what has come */
    CHOICE("window", 6, peer_window),
    NUMBER("window-value", 4, 0, 16),
};
static const struct field host_send_fields[] = {
    NUMBER("length", 2, 0, 11), /* bytes of each frame, link header included */
    NUMBER("more", 4, 0, 8),    /* further lists in the same call */
    NUMBER("buffers", 5, 0, 2), /* frames of a list, less one */
    NUMBER("pieces", 5, 2, 3),  FLAG("cancel", 5, 5),    /* asked back at once */
    FLAG("slack", 6, 0),        FLAG("other-ids", 6, 1), /* of every second list; they stay */
};
static const struct field raw_fields[] = {
    CHOICE("kind", 2, raw_kind),
    NUMBER("length", 4, 0, 12),
    NUMBER("value", 6, 0, 16),
};
static const struct field tick_fields[] = {
    NUMBER("time", 2, 0, 16),
    CHOICE("unit", 4, time_unit),
};
static const struct field fault_fields[] = {
    CHOICE("kind", 2, fault),  CHOICE("what", 3, failing), NUMBER("skip", 4, 0, 16),
    NUMBER("count", 6, 0, 16), NUMBER("of", 8, 0, 32),
};
static const struct field nest_fields[] = {
    CHOICE("inside", 2, callback), CHOICE("do", 3, nested),    FLAG("no-push", 6, 3),
    FLAG("any-conn", 6, 4),        NUMBER("length", 4, 0, 16), NUMBER("more", 6, 0, 3),
};
static const struct field adapter_fields[] = {
    CHOICE("do", 2, adapter),
};
static const struct field parameter_fields[] = {
    CHOICE("ticks", 2, tick_rate),        NUMBER("ack-frequency", 3, 0, 3),
    NUMBER("delayed-ack-ticks", 4, 0, 8), NUMBER("push-ticks", 6, 0, 16),
    NUMBER("retransmissions", 8, 0, 4),   NUMBER("duplicate-acks", 8, 4, 4),
    NUMBER("sws-ticks", 5, 0, 8),
};
static const struct field oid_fields[] = {
    CHOICE("what", 2, oid),    FLAG("set", 3, 0),
    FLAG("short", 3, 1),                                  /* in a buffer that is too short */
    NUMBER("value", 4, 0, 16), NUMBER("longer", 6, 0, 8), /* bytes more than are needed */
};
static const struct field batch_fields[] = {
    NUMBER("frames", 2, 0, 4),
};
static const struct field cpu_fields[] = {
    NUMBER("number", 2, 0, 3),
};

static const struct op_form forms[OP_COUNT] = {
    [OP_NOP] = {"nop", "does nothing", NULL, 0, false, 0},
#define FORM(code, word, weight, conn, fields, help)                                               \
    [code] = {word, help, fields, N(fields), conn, weight},
    PROGRAM_OPS(FORM)
#undef FORM
};

const struct op_form *program_op_form(uint8_t code)
{
    return code < OP_COUNT ? &forms[code] : &forms[OP_NOP];
}

const struct field *program_header_fields(uint32_t *count)
{
    *count = N(header_fields);
    return header_fields;
}
