/* SPDX-License-Identifier: MIT
 *
 * The bytes of the receive ledger: first copies, alternate copies where later ones disagreed, and
 * which spans have arrived. Judges what is delivered.
 */
#include "oracle/ledger/stream.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/report/report.h"

#include <string.h>

#define ALTERNATES_MAX 256u
#define AHEAD_MAX (32ll << 20) /* bytes kept beyond what was delivered */
#define NAME_BYTES 16u         /* bytes by which a misplaced piece is recognised */

bool orc_fin_at(const struct orc_receive *r, int64_t offset)
{
    for (uint32_t i = 0; i < r->fins; i++) {
        if (r->fin[i] == offset) {
            return true;
        }
    }
    return false;
}

int64_t orc_fin_first(const struct orc_receive *r)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < r->fins; i++) {
        first = r->fin[i] < first ? r->fin[i] : first;
    }
    return first;
}

/* The data that the target has acknowledged, and so accepted. */
int64_t orc_accepted(const struct orc_receive *r)
{
    int64_t accepted = r->acked < r->possible ? r->acked : r->possible;
    return orc_fin_possible(r, r->acked - 1) ? r->acked - 1
                                             : accepted; /* the last may be the FIN */
}

static void remember_alternate(struct orc_memory *memory, struct orc_receive *r, int64_t begin,
                               const uint8_t *bytes, uint32_t length)
{
    bool room = r->alternates < ALTERNATES_MAX &&
                orc_grow(memory, (void **)&r->alternate, &r->alternate_room, r->alternates + 1,
                         sizeof(*r->alternate)) &&
                orc_grow(memory, (void **)&r->alternate_bytes, &r->alternate_bytes_room,
                         r->alternate_used + length, 1);
    if (!room) {
        r->lossy = true;
        return;
    }
    r->alternate[r->alternates++] = (struct orc_alternate){begin, length, r->alternate_used};
    memcpy(r->alternate_bytes + r->alternate_used, bytes, length);
    r->alternate_used += length;
}

static bool store(struct orc_memory *memory, struct orc_receive *r, int64_t begin, int64_t end,
                  const uint8_t *bytes)
{
    if (!orc_ring_put(memory, &r->bytes, r->delivered, begin, bytes, (uint32_t)(end - begin))) {
        r->lossy = true;
        return false;
    }
    return true;
}

static void compare(struct orc_memory *memory, struct orc_receive *r, int64_t begin, int64_t end,
                    const uint8_t *bytes)
{
    uint32_t length = (uint32_t)(end - begin);
    r->overlaps++;
    if (begin < r->bytes.low || r->lossy) {
        return;
    }
    if (orc_ring_equal(&r->bytes, begin, bytes, length) != length) {
        remember_alternate(memory, r, begin, bytes, length);
    }
}

