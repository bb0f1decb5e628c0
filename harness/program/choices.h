/* SPDX-License-Identifier: MIT
 *
 * The choice lists of programs that concern neither the host, the peer nor the adapter alone
 * (base/choice.h says how a list is read), and all lists as the table of fields names them.
 */
#ifndef PROGRAM_CHOICES_H
#define PROGRAM_CHOICES_H

#include "host/choices.h"
#include "ndis/failing.h"
#include "ndischimney.h"

/* ---- the header ---- */

#define TCP_STATES(X)                                                                              \
    X(STATE_ESTABLISHED, "established", "both ways are open", TcpConnectionEstablished)            \
    X(STATE_FIN_WAIT_1, "fin-wait-1", "the host has sent its FIN", TcpConnectionFinWait1)          \
    X(STATE_FIN_WAIT_2, "fin-wait-2", "and has its acknowledgement", TcpConnectionFinWait2)        \
    X(STATE_CLOSE_WAIT, "close-wait", "the peer has sent its FIN", TcpConnectionCloseWait)         \
    X(STATE_CLOSING, "closing", "both have, neither has been acknowledged", TcpConnectionClosing)  \
    X(STATE_LAST_ACK, "last-ack", "the host's FIN came second", TcpConnectionLastAck)
enum tcp_state { TCP_STATES(CHOICE_VALUE) };

/* In Hertz. */
#define TICK_RATES(X)                                                                              \
    X(TICKS_1000, "1000", "a tick is a millisecond", 1000)                                         \
    X(TICKS_100, "100", "a tick is ten milliseconds", 100)                                         \
    X(TICKS_10, "10", "a tick is a tenth of a second", 10)
enum tick_rate { TICK_RATES(CHOICE_VALUE) };

/* InitialRcvWnd in bytes, cut to what the scale can announce. */
#define WINDOWS(X)                                                                                 \
    X(WINDOW_65535, "65535", "all that is possible without a scale", 65535)                        \
    X(WINDOW_2920, "2920", "two segments", 2920)                                                   \
    X(WINDOW_4096, "4096", "a page", 4096)                                                         \
    X(WINDOW_1460, "1460", "one segment", 1460)                                                    \
    X(WINDOW_16384, "16384", "16 KiB", 16384)                                                      \
    X(WINDOW_32768, "32768", "32 KiB", 32768)                                                      \
    X(WINDOW_262144, "262144", "256 KiB", 262144)                                                  \
    X(WINDOW_1000000, "1000000", "no power of two", 1000000)
enum window_choice { WINDOWS(CHOICE_VALUE) };

/* The setting OffloadUploadPolicy: reasons for which the target may ask for an upload. */
#define UPLOAD_REASON(reason) (INT64_C(1) << (reason))
#define UPLOAD_POLICIES(X)                                                                         \
    X(POLICY_NONE, "none", "no setting", 0)                                                        \
    X(POLICY_DROP_RATE, "drop-rate", "HighDropRate", UPLOAD_REASON(HighDropRate))                  \
    X(POLICY_FRAGMENTATION, "fragmentation", "HighFragmentation",                                  \
      UPLOAD_REASON(HighFragmentation))                                                            \
    X(POLICY_OUT_OF_ORDER, "out-of-order", "HighOutOfOrderPackets",                                \
      UPLOAD_REASON(HighOutOfOrderPackets))                                                        \
    X(POLICY_LOW_ACTIVITY, "low-activity", "LowActivity", UPLOAD_REASON(LowActivity))              \
    X(POLICY_NO_PREPOSTING, "no-preposting", "NoBufferPreposting",                                 \
      UPLOAD_REASON(NoBufferPreposting))                                                           \
    X(POLICY_SMALL_IO, "small-io", "SmallIO", UPLOAD_REASON(SmallIO))                              \
    X(POLICY_EVERY, "every", "all of these",                                                       \
      UPLOAD_REASON(HighDropRate) | UPLOAD_REASON(HighFragmentation) |                             \
          UPLOAD_REASON(HighOutOfOrderPackets) | UPLOAD_REASON(LowActivity) |                      \
          UPLOAD_REASON(NoBufferPreposting) | UPLOAD_REASON(SmallIO))
enum upload_policy { UPLOAD_POLICIES(CHOICE_VALUE) };

/* The setting OffloadCapacity. */
#define CAPACITIES(X)                                                                              \
    X(CAPACITY_DEFAULT, "default", "no setting", 0)                                                \
    X(CAPACITY_1, "1", "the target takes one connection", 1)                                       \
    X(CAPACITY_2, "2", "it takes two", 2)                                                          \
    X(CAPACITY_3, "3", "it takes three", 3)
enum capacity { CAPACITIES(CHOICE_VALUE) };

