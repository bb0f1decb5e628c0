/* SPDX-License-Identifier: MIT
 *
 * The one table of what a program's bytes mean.
 */
#include "program/choices.h"
#include "program/program.h"

#define N(items) ((uint32_t)(sizeof(items) / sizeof((items)[0])))

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
#define CHOICE(name, byte, shift, bits, list)                                                      \
    {                                                                                              \
        name, byte, shift, bits, FIELD_CHOICE, &choices_##list                                     \
    }

/* The header. Every field is zero in the ordinary case; run.c says what zero stands for. */
static const struct field header_fields[] = {
    NUMBER("connections", 1, 0, 3), /* less one */
    CHOICE("upload-policy", 1, 3, 3, upload_policy),
    CHOICE("capacity", 1, 6, 2, capacity), /* connections that the target takes */
    FLAG("ipv6", 2, 0),
    FLAG("timestamps", 2, 1),
    FLAG("sack", 2, 2),
    FLAG("window-scale", 2, 3),
    FLAG("manual-initiate", 2, 4),
    FLAG("manual-ack", 2, 5),
    FLAG("nagle", 2, 6),
    FLAG("keepalive", 2, 7),
    FLAG("hold-returns", 3, 0),
    FLAG("separate-trees", 3, 1),
    CHOICE("state", 3, 2, 3, tcp_state),
    CHOICE("ticks", 3, 5, 2, tick_rate),
    FLAG("source-mac", 3, 7),
    NUMBER("vlan", 4, 0, 12),
    NUMBER("priority", 4, 12, 3),
    NUMBER("mss", 6, 0, 16),
    NUMBER("rcv-scale", 8, 0, 4),
    NUMBER("snd-scale", 8, 4, 4),
    CHOICE("window", 9, 0, 3, window),
    NUMBER("ack-frequency", 9, 3, 3),
    FLAG("placeholders", 9, 6), /* instead of linkers above what is new */
    FLAG("two-routers", 9, 7),  /* connections 2 and up lie behind another */
    NUMBER("peer-window", 10, 0, 16),
    NUMBER("peer-sequence", 12, 0, 32),
    NUMBER("sequence", 16, 0, 32),
    NUMBER("buffered", 20, 0, 16),
    NUMBER("outstanding", 22, 0, 16),
    NUMBER("in-flight", 24, 0, 16),
    NUMBER("indication-size", 26, 0, 16),
    NUMBER("push-ticks", 28, 0, 16),
    NUMBER("delayed-ack-ticks", 30, 0, 8),
    NUMBER("fail-start", 31, 0, 8),
};

static const struct field post_fields[] = {
    NUMBER("length", 2, 0, 16), FLAG("no-push", 4, 0),       NUMBER("more", 4, 1, 3),
    NUMBER("pieces", 4, 4, 3),  NUMBER("prefill", 6, 0, 16),
};
static const struct field accept_fields[] = {
    CHOICE("answer", 2, 0, 2, answer),
    NUMBER("count", 3, 0, 8),
    NUMBER("bytes", 4, 0, 16),
};
static const struct field return_fields[] = {
    CHOICE("order", 2, 0, 2, order),
    NUMBER("count", 3, 0, 8),
};
static const struct field send_fields[] = {
    NUMBER("length", 2, 0, 16),
    NUMBER("buffers", 4, 0, 2), /* less one */
    NUMBER("more", 4, 2, 3),
    NUMBER("pieces", 4, 5, 3),
};
static const struct field disconnect_fields[] = {
    FLAG("abort", 2, 0),
    NUMBER("pieces", 2, 1, 3),
    NUMBER("length", 4, 0, 16),
};
static const struct field initiate_fields[] = {
    NUMBER("more", 2, 0, 3), /* further connections in the same tree */
};
static const struct field query_fields[] = {
    CHOICE("what", 2, 0, 2, query),
    FLAG("twice", 2, 2), /* a second one before the first is answered */
};
static const struct field update_fields[] = {
    CHOICE("what", 2, 0, 4, update),
    NUMBER("value", 4, 0, 32),
};
/* A variable of the state that the next initiate hands over. */
static const struct field state_fields[] = {
    CHOICE("what", 2, 0, 4, variable),
    NUMBER("value", 4, 0, 32),
};
static const struct field scope_fields[] = {
    CHOICE("scope", 2, 0, 2, scope),
};
static const struct field invalidate_fields[] = {
    CHOICE("scope", 2, 0, 2, scope), FLAG("tree", 2, 2), /* down to the connection */
};
/* A segment and a forwarded segment are described alike. */
#define SEG_FIELDS                                                                                 \
    SIGNED("offset", 2, 0, 16), NUMBER("length", 4, 0, 14), FLAG("from-una", 4, 14),               \
        FLAG("push", 4, 15), FLAG("fin", 6, 0), FLAG("syn", 6, 1), FLAG("rst", 6, 2),              \
        FLAG("urgent", 6, 3), FLAG("no-ack", 6, 4), CHOICE("ack", 6, 5, 2, ack_number),            \
        CHOICE("window", 6, 7, 2, peer_window), FLAG("bad-checksum", 6, 9),                        \
        FLAG("old-timestamp", 6, 10), FLAG("no-timestamp", 6, 11), FLAG("other-content", 6, 12),   \
        CHOICE("options", 6, 13, 3, peer_options)
