/* SPDX-License-Identifier: MIT */
#include "oracle/report/report.h"
#include "oracle/catalogue/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *orc_text(struct oracle *o, const char *format, ...)
{
    char *text = o->report->text[o->report->text_at++ & 3];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, VERDICT_TEXT_MAX, format, arguments);
    va_end(arguments);
    return text;
}

const char *orc_bytes(struct oracle *o, const uint8_t *bytes, uint32_t count)
{
    char text[3 * 40 + 1] = "none";
    for (uint32_t i = 0; i < count && i < 40; i++) {
        snprintf(text + 3 * i, 4, "%02x%s", bytes[i], i + 1 < count && i < 39 ? ":" : "");
    }
    return orc_text(o, "%s", text);
}

static void copy_text(char *out, uint32_t room, const char *text)
{
    snprintf(out, room, "%s", text);
}

static const struct oracle_rule *row_of(enum orc_rule rule)
{
    uint32_t count;
    return &oracle_rules(&count)[rule];
}

static void record(struct oracle *o, enum verdict_kind kind, uint32_t conn, enum orc_rule rule,
                   const char *expected, const char *actual)
{
    struct verdict *verdict = o->report->verdict;
    struct verdict_muted *muted = o->report->muted ? &o->report->muted[rule] : NULL;
    if (muted && muted->on) {
        muted->times++;
        o->report->passed_over = true;
    }
    if (o->report->passed_over) {
        return;
    }
    verdict->violations++;
    if (verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = kind;
    copy_text(verdict->rule, sizeof(verdict->rule), row_of(rule)->id);
    verdict->event = o->event ? o->event->seq : VERDICT_NO_EVENT;
    verdict->time_ns = o->event ? o->event->time_ns : 0;
    verdict->conn = conn;
    copy_text(verdict->expected, sizeof(verdict->expected), expected);
    copy_text(verdict->actual, sizeof(verdict->actual), actual);
}

void orc_warn(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
              const char *actual)
{
    struct verdict *verdict = o->report->verdict;
    if (o->report->strict) {
        record(o, VERDICT_VIOLATION, conn, rule, expected, actual);
        return;
    }
    if (verdict->warnings++ == 0) {
        copy_text(verdict->warning_rule, sizeof(verdict->warning_rule), row_of(rule)->id);
        snprintf(verdict->warning_text, sizeof(verdict->warning_text), "%.90s: %.90s", expected,
                 actual);
    }
}

void orc_fail(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
              const char *actual)
{
    enum verdict_level level = row_of(rule)->level;
    if (level == LEVEL_SHOULD || level == LEVEL_PERMISSION) {
        orc_warn(o, conn, rule, expected, actual);
    } else {
        enum verdict_kind kind = level == LEVEL_HOST ? VERDICT_RIG : VERDICT_VIOLATION;
        record(o, kind, conn, rule, expected, actual);
    }
}

void orc_fail_hard(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
                   const char *actual)
{
    record(o, VERDICT_VIOLATION, conn, rule, expected, actual);
}

void orc_fail_host(struct oracle *o, uint32_t conn, enum orc_rule rule, const char *expected,
                   const char *actual)
{
    record(o, VERDICT_RIG, conn, rule, expected, actual);
}

const char *orc_status_name(struct oracle *o, int32_t status)
{
    switch ((uint32_t)status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        return "SUCCESS";
    case (uint32_t)NDIS_STATUS_PENDING:
        return "PENDING";
    case (uint32_t)NDIS_STATUS_FAILURE:
        return "FAILURE";
    case (uint32_t)NDIS_STATUS_RESOURCES:
        return "RESOURCES";
    case (uint32_t)NDIS_STATUS_INVALID_STATE:
        return "INVALID_STATE";
    case (uint32_t)NDIS_STATUS_REQUEST_ABORTED:
        return "REQUEST_ABORTED";
    case (uint32_t)NDIS_STATUS_UPLOAD_IN_PROGRESS:
        return "UPLOAD_IN_PROGRESS";
    case (uint32_t)NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS:
        return "OFFLOAD_PARTIAL_SUCCESS";
    case (uint32_t)NDIS_STATUS_OFFLOAD_DATA_NOT_ACCEPTED:
        return "OFFLOAD_DATA_NOT_ACCEPTED";
    case (uint32_t)NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        return "OFFLOAD_DATA_PARTIALLY_ACCEPTED";
    case 0xA5A5A5A5u:
        return "a status never written";
    default:
        return orc_text(o, "status 0x%08x", (uint32_t)status);
    }
}
