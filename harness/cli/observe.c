/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/observe.h"

#include <string.h>
#include <sys/mman.h>

#define ROWS_MOST (UINT64_C(1) << 25)
#define INPUTS_MOST (UINT64_C(1) << 20)

/* Both in memory that is taken as it is written. */
struct observations {
    uint64_t rows, inputs, first; /* first: row of the run that goes on */
    bool lost;
    struct observe_row *row;
    struct observe_input *input;
};

static struct observations *current;

static void *addresses(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct observations *observe_new(void)
{
    struct observations *all = addresses(sizeof(*all));
    if (all) {
        all->row = addresses(ROWS_MOST * sizeof(all->row[0]));
        all->input = addresses(INPUTS_MOST * sizeof(all->input[0]));
    }
    if (!all || !all->row || !all->input) {
        fputs("chimneysweep: no shared memory for what runs show\n", stderr);
        return NULL;
    }
    current = all;
    return all;
}

static uint32_t digest(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        sum = (sum ^ bytes[i]) * 16777619u;
    }
    return sum;
}
#define DIGEST_EMPTY 2166136261u

static const char *const frame_names[] = {"sequence", "acknowledgement", "flags",    "window",
                                          "length",   "payload",         "ts-value", "ts-echo",
                                          "options",  "header",          "urgent",   NULL};
static const char *const completion_names[] = {"call", "list", "status", "bytes", "length", NULL};
static const char *const indication_names[] = {"call", "length", "payload", NULL};
static const char *const event_names[] = {"type", "information", NULL};
static const char *const status_names[] = {"code", NULL};
static const char *const operation_names[] = {"call", "layer", "status", NULL};
static const char *const state_names[] = {"State",
                                          "Flags",
                                          "RcvNxt",
                                          "RcvWnd",
                                          "SndUna",
                                          "SndNxt",
                                          "SndMax",
                                          "SndWnd",
                                          "MaxSndWnd",
                                          "SendWL1",
                                          "CWnd",
                                          "SsThresh",
                                          "SRtt",
                                          "RttVar",
                                          "TsRecent",
                                          "TsRecentAge",
                                          "TsTime",
                                          "TotalRT",
                                          "DupAckCount",
                                          "SndWndProbeCount",
                                          "KeepAlive.ProbeCount",
                                          "KeepAlive.TimeoutDelta",
                                          "Retransmit.Count",
                                          "Retransmit.TimeoutDelta",
                                          "DWnd",
                                          NULL};

const char *const *observe_names(enum observe_kind kind, uint32_t *hexadecimal)
{
    static const struct {
        const char *const *names;
        uint32_t hexadecimal;
    } kinds[] = {
        [SEEN_FRAME] = {frame_names, 1u << 2 | 1u << 5 | 1u << 8 | 1u << 9},
        [SEEN_COMPLETION] = {completion_names, 1u << 2},
        [SEEN_INDICATION] = {indication_names, 1u << 2},
        [SEEN_EVENT] = {event_names, 0},
        [SEEN_STATUS] = {status_names, 1},
        [SEEN_OPERATION] = {operation_names, 1u << 2},
        [SEEN_STATE] = {state_names, 0},
    };
    *hexadecimal = kinds[kind].hexadecimal;
    return kinds[kind].names;
}

const char *observe_kind_name(enum observe_kind kind)
{
    static const char *const names[] = {
#define OBSERVE_NAME(value, word) word,
        OBSERVE_KINDS(OBSERVE_NAME)
#undef OBSERVE_NAME
    };
    return names[kind];
}

static struct observe_row *observe_add(enum observe_kind kind, const struct tap_event *event)
{
    static struct observe_row lost;
    if (current->rows == ROWS_MOST) {
        current->lost = true;
        return &lost;
    }
    struct observe_row *row = &current->row[current->rows++];
    *row = (struct observe_row){
        .kind = kind, .conn = event->conn, .event = event->seq, .time_ns = event->time_ns};
    return row;
}

