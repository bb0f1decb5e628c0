/* SPDX-License-Identifier: MIT */
#include "oracle/segment/host_frames.h"
#include "oracle/adapter/verifier.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/calls.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"
#include "oracle/segment/nonoff.h"

#include <string.h>

#define LATE_NS ORC_NS_PER_SECOND /* a card may take so long for a frame that it has reported */
#define LEAST_BYTES 60u           /* shorter frames are padded */
#define LINK_BYTES 14u
#define TAG_BYTES 4u
#define TAG_AT 12u

/* What becomes of a frame besides going out. */
enum { WHY_WAITS, WHY_PAUSED, WHY_TRIED, WHY_FAILED };

void orc_host_frames_begin(struct oracle *o)
{
    o->host_frames->pause = ORC_NONE;
}

static void note_frame(struct oracle *o, uint32_t list, const uint8_t *bytes, uint32_t length)
{
    struct orc_passing *entry =
        orc_passing_add(o, &o->host_frames->frame, orc_frame_hash(bytes, length));
    if (entry) {
        entry->event = o->lists->nbl[list].handed;
        entry->list = list;
        entry->bytes = length;
        entry->why = length < LINK_BYTES   ? WHY_TRIED /* no frame, and nobody can send it */
                     : o->adapter->pausing ? WHY_PAUSED
                                           : WHY_WAITS;
    }
}

void orc_host_send_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_handed(o, ev, list, call);
    uint8_t *bytes = nbl ? orc_scratch(o, list->length) : NULL;
    if (!nbl) {
        return;
    }
    orc_verifier_sent(o, list->id);
    nbl->begin = nbl->end = o->host_frames->frame.count;
    uint32_t at = 0, total = bytes ? tap_nbl_copy(list, 0, bytes, list->length) : 0;
    for (const NET_BUFFER *nb = list->nbl->FirstNetBuffer; nb && at < total; nb = nb->Next) {
        uint32_t length = nb->DataLength < total - at ? nb->DataLength : total - at;
        note_frame(o, list->id, bytes + at, length);
        at += length;
    }
    nbl->end = o->host_frames->frame.count;
}

/* ---- A frame goes out ---- */

/* As handed down, or padded to the least that a wire carries. */
static bool same_frame(const struct orc_passing *entry, const uint8_t *frame, uint32_t bytes)
{
    uint32_t length = entry->bytes < bytes ? entry->bytes : bytes;
    bool padded = bytes > length && bytes <= LEAST_BYTES;
    for (uint32_t i = length; padded && i + 1 < bytes; i++) {
        padded = frame[i] == frame[i + 1];
    }
    return (bytes == entry->bytes || padded) && orc_frame_hash(frame, length) == entry->hash;
}

static struct orc_passing *next_of(struct orc_host_frames *x)
{
    while (x->next < x->frame.count && x->frame.entry[x->next].why == WHY_FAILED) {
        x->next++;
    }
    return x->next < x->frame.count ? &x->frame.entry[x->next] : NULL;
}

static void settle(struct orc_host_frames *x, struct orc_passing *entry)
{
    x->owed -= entry->due;
    entry->due = false;
}

static struct orc_passing *older(struct orc_host_frames *x, const struct orc_passing *entry)
{
    return entry->chain ? &x->frame.entry[entry->chain - 1] : NULL;
}

static bool alike(const struct orc_passing *one, const struct orc_passing *other)
{
    return one->hash == other->hash && one->bytes == other->bytes;
}

/* Its list has failed: what went out may have been one like it. */
static void doubt_sent(struct orc_host_frames *x, const struct orc_passing *failed)
{
    struct orc_passing *entry = orc_passing_find(&x->frame, failed->hash);
    for (; entry; entry = older(x, entry)) {
        if (!entry->passed && entry->why != WHY_FAILED && alike(entry, failed)) {
            entry->why = WHY_TRIED;
            settle(x, entry);
        }
    }
}

