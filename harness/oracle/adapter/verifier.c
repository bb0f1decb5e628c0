/* SPDX-License-Identifier: MIT
 *
 * What the checkers of Windows ask of every miniport: how requests of NDIS end and when, flags that
 * speak of levels, quiet after halt, and the names under which misuse of primitives is reported.
 * NdisOid*, NdisTimed*, MiniportDoubleComplete, MiniportPause-Return, NdisMIndicateStatusEx,
 * CallbackAfterHalt, Flags-Irql.
 */
#include "oracle/adapter/verifier.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/connections.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"

#define OID_S 12u
#define SEND_S 30u
#define HANG_S 22u
#define PAUSE_S 10u
#define RESET_S 12u /* as a request: NDIS makes none while an adapter is reset or restarted */

void orc_verifier_begin(struct oracle *o)
{
    o->verifier->oldest = o->verifier->newest = ORC_NONE;
}

/* Nothing but a lowering that raises leads above DISPATCH_LEVEL, and what comes of it. */
static enum orc_rule rule_of_family(uint32_t family)
{
    static const uint16_t rules[FAMILY_COUNT] = {
        [FAMILY_MINIPORT] = ORC_Irql_Miniport,
        [FAMILY_OID] = ORC_Irql_IrqlSetting,
        [FAMILY_SEND_RECEIVE] = ORC_Irql_IrqlSetting,
        [FAMILY_STATUS] = ORC_Irql_IrqlSetting,
        [FAMILY_SYNCH] = ORC_Irql_Synch,
        [FAMILY_DPR] = ORC_SpinLockDpr,
        [FAMILY_SETTING] = ORC_Irql_IrqlSetting,
        [FAMILY_TIMER] = ORC_Irql_IrqlSetting,
        [FAMILY_PERIODIC] = ORC_PeriodicTimer,
        [FAMILY_NET_BUFFER] = ORC_Irql_IrqlSetting,
        [FAMILY_MISCELLANEOUS] = ORC_Irql_Miscellaneous,
        [FAMILY_WIRE] = ORC_Irql_Wire,
        [FAMILY_CHIMNEY] = ORC_SER_IRQL_1,
    };
    return (enum orc_rule)rules[family < FAMILY_COUNT ? family : FAMILY_CHIMNEY];
}

static enum orc_rule rule_of_free(uint32_t resource)
{
    switch (resource) {
    case RESOURCE_MEMORY:
        return ORC_NdisAllocateMemory;
    case RESOURCE_NBL_POOL:
    case RESOURCE_NB_POOL:
    case RESOURCE_NBL:
    case RESOURCE_NB:
        return ORC_NdisAllocateNetBuffer;
    case RESOURCE_MDL:
        return ORC_NdisAllocateMdl;
    case RESOURCE_CONFIGURATION:
        return ORC_NdisOpenConfigurationEx;
    default:
        return ORC_LIFE_LEAK_1;
    }
}

static enum orc_rule rule_of_lock(const struct tap_event *ev)
{
    switch (ev->data.misuse.what) {
    case MISUSE_LOCK_RECURSION:
        return ORC_SpinLock;
    case MISUSE_LOCK_NOT_HELD:
    case MISUSE_LOCK_FORM:
        return ev->data.misuse.detail ? ORC_SpinLockDprRelease : ORC_SpinLockRelease;
    case MISUSE_LOCK_ORDER:
        return ORC_Deadlock;
    case MISUSE_LOCK_LIVE:
    case MISUSE_LOCK_UNKNOWN:
        return ORC_MiscellaneousChecks;
    default:
        return ev->data.misuse.detail == ACROSS_RETURN  ? ORC_SpinLockBalanced
               : ev->data.misuse.detail == ACROSS_LEVEL ? ORC_Irql_IrqlSetting
                                                        : ORC_SER_LOCK_1;
    }
}

enum orc_rule orc_verifier_misuse(const struct tap_event *ev)
{
    switch (ev->data.misuse.what) {
    case MISUSE_IRQL:
        return rule_of_family(ev->data.misuse.detail);
    case MISUSE_LOCK_RECURSION:
    case MISUSE_LOCK_NOT_HELD:
    case MISUSE_LOCK_ACROSS:
    case MISUSE_LOCK_FORM:
    case MISUSE_LOCK_ORDER:
    case MISUSE_LOCK_LIVE:
    case MISUSE_LOCK_UNKNOWN:
        return rule_of_lock(ev);
    case MISUSE_DOUBLE_FREE:
        return rule_of_free(ev->data.misuse.detail);
    case MISUSE_TIMER_QUEUED:
        return ev->data.misuse.detail ? ORC_PeriodicTimer : ORC_CancelTimerObject;
    case MISUSE_TX_OWNED:
        return ORC_DmaChecking;
    default:
        return ORC_NO_RULE;
    }
}