/* How long the system has been up when the driver starts, in milliseconds. */
#define UPTIMES(X)                                                                                 \
    X(UPTIME_SHORT, "short", "100 seconds", 100000)                                                \
    X(UPTIME_WRAPS, "wraps", "its milliseconds pass 2^32 after a tenth of a second",               \
      (INT64_C(1) << 32) - 100)                                                                    \
    X(UPTIME_FRESH, "fresh", "a millisecond", 1)                                                   \
    X(UPTIME_HALF, "half", "its milliseconds pass 2^31 after a tenth of a second",                 \
      (INT64_C(1) << 31) - 100)
enum uptime { UPTIMES(CHOICE_VALUE) };

/* ---- operations ---- */

/* Added to the acknowledgement that a segment should carry. */
#define ACK_NUMBERS(X)                                                                             \
    X(ACK_RIGHT, "right", "what has come without a gap", 0)                                        \
    X(ACK_ONE_LESS, "one-less", "one byte less", -1)                                               \
    X(ACK_BEYOND, "beyond", "what was never sent", 100000)                                         \
    X(ACK_OLD, "old", "far below what is acknowledged", -100000)
enum ack_number { ACK_NUMBERS(CHOICE_VALUE) };

#define RAW_KINDS(X)                                                                               \
    X(RAW_ARP, "arp", "a broadcast of ARP")                                                        \
    X(RAW_ICMP, "icmp", "the segment as ICMP")                                                     \
    X(RAW_OTHER_PORT, "other-port", "to a port that nobody has")                                   \
    X(RAW_FRAGMENT, "fragment", "the first fragment of a datagram")                                \
    X(RAW_IP_OPTIONS, "ip-options", "with IPv4 options")                                           \
    X(RAW_SHORT, "short", "cut inside of its headers, after value bytes of IP")                    \
    X(RAW_UDP, "udp", "the segment as UDP")                                                        \
    X(RAW_VLAN, "vlan", "in another VLAN; without a tag from 4096 on")                             \
    X(RAW_BLIND_DATA, "blind-data", "data of a blind attacker, far outside of the window")         \
    X(RAW_TCP_OFFSET, "tcp-offset", "a data offset that cannot be")                                \
    X(RAW_IPV6_EXTENSION, "ipv6-extension", "behind an extension header")                          \
    X(RAW_RUNT, "runt", "cut inside of the link header")                                           \
    X(RAW_TOO_BIG, "too-big", "a router says that segments are too big (PKT-MTU-1)")               \
    X(RAW_TWO_TIMESTAMPS, "two-timestamps", "the next text, the option twice")                     \
    X(RAW_LATE_TIMESTAMPS, "late-timestamps", "the next text, the option behind others")           \
    X(RAW_CUT, "cut", "cut anywhere, after value bytes of the frame")                              \
    X(RAW_PEER_PORT, "peer-port", "from a port that the peer does not have")                       \
    X(RAW_POINTER, "pointer", "the next text, without URG, its urgent pointer the value")          \
    X(RAW_URGENT, "urgent", "the next text, urgent, its urgent pointer the value")
enum raw_kind { RAW_KINDS(CHOICE_VALUE) };

#define FAULTS(X)                                                                                  \
    X(INJECT_CLEAR, "clear", "ends all faults")                                                    \
    X(INJECT_ALLOC, "alloc", "count allocations fail after skip more")                             \
    X(INJECT_POOL, "pool", "pools have nothing")                                                   \
    X(INJECT_TX_STALL, "tx-stall", "frames sent are not given back")                               \
    X(INJECT_LINK_DOWN, "link-down", "the link is down")                                           \
    X(INJECT_MAP, "map", "count mappings fail")                                                    \
    X(INJECT_HARDWARE, "hardware", "the card fails; starves nobody, and ends no other fault")      \
    X(INJECT_CALL, "call", "count calls of `what`, with the tag `of`, fail after skip more")       \
    X(INJECT_SITE, "site", "... that return to the offset `of` in the driver's file")
enum fault_kind { FAULTS(CHOICE_VALUE) };

/* The callback of the driver inside of which something nested is done. */
#define CALLBACKS(X)                                                                               \
    X(INSIDE_RECEIVE_COMPLETE, "receive-complete", "NdisTcpOffloadReceiveComplete",                \
      TAP_RCV_COMPLETE)                                                                            \
    X(INSIDE_RECEIVE_INDICATE, "receive-indicate", "NdisTcpOffloadReceiveHandler",                 \
      TAP_RCV_INDICATE)                                                                            \
    X(INSIDE_EVENT, "event", "NdisTcpOffloadEventHandler", TAP_EVENT)                              \
    X(INSIDE_SEND_COMPLETE, "send-complete", "NdisTcpOffloadSendComplete", TAP_SND_COMPLETE)       \
    X(INSIDE_DISCONNECT_COMPLETE, "disconnect-complete", "NdisTcpOffloadDisconnectComplete",       \
      TAP_DIS_COMPLETE)                                                                            \
    X(INSIDE_FORWARD_COMPLETE, "forward-complete", "NdisTcpOffloadForwardComplete",                \
      TAP_FWD_COMPLETE)                                                                            \
    X(INSIDE_INITIATE_COMPLETE, "initiate-complete", "NdisInitiateOffloadComplete",                \
      TAP_INITIATE_COMPLETE)
