/* SPDX-License-Identifier: MIT
 *
 * Known bytes around the host's data: on both sides of every MDL, and behind the data within its
 * chain.
 */
#include "ndis/internal.h"

/* Fences stay up while the rig reads them. */
__attribute__((no_sanitize("address"))) static bool fence_intact(const uint8_t *fence)
{
    const uint64_t right = FENCE_BYTE * 0x0101010101010101u;
    uint64_t word[FENCE / 8];
    memcpy(word, fence, FENCE);
    return word[0] == right && word[1] == right;
}

static bool slack_intact(const struct nb_snapshot *nb)
{
    uint32_t used = nb->chain_bytes;
    for (PMDL mdl = nb->chain; mdl; mdl = mdl->Next) {
        uint32_t keep = used < mdl->ByteCount ? used : mdl->ByteCount;
        const uint8_t *bytes = mdl_bytes(mdl);
        for (uint32_t i = keep; i < mdl->ByteCount; i++) {
            if (bytes[i] != FENCE_BYTE) {
                return false;
            }
        }
        used -= keep;
    }
    return true;
}

bool list_fences_intact(const struct nds_list *list)
{
    for (uint32_t i = 0; i < list->nb_count; i++) {
        for (PMDL mdl = list->nb[i].chain; mdl; mdl = mdl->Next) {
            const uint8_t *bytes = mdl_bytes(mdl);
            if (!fence_intact(bytes - FENCE) || !fence_intact(bytes + mdl->ByteCount)) {
                return false;
            }
        }
        if (!slack_intact(&list->nb[i])) {
            return false;
        }
    }
    return true;
}
