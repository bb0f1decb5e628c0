/* SPDX-License-Identifier: MIT
 *
 * The table.
 */
#include "families/families.h"

#include <string.h>

#include "families/front.h"
#include "families/numbers.h"
#include "families/times.h"

static const struct family table[] = {
    {"alloc-over", "an allocation of another connection failed, and memory is back", front_alloc,
     NULL},
    {"pool-over", "another connection met empty pools, and they are filled again", front_pool,
     NULL},
    {"map-over", "a mapping for another connection failed, the next one did not", front_map, NULL},
    {"tx-stall-over", "frames of another connection were given back late", front_tx_stall, NULL},
    {"link-over", "the link was down when another connection sent, and is up again", front_link,
     NULL},
    {"hardware-over",
     "the card failed under another connection and was reset, all before those of the program",
     front_hardware, NULL},
    {"pause-over", "the adapter was paused and restarted", front_pause, NULL},
    {"reset-over", "the adapter was reset", front_reset, NULL},
    {"power-over", "the adapter slept and woke before the connections of the program", front_power,
     NULL},
    {"seventy-frames", "70 frames of another connection in one step exhausted the descriptors",
     front_flood, NULL},
    {"idle-connection", "one connection more, which does nothing", front_idle, NULL},
    {"local-below-2^31", "the target's sequence numbers begin just below 2^31", numbers_local_31,
     NULL},
    {"local-below-2^32", "they begin just below 2^32", numbers_local_32, NULL},
    {"peer-below-2^31", "the peer's begin just below 2^31", numbers_peer_31, NULL},
    {"peer-below-2^32", "they begin just below 2^32", numbers_peer_32, NULL},
    {"ipv6", "over IPv6 instead of IPv4", numbers_ipv6, NULL},
    {"vlan", "in a VLAN, with a priority", numbers_vlan, NULL},
    {"timestamps", "with timestamps", numbers_timestamps, NULL},
    {"ticks-100", "a tick is ten milliseconds", times_ticks_100, NULL},
    {"ticks-10", "a tick is a tenth of a second", times_ticks_10, NULL},
    {"uptime-below-2^32", "the system's milliseconds pass 2^32 during the program", times_uptime,
     NULL},
    {"twenty-five-times", "25 times in one life, uploaded and offloaded again in between",
     times_again, NULL},
    {"longer-mdls", "the MDLs are longer than their NET_BUFFERs", NULL,
     "every chain of MDLs ends with its data (the shapes of ndis/list.c)"},
};

const struct family *families(uint32_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

const struct family *family_find(const char *name, size_t length)
{
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strlen(table[i].name) == length && !memcmp(table[i].name, name, length)) {
            return &table[i];
        }
    }
    return NULL;
}
