/* SPDX-License-Identifier: MIT
 *
 * State objects of the three layers. The context value that the host keeps is a pointer to the
 * chim_object; it stays valid until the terminate of the object has completed (LIFE-CTX-1).
 *
 * A dependent holds a reference to what it depends on; the host's offload is one more reference.
 */
#ifndef CHIM_STATE_OBJECT_H
#define CHIM_STATE_OBJECT_H

#include "miniport/adapter.h"

enum chim_kind { CHIM_NEIGHBOR = 1, CHIM_PATH, CHIM_CONN };

struct chim_object {
    struct chim_adapter *adapter;
    struct chim_object *next; /* of the adapter's list, under its lock */
    struct chim_object **link;
    uint32_t refs;
    uint8_t kind;
    uint8_t invalid;
};

struct chim_neighbor {
    struct chim_object obj;
    NDIS_HANDLE host; /* NdisOffloadHandle */
    uint16_t vlan_id;
    uint8_t source_mac[32];      /* as the host gave it; all zero = the interface's */
    uint8_t destination_mac[32]; /* cached; under the adapter lock */
    uint32_t host_delta;         /* cached HostReachabilityDelta as last given */
    int64_t host_reached_ms;
    int64_t nic_reached_ms;
};

struct chim_path {
    struct chim_object obj;
    struct chim_neighbor *neighbor; /* under the adapter lock; holds a reference */
    uint8_t family;
    uint32_t mtu; /* cached; under the adapter lock */
    uint8_t source[16];
    uint8_t destination[16];
};

void chim_object_init(struct chim_object *obj, struct chim_adapter *ad, enum chim_kind kind);
void chim_object_hold(struct chim_object *obj);
/* May free the object and what it depends on. Not under any lock. */
void chim_object_drop(struct chim_object *obj);
/* Off the adapter's list: halt no longer sees it. */
void chim_object_unlist(struct chim_object *obj);

#endif
