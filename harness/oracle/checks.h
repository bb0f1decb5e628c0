/* SPDX-License-Identifier: MIT
 *
 * The checks, by area. oracle.c calls them; none calls oracle.c. A file may call down into the
 * tables (tables.c), the ledgers (stream.c) and the causes (cause.c), and reports by report.h.
 */
#ifndef ORACLE_CHECKS_H
#define ORACLE_CHECKS_H

#include "oracle/model/model.h"
#include "oracle/report/report.h"
#include "oracle/wire/wire_parse.h"

/* ---- dispatch.c, points.c: who sees which event ---- */
void orc_enter(struct oracle *o, const struct tap_event *ev);
void orc_leave(struct oracle *o, const struct tap_event *ev);
void orc_point(struct oracle *o, const struct tap_event *ev);

/* ---- tables.c: records by id, queues, the step list ---- */
struct orc_conn *orc_conn_new(struct oracle *o, uint32_t ordinal); /* NULL for TAP_NONE */
struct orc_nbl *orc_nbl_new(struct oracle *o, uint32_t id);
struct orc_object *orc_object_new(struct oracle *o, uint32_t id);
static inline struct orc_conn *orc_conn(struct oracle *o, uint32_t ordinal)
{
    return ordinal < o->conns && o->conn[ordinal].used ? &o->conn[ordinal]
                                                       : orc_conn_new(o, ordinal);
}
static inline struct orc_nbl *orc_nbl(struct oracle *o, uint32_t id)
{
    return id < o->nbls ? &o->nbl[id] : orc_nbl_new(o, id);
}
static inline struct orc_object *orc_object(struct oracle *o, uint32_t id)
{
    return id < o->objects ? &o->object[id] : orc_object_new(o, id);
}
struct orc_op *orc_op(struct oracle *o, uint32_t id);
static inline uint32_t orc_ordinal(const struct oracle *o, const struct orc_conn *conn)
{
    return conn ? (uint32_t)(conn - o->conn) : ORC_NONE;
}
void orc_tables_reset(struct oracle *o);
void orc_tables_free(struct oracle *o);
void orc_conn_begin(struct oracle *o, struct orc_conn *conn); /* a new offload of it */
void orc_dirty_new(struct oracle *o, struct orc_conn *conn);
static inline void orc_dirty(struct oracle *o, struct orc_conn *conn)
{
    if (!conn->dirty) {
        orc_dirty_new(o, conn);
    }
}
void orc_watch(struct oracle *o, struct orc_conn *conn, uint64_t due_ns);
void orc_queue_push(struct oracle *o, struct orc_queue *queue, uint32_t id);
void orc_queue_remove(struct oracle *o, struct orc_queue *queue, uint32_t id);
uint8_t *orc_scratch(struct oracle *o, uint32_t bytes); /* NULL when memory is short */

/* ---- flows.c: connections by addresses and ports, frames by content ---- */
void orc_flow_add(struct oracle *o, struct orc_conn *conn);
/* Finds the connection whose local end is given; NULL when none was ever offloaded so. */
struct orc_conn *orc_flow_find(struct oracle *o, uint8_t version, const uint8_t *local,
                               const uint8_t *remote, uint16_t local_port, uint16_t remote_port);
void orc_flows_reset(struct oracle *o);
struct orc_passing *orc_passing_add(struct oracle *o, struct orc_passings *set, uint64_t hash);
struct orc_passing *orc_passing_find(struct orc_passings *set, uint64_t hash);
void orc_passings_reset(struct orc_passings *set);

/* ---- calls.c: the stack of open calls, and what came before what ---- */
struct orc_call *orc_call_enter(struct oracle *o, const struct tap_event *ev);
static inline struct orc_call *orc_call_top(struct oracle *o, uint8_t cpu)
{
    struct orc_cpu *of = &o->cpu[cpu % ORC_CPUS];
    return of->depth ? &of->call[of->depth - 1] : NULL; /* NULL outside of calls */
}
struct orc_call *orc_call_open(struct oracle *o, const struct tap_event *ev); /* by LEAVE's call */
void orc_call_leave(struct oracle *o, const struct tap_event *ev);
static inline bool orc_calls_into_target(uint8_t fn)
{
    return fn <= TAP_NIC_FAILED;
}
/* Several frames came in one call that is still open: the target may not have looked at the later
 * ones yet, of which the ledgers know already. */
