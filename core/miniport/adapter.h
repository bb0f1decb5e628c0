/* SPDX-License-Identifier: MIT
 *
 * One adapter: what all its connections share.
 *
 * Lock order: connection lock, then adapter lock. The adapter lock is a leaf: under it nothing is
 * called but memory, timer and wire functions. No lock is held across an upcall (SER-LOCK-1).
 * Everything below the handlers runs at DISPATCH_LEVEL (chim_enter), so locks are the Dpr kind.
 */
#ifndef CHIM_MINIPORT_ADAPTER_H
#define CHIM_MINIPORT_ADAPTER_H

#include <stdbool.h>
#include <stdint.h>

#include "miniport/trap.h"
#include "ndischimney.h"
#include "nic.h"
#include "tcp/wheel.h"

#define CHIM_TAG 0x6D696843u /* "Chim" */
#define CHIM_BUCKETS_FIRST 4u
#define CHIM_CONNECTIONS_MAX (1u << 20)

struct chim_conn;
struct chim_object;
struct chim_scoreboard;
struct chim_tx;

/* Shared words that are read without a lock. */
#define CHIM_LOAD(lvalue) __atomic_load_n(&(lvalue), __ATOMIC_RELAXED)
#define CHIM_STORE(lvalue, value) __atomic_store_n(&(lvalue), (value), __ATOMIC_RELAXED)
#define CHIM_COUNT(lvalue, by) ((void)__atomic_fetch_add(&(lvalue), (by), __ATOMIC_RELAXED))

/* How the host wants connections run (OID_TCP_CONNECTION_OFFLOAD_PARAMETERS). */
struct chim_params {
    uint32_t ticks_per_second;
    uint32_t ack_frequency;
    uint32_t delayed_ack_ticks;
    uint32_t retransmissions_max;
    uint32_t sws_ticks;
    uint32_t dup_ack_threshold;
    uint32_t push_ticks;
    uint32_t nce_stale_ticks;
};

struct chim_stats {
    TCP_OFFLOAD_STATS tcp;
    IP_OFFLOAD_STATS ip;
};

/* A queue of lists linked by Next. */
struct chim_nblq {
    PNET_BUFFER_LIST head;
    PNET_BUFFER_LIST tail;
};

/* NET_BUFFER_LISTs of one pool. out counts those that the host holds. */
struct chim_nbl_pool {
    NDIS_HANDLE pool;
    PNET_BUFFER_LIST free;
    uint32_t out;
};

struct chim_adapter {
    NDIS_HANDLE handle;
    NDIS_TCP_OFFLOAD_EVENT_HANDLERS up;
    NIC_HANDLE nic;
    NIC_ATTRIBUTES nic_attributes;
    NDIS_SPIN_LOCK lock;

    struct chim_params params;
    struct chim_stats stats[2]; /* IPv4, IPv6 */
    uint32_t upload_policy;     /* configure.h */
    uint32_t fragments;         /* IP fragments that came by */
    uint32_t capacity;
    uint16_t vlan_id; /* of the interface, 0 = none */
    bool running;     /* between restart and pause */
    bool halting;
    bool offload_paused; /* the host was asked to offload no more, under lock */
    bool emptying;       /* ... until nothing is left */
    bool pause_pending;
    PNDIS_OID_REQUEST power_request;
    uint32_t topology; /* changes with every update, relink, invalidation */
    uint32_t ip_id;

    /* Connection table and the objects of each layer, under lock. */
    struct chim_conn **buckets;
    uint32_t bucket_mask;
    uint32_t connections;
    struct chim_conn *buckets_first[CHIM_BUCKETS_FIRST];
    struct chim_object *objects;

    /* State operations that wait for the deferred call, under lock. */
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST ops_head;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST ops_tail;
    NDIS_HANDLE ops_timer;
    uint32_t neighbor_upcalls; /* open calls of NdisMOffloadEventIndicate */

    /* Transmit descriptors, under lock. */
    struct chim_tx *tx_free;
    struct chim_tx *tx_all;
    uint32_t tx_count;
    struct chim_conn *tx_waiting; /* connections to go on after a transmit callback */
    struct chim_nblq host_sends;  /* of MiniportSendNetBufferLists, waiting for descriptors */
    bool host_sends_busy;

    /* Indicated lists, under lock. */
    struct chim_nbl_pool chimney;
    struct chim_nbl_pool nonoff;
    struct chim_conn *starved; /* connections that found no list */

    struct chim_scoreboard *scoreboards; /* unused ones, under lock */

    NDIS_HANDLE wheel_timer;
    uint64_t wheel_armed_ms; /* 0 = not armed */
    struct chim_wheel wheel;
};

static inline void chim_lock(NDIS_SPIN_LOCK *lock)
{
    NdisDprAcquireSpinLock(lock);
}

static inline void chim_unlock(NDIS_SPIN_LOCK *lock)
{
    NdisDprReleaseSpinLock(lock);
}

/* Around every handler that may be called below DISPATCH_LEVEL. */
static inline KIRQL chim_enter(void)
{
    KIRQL old;
    NDIS_RAISE_IRQL_TO_DISPATCH(&old);
    return old;
}

static inline void chim_leave(KIRQL old)
{
    NDIS_LOWER_IRQL(old, DISPATCH_LEVEL);
}

static inline uint64_t chim_now_ms(void)
{
    LARGE_INTEGER up;
    NdisGetSystemUpTimeEx(&up);
    return (uint64_t)up.QuadPart;
}

static inline struct chim_stats *chim_stats_of(struct chim_adapter *ad, uint8_t family)
{
    return &ad->stats[family == 6];
}

static inline void *chim_alloc(struct chim_adapter *ad, uint32_t bytes)
{
    return NdisAllocateMemoryWithTagPriority(ad->handle, bytes, CHIM_TAG, NormalPoolPriority);
}

/* Ticks of the host's clock to milliseconds and back. */
static inline uint64_t chim_ticks_to_ms(const struct chim_adapter *ad, uint64_t ticks)
{
    return ticks * 1000u / CHIM_LOAD(ad->params.ticks_per_second);
}

/* Rounds up, so that a running timer with time left never reads as due now (TMR-OFF-1). */
static inline uint32_t chim_ms_to_ticks(const struct chim_adapter *ad, uint64_t ms)
{
    uint64_t ticks = (ms * CHIM_LOAD(ad->params.ticks_per_second) + 999u) / 1000u;
    return ticks > 0xFFFFFFFEu ? 0xFFFFFFFEu : (uint32_t)ticks;
}

static inline void chim_nblq_append(struct chim_nblq *q, PNET_BUFFER_LIST nbl)
{
    nbl->Next = NULL;
    if (q->tail == NULL) {
        q->head = nbl;
    } else {
        q->tail->Next = nbl;
    }
    q->tail = nbl;
}

static inline PNET_BUFFER_LIST chim_nblq_pop(struct chim_nblq *q)
{
    PNET_BUFFER_LIST nbl = q->head;
    if (nbl != NULL) {
        q->head = nbl->Next;
        if (q->head == NULL) {
            q->tail = NULL;
        }
        nbl->Next = NULL;
    }
    return nbl;
}

static inline PNET_BUFFER_LIST chim_nblq_take(struct chim_nblq *q)
{
    PNET_BUFFER_LIST list = q->head;
    q->head = NULL;
    q->tail = NULL;
    return list;
}

#endif
