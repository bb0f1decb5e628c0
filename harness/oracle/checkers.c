/* SPDX-License-Identifier: MIT
 *
 * Every checker of the oracle, a row each: what memory it has, what it is asked about. Rows that
 * only hold what several know come first. The order decides who reports first when two find fault
 * with one event, and who sees what another one changed; where a piece must come early with one
 * event and late with another, it has two rows.
 */
#include "oracle/checkers.h"

#include <stddef.h>

#include "oracle/adapter/adapter.h"
#include "oracle/adapter/attributes.h"
#include "oracle/adapter/counts.h"
#include "oracle/adapter/growth.h"
#include "oracle/adapter/life.h"
#include "oracle/adapter/reach.h"
#include "oracle/sender/upload_reasons.h"
#include "oracle/adapter/verifier.h"
#include "oracle/base/memory.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/congestion/kept_state.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/contexts.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"
#include "oracle/model/flows.h"
#include "oracle/model/lists.h"
#include "oracle/model/objects.h"
#include "oracle/model/operations.h"
#include "oracle/model/passings.h"
#include "oracle/ownership/handles.h"
#include "oracle/ownership/host_rules.h"
#include "oracle/ownership/owner.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/ownership/serial.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/blocks.h"
#include "oracle/receive/delay.h"
#include "oracle/receive/delivery.h"
#include "oracle/receive/held.h"
#include "oracle/receive/offers.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"
#include "oracle/rest.h"
#include "oracle/segment/close.h"
#include "oracle/segment/forward.h"
#include "oracle/segment/host_frames.h"
#include "oracle/segment/nonoff.h"
#include "oracle/segment/predicted.h"
#include "oracle/segment/segment.h"
#include "oracle/segment/wire_check.h"
#include "oracle/send/nagle.h"
#include "oracle/send/retransmission.h"
#include "oracle/send/send.h"
#include "oracle/send/send_window.h"
#include "oracle/send/shadow.h"
#include "oracle/sender/flight.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"
#include "oracle/timers/blocked.h"
#include "oracle/timers/fin_wait.h"
#include "oracle/timers/giveup.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/persist.h"
#include "oracle/timers/progress.h"
#include "oracle/timers/rto.h"
#include "oracle/tree/duration.h"
#include "oracle/tree/state.h"
#include "oracle/tree/terminate.h"

#define RUN(part, type)                                                                            \
    {                                                                                              \
        offsetof(struct oracle, part), sizeof(struct type)                                         \
    }
#define CONN(part, type)                                                                           \
    {                                                                                              \
        offsetof(struct orc_conn, part), sizeof(struct type)                                       \
    }

#define FIRST_IN TAP_DRIVER_ENTRY /* calls into the target, */
#define LAST_IN TAP_NIC_FAILED
#define FIRST_OUT TAP_RCV_COMPLETE /* and of the target */
#define LAST_OUT TAP_RESET_COMPLETE

#define ENTER(fn, handler)                                                                         \
    {                                                                                              \
        ORC_ENTER, fn, fn, handler                                                                 \
    }
#define LEAVE(fn, handler)                                                                         \
    {                                                                                              \
        ORC_LEAVE, fn, fn, handler                                                                 \
    }
#define LIST(fn, handler)                                                                          \
    {                                                                                              \
        ORC_LIST, fn, fn, handler                                                                  \
    }
#define POINT(fn, handler)                                                                         \
    {                                                                                              \
        ORC_POINT, fn, fn, handler                                                                 \
    }
#define ENTERS(first, last, handler)                                                               \
    {                                                                                              \
        ORC_ENTER, first, last, handler                                                            \
    }
#define LEAVES(first, last, handler)                                                               \
    {                                                                                              \
        ORC_LEAVE, first, last, handler                                                            \
    }
#define LISTS(first, last, handler)                                                                \
    {                                                                                              \
        ORC_LIST, first, last, handler                                                             \
    }
#define POINTS(first, last, handler)                                                               \
    {                                                                                              \
        ORC_POINT, first, last, handler                                                            \
    }

