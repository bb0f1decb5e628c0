/* SPDX-License-Identifier: MIT
 *
 * What the host can be asked for by name (base/choice.h says how a list is read).
 */
#ifndef HOST_CHOICES_H
#define HOST_CHOICES_H

#include "base/choice.h"

#define HOST_ANSWERS(X)                                                                            \
    X(ANSWER_ALL, "all", "takes what is indicated")                                                \
    X(ANSWER_NONE, "none", "refuses it")                                                           \
    X(ANSWER_BYTES, "bytes", "takes only so many bytes of it")
enum host_answer { HOST_ANSWERS(CHOICE_VALUE) };

#define HOST_ORDERS(X)                                                                             \
    X(ORDER_OLDEST, "oldest", "the list that came first goes back first")                          \
    X(ORDER_NEWEST, "newest", "the list that came last goes back first")                           \
    X(ORDER_MIXED, "mixed", "the first, the last, the second, and so on")
enum host_order { HOST_ORDERS(CHOICE_VALUE) };

#define HOST_SCOPES(X)                                                                             \
    X(SCOPE_TCP, "tcp", "the connection alone")                                                    \
    X(SCOPE_PATH, "path", "its path; a terminate takes the connection along")                      \
    X(SCOPE_ALL, "all", "its neighbor; a terminate takes all of the three along")
enum host_scope { HOST_SCOPES(CHOICE_VALUE) };

#define HOST_QUERIES(X)                                                                            \
    X(QUERY_ALL, "all", "all of the connection's state")                                           \
    X(QUERY_DELEGATED, "delegated", "its delegated state")                                         \
    X(QUERY_CACHED, "cached", "its cached state")                                                  \
    X(QUERY_TREE, "tree", "all of the neighbor, the path and the connection in one call")
enum host_queried { HOST_QUERIES(CHOICE_VALUE) };

#define HOST_UPDATES(X)                                                                            \
    X(UPDATE_WINDOW, "window", "InitialRcvWnd, announced")                                         \
    X(UPDATE_KEEPALIVE, "keepalive", "turns keepalive over, with this timeout")                    \
    X(UPDATE_NAGLE, "nagle", "turns nagling over")                                                 \
    X(UPDATE_MTU, "mtu", "PathMtu of the path")                                                    \
    X(UPDATE_MAC, "mac", "another address of the neighbor")                                        \
    X(UPDATE_MAXRT, "max-rt", "MaxRT, started anew")                                               \
    X(UPDATE_TTL, "ttl", "TtlOrHopLimit")                                                          \
    X(UPDATE_INDICATION, "indication-size", "RcvIndicationSize")                                   \
    X(UPDATE_NEIGHBOR, "neighbor",                                                                 \
      "offloads the other neighbor; when it is, links the path to it")                             \
    X(UPDATE_KA_TIMEOUT, "ka-timeout", "KaTimeout alone, nothing restarted by a flag")             \
    X(UPDATE_KA_INTERVAL, "ka-interval", "KaInterval")                                             \
    X(UPDATE_KA_PROBES, "ka-probes", "KaProbeCount")                                               \
    X(UPDATE_KA_RESTART, "ka-restart", "only the flag that restarts keepalive")                    \
    X(UPDATE_TOS, "tos", "TosOrTrafficClass")                                                      \
    X(UPDATE_REACHED, "reached", "HostReachabilityDelta of the neighbor, also in later answers")   \
    X(UPDATE_PRIORITY, "priority", "UserPriority")                                                 \
    X(UPDATE_FLOW, "flow-label", "FlowLabel, of IPv6 connections")
enum host_update { HOST_UPDATES(CHOICE_VALUE) };

/* Of the state of a connection that the host owns; the next initiate hands it over. */
#define HOST_VARIABLES(X)                                                                          \
    X(VARIABLE_CWND, "cwnd", "CWnd, at least a segment")                                           \
    X(VARIABLE_SSTHRESH, "ssthresh", "SsThresh, at least two segments")                            \
    X(VARIABLE_SRTT, "srtt", "SRtt")                                                               \
    X(VARIABLE_RTTVAR, "rttvar", "RttVar")                                                         \
    X(VARIABLE_DUP_ACKS, "dup-acks", "DupAckCount")                                                \
    X(VARIABLE_COUNT, "count", "Retransmit.Count")                                                 \
    X(VARIABLE_RETRANSMIT, "retransmit", "Retransmit.TimeoutDelta, when something waits")          \
    X(VARIABLE_TOTAL_RT, "total-rt", "TotalRT")                                                    \
    X(VARIABLE_PROBE_ROUND, "probe-round", "SndWndProbeCount")                                     \
    X(VARIABLE_KA_PROBES, "ka-probes", "KeepAlive.ProbeCount")                                     \
    X(VARIABLE_KEEPALIVE, "keepalive", "KeepAlive.TimeoutDelta, when keepalive is on")             \
    X(VARIABLE_SND_WND, "snd-wnd", "SndWnd, with a MaxSndWnd that fits")                           \
    X(VARIABLE_TS_TIME, "ts-time", "TsTime")                                                       \
    X(VARIABLE_MAX_RT, "max-rt", "MaxRT")                                                          \
    X(VARIABLE_KA_COUNT, "ka-count", "KaProbeCount")                                               \
    X(VARIABLE_KA_INTERVAL, "ka-interval", "KaInterval")                                           \
    X(VARIABLE_TS_RECENT, "ts-recent", "TsRecent, and the peer's clock")                           \
    X(VARIABLE_TS_AGE, "ts-age", "TsRecentAge")                                                    \
    X(VARIABLE_HOST_AGE, "host-age", "HostReachabilityDelta of the neighbor, and in answers")      \
    X(VARIABLE_NIC_AGE, "nic-age", "NicReachabilityDelta of the neighbor")                         \
    X(VARIABLE_WINDOW, "window", "InitialRcvWnd, as far as it can be announced, and all of it open")
enum host_variable { HOST_VARIABLES(CHOICE_VALUE) };

#endif
