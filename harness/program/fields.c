/* SPDX-License-Identifier: MIT
 *
 * The one table of what a program's bytes mean.
 */
#include "program/program.h"

#include <string.h>

#define N(items) ((uint32_t)(sizeof(items) / sizeof((items)[0])))

static const char *const tcp_states[] = {"established", "fin-wait-1", "fin-wait-2", "close-wait",
                                         "closing",     "last-ack",   NULL};
static const char *const tick_rates[] = {"1000", "100", "10", NULL};
static const char *const windows[] = {"65535", "2920",   "4096",    "1460", "16384",
                                      "32768", "262144", "1000000", NULL};

static const char *const policies[] = {"none",         "drop-rate",    "fragmentation",
                                       "out-of-order", "low-activity", "no-preposting",
                                       "small-io",     "every",        NULL};
static const char *const capacities[] = {"default", "1", "2", "3", NULL};

/* The header. Every field is zero in the ordinary case; run.c says what zero stands for. */
static const struct field header_fields[] = {
    {"connections", 1, 0, 3, FIELD_NUMBER, NULL}, /* less one */
    {"upload-policy", 1, 3, 3, FIELD_CHOICE, policies},
    {"capacity", 1, 6, 2, FIELD_CHOICE, capacities}, /* connections that the target takes */
    {"ipv6", 2, 0, 1, FIELD_FLAG, NULL},
    {"timestamps", 2, 1, 1, FIELD_FLAG, NULL},
    {"sack", 2, 2, 1, FIELD_FLAG, NULL},
    {"window-scale", 2, 3, 1, FIELD_FLAG, NULL},
    {"manual-initiate", 2, 4, 1, FIELD_FLAG, NULL},
    {"manual-ack", 2, 5, 1, FIELD_FLAG, NULL},
    {"nagle", 2, 6, 1, FIELD_FLAG, NULL},
    {"keepalive", 2, 7, 1, FIELD_FLAG, NULL},
    {"hold-returns", 3, 0, 1, FIELD_FLAG, NULL},
    {"separate-trees", 3, 1, 1, FIELD_FLAG, NULL},
    {"state", 3, 2, 3, FIELD_CHOICE, tcp_states},
    {"ticks", 3, 5, 2, FIELD_CHOICE, tick_rates},
    {"source-mac", 3, 7, 1, FIELD_FLAG, NULL},
    {"vlan", 4, 0, 12, FIELD_NUMBER, NULL},
    {"priority", 4, 12, 3, FIELD_NUMBER, NULL},
    {"mss", 6, 0, 16, FIELD_NUMBER, NULL},
    {"rcv-scale", 8, 0, 4, FIELD_NUMBER, NULL},
    {"snd-scale", 8, 4, 4, FIELD_NUMBER, NULL},
    {"window", 9, 0, 3, FIELD_CHOICE, windows},
    {"ack-frequency", 9, 3, 3, FIELD_NUMBER, NULL},
    {"placeholders", 9, 6, 1, FIELD_FLAG, NULL}, /* instead of linkers above what is new */
    {"two-routers", 9, 7, 1, FIELD_FLAG, NULL},  /* connections 2 and up lie behind another */
    {"peer-window", 10, 0, 16, FIELD_NUMBER, NULL},
    {"peer-sequence", 12, 0, 32, FIELD_NUMBER, NULL},
    {"sequence", 16, 0, 32, FIELD_NUMBER, NULL},
    {"buffered", 20, 0, 16, FIELD_NUMBER, NULL},
    {"outstanding", 22, 0, 16, FIELD_NUMBER, NULL},
    {"in-flight", 24, 0, 16, FIELD_NUMBER, NULL},
    {"indication-size", 26, 0, 16, FIELD_NUMBER, NULL},
    {"push-ticks", 28, 0, 16, FIELD_NUMBER, NULL},
    {"delayed-ack-ticks", 30, 0, 8, FIELD_NUMBER, NULL},
    {"fail-start", 31, 0, 8, FIELD_NUMBER, NULL},
};