/* First span that ends at or after offset. */
static uint32_t range_from(const struct orc_receive *r, int64_t offset)
{
    uint32_t low = 0, high = r->ranges;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->range[middle].end < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether the byte at an offset has arrived. */
bool orc_stream_known(const struct orc_receive *r, int64_t offset)
{
    uint32_t at = range_from(r, offset + 1);
    return offset < r->possible || (at < r->ranges && r->range[at].begin <= offset);
}

bool orc_stream_holds(const struct orc_receive *r, int64_t begin, int64_t end)
{
    if (end <= r->possible) {
        return true;
    }
    uint32_t at = range_from(r, end);
    return at < r->ranges && r->range[at].begin <= begin && end <= r->range[at].end;
}

static bool stream_merge(struct orc_memory *memory, struct orc_receive *r, int64_t begin,
                         int64_t end)
{
    uint32_t first = range_from(r, begin), last = first;
    while (last < r->ranges && r->range[last].begin <= end) {
        begin = r->range[last].begin < begin ? r->range[last].begin : begin;
        end = r->range[last].end > end ? r->range[last].end : end;
        last++;
    }
    if (begin <= r->possible) {
        r->possible = end > r->possible ? end : r->possible;
        if (last > first) {
            r->healed = true;
            memmove(&r->range[first], &r->range[last], (r->ranges - last) * sizeof(*r->range));
            r->ranges -= last - first;
        }
        return true;
    }
    if (!orc_grow(memory, (void **)&r->range, &r->range_room, r->ranges + 1, sizeof(*r->range))) {
        r->lossy = true;
        return false;
    }
    memmove(&r->range[first + 1], &r->range[last], (r->ranges - last) * sizeof(*r->range));
    r->range[first] = (struct orc_range){begin, end};
    r->ranges = r->ranges - (last - first) + 1;
    return true;
}

/* Stores the parts of [begin, end) that are new and compares the others. */
static void add_pieces(struct orc_memory *memory, struct orc_receive *r, int64_t begin, int64_t end,
                       const uint8_t *bytes)
{
    int64_t at = begin;
    if (at < r->possible) {
        int64_t known = end < r->possible ? end : r->possible;
        compare(memory, r, at, known, bytes);
        at = known;
    }
    for (uint32_t i = range_from(r, at); at < end && i < r->ranges; i++) {
        const struct orc_range *range = &r->range[i];
        if (range->begin >= end) {
            break;
        }
        if (at < range->begin && !store(memory, r, at, range->begin, bytes + (at - begin))) {
            return;
        }
        at = range->begin > at ? range->begin : at;
        int64_t known = range->end < end ? range->end : end;
        if (at < known) {
            compare(memory, r, at, known, bytes + (at - begin));
            at = known;
        }
    }
    if (at < end) {
        store(memory, r, at, end, bytes + (at - begin));
    }
}

/* Takes bytes into the ledger; true if some were new. */
bool orc_stream_add(struct orc_memory *memory, struct orc_receive *r, int64_t begin,
                    const uint8_t *bytes, uint32_t length)
{
    int64_t end = begin + length;
    if (begin == r->possible && r->ranges == 0) {
        if (end - r->delivered > AHEAD_MAX || !store(memory, r, begin, end, bytes)) {
            r->lossy = true;
        }
        r->possible = end;
        return length > 0;
    }
    if (begin < r->delivered) {
        r->overlaps++;
        int64_t skip = r->delivered - begin;
        if (skip >= length) {
            return false;
        }
        bytes += skip;
        begin += skip;
    }
    if (end - r->delivered > AHEAD_MAX) {
        r->lossy = true;
    }
    int64_t before = r->possible;
    uint32_t ranges = r->ranges;
    if (!r->lossy) {
        add_pieces(memory, r, begin, end, bytes);
    }
    stream_merge(memory, r, begin, end);
    return r->possible != before || r->ranges != ranges || end > before;
}

struct judging {
    struct oracle *o;
    struct orc_conn *conn;
    const char *what;
    int64_t at; /* offset of the next byte */
    bool failed;
};

/* Whether each byte of a differing piece equals some copy that arrived. */
static uint32_t alternate_equal(const struct orc_receive *r, int64_t at, const uint8_t *bytes,
                                uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        bool right = orc_ring_equal(&r->bytes, at + i, bytes + i, 1) == 1;
        for (uint32_t k = 0; k < r->alternates && !right; k++) {
            const struct orc_alternate *a = &r->alternate[k];
            int64_t into = at + i - a->begin;
            right = into >= 0 && into < a->length && r->alternate_bytes[a->at + into] == bytes[i];
        }
        if (!right) {
            return i;
        }
    }
    return length;
}

/* The first delivery after a change of the RSS parameters. */
static bool moved(const struct oracle *o, const struct orc_conn *conn)
{
    uint32_t changed = o->adapter->rss_event, last = conn->receive->delivered_event;
    return changed != ORC_NONE && changed > conn->init_op && (last == ORC_NONE || last < changed);
}

static void misplaced(struct judging *j, const uint8_t *bytes, uint32_t length)
{
    struct oracle *o = j->o;
    const struct orc_receive *r = j->conn->receive;
    uint32_t name = length < NAME_BYTES ? length : NAME_BYTES;
    int64_t limit = r->ranges ? r->range[r->ranges - 1].end : r->possible;
    int64_t found = -1;
    while (name >= 1 && found < 0) {
        found = orc_ring_find(&r->bytes, 0, limit, j->at, bytes, name);
        name = name > 4 ? name / 2 : 0;
    }
    j->failed = true;
    const char *expected =
        orc_text(o, "byte %lld of the stream at its place in %s", (long long)j->at, j->what);
    if (found >= 0 && found != j->at) {
        orc_fail(o, orc_ordinal(o, j->conn), moved(o, j->conn) ? ORC_SER_RSS_1 : ORC_RCV_FIFO_2,
                 expected,
                 orc_text(o, "byte %lld of the stream stands at %lld", (long long)found,
                          (long long)j->at));
    } else {
        orc_fail(o, orc_ordinal(o, j->conn), ORC_RCV_PAYL_1, expected,
                 orc_text(o, "0x%02x stands at %lld, which no acceptable segment carried there",
                          bytes[0], (long long)j->at));
    }
}

static void judge_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct judging *j = context;
    const struct orc_receive *r = j->conn->receive;
    if (j->failed || r->lossy) {
        return;
    }
    if (j->at < r->bytes.low || j->at >= r->possible) {
        misplaced(j, bytes, length);
        return;
    }
    uint32_t known = length;
    if (j->at + length > r->possible) {
        known = (uint32_t)(r->possible - j->at);
    }
    uint32_t equal = orc_ring_equal(&r->bytes, j->at, bytes, known);
    if (equal < known && r->alternates) {
        equal += alternate_equal(r, j->at + equal, bytes + equal, known - equal);
    }
    j->at += equal;
    if (equal < length) {
        misplaced(j, bytes + equal, length - equal);
    }
}