static void count_free(struct oracle *o, uint32_t resource)
{
    enum orc_rule rule = rule_of_free(resource);
    if (rule != ORC_LIFE_LEAK_1) { /* which is counted at the end */
        orc_ran(o, rule);
    }
    o->ran[ORC_CancelTimerObject] += resource == RESOURCE_TIMER;
    o->ran[ORC_MiscellaneousChecks] += resource == RESOURCE_MEMORY;
}

static enum tap_family family_of(uint32_t resource)
{
    switch (resource) {
    case RESOURCE_NBL_POOL:
    case RESOURCE_NB_POOL:
    case RESOURCE_NBL:
    case RESOURCE_NB:
    case RESOURCE_MDL:
        return FAMILY_NET_BUFFER;
    case RESOURCE_TIMER:
        return FAMILY_TIMER;
    case RESOURCE_NIC:
    case RESOURCE_FRAME:
        return FAMILY_WIRE;
    case RESOURCE_DRIVER:
        return FAMILY_MINIPORT;
    default:
        return FAMILY_MISCELLANEOUS;
    }
}

/* Counts what the primitives are checked for where they are called. */
void orc_verifier_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    switch (ev->fn) {
    case TAP_FREE:
        count_free(o, ev->data.memory.resource);
        orc_ran(o, rule_of_family(family_of(ev->data.memory.resource)));
        break;
    case TAP_ALLOC:
        o->ran[ORC_NullCheck] += ev->status != NDIS_STATUS_SUCCESS;
        orc_ran(o, rule_of_family(family_of(ev->data.memory.resource)));
        break;
    case TAP_TIMER_CANCEL:
        orc_ran(o, ORC_PeriodicTimer);
        break;
    case TAP_REGISTER:
    case TAP_OPTIONAL:
    case TAP_ATTRIBUTES:
    case TAP_HANDLERS:
        orc_ran(o, ORC_Irql_Miniport);
        break;
    default:
        break;
    }
}

static enum orc_asked asked_by(uint8_t fn)
{
    switch (fn) {
    case TAP_OID:
    case TAP_OID_COMPLETE:
        return ASKED_OID;
    case TAP_PAUSE:
    case TAP_PAUSE_COMPLETE:
        return ASKED_PAUSE;
    case TAP_RESTART:
    case TAP_RESTART_COMPLETE:
        return ASKED_RESTART;
    case TAP_RESET:
    case TAP_RESET_COMPLETE:
        return ASKED_RESET;
    default:
        return ASKED_COUNT;
    }
}

static void judge_status(struct oracle *o, int32_t status, bool returned)
{
    uint32_t code = (uint32_t)status;
    bool indication = code >> 28 == 4; /* of an indication */
    bool of_list =
        code >> 12 == 0xC0231 || status == NDIS_STATUS_SEND_ABORTED || status == NDIS_STATUS_PAUSED;
    orc_ran(o, ORC_NdisOidComplete);
    if (indication || of_list || (status == NDIS_STATUS_PENDING && !returned)) {
        orc_fail(o, ORC_NONE, ORC_NdisOidComplete, "a status that OID requests end with",
                 orc_text(o, "%s (0x%08x)", orc_status_name(o, status), code));
    }
}

static void judge_duration(struct oracle *o, enum orc_asked asked)
{
    const struct orc_verifier *x = o->verifier;
    const struct orc_ask *ask = &x->ask[asked];
    static const struct {
        enum orc_rule rule;
        uint32_t seconds;
        const char *what;
    } bounds[ASKED_COUNT] = {
        [ASKED_OID] = {ORC_NdisTimedOidComplete, OID_S, "an OID request"},
        [ASKED_PAUSE] = {ORC_NdisTimedPauseComplete, PAUSE_S, "a pause"},
        [ASKED_RESTART] = {ORC_TimedResetComplete, RESET_S, "a restart"},
        [ASKED_RESET] = {ORC_TimedResetComplete, RESET_S, "a reset"},
    };
    uint64_t from = ask->since_ns > x->excused_ns ? ask->since_ns : x->excused_ns;
    uint64_t took = o->event->time_ns > from ? o->event->time_ns - from : 0;
    orc_ran(o, bounds[asked].rule);
    if (took > bounds[asked].seconds * ORC_NS_PER_SECOND) {
        orc_fail(o, ORC_NONE, bounds[asked].rule,
                 orc_text(o, "%s ended within %u s", bounds[asked].what, bounds[asked].seconds),
                 orc_text(o, "%llu s", (unsigned long long)(took / ORC_NS_PER_SECOND)));
    }
}