static const char *const answers[] = {"all", "none", "bytes", NULL};
static const char *const orders[] = {"oldest", "newest", "mixed", NULL};
static const char *const scopes[] = {"tcp", "path", "all", NULL};
static const char *const queries[] = {"all", "delegated", "cached", "tree", NULL};
static const char *const updates[] = {"window",     "keepalive",  "nagle",       "mtu",
                                      "mac",        "max-rt",     "ttl",         "indication-size",
                                      "neighbor",   "ka-timeout", "ka-interval", "ka-probes",
                                      "ka-restart", "tos",        NULL};
static const char *const variables[] = {
    "cwnd",       "ssthresh", "srtt",        "rttvar",      "dup-acks",  "count",
    "retransmit", "total-rt", "probe-round", "ka-probes",   "keepalive", "snd-wnd",
    "ts-time",    "max-rt",   "ka-count",    "ka-interval", NULL};
static const char *const peer_windows[] = {"default", "zero", "small", "full", NULL};
static const char *const odd_options[] = {
    "none",     "unknown",          "end",        "syn-only", "length-0",
    "too-long", "short-timestamps", "short-sack", NULL};
static const char *const raw_kinds[] = {
    "arp",     "icmp",           "other-port",      "fragment",   "ip-options",     "short",
    "udp",     "vlan",           "blind-data",      "tcp-offset", "ipv6-extension", "runt",
    "too-big", "two-timestamps", "late-timestamps", NULL};
static const char *const faults[] = {"clear",     "alloc", "pool",     "tx-stall",
                                     "link-down", "map",   "hardware", NULL};
static const char *const callbacks[] = {
    "receive-complete", "receive-indicate",  "event", "send-complete", "disconnect-complete",
    "forward-complete", "initiate-complete", NULL};
static const char *const nested[] = {"post",  "send",      "return",  "disconnect",
                                     "abort", "terminate", "segment", NULL};
static const char *const adapter[] = {"pause", "restart",    "reset",    "remove",
                                      "halt",  "power-down", "power-up", NULL};
static const char *const oids[] = {"tcp4", "tcp6",       "ip4",        "ip6", "vlan",
                                   "rss",  "capability", "frame-size", NULL};
static const char *const units[] = {"ms", "10ms", "100ms", "s", NULL};