enum callback { CALLBACKS(CHOICE_VALUE) };

#define NESTED_CALLS(X)                                                                            \
    X(NEST_POST, "post", "posts receive requests", TAP_POST)                                       \
    X(NEST_SEND, "send", "sends", TAP_SEND)                                                        \
    X(NEST_RETURN, "return", "gives all indicated lists back", TAP_RETURN)                         \
    X(NEST_DISCONNECT, "disconnect", "closes gracefully", TAP_DISCONNECT)                          \
    X(NEST_ABORT, "abort", "closes abortively", TAP_DISCONNECT)                                    \
    X(NEST_TERMINATE, "terminate", "uploads the connection", TAP_TERMINATE)                        \
    X(NEST_SEGMENT, "segment", "a pushed segment of the peer comes", TAP_NIC_RECEIVE)
enum nested_call { NESTED_CALLS(CHOICE_VALUE) };

/* With the bytes of the buffer that the host gives. */
#define OIDS(X)                                                                                    \
    X(WORD_TCP4, "tcp4", "OID_TCP4_OFFLOAD_STATS", OID_TCP4_OFFLOAD_STATS,                         \
      sizeof(TCP_OFFLOAD_STATS))                                                                   \
    X(WORD_TCP6, "tcp6", "OID_TCP6_OFFLOAD_STATS", OID_TCP6_OFFLOAD_STATS,                         \
      sizeof(TCP_OFFLOAD_STATS))                                                                   \
    X(WORD_IP4, "ip4", "OID_IP4_OFFLOAD_STATS", OID_IP4_OFFLOAD_STATS, sizeof(IP_OFFLOAD_STATS))   \
    X(WORD_IP6, "ip6", "OID_IP6_OFFLOAD_STATS", OID_IP6_OFFLOAD_STATS, sizeof(IP_OFFLOAD_STATS))   \
    X(WORD_VLAN, "vlan", "OID_GEN_VLAN_ID, set to the value", OID_GEN_VLAN_ID, sizeof(ULONG))      \
    X(WORD_RSS, "rss", "OID_GEN_RECEIVE_SCALE_PARAMETERS, set to a table",                         \
      OID_GEN_RECEIVE_SCALE_PARAMETERS, OID_SCALE_BYTES)                                           \
    X(WORD_CAPABILITY, "capability", "OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG",                  \
      OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG, sizeof(NDIS_TCP_CONNECTION_OFFLOAD))              \
    X(WORD_FRAME_SIZE, "frame-size", "OID_GEN_MAXIMUM_FRAME_SIZE", OID_GEN_MAXIMUM_FRAME_SIZE,     \
      sizeof(ULONG))                                                                               \
    X(WORD_FILTER, "filter", "OID_GEN_CURRENT_PACKET_FILTER, set to the value",                    \
      OID_GEN_CURRENT_PACKET_FILTER, sizeof(ULONG))
enum oid_word { OIDS(CHOICE_VALUE) };
#define OID_SCALE_FIXED 28u /* parameters, then the indirection table */
#define OID_SCALE_BYTES (OID_SCALE_FIXED + 128u)

/* In nanoseconds. */
#define TIME_UNITS(X)                                                                              \
    X(UNIT_MS, "ms", "milliseconds", 1000000)                                                      \
    X(UNIT_10MS, "10ms", "ten milliseconds", 10000000)                                             \
    X(UNIT_100MS, "100ms", "tenths of a second", 100000000)                                        \
    X(UNIT_S, "s", "seconds", 1000000000)                                                          \
    X(UNIT_US, "us", "microseconds", 1000)
enum time_unit { TIME_UNITS(CHOICE_VALUE) };

/* ---- all lists ---- */

extern const struct choice_list choices_tcp_state, choices_tick_rate, choices_window,
    choices_upload_policy, choices_capacity, choices_uptime, choices_ack_number, choices_raw_kind,
    choices_failing, choices_fault, choices_callback, choices_nested, choices_oid,
    choices_time_unit;
extern const struct choice_list choices_answer, choices_order, choices_scope, choices_query,
    choices_update, choices_variable;
extern const struct choice_list choices_peer_window, choices_peer_options, choices_peer_stamp,
    choices_peer_report, choices_adapter;

#endif
