/* SPDX-License-Identifier: MIT */
#include "conn/gather.h"

#include "tcp/seq.h"

#include <string.h>

bool chim_gather(const NET_BUFFER *nb, uint32_t offset, uint32_t length, uint8_t *to)
{
    PMDL mdl = nb->CurrentMdl;
    uint64_t skip = (uint64_t)nb->CurrentMdlOffset + offset;
    if (offset > nb->DataLength || length > nb->DataLength - offset) {
        return false;
    }
    while (length != 0 && mdl != NULL) {
        PVOID base = NULL;
        UINT bytes = 0;
        if (skip >= mdl->ByteCount) {
            skip -= mdl->ByteCount;
            mdl = mdl->Next;
            continue;
        }
        NdisQueryMdl(mdl, &base, &bytes, NormalPagePriority);
        if (base == NULL || bytes <= skip) {
            return false;
        }
        uint32_t part = chim_min32(length, bytes - (uint32_t)skip);
        memcpy(to, (const uint8_t *)base + skip, part);
        to += part;
        length -= part;
        skip = 0;
        mdl = mdl->Next;
    }
    return length == 0;
}