bool orc_in_batch(const struct oracle *o);
/* Section 0's overlap rule: an event that ended at `left` came before what this cpu does now. */
static inline bool orc_before(const struct oracle *o, uint32_t left)
{
    return left != ORC_NONE && left < o->cpu[o->event->cpu % ORC_CPUS].sync;
}

/* ---- cause.c: why a request may fail, whether a connection runs normally ---- */
static inline bool orc_running(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = &c->receive;
    if (c->phase != ORC_LIVE || c->term_enter != ORC_NONE || o->adapter != ORC_ADAPTER_RUNNING ||
        o->short_of_memory) {
        return false;
    }
    bool reported = c->abort_event != ORC_NONE || c->local_abort != ORC_NONE ||
                    c->mandatory_event != ORC_NONE || c->upload_early_event != ORC_NONE;
    bool killed = r->rst_possible || r->syn_possible || r->urgent_possible;
    return !reported && !killed && !c->failed_over;
}
bool orc_upload_known(const struct oracle *o, const struct orc_conn *conn);
void orc_upload_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule);
void orc_abort_cause(struct oracle *o, struct orc_conn *conn, enum orc_rule rule);
bool orc_abort_possible(const struct oracle *o, const struct orc_conn *conn);
bool orc_closed_possible(const struct oracle *o, const struct orc_conn *conn);
bool orc_closed_before(const struct oracle *o, const struct orc_conn *conn);
/* Both FINs were seen and ours may be acknowledged: TIME_WAIT, or CLOSED, which passes frames up.
 */
static inline bool orc_finished(const struct orc_conn *c)
{
    const struct orc_receive *r = &c->receive;
    const struct orc_send *s = &c->send;
    return (r->fins || r->fin_before) && s->fin_sent && s->una_possible > s->fin;
}
static inline bool orc_waived(const struct oracle *o)
{
    return o->fault_alloc || o->fault_pool || o->fault_map || o->alloc_failed;
}
/* Until when a target may be waiting for memory that it lacked, 0 = it does not. */
static inline uint64_t orc_starved_until(const struct oracle *o)
{
    const struct orc_adapter_state *x = &o->adapter_state;
    uint64_t end = x->alloc_failed_ns + ORC_NS_PER_SECOND;
    return x->alloc_failed_event != ORC_NONE && o->event->time_ns < end ? end : 0;
}
bool orc_path_found_invalid(struct oracle *o, const struct orc_conn *conn);
static inline bool orc_path_invalid(struct oracle *o, const struct orc_conn *conn)
{
    return o->invalidated_ever && orc_path_found_invalid(o, conn);
}
uint8_t orc_after_flags(const struct oracle *o, const struct orc_conn *conn);
bool orc_mandatory_reason(uint32_t reason);
void orc_set_rate(struct oracle *o, uint32_t ticks_per_second);
static inline uint64_t orc_slack_ns(const struct oracle *o)
{
    return o->slack_ns;
}

/* ---- owner.c ---- */
struct orc_nbl *orc_owner_handed(struct oracle *o, const struct tap_event *ev,
                                 const struct tap_nbl *list, struct orc_call *call);
/* A list given back through a completion; NULL when it must not be looked at. */
struct orc_nbl *orc_owner_back(struct oracle *o, const struct tap_event *ev,
                               const struct tap_nbl *list);