static void add_words(enum observe_kind kind, const struct tap_event *event, const uint32_t *word,
                      uint32_t words)
{
    struct observe_row *row = observe_add(kind, event);
    memcpy(row->word, word, words * sizeof(word[0]));
    row->words = words;
}
#define ADD(kind, event, ...)                                                                      \
    add_words(kind, event, (const uint32_t[]){__VA_ARGS__},                                        \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* All options but timestamps, which stand by themselves. */
static uint32_t options_of(const struct segment *s)
{
    uint32_t sum = DIGEST_EMPTY;
    for (uint32_t at = 0; at < s->option_bytes && s->option[at];) {
        uint32_t length = s->option[at] == 1 ? 1 : at + 1 < s->option_bytes ? s->option[at + 1] : 0;
        if (length < 1 || at + length > s->option_bytes) {
            break;
        }
        sum = s->option[at] == 8 ? sum : digest(sum, s->option + at, length);
        at += length;
    }
    return sum;
}

#define LOOKED_AT 64u /* connections among which that of a frame is sought */

static uint32_t conn_of(const struct host *host, const struct segment *s)
{
    for (uint32_t i = 0; i < host->conns && i < LOOKED_AT; i++) {
        if (host->conn[i].local.port == s->from.port && host->conn[i].remote.port == s->to.port) {
            return i;
        }
    }
    return TAP_NONE;
}

static void observe_frame(const struct world *world, const struct tap_event *sent)
{
    struct segment s;
    struct tap_event with = *sent, *event = &with;
    uint32_t length = event->data.frame.length;
    if (!segment_read(event->ptr, length, &s)) {
        ADD(SEEN_FRAME, event, 0, 0, 0, 0, length, digest(DIGEST_EMPTY, event->ptr, length), 0, 0,
            0, 0, 0);
        return;
    }
    with.conn = conn_of(&world->host, &s);
    const uint8_t fields[] = {s.tos,    s.ttl,      (uint8_t)s.vlan,    (uint8_t)(s.vlan >> 8),
                              s.tagged, s.priority, s.bad_tcp_checksum, s.bad_ip_checksum};
    uint32_t header = digest(DIGEST_EMPTY, fields, sizeof(fields));
    header = digest(header, (const uint8_t *)event->ptr, 12);
    header = digest(header, s.from.address, sizeof(s.from.address));
    header = digest(header, s.to.address, sizeof(s.to.address));
    ADD(SEEN_FRAME, event, s.seq, s.ack, s.flags, s.window, s.length,
        digest(DIGEST_EMPTY, s.payload, s.length), s.ts_value, s.ts_echo, options_of(&s),
        header ^ (uint32_t)s.from.port << 16 ^ s.to.port, s.urgent);
}

static void add_span(void *context, const uint8_t *bytes, uint32_t length)
{
    uint32_t *sum = context;
    *sum = digest(*sum, bytes, length);
}

/* The call of the driver that is open. */
static enum tap_fn open_fn;
static uint32_t open_seq;

static void observe_list(const struct tap_event *event)
{
    const struct tap_nbl *list = event->ptr;
    uint32_t sum = DIGEST_EMPTY;
    if (event->call != open_seq || list->fault != NBL_OK) {
        return;
    }
    switch (open_fn) {
    case TAP_RCV_COMPLETE:
    case TAP_SND_COMPLETE:
    case TAP_DIS_COMPLETE:
    case TAP_FWD_COMPLETE:
    case TAP_HOST_SENT:
    case TAP_TERMINATE_COMPLETE:
        ADD(SEEN_COMPLETION, event, open_fn, list->role, (uint32_t)list->status,
            list->role == ROLE_POST ? list->bytes_transferred : list->advance, list->length);
        break;
    case TAP_RCV_INDICATE:
    case TAP_NONOFF_INDICATE:
        tap_nbl_spans(list, 0, list->length, add_span, &sum);
        ADD(SEEN_INDICATION, event, open_fn, list->length, sum);
        break;
    default:
        break;
    }
}

static void observe_state(const struct tap_event *event)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = event->ptr;
    TCP_OFFLOAD_STATE_DELEGATED t;
    ADD(SEEN_OPERATION, event, open_fn, event->data.block.layer, (uint32_t)event->status);
    if (open_fn != TAP_TERMINATE_COMPLETE || event->data.block.layer != LAYER_TCP || !block ||
        block->Header.Type != TcpOffloadDelegatedState || event->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    const OFFLOAD_STATE_HEADER *header = ndis_offload_state_first(block);
    memset(&t, 0, sizeof(t));
    memcpy(&t, header, header->Length < sizeof(t) ? header->Length : sizeof(t));
    ADD(SEEN_STATE, event, t.State, t.Flags, t.RcvNxt, t.RcvWnd, t.SndUna, t.SndNxt, t.SndMax,
        t.SndWnd, t.MaxSndWnd, t.SendWL1, t.CWnd, t.SsThresh, t.SRtt, t.RttVar, t.TsRecent,
        t.TsRecentAge, t.TsTime, t.TotalRT, t.DupAckCount, t.SndWndProbeCount,
        t.KeepAlive.ProbeCount, t.KeepAlive.TimeoutDelta, t.Retransmit.Count,
        t.Retransmit.TimeoutDelta, t.DWnd);
}

static bool of_driver(enum tap_fn fn)
{
    return fn >= TAP_RCV_COMPLETE && fn <= TAP_TERMINATE_COMPLETE;
}

void observe_event(void *world, const struct tap_event *event)
{
    if (event->seq == 0) {
        current->rows = current->first;
        open_seq = TAP_NONE;
    }
    if (event->kind == TAP_ENTER && of_driver(event->fn)) {
        open_fn = event->fn;
        open_seq = event->seq;
    }
    if (event->kind == TAP_ENTER && event->fn == TAP_EVENT) {
        ADD(SEEN_EVENT, event, event->data.event.type, event->data.event.information);
    } else if (event->kind == TAP_ENTER && event->fn == TAP_STATUS) {
        ADD(SEEN_STATUS, event, (uint32_t)event->status);
    } else if (event->fn == TAP_FRAME_OUT && event->ptr && event->status == NDIS_STATUS_SUCCESS) {
        observe_frame(world, event);
    } else if (event->kind == TAP_POINT && event->fn == TAP_NBL) {
        observe_list(event);
    } else if (event->kind == TAP_POINT && event->fn == TAP_BLOCK && event->call == open_seq) {
        observe_state(event);
    }
}

void observe_end(const struct trace *trace, const char *name)
{
    if (current->inputs == INPUTS_MOST) {
        return;
    }
    struct observe_input *input = &current->input[current->inputs];
    snprintf(input->name, sizeof(input->name), "%s", name);
    snprintf(input->verdict, sizeof(input->verdict), "%s", verdict_kind_name(trace->verdict.kind));
    if (trace->verdict.kind != VERDICT_PASS) {
        cli_identity(trace, input->verdict, sizeof(input->verdict));
    }
    input->cut = !trace->end.finished;
    input->lost = current->lost;
    input->first = current->first;
    input->count = current->rows - current->first;
    current->first = current->rows;
    current->inputs++;
}

uint64_t observe_inputs(const struct observations *all)
{
    return all->inputs;
}

const struct observe_input *observe_input_at(const struct observations *all, uint64_t index)
{
    return &all->input[index];
}

const struct observe_row *observe_rows(const struct observations *all,
                                       const struct observe_input *input)
{
    return &all->row[input->first];
}
