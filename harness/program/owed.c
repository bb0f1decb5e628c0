/* SPDX-License-Identifier: MIT */
#include "program/owed.h"

#include <stdarg.h>
#include <stdio.h>

#include "ndis/tap.h"

#define OPEN_MOST 64u
#define OWED_MOST 256u
#define OWED_SHOWN 3u

struct owed {
    uint32_t open[OPEN_MOST], opens; /* events of calls, the innermost last */
    struct debt {
        uint32_t object, event, conn;
        const char *what;
    } debt[OWED_MOST];
    uint32_t debts;
    bool fault[FAULTS]; /* what the program makes fail */
};

static const struct trace_record *record_of(const struct trace *trace, uint32_t event)
{
    const struct trace_record *record = &trace->record[event % TRACE_RECORDS];
    return event < trace->count && record->seq == event ? record : NULL;
}

/* Operations and requests by number: which call begins one, and which ends it. */
static bool ends(uint8_t fn, uint8_t *begun_by)
{
    static const uint8_t pairs[][2] = {
        {TAP_INITIATE, TAP_INITIATE_COMPLETE},   {TAP_QUERY, TAP_QUERY_COMPLETE},
        {TAP_UPDATE, TAP_UPDATE_COMPLETE},       {TAP_INVALIDATE, TAP_INVALIDATE_COMPLETE},
        {TAP_TERMINATE, TAP_TERMINATE_COMPLETE}, {TAP_OID, TAP_OID_COMPLETE},
        {TAP_PAUSE, TAP_PAUSE_COMPLETE},         {TAP_RESTART, TAP_RESTART_COMPLETE},
        {TAP_RESET, TAP_RESET_COMPLETE},
    };
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i][1] == fn) {
            *begun_by = pairs[i][0];
            return true;
        }
    }
    return false;
}

static bool owed_begins(uint8_t fn)
{
    return (fn >= TAP_INITIATE && fn <= TAP_TERMINATE) || fn == TAP_OID || fn == TAP_PAUSE ||
           fn == TAP_RESTART || fn == TAP_RESET;
}

static void owe(struct owed *owed, const struct trace_record *r, uint32_t event, const char *what)
{
    if (owed->debts < OWED_MOST) {
        owed->debt[owed->debts++] = (struct debt){r->object, event, r->conn, what};
    }
}

static void settle(struct owed *owed, uint32_t object, const char *what)
{
    for (uint32_t i = owed->debts; i--;) {
        if (owed->debt[i].object == object && (!what || owed->debt[i].what == what)) {
            for (owed->debts--; i < owed->debts; i++) {
                owed->debt[i] = owed->debt[i + 1];
            }
            return;
        }
    }
}

/* A list inside of a call: handed over, or back. */
static void take_list(struct owed *owed, const struct trace *trace, const struct trace_record *r)
{
    const struct trace_record *call = record_of(trace, r->call);
    uint8_t fn = call ? call->fn : TAP_FN_COUNT;
    bool given = fn == TAP_HOST_SEND || fn == TAP_INITIATE || (fn >= TAP_POST && fn <= TAP_FORWARD);
    bool back = fn == TAP_HOST_SENT || (fn >= TAP_RCV_COMPLETE && fn <= TAP_FWD_COMPLETE) ||
                fn == TAP_INITIATE_COMPLETE || fn == TAP_TERMINATE_COMPLETE;
    const char *what = tap_role_name(tap_words_of(r).list.role);
    if (given) {
        owe(owed, r, r->seq, what);
    } else if (back) {
        settle(owed, r->object, what);
    }
}

static void take_call(struct owed *owed, const struct trace *trace, const struct trace_record *r)
{
    uint8_t begun_by;
    if (r->kind == TAP_ENTER) {
        if (owed->opens < OPEN_MOST) {
            owed->open[owed->opens++] = r->seq;
        }
        if (owed_begins(r->fn)) {
            owe(owed, r, r->seq, tap_fn_name(r->fn));
        } else if (ends(r->fn, &begun_by)) {
            settle(owed, r->object, tap_fn_name(begun_by));
        }
        return;
    }
    while (owed->opens && owed->open[owed->opens - 1] >= r->call) {
        owed->opens--;
    }
    const struct trace_record *call = record_of(trace, r->call);
    bool state = r->fn >= TAP_INITIATE && r->fn <= TAP_TERMINATE;
    if (owed_begins(r->fn) && !state && r->status != NDIS_STATUS_PENDING && call) {
        settle(owed, call->object, tap_fn_name(r->fn));
    }
}

__attribute__((format(printf, 4, 5))) static size_t add(char *text, size_t size, size_t used,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = 0;
    if (used < size) {
        length = vsnprintf(text + used, size - used, format, arguments);
    }
    va_end(arguments);
    return used + (length > 0 ? (size_t)length : 0);
}

static size_t describe_debt(const struct debt *debt, char *text, size_t size, size_t used)
{
    used = add(text, size, used, "%s%s", used ? "; " : "", debt->what);
    if (debt->object != TAP_NONE) {
        used = add(text, size, used, " #%u", debt->object);
    }
    if (debt->conn != TAP_NONE) {
        used = add(text, size, used, " of connection %u", debt->conn);
    }
    return add(text, size, used, " since event %u", debt->event);
}

void owed_describe(const struct trace *trace, char *text, size_t size)
{
    struct owed owed = {.opens = 0};
    uint32_t first = trace->count > TRACE_RECORDS ? trace->count - TRACE_RECORDS : 0;
    for (uint32_t event = first; event < trace->count; event++) {
        const struct trace_record *r = record_of(trace, event);
        if (r && r->kind != TAP_POINT) {
            take_call(&owed, trace, r);
        } else if (r && r->fn == TAP_NBL) {
            take_list(&owed, trace, r);
        } else if (r && r->fn == TAP_FAULT && tap_words_of(r).fault.kind < FAULTS) {
            owed.fault[tap_words_of(r).fault.kind] = tap_words_of(r).fault.on;
        }
    }
    size_t used = 0;
    text[0] = '\0';
    if (owed.opens) {
        const struct trace_record *r = record_of(trace, owed.open[owed.opens - 1]);
        used = add(text, size, used, "the return of %s, open since event %u",
                   tap_fn_name(r ? r->fn : TAP_FN_COUNT), owed.open[owed.opens - 1]);
    }
    for (uint32_t i = 0; i < owed.debts && i < OWED_SHOWN; i++) {
        used = describe_debt(&owed.debt[i], text, size, used);
    }
    if (owed.debts > OWED_SHOWN) {
        used = add(text, size, used, "; and %u more", owed.debts - OWED_SHOWN);
    }
    for (uint32_t i = 0; i < FAULTS; i++) {
        if (owed.fault[i]) {
            used = add(text, size, used, "%swhile %s", used ? "; " : "", tap_fault_name(i));
        }
    }
}
