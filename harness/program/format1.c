/* SPDX-License-Identifier: MIT
 *
 * Reads binary programs of format 1: 32 bytes of header, eight of each operation, choices of as
 * many bits as their lists had names. The table below is what fields.c said when format 2 came. It
 * is frozen: whatever becomes of the fields now, what a file of format 1 meant is what it means.
 */
#include <string.h>

#include "program/program.h"

#define HEADER_BYTES 32u
#define OP_BYTES 8u

struct old_field {
    const char *name; /* of the field that has the value today */
    uint8_t byte, shift, bits;
    int8_t choices; /* how many the list had: values beyond it began again */
};
#define NUMBER 0
#define SIGNED -1

static const struct old_field header[] = {
    {"connections", 1, 0, 3, NUMBER},
    {"upload-policy", 1, 3, 3, 8},
    {"capacity", 1, 6, 2, 4},
    {"ipv6", 2, 0, 1, NUMBER},
    {"timestamps", 2, 1, 1, NUMBER},
    {"sack", 2, 2, 1, NUMBER},
    {"window-scale", 2, 3, 1, NUMBER},
    {"manual-initiate", 2, 4, 1, NUMBER},
    {"manual-ack", 2, 5, 1, NUMBER},
    {"nagle", 2, 6, 1, NUMBER},
    {"keepalive", 2, 7, 1, NUMBER},
    {"hold-returns", 3, 0, 1, NUMBER},
    {"separate-trees", 3, 1, 1, NUMBER},
    {"state", 3, 2, 3, 6},
    {"ticks", 3, 5, 2, 3},
    {"source-mac", 3, 7, 1, NUMBER},
    {"vlan", 4, 0, 12, NUMBER},
    {"priority", 4, 12, 3, NUMBER},
    {"mss", 6, 0, 16, NUMBER},
    {"rcv-scale", 8, 0, 4, NUMBER},
    {"snd-scale", 8, 4, 4, NUMBER},
    {"window", 9, 0, 3, 8},
    {"ack-frequency", 9, 3, 3, NUMBER},
    {"placeholders", 9, 6, 1, NUMBER},
    {"two-routers", 9, 7, 1, NUMBER},
    {"peer-window", 10, 0, 16, NUMBER},
    {"peer-sequence", 12, 0, 32, NUMBER},
    {"sequence", 16, 0, 32, NUMBER},
    {"buffered", 20, 0, 16, NUMBER},
    {"outstanding", 22, 0, 16, NUMBER},
    {"in-flight", 24, 0, 16, NUMBER},
    {"indication-size", 26, 0, 16, NUMBER},
    {"push-ticks", 28, 0, 16, NUMBER},
    {"delayed-ack-ticks", 30, 0, 8, NUMBER},
    {"fail-start", 31, 0, 8, NUMBER},
};

static const struct old_field post[] = {
    {"length", 2, 0, 16, NUMBER}, {"no-push", 4, 0, 1, NUMBER},  {"more", 4, 1, 3, NUMBER},
    {"pieces", 4, 4, 3, NUMBER},  {"prefill", 6, 0, 16, NUMBER},
};
static const struct old_field accept[] = {
    {"answer", 2, 0, 2, 3},
    {"count", 3, 0, 8, NUMBER},
    {"bytes", 4, 0, 16, NUMBER},
};
static const struct old_field returned[] = {
    {"order", 2, 0, 2, 3},
    {"count", 3, 0, 8, NUMBER},
};
static const struct old_field send[] = {
    {"length", 2, 0, 16, NUMBER},
    {"buffers", 4, 0, 2, NUMBER},
    {"more", 4, 2, 3, NUMBER},
    {"pieces", 4, 5, 3, NUMBER},
};
static const struct old_field disconnect[] = {
    {"abort", 2, 0, 1, NUMBER},
    {"pieces", 2, 1, 3, NUMBER},
    {"length", 4, 0, 16, NUMBER},
};
static const struct old_field initiate[] = {
    {"more", 2, 0, 3, NUMBER},
};
static const struct old_field query[] = {
    {"what", 2, 0, 2, 4},
    {"twice", 2, 2, 1, NUMBER},
};
static const struct old_field update[] = {
    {"what", 2, 0, 4, 14},
    {"value", 4, 0, 32, NUMBER},
};

