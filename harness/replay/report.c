/* SPDX-License-Identifier: MIT */
#include "replay/report.h"

#include "base/json.h"
#include "base/quoted.h"
#include "base/shown.h"

#include <string.h>

bool report_is_finding(const struct replay_result *result)
{
    return result->tried && !result->no_connection && result->kind != VERDICT_PASS &&
           result->kind != VERDICT_INCONCLUSIVE && result->kind != VERDICT_NOT_JUDGED;
}

static int rank(const struct replay_result *result)
{
    if (!result->tried) {
        return 0;
    }
    return result->kind == VERDICT_PASS ? (result->reason[0] ? 2 : 1)
           : report_is_finding(result)  ? 4
                                        : 3;
}

enum flow_side report_worst(const struct replay_result result[2])
{
    return rank(&result[FLOW_SERVER]) > rank(&result[FLOW_CLIENT]) ? FLOW_SERVER : FLOW_CLIENT;
}

static const char *verdict_name(const struct replay_result *result)
{
    return !result->tried          ? "not tried"
           : result->no_connection ? "no-connection"
                                   : verdict_kind_name(result->kind);
}

void report_reproduction(const struct report *report, const char *file, const struct flow *flow,
                         enum flow_side target, char *text, size_t size)
{
    char path[1024];
    shell_quoted(file, path, sizeof(path));
    snprintf(text, size, "%s --stream %u --local %s %s", report->command ? report->command : "",
             flow->stream, target == FLOW_CLIENT ? "client" : "server", path);
}

/* The stream from the client is what the target delivers as the server, and the other way round. */
static const struct replay_result *carrier(const struct replay_result result[2], bool from_client)
{
    return &result[from_client ? FLOW_SERVER : FLOW_CLIENT];
}

static void sha256_json(struct json *json, const char *name, const struct replay_result *result)
{
    if (result->tried && result->ran && result->hashed) {
        json_bytes(json, name, result->sha256, REPLAY_SHA256_BYTES);
    } else {
        json_null(json, name);
    }
}

static void direction_json(struct json *json, const char *name, const struct replay_result *result)
{
    json_object(json, name);
    json_text(json, "verdict", verdict_name(result));
    json_text(json, "rule", result->rule);
    json_text(json, "reason", result->reason);
    json_number(json, "bytes", result->bytes);
    json_number(json, "expected", result->expected);
    json_number(json, "captured", result->captured);
    json_number(json, "compared", result->compared);
    json_number(json, "sent", result->sent);
    json_number(json, "segments", result->segments);
    json_number(json, "resent", result->resent);
    json_number(json, "acks_held", result->acks_held);
    json_number(json, "warnings", result->warnings);
    json_close(json);
}

/* A conversation as it is told. */
struct told {
    const char *file;
    const struct flow *flow;
    const struct replay_result *result, *worst;
    char client[64], server[64];
    const char *host; /* how it behaved; NULL = as usual */
    char again[2048]; /* "" = nothing was found */
};

static void streams_json(struct json *json, const struct told *told)
{
    static const char *const names[2] = {"client_to_server", "server_to_client"};
    const struct replay_result *way[2] = {carrier(told->result, true),
                                          carrier(told->result, false)};
    json_object(json, "bytes");
    for (unsigned i = 0; i < 2; i++) {
        json_number(json, names[i], way[i]->bytes);
    }
    json_close(json);
    json_object(json, "sha256");
    for (unsigned i = 0; i < 2; i++) {
        sha256_json(json, names[i], way[i]);
    }
    json_close(json);
    json_object(json, "directions");
    for (unsigned i = 0; i < 2; i++) {
        direction_json(json, names[i], way[i]);
    }
    json_close(json);
}

static void conversation_json(FILE *out, const struct told *told)
{
    struct json json = json_begin(out);
    json_text(&json, "file", told->file);
    json_number(&json, "stream", told->flow->stream);
    if (told->host) {
        json_text(&json, "host", told->host);
    }
    json_text(&json, "client", told->client);
    json_text(&json, "server", told->server);
    json_number(&json, "packets", told->flow->packets);
    json_bool(&json, "handshake", told->flow->handshake);
    json_text(&json, "verdict", verdict_name(told->worst));
    json_text(&json, "rule", told->worst->rule);
    json_text(&json, "reason", told->worst->reason);
    json_text(&json, "reproduce", told->again[0] ? told->again : NULL);
    streams_json(&json, told);
    json_end(&json);
}