/* Another of the host's frames is like it and went out later, or is in doubt: which of them it was
 * cannot be told. */
static bool has_twin(struct orc_host_frames *x, const struct orc_passing *of)
{
    struct orc_passing *entry = orc_passing_find(&x->frame, of->hash);
    while (entry && !(entry != of && alike(entry, of) &&
                      (entry->why != WHY_WAITS || (entry->passed && entry > of)))) {
        entry = older(x, entry);
    }
    return entry != NULL;
}

/* One like it went out for a list that may still fail. */
static bool may_stand_for(struct oracle *o, const struct orc_passing *unsent)
{
    struct orc_host_frames *x = o->host_frames;
    struct orc_passing *entry = orc_passing_find(&x->frame, unsent->hash);
    while (entry && !(entry->passed && alike(entry, unsent) &&
                      o->lists->nbl[entry->list].owner == OWNER_TARGET)) {
        entry = older(x, entry);
    }
    return entry != NULL;
}

/* One of several alike, of which a list that failed may have left one: none of them is surely sent
 * or surely missing. */
static void doubt_alike(struct orc_host_frames *x, struct orc_passing *entry, const uint8_t *frame,
                        uint32_t bytes)
{
    for (; entry; entry = older(x, entry)) {
        if (!entry->passed && entry->why != WHY_FAILED && same_frame(entry, frame, bytes)) {
            entry->why = WHY_TRIED;
            settle(x, entry);
        }
    }
}

/* The frame handed down that this one stands for: the next in order, else the oldest that has not
 * gone out, else any that has. */
static struct orc_passing *host_frame_find(struct orc_host_frames *x, const uint8_t *frame,
                                           uint32_t bytes)
{
    struct orc_passing *next = next_of(x), *later = NULL, *earlier = NULL, *gone = NULL;
    struct orc_passing *failed = NULL;
    if (next && same_frame(next, frame, bytes)) {
        return next;
    }
    struct orc_passing *newest = orc_passing_find(&x->frame, orc_frame_hash(frame, bytes));
    for (struct orc_passing *entry = newest; entry; entry = older(x, entry)) {
        if (!same_frame(entry, frame, bytes)) {
            continue;
        }
        bool behind = entry >= x->frame.entry + x->next;
        gone = entry->passed ? entry : gone;
        failed = !entry->passed && entry->why == WHY_FAILED ? entry : failed;
        later = !entry->passed && behind ? entry : later;
        earlier = !entry->passed && !behind ? entry : earlier;
    }
    if (failed) {
        doubt_alike(x, newest, frame, bytes);
        return failed;
    }
    return later ? later : earlier ? earlier : gone;
}

/* The host's frame with the tag of the interface's VLAN, which is the card's to put in. */
static struct orc_passing *find_tagged(struct oracle *o, const struct orc_packet *packet)
{
    uint32_t bytes = packet->frame_bytes - TAG_BYTES;
    uint8_t *plain = packet->tagged ? orc_scratch(o, bytes) : NULL;
    if (!plain) {
        return NULL;
    }
    memcpy(plain, packet->frame, TAG_AT);
    memcpy(plain + TAG_AT, packet->frame + TAG_AT + TAG_BYTES, bytes - TAG_AT);
    return host_frame_find(o->host_frames, plain, bytes);
}

static void judge_sent_paused(struct oracle *o, const struct orc_passing *entry)
{
    bool late = o->adapter->stopped || (o->adapter->pausing && entry->why == WHY_PAUSED);
    if (o->adapter->pausing) {
        orc_ran(o, ORC_PKT_SEND_2);
    }
    if (late) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_2, "no frame of the host sent while paused",
                 orc_text(o, "a frame of list %u (event %u), %u bytes", entry->list, entry->event,
                          entry->bytes));
    }
}