void orc_owner_indicated(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
void orc_owner_returned(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
void orc_owner_to_host(struct oracle *o, uint32_t id, uint32_t conn, uint8_t fn);
void orc_owner_call_left(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_owner_end(struct oracle *o);

/* ---- serial.c ---- */
void orc_serial_inside(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_serial_leave(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_serial_upcall(struct oracle *o, const struct tap_event *ev);
void orc_serial_lock(struct oracle *o, const struct tap_event *ev);

/* ---- stream.c: the receive ledger's bytes ---- */
/* Whether all of [begin, end) has arrived without a hole in it. */
bool orc_stream_holds(const struct orc_receive *r, int64_t begin, int64_t end);
bool orc_stream_known(const struct orc_receive *r, int64_t offset);
bool orc_stream_add(struct orc_receive *r, int64_t begin, const uint8_t *bytes, uint32_t length);
/* Judges bytes that the target hands to the host as the next ones of the stream. */
void orc_stream_judge(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                      uint32_t offset, uint32_t length, const char *what);
void orc_stream_consume(struct oracle *o, struct orc_conn *conn, uint32_t length);
static inline int64_t orc_receive_offset(const struct orc_receive *r, uint32_t sequence)
{
    uint32_t reference = r->sequence + (uint32_t)r->possible;
    return r->possible + (int32_t)(sequence - reference);
}
int64_t orc_accepted(const struct orc_receive *r);
bool orc_fin_at(const struct orc_receive *r, int64_t offset);
static inline bool orc_fin_possible(const struct orc_receive *r, int64_t offset)
{
    return r->fin_before || r->fin_lenient || (r->fins && orc_fin_at(r, offset));
}
int64_t orc_fin_first(const struct orc_receive *r); /* INT64_MAX when none */

/* ---- segment.c: what an arriving segment means ---- */
void orc_segment_in(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_tcp *tcp, bool doubtful);
void orc_frame_in(struct oracle *o, const struct tap_event *ev);

/* ---- predicted.c: the common one ---- */
/* True: the segment was what was to be expected, and all of it is done. */
bool orc_predicted(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);

/* ---- reach.c: reachability of neighbors ---- */
void orc_reach_begin(struct oracle *o, struct orc_object *neighbor,
                     const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                     const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated);
void orc_reach_update(struct oracle *o, struct orc_object *neighbor,
                      const NEIGHBOR_OFFLOAD_STATE_CACHED *cached);
void orc_reach_progress(struct oracle *o, const struct orc_conn *c, bool sure);
void orc_reach_ending(struct oracle *o, const struct orc_conn *c);
void orc_reach_frame(struct oracle *o, const struct orc_conn *c);
bool orc_reach_host_right(const struct oracle *o, const struct orc_object *neighbor,
                          uint32_t ticks);
void orc_reach_state(struct oracle *o, const struct orc_object *neighbor,
                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);
void orc_reach_query(struct oracle *o, const struct tap_event *ev);
void orc_reach_answered(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);

/* ---- counts.c: statistics ---- */
void orc_counts_in(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                   bool certain);
void orc_counts_forwarded(struct oracle *o, const struct orc_conn *c);
void orc_counts_out(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                    int64_t begin, bool sent);
void orc_counts_begin(struct oracle *o, const struct orc_conn *c);
void orc_counts_abort(struct oracle *o, const struct orc_conn *c);
void orc_counts_request(struct oracle *o, const struct tap_event *ev);

/* ---- contexts.c: context values, life after a close ---- */
void orc_contexts_reset(struct orc_contexts *x);
void orc_contexts_add(struct oracle *o, const struct orc_node *node);
void orc_contexts_judge(struct oracle *o, const struct orc_node *node);
bool orc_closed(const struct orc_conn *c);
void orc_life_answered(struct oracle *o, const struct orc_op *op, const struct orc_node *node);

/* ---- failure.c: the card fails ---- */
void orc_failure_begin(struct oracle *o, const struct tap_event *ev);
void orc_failure_left(struct oracle *o, const struct tap_event *ev);
void orc_failure_step(struct oracle *o, struct orc_conn *c);
void orc_failure_abort(struct oracle *o, const struct orc_conn *c);
void orc_failure_status(struct oracle *o, const struct orc_conn *c, int32_t status);

/* ---- tree.c: which blocks of an initiate are taken ---- */
void orc_tree_judge(struct oracle *o, const struct orc_op *op);

/* ---- adapter.c: requests to the adapter ---- */
void orc_request_made(struct oracle *o, const struct tap_event *ev);
void orc_request_ended(struct oracle *o, const struct tap_event *ev);
void orc_adapter_request(struct oracle *o, const struct tap_event *ev);
void orc_adapter_done(struct oracle *o, const struct tap_event *ev);
void orc_adapter_status(struct oracle *o, int32_t code);
void orc_adapter_rest(struct oracle *o, uint64_t now);
void orc_growth_point(struct oracle *o, const struct tap_event *ev);
void orc_growth_rest(struct oracle *o);
void orc_adapter_send(struct oracle *o, const struct orc_conn *c, int32_t status);

/* ---- router.c: what routers say ---- */
void orc_router_frame(struct oracle *o, const struct orc_packet *packet);
void orc_router_data(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp,
                     int64_t begin);

/* ---- quiescence.c: what must not happen, or must have happened, at rest ---- */
void orc_quiescence_enter(struct oracle *o, const struct tap_event *ev);
void orc_quiescence_acted(struct oracle *o, uint32_t conn, const char *what);
void orc_quiescence_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d);
void orc_quiescence_end(struct oracle *o);
void orc_quiescence_conn(struct oracle *o, struct orc_conn *c, bool waived);
void orc_backlog_reported(struct oracle *o, struct orc_conn *c, uint32_t bytes);
void orc_backlog_event(struct oracle *o, struct orc_conn *c, uint32_t bytes);
void orc_invalid_frame(struct oracle *o, struct orc_conn *c);

/* ---- receiver.c: the receiving half, all of it ---- */
void orc_receiver_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_receiver_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                        const struct orc_tcp *tcp);
void orc_receiver_step(struct oracle *o, struct orc_conn *c, bool judged);

/* ---- answers.c: which segments must be answered ---- */
void orc_answers_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_answers_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                       const struct orc_tcp *tcp);
void orc_answers_step(struct oracle *o, struct orc_conn *c, bool judged);

/* ---- delay.c: how long an ACK may be put off ---- */
void orc_delay_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                        int64_t before);
int64_t orc_held_end(struct oracle *o, const struct orc_conn *c, int64_t begin, int64_t end);
/* The text of a segment was surely accepted. */
void orc_delay_placed(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_held_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                       int64_t before);
void orc_held_step(struct oracle *o, struct orc_conn *c, bool judged);
void orc_delay_frame(struct oracle *o, struct orc_conn *c, int64_t ack);
void orc_delay_step(struct oracle *o, struct orc_conn *c, bool judged);

/* ---- offers.c: the window that is offered ---- */
void orc_offers_received(struct orc_conn *c, const struct orc_seen *s);
void orc_offers_frame(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp);
void orc_offers_step(struct oracle *o, struct orc_conn *c, bool judged);

/* ---- stamps.c: timestamps ---- */
void orc_stamps_begin(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);
void orc_stamps_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_stamps_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_stamps_step(struct orc_conn *c, bool judged);
void orc_stamps_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);