static const struct old_field state[] = {
    {"what", 2, 0, 4, 16},
    {"value", 4, 0, 32, NUMBER},
};
static const struct old_field scope[] = {
    {"scope", 2, 0, 2, 3},
};
static const struct old_field invalidate[] = {
    {"scope", 2, 0, 2, 3},
    {"tree", 2, 2, 1, NUMBER},
};
static const struct old_field seg[] = {
    {"offset", 2, 0, 16, SIGNED},
    {"length", 4, 0, 14, NUMBER},
    {"from-una", 4, 14, 1, NUMBER},
    {"push", 4, 15, 1, NUMBER},
    {"fin", 6, 0, 1, NUMBER},
    {"syn", 6, 1, 1, NUMBER},
    {"rst", 6, 2, 1, NUMBER},
    {"urgent", 6, 3, 1, NUMBER},
    {"no-ack", 6, 4, 1, NUMBER},
    {"ack", 6, 5, 2, 4},
    {"window", 6, 7, 2, 4},
    {"bad-checksum", 6, 9, 1, NUMBER},
    {"old-timestamp", 6, 10, 1, NUMBER},
    {"no-timestamp", 6, 11, 1, NUMBER},
    {"other-content", 6, 12, 1, NUMBER},
    {"options", 6, 13, 3, 8},
};
static const struct old_field ack[] = {
    {"less", 2, 0, 16, NUMBER},      {"window", 4, 0, 2, 4},
    {"repeat", 4, 2, 3, NUMBER},     {"keep", 4, 5, 1, NUMBER},
    {"sack-more", 4, 6, 2, NUMBER},  {"sack-hundreds", 5, 0, 8, NUMBER},
    {"sack-from", 6, 0, 16, NUMBER},
};
static const struct old_field host_send[] = {
    {"length", 2, 0, 11, NUMBER}, {"more", 4, 0, 8, NUMBER},   {"buffers", 5, 0, 2, NUMBER},
    {"pieces", 5, 2, 3, NUMBER},  {"cancel", 5, 5, 1, NUMBER},
};
static const struct old_field raw[] = {
    {"kind", 2, 0, 4, 15},
    {"length", 4, 0, 12, NUMBER},
    {"value", 6, 0, 16, NUMBER},
};
static const struct old_field tick[] = {
    {"time", 2, 0, 16, NUMBER},
    {"unit", 4, 0, 2, 4},
};
static const struct old_field fault[] = {
    {"kind", 2, 0, 3, 7},
    {"skip", 4, 0, 16, NUMBER},
    {"count", 6, 0, 16, NUMBER},
};
static const struct old_field nest[] = {
    {"inside", 2, 0, 3, 7},        {"do", 2, 3, 3, 7},           {"no-push", 2, 6, 1, NUMBER},
    {"any-conn", 2, 7, 1, NUMBER}, {"length", 4, 0, 16, NUMBER}, {"more", 6, 0, 3, NUMBER},
};
static const struct old_field adapter[] = {
    {"do", 2, 0, 3, 7},
};
static const struct old_field parameter[] = {
    {"ticks", 2, 0, 2, 3},
    {"ack-frequency", 2, 2, 3, NUMBER},
    {"delayed-ack-ticks", 3, 0, 8, NUMBER},
    {"push-ticks", 4, 0, 16, NUMBER},
    {"retransmissions", 6, 0, 4, NUMBER},
    {"duplicate-acks", 6, 4, 4, NUMBER},
    {"sws-ticks", 7, 0, 8, NUMBER},
};
static const struct old_field oid[] = {
    {"what", 2, 0, 3, 8},
    {"set", 2, 3, 1, NUMBER},
    {"short", 2, 4, 1, NUMBER},
    {"value", 4, 0, 16, NUMBER},
};
static const struct old_field batch[] = {
    {"frames", 2, 0, 4, NUMBER},
};
static const struct old_field cpu[] = {
    {"number", 2, 0, 3, NUMBER},
};

