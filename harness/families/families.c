/* SPDX-License-Identifier: MIT
 *
 * The table.
 */
#include "families/families.h"

#include <string.h>

#include "families/front.h"

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
