/* SPDX-License-Identifier: MIT */
#include "oracle/model/fields.h"

#include <string.h>

#define FLAGS_KEPT (TCP_FLAG_KEEP_ALIVE_ENABLED | TCP_FLAG_NAGLING_ENABLED)

#define CONSTANT_FIELDS(X)                                                                         \
    X(Flags) X(RemotePort) X(LocalPort) X(SndWindScale) X(RcvWindScale) X(RemoteMss) X(HashValue)
#define CACHED_FIELDS(X)                                                                           \
    X(InitialRcvWnd)                                                                               \
    X(RcvIndicationSize)                                                                           \
    X(KaProbeCount)                                                                                \
    X(KaTimeout)                                                                                   \
    X(KaInterval) X(MaxRT) X(FlowLabel) X(TtlOrHopLimit) X(TosOrTrafficClass) X(UserPriority)
#define DELEGATED_FIELDS(X)                                                                        \
    X(State)                                                                                       \
    X(Flags)                                                                                       \
    X(RcvNxt)                                                                                      \
    X(RcvWnd)                                                                                      \
    X(SndUna)                                                                                      \
    X(SndNxt)                                                                                      \
    X(SndMax)                                                                                      \
    X(SndWnd)                                                                                      \
    X(MaxSndWnd)                                                                                   \
    X(SendWL1)                                                                                     \
    X(CWnd)                                                                                        \
    X(SsThresh)                                                                                    \
    X(SRtt)                                                                                        \
    X(RttVar)                                                                                      \
    X(TsRecent)                                                                                    \
    X(TsRecentAge)                                                                                 \
    X(TsTime)                                                                                      \
    X(TotalRT)                                                                                     \
    X(DupAckCount)                                                                                 \
    X(SndWndProbeCount)                                                                            \
    X(KeepAlive.ProbeCount)                                                                        \
    X(KeepAlive.TimeoutDelta)                                                                      \
    X(Retransmit.Count) X(Retransmit.TimeoutDelta) X(SendBacklogSize) X(ReceiveBacklogSize)
#define BLOCK_FIELDS(X)                                                                            \
    X(NextBlock)                                                                                   \
    X(DependentBlockList)                                                                          \
    X(MiniportOffloadContext) X(NdisOffloadHandle) X(SourceHandle) X(PortNumber)
#define BLOCK_PARTS(X) X(Header) X(NdisReserved) X(ProtocolReserved) X(ImReserved)

/* Macros, because some fields are bits of a word and have no address. */
#define COMPARE(name)                                                                              \
    if (given->name != told->name) {                                                               \
        return (struct orc_difference){#name, given->name, told->name};                            \
    }

struct orc_difference orc_constant_differs(const TCP_OFFLOAD_STATE_CONST *given,
                                           const TCP_OFFLOAD_STATE_CONST *told)
{
    CONSTANT_FIELDS(COMPARE)
    return (struct orc_difference){0};
}

struct orc_difference orc_cached_differs(const TCP_OFFLOAD_STATE_CACHED *given,
                                         const TCP_OFFLOAD_STATE_CACHED *told)
{
    if ((given->Flags ^ told->Flags) & FLAGS_KEPT) {
        return (struct orc_difference){"Flags", given->Flags, told->Flags};
    }
    CACHED_FIELDS(COMPARE)
    return (struct orc_difference){0};
}

struct orc_difference orc_delegated_differs(const TCP_OFFLOAD_STATE_DELEGATED *given,
                                            const TCP_OFFLOAD_STATE_DELEGATED *told)
{
    DELEGATED_FIELDS(COMPARE)
    return (struct orc_difference){0};
}

#define COMPARE_NAME(name)                                                                         \
    if (given->name != now->name) {                                                                \
        return #name;                                                                              \
    }
#define COMPARE_PART(name)                                                                         \
    if (memcmp(&given->name, &now->name, sizeof(given->name)) != 0) {                              \
        return #name;                                                                              \
    }

const char *orc_block_differs(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *given,
                              const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *now)
{
    BLOCK_PARTS(COMPARE_PART)
    BLOCK_FIELDS(COMPARE_NAME)
    return NULL;
}