static const struct orc_checker checkers[] = {
    /* ---- what several know ---- */
    {"report", .run = {RUN(report, orc_report), RUN(scratch, orc_scratch)}},
    {"calls", .run = {RUN(calls, orc_calls)}},
    {"lists", .run = {RUN(lists, orc_lists)}},
    {"connections", .run = {RUN(connections, orc_connections)}, .begin = orc_connections_begin},
    {"flows", .run = {RUN(flows, orc_flows)}},
    {"objects", .run = {RUN(objects, orc_objects)}},
    {"operations", .run = {RUN(operations, orc_operations)}},
    {"frames", .run = {RUN(frames, orc_frames)}},
    {"contexts", .run = {RUN(contexts, orc_contexts)}},
    {"faults", .run = {RUN(faults, orc_faults)}, .begin = orc_faults_begin},
    {"parameters", .run = {RUN(parameters, orc_parameters)}, .begin = orc_parameters_begin},
    {"receive ledger", .conn = {CONN(receive, orc_receive)}, .fresh = orc_receive_fresh,
     .hindered = orc_receive_hindered},
    {"send ledger", .conn = {CONN(send, orc_send)}, .fresh = orc_send_fresh},
    {"shadow sender", .conn = {CONN(sender, orc_sender)}, .hindered = orc_sender_hindered},
    {"prediction", .run = {RUN(prediction, orc_prediction)}},

    /* ---- calls: whose, when, on which terms ---- */
    {"verifier", .run = {RUN(verifier, orc_verifier)}, .begin = orc_verifier_begin,
     .on = {ENTERS(TAP_INITIALIZE, TAP_RESET, orc_verifier_enter),
            ENTER(TAP_OID, orc_verifier_enter), LEAVES(FIRST_IN, LAST_IN, orc_verifier_leave),
            ENTERS(FIRST_OUT, LAST_OUT, orc_verifier_upcall), POINT(TAP_ALLOC, orc_verifier_point),
            POINT(TAP_FREE, orc_verifier_point), POINT(TAP_TIMER_CANCEL, orc_verifier_point),
            POINTS(TAP_REGISTER, TAP_HANDLERS, orc_verifier_point)}},
    {"handles", .on = {ENTERS(FIRST_OUT, LAST_OUT, orc_handle_upcall)}},
    {"serialisation",
     .on = {ENTERS(FIRST_OUT, LAST_OUT, orc_serial_upcall),
            LEAVE(TAP_RCV_COMPLETE, orc_serial_leave), LEAVE(TAP_RCV_INDICATE, orc_serial_leave)}},
    {"quiescence", .conn = {CONN(life, orc_life)}, .fresh = orc_life_fresh,
     .on = {ENTERS(FIRST_IN, LAST_IN, orc_quiescence_enter),
            ENTERS(FIRST_OUT, LAST_OUT, orc_quiescence_upcall)}},
    {"host rules", .on = {ENTERS(TAP_POST, TAP_FORWARD, orc_host_call)}},
    {"owners", .run = {RUN(ownership, orc_ownership)},
     .on = {LEAVES(TAP_POST, TAP_RETURN, orc_owner_call_left), LIST(TAP_RETURN, orc_owner_returned),
            LIST(TAP_HOST_RETURN, orc_owner_returned)}},
    {"open calls", .on = {ENTERS(TAP_POST, TAP_FORWARD, orc_conn_call_enter),
                          LEAVES(TAP_POST, TAP_FORWARD, orc_conn_call_leave),
                          ENTER(TAP_RETURN, orc_faults_returned)}},

    /* ---- data, and what ends it ---- */
    {"posted requests", .on = {ENTER(TAP_POST, orc_post_enter), LIST(TAP_POST, orc_post_list),
                               LIST(TAP_RCV_COMPLETE, orc_receive_completed)}},
    {"indications",
     .on = {ENTER(TAP_RCV_INDICATE, orc_indicate_enter), LIST(TAP_RCV_INDICATE, orc_indicate_list),
            LEAVE(TAP_RCV_INDICATE, orc_indicate_leave)}},
    {"sends",
     .on = {ENTER(TAP_SEND, orc_send_enter), LIST(TAP_SEND, orc_send_list),
            LIST(TAP_SND_COMPLETE, orc_send_completed)},
     .hindered = orc_send_hindered},
    {"closing",
     .on = {ENTER(TAP_DISCONNECT, orc_disconnect_enter), LIST(TAP_DISCONNECT, orc_disconnect_list),
            LEAVE(TAP_DISCONNECT, orc_disconnect_leave),
            LIST(TAP_DIS_COMPLETE, orc_disconnect_completed), ENTER(TAP_EVENT, orc_event_enter),
            LEAVE(TAP_EVENT, orc_event_leave)}},
    {"forwarded segments",
     .on = {ENTER(TAP_FORWARD, orc_forward_enter), LIST(TAP_FORWARD, orc_forward_list),
            LIST(TAP_FWD_COMPLETE, orc_forward_completed)}},
    {"state operations", .run = {RUN(closings, orc_closings)},
     .on = {ENTERS(TAP_INITIATE, TAP_TERMINATE, orc_state_enter),
            LEAVES(TAP_INITIATE, TAP_TERMINATE, orc_state_left),
            ENTERS(TAP_INITIATE_COMPLETE, TAP_TERMINATE_COMPLETE, orc_state_complete),
            LEAVES(TAP_INITIATE_COMPLETE, TAP_TERMINATE_COMPLETE, orc_state_complete_left),
            LISTS(TAP_INITIATE, TAP_TERMINATE, orc_state_list),
            LISTS(TAP_INITIATE_COMPLETE, TAP_TERMINATE_COMPLETE, orc_state_list),
            POINT(TAP_BLOCK, orc_state_block)},
     .end = orc_state_end},

    /* ---- the wire ---- */
    {"arriving frames", .on = {POINT(TAP_FRAME_IN, orc_frame_in)}},
    {"transmitted frames", .on = {POINT(TAP_FRAME_OUT, orc_frame_out)}},
    {"ordinary path", .on = {ENTER(TAP_NONOFF_INDICATE, orc_nonoff_enter),
                             LIST(TAP_NONOFF_INDICATE, orc_nonoff_list)}},
    {"frames of the host", .run = {RUN(host_frames, orc_host_frames)},
     .begin = orc_host_frames_begin,
     .on = {LIST(TAP_HOST_SEND, orc_host_send_list), LIST(TAP_HOST_SENT, orc_host_sent_list),
            ENTER(TAP_PAUSE, orc_host_frames_pause)}},

    /* ---- the receiving half ---- */
    {"answers", .run = {RUN(replies, orc_replies)}, .conn = {CONN(answers, orc_answers)},
     .arrived = orc_answers_received, .receiver_rest = orc_answers_step,
     .hindered = orc_delay_hindered},
    {"upload reasons", .conn = {CONN(upload_reasons, orc_upload_reasons)},
     .arrived = orc_upload_reasons_received},
    {"held text", .conn = {CONN(held, orc_held)}, .receiver_rest = orc_held_step},
    {"SACK blocks", .conn = {CONN(blocks, orc_blocks)}, .transmitted = orc_blocks_frame},
    {"offered window", .conn = {CONN(offers, orc_offers)}, .arrived = orc_offers_received,
     .transmitted = orc_offers_frame, .receiver_rest = orc_offers_step,
     .judged_state = orc_offers_state, .hindered = orc_offers_hindered},
    {"timestamps", .conn = {CONN(stamps, orc_stamps)}, .arrived = orc_stamps_received,
     .transmitted = orc_stamps_frame, .receiver_rest = orc_stamps_step,
     .hindered = orc_stamps_hindered},
    {"SACK blocks, arrivals", .arrived = orc_blocks_received, .receiver_rest = orc_blocks_step},
    {"answers, frames", .transmitted = orc_answers_frame},

    /* ---- the sending half ---- */
    {"flight", .conn = {CONN(flight, orc_flight), CONN(rtt_bounds, orc_rtt_bounds)},
     .fresh = orc_flight_fresh, .offloaded = orc_flight_begin, .received = orc_flight_received,
     .hindered = orc_flight_hindered},
    {"peer's window, state", .offloaded = orc_edge_begin, .judged_state = orc_edge_state},
    {"round trips", .judged_state = orc_rtt_judge},
    {"retransmission timer", .conn = {CONN(rto, orc_rto)}, .offloaded = orc_rto_begin,
     .received = orc_rto_received, .judged_state = orc_rto_state, .hindered = orc_rto_hindered},
    {"place in the stream", .sent = orc_place_sent},
    {"peer's window", .received = orc_edge_received, .sent_data = orc_edge_sent},
    {"invalidated, in flight", .conn = {CONN(blocked, orc_blocked)},
     .sender_rest = orc_unblocked_step, .receiver_rest = orc_blocked_step},
    {"small segments", .sent_data = orc_nagle_sent, .sender_rest = orc_nagle_step},
    {"congestion, state", .judged_state = orc_congestion_state},
    {"kept state", .judged_state = orc_kept_state},
    {"window probes", .conn = {CONN(persist, orc_persist)}, .offloaded = orc_persist_begin,
     .on = {ENTER(TAP_SEND, orc_persist_asked), ENTER(TAP_DISCONNECT, orc_persist_asked)},
     .received = orc_persist_received, .sent = orc_persist_sent, .judged_state = orc_persist_state,
     .hindered = orc_persist_hindered},
    {"keepalive", .conn = {CONN(keepalive, orc_keepalive)}, .offloaded = orc_keepalive_begin,
     .received = orc_keepalive_received, .sent = orc_keepalive_sent,
     .judged_state = orc_keepalive_state, .hindered = orc_keepalive_hindered},
    {"recovery", .conn = {CONN(recovery, orc_recovery)}, .offloaded = orc_recovery_begin,
     .received = orc_recovery_received, .sent_data = orc_recovery_sent,
     .sender_rest = orc_recovery_step, .hindered = orc_recovery_hindered},
    {"congestion", .conn = {CONN(congestion, orc_congestion)}, .offloaded = orc_congestion_begin,
     .received = orc_congestion_received, .sent_data = orc_congestion_sent},
    {"timeouts", .sent_data = orc_rto_sent},
    {"window probes, rest", .sender_rest = orc_persist_step},
    {"timeouts, rest", .sender_rest = orc_rto_step},
    {"progress", .conn = {CONN(progress, orc_progress)}, .received = orc_progress_received,
     .sent_data = orc_progress_sent, .sender_rest = orc_progress_step,
     .hindered = orc_progress_hindered},
    {"end of retransmission", .sender_rest = orc_giveup_step, .timed_out = orc_giveup_reported,
     .updated = orc_giveup_update},
    {"keepalive, rest", .sender_rest = orc_keepalive_step, .updated = orc_keepalive_update},
    {"FIN_WAIT_2", .offloaded = orc_fin_wait_begin, .received = orc_fin_wait_received,
     .sender_rest = orc_fin_wait_step, .state = orc_fin_wait_state,
     .timed_out = orc_fin_wait_reported},
    {"keepalive, end", .state = orc_keepalive_final, .timed_out = orc_keepalive_ended},

    /* ---- the adapter, and rest ---- */
    {"ordinary path, rest", .rest = orc_nonoff_step},
    {"quiescence, rest", .rest = orc_quiescence_end},
    {"what is advertised", .run = {RUN(attributes, orc_attributes)}},
    {"adapter",
     .run = {RUN(adapter, orc_adapter), RUN(requests, orc_requests), RUN(counts, orc_counts)},
     .begin = orc_adapter_begin, .rest = orc_adapter_rest},
    {"growth", .run = {RUN(growth, orc_growth)},
     .on = {POINT(TAP_ALLOC, orc_growth_point), POINT(TAP_FREE, orc_growth_point),
            ENTERS(FIRST_IN, LAST_IN, orc_growth_stimulus), LIST(TAP_INITIATE, orc_growth_stimulus),
            POINT(TAP_FRAME_IN, orc_growth_stimulus), POINT(TAP_FRAME_OUT, orc_growth_stimulus)},
     .rest = orc_growth_rest},
    {"reachability", .hindered = orc_reach_hindered},
    {"life",
     .on = {ENTERS(TAP_RESTART, TAP_HALT, orc_life_enter), ENTERS(TAP_PNP, TAP_OID, orc_life_enter),
            ENTERS(TAP_NIC_LINK, TAP_NIC_FAILED, orc_life_enter),
            ENTERS(TAP_MEVENT, TAP_STATUS, orc_life_enter),
            ENTER(TAP_NONOFF_INDICATE, orc_life_shown),
            ENTERS(TAP_PAUSE_COMPLETE, TAP_RESET_COMPLETE, orc_life_enter),
            LEAVES(TAP_DRIVER_ENTRY, TAP_PAUSE, orc_life_leave),
            LEAVES(TAP_RESET, TAP_UNLOAD, orc_life_leave), LEAVE(TAP_OID, orc_life_leave),
            LEAVE(TAP_NIC_FAILED, orc_life_leave), LEAVES(TAP_MEVENT, TAP_STATUS, orc_life_leave),
            POINT(TAP_ALLOC, orc_life_point), POINTS(TAP_OPTIONAL, TAP_OID_DONE, orc_life_point),
            POINT(TAP_LEAK, orc_life_point)},
     .end = orc_life_end},
    {"frames of the host, rest",
     .on = {ENTER(TAP_PAUSE_COMPLETE, orc_host_frames_paused),
            LEAVE(TAP_PAUSE, orc_host_frames_paused)},
     .rest = orc_host_frames_rest},
    {"state operations, rest", .run = {RUN(durations, orc_durations)}, .rest = orc_durations_rest},
    {"owners, end", .end = orc_owner_end},
    {"ordinary path, end", .end = orc_nonoff_end},
    {"rest", .on = {POINT(TAP_STEP, orc_rest), POINT(TAP_END, orc_run_over)}},
    {"verifier, rest",
     .on = {POINT(TAP_STEP, orc_verifier_step), POINT(TAP_END, orc_verifier_end)}},
};

const struct orc_checker *orc_checkers(uint32_t *count)
{
    *count = sizeof(checkers) / sizeof(checkers[0]);
    return checkers;
}