/* Frames before this one that were reported as sent will not come any more. */
static void judge_overtaken(struct oracle *o, uint32_t at)
{
    struct orc_host_frames *x = o->host_frames;
    for (; x->next < at; x->next++) {
        struct orc_passing *entry = &x->frame.entry[x->next];
        bool due = entry->due && !has_twin(x, entry);
        settle(x, entry);
        if (due) {
            orc_fail(o, ORC_NONE, ORC_PKT_SEND_1,
                     orc_text(o, "frame %u of list %u (event %u), which ended with SUCCESS, sent",
                              x->next - (uint32_t)o->lists->nbl[entry->list].begin, entry->list,
                              entry->event),
                     orc_text(o, "frame %u of list %u is sent and it was not",
                              at - (uint32_t)o->lists->nbl[x->frame.entry[at].list].begin,
                              x->frame.entry[at].list));
        }
    }
}

/* Which of several that are alike went out cannot be told once one could not be read. */
static bool one_of_several(struct oracle *o, struct orc_passing *of)
{
    struct orc_host_frames *x = o->host_frames;
    struct orc_passing *entry = orc_passing_find(&x->frame, of->hash);
    while (entry && !(entry != of && alike(entry, of))) {
        entry = older(x, entry);
    }
    return entry && orc_short_since(o, of->event);
}

static void judge_host_order(struct oracle *o, struct orc_passing *entry)
{
    struct orc_host_frames *x = o->host_frames;
    uint32_t at = (uint32_t)(entry - x->frame.entry);
    orc_ran(o, ORC_PKT_SEND_1);
    if (entry->passed && one_of_several(o, entry)) {
        return;
    }
    if (entry->passed) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_1, "each frame of the host sent once",
                 orc_text(o, "a frame of list %u (event %u) again", entry->list, entry->event));
    } else if (entry->why == WHY_TRIED || entry->why == WHY_FAILED) {
        return; /* it has no place any more */
    } else if (at < x->next) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_1, "frames of the host in the order handed down",
                 orc_text(o, "list %u (event %u) after list %u (event %u)", entry->list,
                          entry->event, x->frame.entry[x->next - 1].list,
                          x->frame.entry[x->next - 1].event));
    } else {
        judge_overtaken(o, at);
        x->next = at + 1;
    }
}

bool orc_host_frame_out(struct oracle *o, const struct tap_event *ev,
                        const struct orc_packet *packet)
{
    struct orc_host_frames *x = o->host_frames;
    if (!x->frame.count || !packet->ethernet) {
        return false;
    }
    struct orc_passing *entry = host_frame_find(x, packet->frame, packet->frame_bytes);
    entry = entry ? entry : find_tagged(o, packet);
    if (!entry || ev->status == NDIS_STATUS_RESOURCES) { /* to be sent later */
        return entry != NULL;
    }
    if (ev->status == NDIS_STATUS_SUCCESS) {
        judge_sent_paused(o, entry);
        judge_host_order(o, entry);
        entry->passed++;
    } else if (!entry->passed) {
        entry->why = WHY_TRIED; /* nobody can send it now, and it may be tried again */
    }
    settle(x, entry);
    return true;
}

/* ---- A list comes back ---- */

/* Inside of the handler that ends what is under way: what it gives back nobody will send. */
static bool flushed(const struct oracle *o)
{
    const struct orc_cpu *cpu = &o->calls->cpu[o->event->cpu % ORC_CPUS];
    for (uint32_t i = cpu->depth; i-- > 0;) {
        if (cpu->call[i].fn == TAP_PAUSE || cpu->call[i].fn == TAP_RESET) {
            return true;
        }
    }
    return false;
}