#define FIELDS(name) name, sizeof(name) / sizeof((name)[0])
/* By their old codes, from 1 on. */
static const struct {
    enum op_code code;
    bool has_conn;
    const struct old_field *field;
    uint32_t fields;
} ops[] = {
    {OP_POST, true, FIELDS(post)},
    {OP_ACCEPT, true, FIELDS(accept)},
    {OP_RETURN, false, FIELDS(returned)},
    {OP_SEND, true, FIELDS(send)},
    {OP_DISCONNECT, true, FIELDS(disconnect)},
    {OP_FORWARD, true, FIELDS(seg)},
    {OP_INITIATE, true, FIELDS(initiate)},
    {OP_QUERY, true, FIELDS(query)},
    {OP_UPDATE, true, FIELDS(update)},
    {OP_INVALIDATE, true, FIELDS(invalidate)},
    {OP_TERMINATE, true, FIELDS(scope)},
    {OP_SEG, true, FIELDS(seg)},
    {OP_ACK, true, FIELDS(ack)},
    {OP_RAW, true, FIELDS(raw)},
    {OP_TICK, false, FIELDS(tick)},
    {OP_FAULT, false, FIELDS(fault)},
    {OP_NEST, true, FIELDS(nest)},
    {OP_ADAPTER, false, FIELDS(adapter)},
    {OP_PARAMETERS, false, FIELDS(parameter)},
    {OP_OID, false, FIELDS(oid)},
    {OP_BATCH, false, FIELDS(batch)},
    {OP_CPU, false, FIELDS(cpu)},
    {OP_HOST_SEND, false, FIELDS(host_send)},
    {OP_STATE, true, FIELDS(state)},
};

static uint32_t old_value(const struct old_field *field, const uint8_t *bytes)
{
    uint32_t word = 0, need = (field->shift + field->bits + 7u) / 8u;
    for (uint32_t i = 0; i < need; i++) {
        word |= (uint32_t)bytes[field->byte + i] << (8 * i);
    }
    uint32_t mask = field->bits == 32 ? UINT32_MAX : (1u << field->bits) - 1;
    uint32_t value = (word >> field->shift) & mask;
    if (field->choices == SIGNED) {
        return value >> (field->bits - 1) ? value | ~mask : value;
    }
    return field->choices == NUMBER ? value : value % (uint32_t)field->choices;
}

static void decode_old_op(const uint8_t *bytes, struct program *program)
{
    uint32_t index = bytes[0] - 1u;
    if (index >= sizeof(ops) / sizeof(ops[0])) {
        program_add(program, OP_NOP, 0);
        return;
    }
    struct program_op *op =
        program_add(program, ops[index].code, ops[index].has_conn ? bytes[1] & 7 : 0);
    for (uint32_t i = 0; op && i < ops[index].fields; i++) {
        const struct old_field *field = &ops[index].field[i];
        op_set(op, field->name, old_value(field, bytes));
    }
}

void program_decode_format1(const uint8_t *bytes, size_t length, struct program *program)
{
    uint8_t padded[HEADER_BYTES] = {0};
    size_t take = length < HEADER_BYTES ? length : HEADER_BYTES;
    program_init(program);
    memcpy(padded, bytes, take);
    for (uint32_t i = 0; i < sizeof(header) / sizeof(header[0]); i++) {
        program_set(program, header[i].name, old_value(&header[i], padded));
    }
    while (length > take && program->count < PROGRAM_OPS_MAX) {
        bytes += take;
        length -= take;
        take = length < OP_BYTES ? length : OP_BYTES;
        memset(padded, 0, OP_BYTES);
        memcpy(padded, bytes, take);
        decode_old_op(padded, program);
    }
}