static void twice(struct oracle *o, enum orc_asked asked, const char *what)
{
    orc_fail_hard(o, ORC_NONE,
                  asked == ASKED_OID ? ORC_NdisOidDoubleComplete : ORC_MiniportDoubleComplete,
                  "a pending request completed once", what);
}

static void completed(struct oracle *o, const struct tap_event *ev, enum orc_asked asked)
{
    struct orc_ask *ask = &o->verifier->ask[asked];
    bool known = asked != ASKED_OID || ev->object != TAP_NONE;
    if (!known || !(ask->pending || ask->open) || ask->answered) {
        twice(o, asked,
              orc_text(o, "%s without a pending request", tap_fn_name((enum tap_fn)ev->fn)));
        return;
    }
    judge_duration(o, asked);
    if (asked == ASKED_OID) {
        judge_status(o, ev->status, false);
    }
    ask->answered = ask->open;
    ask->pending = false;
}

static void judge_flags(struct oracle *o, const struct tap_event *ev)
{
    bool promised = ev->fn == TAP_HOST_SENT
                        ? ev->data.completed.flags & NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL
                        : ev->data.shown.flags & NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL;
    orc_ran(o, ORC_Flags_Irql);
    if (promised && ev->irql != DISPATCH_LEVEL) {
        orc_fail(o, ORC_NONE, ORC_Flags_Irql, "DISPATCH_LEVEL, as the flag says",
                 orc_text(o, "%s at level %u", tap_fn_name((enum tap_fn)ev->fn), ev->irql));
    }
}

void orc_verifier_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    enum orc_asked asked = asked_by(ev->fn);
    if (o->verifier->halted) {
        orc_fail_hard(
            o, ORC_NONE, ev->fn == TAP_STATUS ? ORC_NdisMIndicateStatusEx : ORC_CallbackAfterHalt,
            "nothing completed or indicated without an adapter", tap_fn_name((enum tap_fn)ev->fn));
        return;
    }
    if (asked != ASKED_COUNT) {
        o->ran[ORC_Irql_Miniport] += asked != ASKED_OID;
        completed(o, ev, asked);
    } else if (ev->fn == TAP_HOST_SENT || ev->fn == TAP_NONOFF_INDICATE) {
        judge_flags(o, ev);
    }
}

void orc_verifier_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    enum orc_asked asked = asked_by(ev->fn);
    struct orc_verifier *x = o->verifier;
    if (ev->fn == TAP_INITIALIZE) {
        x->halted = false;
    }
    if (asked == ASKED_COUNT) {
        return;
    }
    struct orc_ask *ask = &x->ask[asked];
    if (asked == ASKED_OID) {
        orc_ran(o, ORC_NdisOidDoubleRequest);
        x->oid_bytes = ev->data.request.bytes;
        if (ask->pending) {
            orc_fail_host(o, ORC_NONE, ORC_NdisOidDoubleRequest,
                          "the pending request ends before the next one is made",
                          "another request");
        }
    }
    *ask =
        (struct orc_ask){.open = true,
                         .power = asked == ASKED_OID && ev->data.request.oid == OID_PNP_SET_POWER,
                         .since_ns = ev->time_ns};
}

static void left_request(struct oracle *o, const struct tap_event *ev, enum orc_asked asked)
{
    struct orc_verifier *x = o->verifier;
    struct orc_ask *ask = &x->ask[asked];
    bool pending = ev->status == NDIS_STATUS_PENDING;
    ask->open = false;
    ask->pending = pending && !ask->answered;
    orc_ran(o, asked == ASKED_OID ? ORC_NdisOidDoubleComplete : ORC_MiniportDoubleComplete);
    if (!pending && ask->answered) {
        twice(o, asked,
              orc_text(o, "%s completed, and returned %s", tap_fn_name((enum tap_fn)ev->fn),
                       orc_status_name(o, ev->status)));
    }
    if (!pending) {
        judge_duration(o, asked);
    }
    if (asked == ASKED_OID) {
        judge_status(o, ev->status, true);
        if (ev->status == NDIS_STATUS_SUCCESS && ev->data.request.bytes > x->oid_bytes) {
            orc_fail(o, ORC_NONE, ORC_NdisOidComplete, "no more bytes than the buffer has",
                     orc_text(o, "%u of %u", ev->data.request.bytes, x->oid_bytes));
        }
    }
    if (asked == ASKED_PAUSE) {
        orc_ran(o, ORC_MiniportPause_Return);
        if (!pending && ev->status != NDIS_STATUS_SUCCESS) {
            orc_fail(
                o, ORC_NONE, ORC_MiniportPause_Return, "SUCCESS or PENDING",
                orc_text(o, "%s (0x%08x)", orc_status_name(o, ev->status), (uint32_t)ev->status));
        }
    }
}

