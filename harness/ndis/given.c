/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ndis/given.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/pages.h"
#include "base/stops.h"
#include "ndis/internal.h"
#include "nic.h"

#define CHAIN_MAX 4096u /* a longer one goes in circles */
#define NEAR 65536u     /* a member's place in what a pointer was taken to point at */

void *__asan_region_is_poisoned(void *begin, size_t size) __attribute__((weak));

struct nds_given nds_given;

/* The kernel does the reading, which cannot fault. */
static bool read_of(void *to, const void *from, size_t bytes)
{
    struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)from, bytes};
    bool poisoned = __asan_region_is_poisoned && __asan_region_is_poisoned(there.iov_base, bytes);
    return !poisoned &&
           syscall(SYS_process_vm_readv, getpid(), &here, 1ul, &there, 1ul, 0ul) == (long)bytes;
}

static bool can_read(const uint8_t *at, size_t bytes)
{
    uint8_t byte;
    for (size_t i = 0; i < bytes; i += PAGE_BYTES) {
        if (!read_of(&byte, at + i, 1)) {
            return false;
        }
    }
    return !bytes || read_of(&byte, at + bytes - 1, 1);
}

static bool mdls_sane(const MDL *at, uint64_t bytes)
{
    MDL mdl;
    for (uint32_t i = 0; bytes; i++, at = mdl.Next) {
        if (i == CHAIN_MAX || !read_of(&mdl, at, sizeof(mdl)) ||
            !can_read(mdl.MappedSystemVa, mdl.ByteCount)) {
            return false;
        }
        bytes -= mdl.ByteCount < bytes ? mdl.ByteCount : bytes;
    }
    return true;
}

static bool buffers_sane(const NET_BUFFER *at, bool alone)
{
    NET_BUFFER nb;
    for (uint32_t i = 0; at; i++, at = alone ? NULL : nb.Next) {
        if (i == CHAIN_MAX || !read_of(&nb, at, sizeof(nb)) ||
            !mdls_sane(nb.MdlChain, (uint64_t)nb.DataOffset + nb.DataLength)) {
            return false;
        }
    }
    return true;
}

static bool lists_sane(const NET_BUFFER_LIST *at)
{
    NET_BUFFER_LIST nbl;
    for (uint32_t i = 0; at; i++, at = nbl.Next) {
        if (i == CHAIN_MAX || !read_of(&nbl, at, sizeof(nbl)) || !nbl.FirstNetBuffer ||
            !buffers_sane(nbl.FirstNetBuffer, false)) {
            return false;
        }
    }
    return true;
}

/* Dependents of dependents go as deep as a connection lies; what is deeper goes in circles. */
static bool blocks_sane(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *at, uint32_t depth)
{
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
    for (uint32_t i = 0; at; i++, at = block.NextBlock) {
        if (i == CHAIN_MAX || !depth || !read_of(&block, at, sizeof(block)) ||
            !lists_sane(block.NetBufferListChain) ||
            !blocks_sane(block.DependentBlockList, depth - 1)) {
            return false;
        }
    }
    return true;
}

static bool frames_sane(const NIC_FRAME *at)
{
    NIC_FRAME frame;
    for (uint32_t i = 0; at; i++, at = frame.Next) {
        if (i == CHAIN_MAX || !read_of(&frame, at, sizeof(frame))) {
            return false;
        }
    }
    return true;
}

static bool tx_sane(const NIC_TX *at)
{
    NIC_TX tx;
    if (!read_of(&tx, at, sizeof(tx)) || tx.SegmentCount > NIC_TX_SEGMENTS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < tx.SegmentCount; i++) {
        if (!can_read(tx.Segment[i].Data, tx.Segment[i].Length)) {
            return false;
        }
    }
    return true;
}

/* Nothing is known of its members: any of them may have led there. */
static bool bytes_sane(const uint8_t *at, uint32_t bytes, uint64_t address)
{
    uint64_t word;
    for (uint32_t i = 0; i < bytes; i += sizeof(word)) {
        if (!read_of(&word, at + i, sizeof(word)) || address - word < NEAR) {
            return false;
        }
    }
    return true;
}

bool nds_given_sane(uint64_t place, const void *address)
{
    const struct nds_given *given = &nds_given;
    if (!stops_in_driver(given->from) || stops_driver_offset(given->from) != place || !given->at) {
        return false;
    }
    for (uint32_t i = 0; i < given->outs; i++) {
        if ((uint64_t)(uintptr_t)address - (uint64_t)(uintptr_t)given->out[i] < sizeof(uint64_t)) {
            return false;
        }
    }
    switch (given->kind) {
    case GIVEN_LISTS:
        return lists_sane(given->at);
    case GIVEN_BUFFER:
        return buffers_sane(given->at, true);
    case GIVEN_MDL:
        return mdls_sane(given->at, 1);
    case GIVEN_BLOCKS:
        return blocks_sane(given->at, 4);
    case GIVEN_FRAMES:
        return frames_sane(given->at);
    case GIVEN_TX:
        return tx_sane(given->at);
    case GIVEN_HANDLE:
        return true;
    case GIVEN_BYTES:
        break;
    }
    return bytes_sane(given->at, given->bytes, (uint64_t)(uintptr_t)address);
}