static void report_sent(struct oracle *o, const struct orc_nbl *nbl)
{
    struct orc_host_frames *x = o->host_frames;
    uint32_t unsent = 0;
    for (int64_t i = nbl->begin; i < nbl->end; i++) {
        struct orc_passing *entry = &x->frame.entry[i];
        bool settled = entry->passed || entry->why == WHY_TRIED || o->faults->link_down;
        if (settled || may_stand_for(o, entry)) {
            continue;
        }
        unsent++;
        if (entry->why == WHY_WAITS && o->adapter->phase == ORC_ADAPTER_RUNNING) {
            x->owed_ns = x->owed++ ? x->owed_ns : o->event->time_ns;
            entry->due = true;
        }
    }
    orc_ran(o, ORC_PKT_SEND_1);
    if (unsent && flushed(o)) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_1,
                 "what a pause or a reset throws away ended with a failure",
                 orc_text(o, "SUCCESS with %u frames unsent", unsent));
    }
    if (unsent && x->frame.entry[nbl->begin].why == WHY_PAUSED && o->adapter->pausing) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_2,
                 "a list that the host hands down while paused fails, with PAUSED",
                 orc_text(o, "SUCCESS with %u frames unsent", unsent));
    }
}

void orc_host_sent_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_back(o, ev, list);
    (void)call;
    if (!nbl) {
        return;
    }
    orc_verifier_back(o, list->id);
    if (nbl->role != ROLE_HOST_SEND) {
        return;
    }
    if (list->status == NDIS_STATUS_SUCCESS) {
        report_sent(o, nbl);
        return;
    }
    for (int64_t i = nbl->begin; i < nbl->end; i++) { /* sent or not: the host cannot tell */
        struct orc_passing *entry = &o->host_frames->frame.entry[i];
        if (entry->passed) {
            doubt_sent(o->host_frames, entry);
        } else {
            entry->why = WHY_FAILED;
        }
    }
}

/* ---- What must have happened ---- */

static void judge_owed(struct oracle *o, const char *actual)
{
    struct orc_host_frames *x = o->host_frames;
    for (uint32_t i = 0; i < x->frame.count && x->owed; i++) {
        struct orc_passing *entry = &x->frame.entry[i];
        bool due = entry->due && !has_twin(x, entry);
        settle(x, entry);
        if (!due) {
            continue;
        }
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_1,
                 orc_text(o, "frame %u of list %u (event %u), which ended with SUCCESS, sent",
                          i - (uint32_t)o->lists->nbl[entry->list].begin, entry->list,
                          entry->event),
                 actual);
    }
}

static void forget_owed(struct orc_host_frames *x)
{
    for (uint32_t i = 0; i < x->frame.count && x->owed; i++) {
        settle(x, &x->frame.entry[i]);
    }
}

void orc_host_frames_rest(struct oracle *o)
{
    struct orc_host_frames *x = o->host_frames;
    uint64_t now = o->event->time_ns;
    if (!x->owed) {
        return;
    }
    if (orc_adapter_moves(o)) { /* a reset may lose what waits */
        forget_owed(x);
    } else if (orc_wire_waived(o)) {
        x->owed_ns = now;
    } else if (now > x->owed_ns + LATE_NS) {
        judge_owed(o, orc_text(o, "not sent %llu ms later, with a wire that is free",
                               (unsigned long long)((now - x->owed_ns) / 1000000u)));
    }
}

void orc_host_frames_pause(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    o->host_frames->pause = ev->seq;
}

/* The pause is over: nothing goes out any more, and nothing that came before waits. */
void orc_host_frames_paused(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_host_frames *x = o->host_frames;
    uint32_t oldest = o->verifier->oldest;
    (void)call;
    if (ev->kind == TAP_LEAVE && ev->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    orc_ran(o, ORC_PKT_SEND_2);
    if (oldest != ORC_NONE && o->lists->nbl[oldest].handed < x->pause) {
        orc_fail(o, ORC_NONE, ORC_PKT_SEND_2,
                 "no end of a pause before the frames that the host sent ahead of it are back",
                 orc_text(o, "list %u (event %u) is not", oldest, o->lists->nbl[oldest].handed));
    }
    if (!orc_wire_waived(o)) {
        judge_owed(o, "the adapter is paused and it was not");
    }
    forget_owed(x);
}
