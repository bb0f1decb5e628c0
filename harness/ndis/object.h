/* SPDX-License-Identifier: MIT
 *
 * Every object that NDIS, the host or the wire gives to a driver, by address: what it is, who owns
 * it and since which event. The table lies outside the driver's reach; a pointer that a driver
 * passes is looked up here before anything is read through it.
 */
#ifndef NDIS_OBJECT_H
#define NDIS_OBJECT_H

#include "base/arena.h"
#include "ndis/tap.h"

enum object_kind {
    OBJECT_NONE,
    OBJECT_MEMORY,
    OBJECT_NBL_POOL,
    OBJECT_NB_POOL,
    OBJECT_NBL,
    OBJECT_NB,
    OBJECT_MDL,
    OBJECT_DATA, /* bytes behind a host MDL or a frame */
    OBJECT_TIMER,
    OBJECT_WORK_ITEM,
    OBJECT_NIC,
    OBJECT_FRAME,
    OBJECT_STATE, /* NDIS_OFFLOAD_HANDLE of a state object */
    OBJECT_TREE,  /* a block list tree with what follows it */
    OBJECT_DRIVER,
    OBJECT_ADAPTER,
    OBJECT_OID,
    OBJECT_CONFIGURATION, /* an open one */
};

/* What a NET_BUFFER looked like when its list was handed over. */
struct nb_snapshot {
    PNET_BUFFER nb;
    PMDL chain;
    uint32_t data_offset, data_length;
    uint32_t chain_bytes;
};

struct nds_list {
    enum tap_role role;
    uint32_t conn;
    uint32_t handed_event;
    uint32_t nb_count;
    uint32_t length, prefill;
    bool no_push;
    uint64_t stream_offset;
    uint64_t checksum; /* of an indicated list while the host holds it, of data only to be read */
    uint32_t indicated_length;
    struct nb_snapshot *nb; /* nb_count of them */
    uint32_t pieces;        /* MDL layout that it was built with */
    uint32_t shown_in;      /* the call of the driver that showed it last, or TAP_NONE */
};

struct nds_object {
    void *address;
    uint32_t bytes;
    uint32_t id;
    enum object_kind kind;
    enum tap_owner owner;
    bool live;
    uint32_t tag;
    uint32_t born_event, owner_event;
    uint32_t parent; /* pool of a list, list of a buffer, ... object id or TAP_NONE */
    uint32_t out;    /* pools: objects outstanding; frames: lists in which the host has them */
    bool flag;       /* lists of a pool: allocated with a NET_BUFFER */
    void *detail;    /* struct nds_list, struct nds_timer, ... by kind */
};

void object_reset(void);
/* Registers a piece of guest memory. Never fails (rig memory). */
struct nds_object *object_add(enum object_kind kind, void *address, uint32_t bytes,
                              enum tap_owner owner);
/* The table itself, for the two look-ups that every call of a driver makes. Objects live in chunks,
 * so that pointers to them stay valid; by_address maps a granule of guest memory to id + 1. */
#define OBJECT_CHUNK_BITS 8u
#define OBJECT_CHUNK (1u << OBJECT_CHUNK_BITS)
struct object_table {
    uint32_t *by_address;
    struct nds_object **chunk;
    uint32_t count;
};
extern struct object_table object_table;

/* NULL when there is no such id. */
static inline struct nds_object *object_by_id(uint32_t id)
{
    return id < object_table.count
               ? &object_table.chunk[id >> OBJECT_CHUNK_BITS][id & (OBJECT_CHUNK - 1)]
               : NULL;
}

/* The live object that starts at this address, of this kind, or NULL. Any pointer may be asked. */
static inline struct nds_object *object_find(const void *address, enum object_kind kind)
{
    if (!guest_contains(address) || ((uintptr_t)address & (ARENA_GRANULE - 1))) {
        return NULL;
    }
    uint32_t entry = object_table.by_address[guest_index(address)];
    struct nds_object *object = entry ? object_by_id(entry - 1) : NULL;
    return object && object->live && object->kind == kind ? object : NULL;
}

uint32_t object_count(void);
/* The object, live or not, whose bytes hold the address, or NULL: slow, for verdicts. */
struct nds_object *object_containing(const void *address);
/* Ends an object's life; its address may carry another one later. */
void object_remove(struct nds_object *object);
void object_own(struct nds_object *object, enum tap_owner owner, uint32_t event);
const char *object_kind_name(enum object_kind kind);
const char *object_owner_name(enum tap_owner owner);

#endif
