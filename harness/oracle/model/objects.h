/* SPDX-License-Identifier: MIT
 *
 * State objects that are no connections: neighbors and paths.
 */
#ifndef ORACLE_MODEL_OBJECTS_H
#define ORACLE_MODEL_OBJECTS_H

#include <stdbool.h>
#include "oracle/base/handle.h"

/* When a neighbor was last known to be reachable, in virtual time; may lie before the run. */
struct orc_reach {
    bool known;
    int64_t handed_ns;             /* when the host handed the ages below over */
    int64_t host_ns, host_late_ns; /* counted from the call, and from its completion */
    uint32_t host_ticks;           /* as the host reported it */
    int64_t nic_sure_ns, nic_possible_ns;
    int64_t nic_sure_rest_ns; /* as of the last rest before sure_step */
    uint32_t sure_step;
    uint32_t asked_step; /* step of the last query */
};

/* A state object: neighbor or path (connections have their own record). */
struct orc_object {
    bool used, live;
    uint8_t layer;
    uint8_t version;
    bool invalid;
    bool update_open;
    uint32_t update_step;
    uint32_t parent, parent_old;
    uint32_t conn;
    uint32_t updates;  /* UPDs open */
    uint32_t starting; /* INIT op in progress, or ORC_NONE */
    uint8_t local[16], remote[16];
    uint32_t mtu, mtu_old, mtu_most;
    uint8_t mac[6], mac_old[6], source[6];
    bool source_set;
    uint16_t vlan;
    struct orc_reach reach;
    uint32_t invalid_left; /* its InvComplete has returned */
    const void *context;   /* value that the target gave it */
};

struct orc_objects {
    struct orc_object *object;
    uint32_t count, room;
    bool invalidated_ever;
};

struct orc_object *orc_object_new(struct oracle *o, uint32_t id);

static inline struct orc_object *orc_object(struct oracle *o, uint32_t id)
{
    return id < o->objects->count ? &o->objects->object[id] : orc_object_new(o, id);
}

#endif