static const struct field seg_fields[] = {SEG_FIELDS};
static const struct field ack_fields[] = {
    NUMBER("less", 2, 0, 16), /* bytes below what has come */
    CHOICE("window", 4, 0, 2, peer_window),
    NUMBER("repeat", 4, 2, 3),
    FLAG("keep", 4, 5),               /* the window stays, data meets it closed */
    NUMBER("sack-more", 4, 6, 2),     /* further blocks as long, gaps as long between */
    NUMBER("sack-hundreds", 5, 0, 8), /* bytes of a block, more with each repetition */
    NUMBER("sack-from", 6, 0, 16),    /* above the acknowledgement */
};
static const struct field host_send_fields[] = {
    NUMBER("length", 2, 0, 11), /* bytes of each frame, link header included */
    NUMBER("more", 4, 0, 8),    /* further lists in the same call */
    NUMBER("buffers", 5, 0, 2), /* frames of a list, less one */
    NUMBER("pieces", 5, 2, 3),  FLAG("cancel", 5, 5), /* asked back at once */
};
static const struct field raw_fields[] = {
    CHOICE("kind", 2, 0, 4, raw_kind),
    NUMBER("length", 4, 0, 12),
    NUMBER("value", 6, 0, 16),
};
static const struct field tick_fields[] = {
    NUMBER("time", 2, 0, 16),
    CHOICE("unit", 4, 0, 2, time_unit),
};
static const struct field fault_fields[] = {
    CHOICE("kind", 2, 0, 3, fault),
    NUMBER("skip", 4, 0, 16),
    NUMBER("count", 6, 0, 16),
};
static const struct field nest_fields[] = {
    CHOICE("inside", 2, 0, 3, callback),
    CHOICE("do", 2, 3, 3, nested),
    FLAG("no-push", 2, 6),
    FLAG("any-conn", 2, 7),
    NUMBER("length", 4, 0, 16),
    NUMBER("more", 6, 0, 3),
};
static const struct field adapter_fields[] = {
    CHOICE("do", 2, 0, 3, adapter),
};
static const struct field parameter_fields[] = {
    CHOICE("ticks", 2, 0, 2, tick_rate),  NUMBER("ack-frequency", 2, 2, 3),
    NUMBER("delayed-ack-ticks", 3, 0, 8), NUMBER("push-ticks", 4, 0, 16),
    NUMBER("retransmissions", 6, 0, 4),   NUMBER("duplicate-acks", 6, 4, 4),
    NUMBER("sws-ticks", 7, 0, 8),
};
static const struct field oid_fields[] = {
    CHOICE("what", 2, 0, 3, oid),
    FLAG("set", 2, 3),
    FLAG("short", 2, 4), /* in a buffer that is too short */
    NUMBER("value", 4, 0, 16),
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