/* ---- blocks.c: SACK blocks that are sent ---- */
void orc_blocks_received(struct orc_conn *c, const struct orc_seen *s);
void orc_blocks_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_blocks_step(struct orc_conn *c);

/* ---- receive.c ---- */
void orc_post_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_post_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                   struct orc_call *call);
void orc_receive_completed(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                           struct orc_call *call);

/* ---- indicate.c ---- */
void orc_indicate_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_indicate_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                       struct orc_call *call);
void orc_indicate_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

/* ---- close.c ---- */
void orc_event_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_event_leave(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_disconnect_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_disconnect_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                         struct orc_call *call);
void orc_disconnect_leave(struct oracle *o, const struct tap_event *ev,
                          const struct orc_call *call);
void orc_disconnect_completed(struct oracle *o, const struct tap_event *ev,
                              const struct tap_nbl *list);

/* ---- send.c, send_wire.c ---- */
void orc_send_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_send_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                   struct orc_call *call);
void orc_send_bytes(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                    struct orc_nbl *nbl);
void orc_send_completed(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
/* The amount by which a list's data was or should have been advanced, in [least, most]. */
void orc_send_acked(const struct orc_send *s, const struct orc_nbl *nbl, int64_t *least,
                    int64_t *most);
void orc_send_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_packet *packet);
void orc_send_step(struct oracle *o, struct orc_conn *conn);

/* ---- sender.c: the shadow sender ---- */
struct orc_received;
void orc_sender_begin(struct oracle *o, struct orc_conn *c, const void *delegated);
void orc_sender_begun(struct oracle *o, struct orc_conn *c);
void orc_sender_dirty(struct oracle *o, struct orc_conn *c);
void orc_sender_received(struct oracle *o, struct orc_conn *c, struct orc_received *h);
/* The same for a predicted segment (predicted.c). */
void orc_sender_passed(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_sender_sent(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                     const struct orc_packet *packet, int64_t begin);
void orc_sender_step(struct oracle *o, struct orc_conn *c);
void orc_sender_rest(struct orc_conn *c);
void orc_sender_reported(struct oracle *o, struct orc_conn *c);
void orc_sender_challenged(struct oracle *o, struct orc_conn *c, bool sure);
void orc_sender_updated(struct oracle *o, struct orc_conn *c, bool done);
void orc_sender_ending(struct oracle *o, struct orc_conn *c);
void orc_sender_state(struct oracle *o, struct orc_conn *c, const void *delegated, bool final);

/* ---- wire_window.c: acknowledgement and window of a frame that the target sends ---- */
void orc_window_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                      const struct orc_tcp *tcp);

/* ---- upload_reasons.c: why a target may ask to be uploaded of its own accord ---- */
struct orc_sent;
void orc_upload_reasons_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_upload_reasons_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_upload_reasons_request(struct oracle *o, struct orc_conn *c, uint32_t bytes);
void orc_upload_reasons_judge(struct oracle *o, const struct orc_conn *c, uint32_t reason);