void orc_stream_judge(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                      uint32_t offset, uint32_t length, const char *what)
{
    const struct orc_receive *r = conn->receive;
    struct judging j = {.o = o, .conn = conn, .what = what, .at = r->delivered};
    uint32_t ordinal = orc_ordinal(o, conn);
    if (length == 0 || conn->phase == ORC_ABSENT) {
        return;
    }
    struct orc_receive *counted = conn->receive;
    uint32_t *ran = o->ran;
    ran[ORC_RCV_FIFO_2]++;
    ran[ORC_RCV_PAYL_1]++;
    ran[ORC_IND_PART_1] += r->parted;
    ran[ORC_INIT_BUF_1] += r->delivered < r->start;
    ran[ORC_WIRE_OOO_1] += r->alternates || r->healed;
    ran[ORC_WIRE_OOO_2] += r->fins > 0;
    ran[ORC_URG_NOACK_1] += r->urgent_limit >= 0;
    counted->parted = counted->healed = false;
    ran[ORC_SER_RSS_1] += moved(o, conn);
    tap_nbl_spans(list, offset, length, judge_span, &j);
    int64_t end = r->delivered + length;
    ran[ORC_TERM_SEG_1] += r->possible_term >= 0;
    if (j.failed) {
        return;
    }
    if (r->urgent_limit >= 0 && end > r->urgent_limit) {
        orc_fail(o, ordinal, ORC_URG_NOACK_1,
                 orc_text(o, "nothing delivered from byte %lld on, where urgent data came",
                          (long long)r->urgent_limit),
                 orc_text(o, "%s up to byte %lld", what, (long long)end));
    } else if (r->fin_sure >= 0 && end > r->fin_sure && !orc_shorted(o, r)) {
        /* memory: else what stood before it may have been dropped, and it was not next */
        orc_fail(
            o, ordinal, ORC_WIRE_OOO_2,
            orc_text(o, "nothing delivered beyond the FIN at byte %lld", (long long)r->fin_sure),
            orc_text(o, "%s up to byte %lld", what, (long long)end));
    } else if (r->possible_term >= 0 && end > r->possible_term) {
        orc_warn(o, ordinal, ORC_TERM_SEG_1, "segments that arrive after TERM not processed",
                 orc_text(o, "%s up to byte %lld, of which %lld had arrived at TERM", what,
                          (long long)end, (long long)r->possible_term));
    }
}

/* What came or waits while memory is short may be dropped, as long as it was not acknowledged. */
void orc_receive_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_receive *r = c->receive;
    bool ended = c->phase == ORC_GONE && c->gone_event < o->faults->quiet_event;
    bool still = c->starved_ns && c->starved_ns == o->faults->hindered_ns + ORC_STARVED_NS;
    if (c->dirty || still) { /* it may lack something, as long as that lasts */
        c->starved_ns = o->event->time_ns + ORC_STARVED_NS;
    }
    if (!orc_waived(o) || ended) {
        return;
    }
    c->urgent_excused = c->urgent_excused || c->urgent_sure;
    r->shorted =
        r->shorted || r->arrived_step == o->steps + 1 || r->ranges || r->sure > orc_accepted(r);
}

void orc_stream_consume(struct oracle *o, struct orc_conn *conn, uint32_t length)
{
    struct orc_receive *r = conn->receive;
    r->delivered += length;
    r->outlet_step = r->outlet_step || length;
    conn->receive->consumed_step = conn->receive->consumed_step || length;
    conn->receive->delivered_event = o->event->seq;
    if (r->delivered > r->possible) { /* a violation was reported; go on from there */
        r->possible = r->delivered;
        r->lossy = true;
    }
    if (r->alternates && r->delivered == r->possible && r->ranges == 0) {
        r->alternates = r->alternate_used = 0;
    }
    orc_dirty(o, conn);
}

void orc_receive_fresh(struct orc_conn *c)
{
    struct orc_receive *r = c->receive;
    struct orc_receive kept = {.bytes = r->bytes,
                               .range = r->range,
                               .range_room = r->range_room,
                               .alternate = r->alternate,
                               .alternate_room = r->alternate_room,
                               .alternate_bytes = r->alternate_bytes,
                               .alternate_bytes_room = r->alternate_bytes_room};
    orc_ring_reset(&kept.bytes);
    *r = kept;
    r->possible_term = -1;
    r->fin_sure = -1;
    r->fin_sure_step = -1;
    r->urgent_limit = -1;
    r->push_due = -1;
    r->delivered_event = ORC_NONE;
}