static void conversation_text(FILE *out, const struct told *told)
{
    const struct replay_result *worst = told->worst;
    fprintf(out, "%-13s %s stream %u  %s > %s  %llu + %llu bytes", verdict_name(worst),
            shown(told->file), told->flow->stream, told->client, told->server,
            (unsigned long long)carrier(told->result, true)->bytes,
            (unsigned long long)carrier(told->result, false)->bytes);
    if (worst->rule[0] || worst->reason[0]) {
        fprintf(out, "\n              %s%s%s", worst->rule, worst->rule[0] ? ": " : "",
                shown(worst->reason));
    }
    if (worst->kind != VERDICT_PASS && worst->ran) {
        fprintf(out, " (the %s as the target)",
                worst == &told->result[FLOW_CLIENT] ? "client" : "server");
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct replay_result *way = carrier(told->result, i == 0);
        if (way->hashed) {
            fprintf(out, "\n              SHA-256 of the %s's: ", i == 0 ? "client" : "server");
            for (unsigned k = 0; k < REPLAY_SHA256_BYTES; k++) {
                fprintf(out, "%02x", way->sha256[k]);
            }
        }
    }
    if (told->again[0]) {
        fprintf(out, "\n              reproduce: %s", shown(told->again));
    }
    fputc('\n', out);
}

static void report_count(struct report *report, const struct flow *flow,
                         const struct replay_result result[2], const struct replay_result *worst)
{
    report->conversations++;
    report->packets += flow->packets;
    for (uint32_t side = 0; side < 2; side++) {
        report->bytes += result[side].bytes;
        report->segments += result[side].segments;
    }
    report->no_connection += worst->no_connection;
    report->pass += worst->kind == VERDICT_PASS;
    report->rig += worst->kind == VERDICT_RIG;
    if (report_is_finding(worst)) {
        report->finding += worst->kind != VERDICT_RIG;
    } else if (worst->kind != VERDICT_PASS) {
        report->inconclusive += !worst->no_connection;
    }
    tally_add(&report->tally, verdict_name(worst), worst->rule, worst->reason);
}

void report_conversation(struct report *report, const char *file, const struct flow *flow,
                         const struct replay_result result[2])
{
    enum flow_side side = report_worst(result);
    struct told told = {
        .file = file, .flow = flow, .result = result, .worst = &result[side], .host = report->host};
    report_count(report, flow, result, told.worst);
    bool finding = report_is_finding(told.worst);
    if (report->failed_only && !finding) {
        return;
    }
    flow_end_text(flow, FLOW_CLIENT, told.client, sizeof(told.client));
    flow_end_text(flow, FLOW_SERVER, told.server, sizeof(told.server));
    if (finding && report->command) {
        report_reproduction(report, file, flow, side, told.again, sizeof(told.again));
    }
    (report->json ? conversation_json : conversation_text)(report->out, &told);
}

static void totals_as_json(struct report *r)
{
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    struct json json = json_begin(r->out);
    json_object(&json, "totals");
    if (r->host) {
        json_text(&json, "host", r->host);
    }
    json_number(&json, "files", r->files);
    json_number(&json, "unreadable", r->unreadable);
    json_number(&json, "conversations", r->conversations);
    json_number(&json, "pass", r->pass);
    json_number(&json, "finding", r->finding);
    json_number(&json, "inconclusive", r->inconclusive);
    json_number(&json, "no_connection", r->no_connection);
    json_number(&json, "rig_fault", r->rig);
    json_number(&json, "packets", r->packets);
    json_number(&json, "bytes", r->bytes);
    json_number(&json, "segments", r->segments);
    json_real(&json, "seconds", r->seconds, 3);
    json_real(&json, "segments_per_second", (double)r->segments / seconds, 0);
    tally_json(&r->tally, &json);
    json_end(&json);
}

void report_totals(struct report *r)
{
    double seconds = r->seconds > 0 ? r->seconds : 1e-9;
    if (r->json) {
        totals_as_json(r);
        return;
    }
    tally_text(&r->tally, r->out);
    if (r->host) {
        fprintf(r->out, "host %s: ", r->host);
    }
    fprintf(r->out, "%u conversations in %u files: %u pass, %u findings, %u inconclusive",
            r->conversations, r->files, r->pass, r->finding, r->inconclusive);
    if (r->no_connection) {
        fprintf(r->out, ", %u no connection", r->no_connection);
    }
    if (r->unreadable) {
        fprintf(r->out, "; %u not readable to the end", r->unreadable);
    }
    if (r->rig) {
        fprintf(r->out, "; %u rig faults", r->rig);
    }
    fprintf(r->out, "\n%llu bytes delivered, %llu segments in %.1f s (%.0f segments/s)\n",
            (unsigned long long)r->bytes, (unsigned long long)r->segments, r->seconds,
            (double)r->segments / seconds);
}