static const struct field post_fields[] = {
    {"length", 2, 0, 16, FIELD_NUMBER, NULL},  {"no-push", 4, 0, 1, FIELD_FLAG, NULL},
    {"more", 4, 1, 3, FIELD_NUMBER, NULL},     {"pieces", 4, 4, 3, FIELD_NUMBER, NULL},
    {"prefill", 6, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field accept_fields[] = {
    {"answer", 2, 0, 2, FIELD_CHOICE, answers},
    {"count", 3, 0, 8, FIELD_NUMBER, NULL},
    {"bytes", 4, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field return_fields[] = {
    {"order", 2, 0, 2, FIELD_CHOICE, orders},
    {"count", 3, 0, 8, FIELD_NUMBER, NULL},
};
static const struct field send_fields[] = {
    {"length", 2, 0, 16, FIELD_NUMBER, NULL},
    {"buffers", 4, 0, 2, FIELD_NUMBER, NULL}, /* less one */
    {"more", 4, 2, 3, FIELD_NUMBER, NULL},
    {"pieces", 4, 5, 3, FIELD_NUMBER, NULL},
};
static const struct field disconnect_fields[] = {
    {"abort", 2, 0, 1, FIELD_FLAG, NULL},
    {"pieces", 2, 1, 3, FIELD_NUMBER, NULL},
    {"length", 4, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field initiate_fields[] = {
    {"more", 2, 0, 3, FIELD_NUMBER, NULL}, /* further connections in the same tree */
};
static const struct field query_fields[] = {
    {"what", 2, 0, 2, FIELD_CHOICE, queries},
    {"twice", 2, 2, 1, FIELD_FLAG, NULL}, /* a second one before the first is answered */
};
static const struct field update_fields[] = {
    {"what", 2, 0, 4, FIELD_CHOICE, updates},
    {"value", 4, 0, 32, FIELD_NUMBER, NULL},
};
/* A variable of the state that the next initiate hands over. */
static const struct field state_fields[] = {
    {"what", 2, 0, 4, FIELD_CHOICE, variables},
    {"value", 4, 0, 32, FIELD_NUMBER, NULL},
};
static const struct field scope_fields[] = {
    {"scope", 2, 0, 2, FIELD_CHOICE, scopes},
};
static const struct field invalidate_fields[] = {
    {"scope", 2, 0, 2, FIELD_CHOICE, scopes},
    {"tree", 2, 2, 1, FIELD_FLAG, NULL}, /* down to the connection */
};
/* A segment and a forwarded segment are described alike. */
#define SEG_FIELDS                                                                                 \
    {"offset", 2, 0, 16, FIELD_SIGNED, NULL}, {"length", 4, 0, 14, FIELD_NUMBER, NULL},            \
        {"from-una", 4, 14, 1, FIELD_FLAG, NULL}, {"push", 4, 15, 1, FIELD_FLAG, NULL},            \
        {"fin", 6, 0, 1, FIELD_FLAG, NULL}, {"syn", 6, 1, 1, FIELD_FLAG, NULL},                    \
        {"rst", 6, 2, 1, FIELD_FLAG, NULL}, {"urgent", 6, 3, 1, FIELD_FLAG, NULL},                 \
        {"no-ack", 6, 4, 1, FIELD_FLAG, NULL}, {"ack", 6, 5, 2, FIELD_CHOICE, acks},               \
        {"window", 6, 7, 2, FIELD_CHOICE, peer_windows},                                           \
        {"bad-checksum", 6, 9, 1, FIELD_FLAG, NULL},                                               \
        {"old-timestamp", 6, 10, 1, FIELD_FLAG, NULL},                                             \
        {"no-timestamp", 6, 11, 1, FIELD_FLAG, NULL},                                              \
        {"other-content", 6, 12, 1, FIELD_FLAG, NULL},                                             \
    {                                                                                              \
        "options", 6, 13, 3, FIELD_CHOICE, odd_options                                             \
    }
static const char *const acks[] = {"right", "one-less", "beyond", "old", NULL};
static const struct field seg_fields[] = {SEG_FIELDS};
static const struct field ack_fields[] = {
    {"less", 2, 0, 16, FIELD_NUMBER, NULL}, /* bytes below what has come */
    {"window", 4, 0, 2, FIELD_CHOICE, peer_windows},
    {"repeat", 4, 2, 3, FIELD_NUMBER, NULL},
    {"keep", 4, 5, 1, FIELD_FLAG, NULL},        /* the window stays, data meets it closed */
    {"sack-more", 4, 6, 2, FIELD_NUMBER, NULL}, /* further blocks as long, gaps as long between */
    {"sack-hundreds", 5, 0, 8, FIELD_NUMBER,
     NULL},                                      /* bytes of a block, more with each repetition */
    {"sack-from", 6, 0, 16, FIELD_NUMBER, NULL}, /* above the acknowledgement */
};
static const struct field host_send_fields[] = {
    {"length", 2, 0, 11, FIELD_NUMBER, NULL}, /* bytes of each frame, link header included */
    {"more", 4, 0, 8, FIELD_NUMBER, NULL},    /* further lists in the same call */
    {"buffers", 5, 0, 2, FIELD_NUMBER, NULL}, /* frames of a list, less one */
    {"pieces", 5, 2, 3, FIELD_NUMBER, NULL},
    {"cancel", 5, 5, 1, FIELD_FLAG, NULL}, /* asked back at once */
};
static const struct field raw_fields[] = {
    {"kind", 2, 0, 4, FIELD_CHOICE, raw_kinds},
    {"length", 4, 0, 12, FIELD_NUMBER, NULL},
    {"value", 6, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field tick_fields[] = {
    {"time", 2, 0, 16, FIELD_NUMBER, NULL},
    {"unit", 4, 0, 2, FIELD_CHOICE, units},
};
static const struct field fault_fields[] = {
    {"kind", 2, 0, 3, FIELD_CHOICE, faults},
    {"skip", 4, 0, 16, FIELD_NUMBER, NULL},
    {"count", 6, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field nest_fields[] = {
    {"inside", 2, 0, 3, FIELD_CHOICE, callbacks}, {"do", 2, 3, 3, FIELD_CHOICE, nested},
    {"no-push", 2, 6, 1, FIELD_FLAG, NULL},       {"any-conn", 2, 7, 1, FIELD_FLAG, NULL},
    {"length", 4, 0, 16, FIELD_NUMBER, NULL},     {"more", 6, 0, 3, FIELD_NUMBER, NULL},
};
static const struct field adapter_fields[] = {
    {"do", 2, 0, 3, FIELD_CHOICE, adapter},
};
static const struct field parameter_fields[] = {
    {"ticks", 2, 0, 2, FIELD_CHOICE, tick_rates},
    {"ack-frequency", 2, 2, 3, FIELD_NUMBER, NULL},
    {"delayed-ack-ticks", 3, 0, 8, FIELD_NUMBER, NULL},
    {"push-ticks", 4, 0, 16, FIELD_NUMBER, NULL},
    {"retransmissions", 6, 0, 4, FIELD_NUMBER, NULL},
    {"duplicate-acks", 6, 4, 4, FIELD_NUMBER, NULL},
    {"sws-ticks", 7, 0, 8, FIELD_NUMBER, NULL},
};
static const struct field oid_fields[] = {
    {"what", 2, 0, 3, FIELD_CHOICE, oids},
    {"set", 2, 3, 1, FIELD_FLAG, NULL},
    {"short", 2, 4, 1, FIELD_FLAG, NULL}, /* in a buffer that is too short */
    {"value", 4, 0, 16, FIELD_NUMBER, NULL},
};
static const struct field batch_fields[] = {
    {"frames", 2, 0, 4, FIELD_NUMBER, NULL},
};
static const struct field cpu_fields[] = {
    {"number", 2, 0, 3, FIELD_NUMBER, NULL},
};

static const struct op_form forms[OP_COUNT] = {
    [OP_NOP] = {"nop", "does nothing", NULL, 0, false},
    [OP_POST] = {"post", "post receive requests", post_fields, N(post_fields), true},
    [OP_ACCEPT] = {"accept", "answer to the next indications", accept_fields, N(accept_fields),
                   true},
    [OP_RETURN] = {"return", "give indicated lists back", return_fields, N(return_fields), false},
    [OP_SEND] = {"send", "send data", send_fields, N(send_fields), true},
    [OP_DISCONNECT] = {"disconnect", "close gracefully, or abort", disconnect_fields,
                       N(disconnect_fields), true},
    [OP_FORWARD] = {"forward", "forward a segment of the peer", seg_fields, N(seg_fields), true},
    [OP_INITIATE] = {"initiate", "offload, or offload again", initiate_fields, N(initiate_fields),
                     true},
    [OP_QUERY] = {"query", "query offloaded state", query_fields, N(query_fields), true},
    [OP_UPDATE] = {"update", "update a cached variable", update_fields, N(update_fields), true},
    [OP_INVALIDATE] = {"invalidate", "invalidate state objects", invalidate_fields,
                       N(invalidate_fields), true},
    [OP_TERMINATE] = {"terminate", "upload", scope_fields, N(scope_fields), true},
    [OP_SEG] = {"seg", "the peer sends a segment", seg_fields, N(seg_fields), true},
    [OP_ACK] = {"ack", "the peer sends an acknowledgement", ack_fields, N(ack_fields), true},
    [OP_RAW] = {"raw", "another frame arrives", raw_fields, N(raw_fields), true},
    [OP_TICK] = {"tick", "time passes", tick_fields, N(tick_fields), false},
    [OP_FAULT] = {"fault", "switch a fault", fault_fields, N(fault_fields), false},
    [OP_NEST] = {"nest", "do something inside the next callback", nest_fields, N(nest_fields),
                 true},
    [OP_ADAPTER] = {"adapter", "life cycle of the adapter", adapter_fields, N(adapter_fields),
                    false},
    [OP_PARAMETERS] = {"parameters", "set the operating parameters", parameter_fields,
                       N(parameter_fields), false},
    [OP_OID] = {"oid", "query or set another OID", oid_fields, N(oid_fields), false},
    [OP_BATCH] = {"batch", "hold frames until so many have gathered", batch_fields, N(batch_fields),
                  false},
    [OP_HOST_SEND] = {"host-send", "the host sends frames of its own", host_send_fields,
                      N(host_send_fields), false},
    [OP_STATE] = {"state", "change a variable before it is handed over", state_fields,
                  N(state_fields), true},
    [OP_CPU] = {"cpu", "virtual processor of the next calls", cpu_fields, N(cpu_fields), false},
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

static uint32_t mask_of(const struct field *field)
{
    return field->bits == 32 ? UINT32_MAX : (1u << field->bits) - 1;
}

/* A field never reaches past the word in which it starts, so reading byte by byte stays inside. */
uint32_t field_get(const struct field *field, const uint8_t *bytes)
{
    uint32_t word = 0, need = (field->shift + field->bits + 7u) / 8u;
    for (uint32_t i = 0; i < need; i++) {
        word |= (uint32_t)bytes[field->byte + i] << (8 * i);
    }
    uint32_t value = (word >> field->shift) & mask_of(field);
    if (field->kind == FIELD_CHOICE) {
        uint32_t choices = 0;
        while (field->choice[choices]) {
            choices++;
        }
        value = choices ? value % choices : 0;
    }
    if (field->kind == FIELD_SIGNED && (value >> (field->bits - 1))) {
        value |= ~mask_of(field);
    }
    return value;
}

void field_set(const struct field *field, uint8_t *bytes, uint32_t value)
{
    uint32_t need = (field->shift + field->bits + 7u) / 8u;
    uint32_t mask = mask_of(field) << field->shift, set = (value & mask_of(field)) << field->shift;
    for (uint32_t i = 0; i < need; i++) {
        uint8_t keep = (uint8_t) ~(mask >> (8 * i));
        bytes[field->byte + i] = (uint8_t)((bytes[field->byte + i] & keep) | (set >> (8 * i)));
    }
}

/* Fields are asked for by literal names all the time, so the answer for a name's address is kept.
 */
#define KEPT_BITS 11
static struct {
    const struct field *fields;
    const char *name;
    const struct field *found;
} kept[1u << KEPT_BITS];

static const struct field *search(const struct field *fields, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(fields[i].name, name)) {
            return &fields[i];
        }
    }
    return NULL;
}

static const struct field *named(const struct field *fields, uint32_t count, const char *name)
{
    uint64_t key = (uint64_t)(uintptr_t)name ^ (uint64_t)(uintptr_t)fields << 20;
    uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - KEPT_BITS));
    if (kept[slot].name != name || kept[slot].fields != fields) {
        kept[slot].found = search(fields, count, name);
        kept[slot].name = name;
        kept[slot].fields = fields;
    }
    return kept[slot].found;
}

bool program_set(struct program *program, const char *name, uint32_t value)
{
    const struct field *field = named(header_fields, N(header_fields), name);
    if (field) {
        field_set(field, program->header, value);
    }
    return field != NULL;
}

uint32_t program_get(const struct program *program, const char *name)
{
    const struct field *field = named(header_fields, N(header_fields), name);
    return field ? field_get(field, program->header) : 0;
}

bool op_set(struct program_op *op, const char *name, uint32_t value)
{
    const struct op_form *form = program_op_form(op->byte[0]);
    const struct field *field = named(form->field, form->fields, name);
    if (field) {
        field_set(field, op->byte, value);
    }
    return field != NULL;
}

uint32_t op_get(const struct program_op *op, const char *name)
{
    const struct op_form *form = program_op_form(op->byte[0]);
    const struct field *field = named(form->field, form->fields, name);
    return field ? field_get(field, op->byte) : 0;
}

void program_init(struct program *program)
{
    memset(program->header, 0, sizeof(program->header));
    program->header[0] = PROGRAM_VERSION;
    program->count = 0;
}

struct program_op *program_add(struct program *program, enum op_code code, uint8_t conn)
{
    if (program->count == PROGRAM_OPS_MAX) {
        return NULL;
    }
    struct program_op *op = &program->op[program->count++];
    memset(op, 0, sizeof(*op));
    op->byte[0] = (uint8_t)code;
    op->byte[1] = conn;
    return op;
}