void orc_verifier_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    enum orc_asked asked = asked_by(ev->fn);
    struct orc_verifier *x = o->verifier;
    orc_ran(o, ORC_SpinLockBalanced);
    if (asked != ASKED_COUNT) {
        left_request(o, ev, asked);
    } else if (ev->fn == TAP_HALT) {
        orc_ran(o, ORC_CallbackAfterHalt);
        orc_ran(o, ORC_NdisMIndicateStatusEx);
        orc_ran(o, ORC_CancelTimerObject);
        x->halted = true;
    } else if ((ev->fn == TAP_INITIALIZE || ev->fn == TAP_DRIVER_ENTRY) &&
               ev->status != NDIS_STATUS_SUCCESS) {
        orc_ran(o, ORC_FailedInitialize);
        x->halted = ev->fn == TAP_INITIALIZE;
        x->initialize_failed = true;
    }
}

/* ---- Frames of the host ---- */

void orc_verifier_sent(struct oracle *o, uint32_t id)
{
    struct orc_verifier *x = o->verifier;
    struct orc_queue queue = {x->oldest, x->newest, 0};
    orc_queue_push(o, &queue, id);
    x->oldest = queue.head;
    x->newest = queue.tail;
}

static bool late(const struct oracle *o, uint64_t since_ns, uint32_t seconds)
{
    uint64_t from = since_ns > o->verifier->excused_ns ? since_ns : o->verifier->excused_ns;
    return o->event->time_ns > from + seconds * ORC_NS_PER_SECOND;
}

static void judge_oldest(struct oracle *o)
{
    const struct orc_verifier *x = o->verifier;
    uint64_t handed = o->lists->nbl[x->oldest].time_ns;
    orc_ran(o, ORC_NdisTimedDataSend);
    orc_ran(o, ORC_NdisTimedDataHang);
    if (late(o, handed > x->sent_ns ? handed : x->sent_ns, HANG_S)) {
        orc_fail(o, ORC_NONE, ORC_NdisTimedDataHang, "a frame of the host completed within 22 s",
                 orc_text(o, "none; list %u was handed over at event %u", x->oldest,
                          o->lists->nbl[x->oldest].handed));
    } else if (late(o, handed, SEND_S)) {
        orc_fail(o, ORC_NONE, ORC_NdisTimedDataSend, "each frame of the host completed within 30 s",
                 orc_text(o, "list %u was handed over at event %u", x->oldest,
                          o->lists->nbl[x->oldest].handed));
    }
}

void orc_verifier_back(struct oracle *o, uint32_t id)
{
    struct orc_verifier *x = o->verifier;
    struct orc_queue queue = {x->oldest, x->newest, 1};
    if (o->lists->nbl[id].role != ROLE_HOST_SEND) {
        return;
    }
    judge_oldest(o);
    orc_queue_remove(o, &queue, id);
    x->oldest = queue.head;
    x->newest = queue.tail;
    x->sent_ns = o->event->time_ns;
}

void orc_verifier_step(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_verifier *x = o->verifier;
    uint64_t now = o->event->time_ns;
    (void)ev;
    (void)call;
    if (orc_waived(o) || orc_wire_held(o->faults)) {
        x->excused_ns = now;
    }
    for (enum orc_asked asked = 0; asked < ASKED_COUNT; asked++) {
        struct orc_ask *ask = &x->ask[asked];
        if (!ask->pending) {
            continue;
        }
        bool waits = asked == ASKED_PAUSE
                         ? o->ownership->host_lists != 0
                         : ask->power && o->adapter->sleeping && o->connections->live;
        ask->since_ns = waits ? now : ask->since_ns;
        judge_duration(o, asked);
    }
    if (x->oldest != ORC_NONE) {
        judge_oldest(o);
    }
}

void orc_verifier_end(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    o->ran[ORC_SpinLock] += ev->data.end.locks;
    o->ran[ORC_SpinLockDpr] += ev->data.end.locks;
    o->ran[ORC_SpinLockDprRelease] += ev->data.end.locks;
    o->ran[ORC_SpinLockRelease] += ev->data.end.locks;
    o->ran[ORC_Irql_Synch] += ev->data.end.locks;
    o->ran[ORC_Deadlock] += ev->data.end.nested;
    o->ran[ORC_Irql_IrqlSetting] += ev->data.end.lowered;
}