/* ---- forward.c ---- */
void orc_forward_enter(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_forward_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                      struct orc_call *call);
void orc_forward_completed(struct oracle *o, const struct tap_event *ev,
                           const struct tap_nbl *list);

/* ---- nonoff.c: frames that go to the host unprocessed ---- */
bool orc_vlan_fits(struct oracle *o, const struct orc_conn *conn, const struct orc_packet *packet);
void orc_nonoff_frame(struct oracle *o, const struct tap_event *ev, const struct orc_packet *packet,
                      struct orc_conn *conn);
void orc_nonoff_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
void orc_nonoff_step(struct oracle *o);
void orc_nonoff_end(struct oracle *o);
void orc_host_send_list(struct oracle *o, const struct tap_nbl *list);
uint64_t orc_frame_hash(const uint8_t *frame, uint32_t bytes);

/* ---- state.c: operations on the state tree ---- */
void orc_state_enter(struct oracle *o, const struct tap_event *ev);
void orc_state_left(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_state_complete(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_state_complete_left(struct oracle *o, const struct tap_event *ev,
                             const struct orc_call *call);
void orc_state_block(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_state_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list,
                    const struct orc_call *call);
uint32_t orc_delegated_bytes(const OFFLOAD_STATE_HEADER *state);
const OFFLOAD_STATE_HEADER *orc_state_find(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                           OFFLOAD_STATE_TYPE wanted);

/* ---- initiate.c ---- */
void orc_initiate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_initiate_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
void orc_admission_refused(struct oracle *o, const struct orc_conn *c, const struct orc_node *node);
void orc_admission_refused_above(struct oracle *o, const struct orc_object *object,
                                 const struct orc_node *node);
void orc_initiate_judge(struct oracle *o, struct orc_op *op);
void orc_initiate_done(struct oracle *o, struct orc_op *op, uint32_t left);

/* ---- query.c: query, update, invalidate ---- */
void orc_update_node(struct oracle *o, struct orc_node *node, bool done);
void orc_query_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_query_link(struct oracle *o, const struct orc_node *node,
                    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);
void orc_invalidate_node(struct oracle *o, struct orc_node *node);
void orc_invalidate_done(struct oracle *o, const struct orc_op *op, uint32_t left);

/* ---- terminate.c ---- */
void orc_terminate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_terminate_left(struct oracle *o, const struct orc_op *op, uint32_t left);
void orc_terminate_done(struct oracle *o, const struct tap_event *ev, uint32_t node);
void orc_terminate_list(struct oracle *o, const struct tap_nbl *list);
void orc_terminate_flush(struct oracle *o);

/* ---- verifier.c: what binds every miniport ---- */
void orc_verifier_begin(struct oracle *o);
void orc_verifier_point(struct oracle *o, const struct tap_event *ev);
void orc_verifier_enter(struct oracle *o, const struct tap_event *ev);
void orc_verifier_leave(struct oracle *o, const struct tap_event *ev);
void orc_verifier_upcall(struct oracle *o, const struct tap_event *ev);
void orc_verifier_sent(struct oracle *o, uint32_t id); /* a frame of the host */
void orc_verifier_back(struct oracle *o, uint32_t id);
void orc_verifier_step(struct oracle *o);
void orc_verifier_end(struct oracle *o, const struct tap_event *ev);
/* The rule that a misuse breaks, or NULL: it breaks one of offload. */
enum orc_rule orc_verifier_misuse(const struct tap_event *ev);

/* ---- life.c ---- */
void orc_life_point(struct oracle *o, const struct tap_event *ev);
void orc_life_enter(struct oracle *o, const struct tap_event *ev);
void orc_life_shown(struct oracle *o, const struct tap_event *ev);
void orc_life_leave(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);

/* ---- wire_check.c ---- */
void orc_frame_out(struct oracle *o, const struct tap_event *ev);

/* ---- step.c: what is due when all is at rest ---- */
void orc_step(struct oracle *o, const struct tap_event *ev);
void orc_end(struct oracle *o, const struct tap_event *ev);

/* ---- host_rules.c: what the rig promised ---- */
void orc_host_call(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_host_operation(struct oracle *o, const struct tap_event *ev, const struct orc_node *node);
void orc_host_disconnect(struct oracle *o, const struct orc_conn *conn, const struct tap_nbl *list,
                         const struct orc_call *call);
void orc_host_answer(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
void orc_host_initiate(struct oracle *o, const struct orc_conn *conn, uint32_t state);

#endif
