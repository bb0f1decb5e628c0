/* SPDX-License-Identifier: MIT */
#include "replay/report.h"

#include "base/json.h"
#include "base/shown.h"

#include <string.h>

static int rank(const struct replay_result *result)
{
    if (!result->tried) {
        return 0;
    }
    return result->kind == VERDICT_PASS ? (result->reason[0] ? 2 : 1)
           : result->kind == VERDICT_INCONCLUSIVE || result->kind == VERDICT_NOT_JUDGED ? 3
                                                                                        : 4;
}

/* The stream from the client is what the target delivers as the server, and the other way round. */
static const struct replay_result *carrier(const struct replay_result result[2], bool from_client)
{
    return &result[from_client ? FLOW_SERVER : FLOW_CLIENT];
}

static void sha256_json(struct json *json, const char *name, const struct replay_result *result)
{
    if (result->tried && result->ran) {
        json_bytes(json, name, result->sha256, REPLAY_SHA256_BYTES);
    } else {
        json_null(json, name);
    }
}

static void direction_json(struct json *json, const char *name, const struct replay_result *result)
{
    json_object(json, name);
    json_text(json, "verdict", result->tried ? verdict_kind_name(result->kind) : "not tried");
    json_text(json, "rule", result->rule);
    json_text(json, "reason", result->reason);
    json_number(json, "bytes", result->bytes);
    json_number(json, "expected", result->expected);
    json_number(json, "sent", result->sent);
    json_number(json, "segments", result->segments);
    json_number(json, "resent", result->resent);
    json_number(json, "acks_held", result->acks_held);
    json_number(json, "warnings", result->warnings);
    json_close(json);
}

static void conversation_json(FILE *out, const char *file, const struct flow *flow,
                              const struct replay_result result[2],
                              const struct replay_result *worst, const char *client,
                              const char *server)
{
    static const char *const names[2] = {"client_to_server", "server_to_client"};
    const struct replay_result *way[2] = {carrier(result, true), carrier(result, false)};
    struct json json = json_begin(out);
    json_text(&json, "file", file);
    json_number(&json, "stream", flow->stream);
    json_text(&json, "client", client);
    json_text(&json, "server", server);
    json_number(&json, "packets", flow->packets);
    json_bool(&json, "handshake", flow->handshake);
    json_text(&json, "verdict", verdict_kind_name(worst->kind));
    json_text(&json, "rule", worst->rule);
    json_text(&json, "reason", worst->reason);
    json_object(&json, "bytes");
    for (unsigned i = 0; i < 2; i++) {
        json_number(&json, names[i], way[i]->bytes);
    }
    json_close(&json);
    json_object(&json, "sha256");
    for (unsigned i = 0; i < 2; i++) {
        sha256_json(&json, names[i], way[i]);
    }
    json_close(&json);
    json_object(&json, "directions");
    for (unsigned i = 0; i < 2; i++) {
        direction_json(&json, names[i], way[i]);
    }
    json_end(&json);
}

static void conversation_text(FILE *out, const char *file, const struct flow *flow,
                              const struct replay_result result[2],
                              const struct replay_result *worst, const char *client,
                              const char *server)
{
    fprintf(out, "%-12s %s stream %u  %s > %s  %llu + %llu bytes", verdict_kind_name(worst->kind),
            shown(file), flow->stream, client, server,
            (unsigned long long)carrier(result, true)->bytes,
            (unsigned long long)carrier(result, false)->bytes);
    if (worst->rule[0] || worst->reason[0]) {
        fprintf(out, "\n             %s%s%s", worst->rule, worst->rule[0] ? ": " : "",
                shown(worst->reason));
    }
    if (worst->kind != VERDICT_PASS && worst->ran) {
        fprintf(out, " (the %s as the target)",
                worst == &result[FLOW_CLIENT] ? "client" : "server");
    }
    fputc('\n', out);
}

void report_conversation(FILE *out, bool json, const char *file, const struct flow *flow,
                         const struct replay_result result[2], struct report_totals *totals)
{
    char client[64], server[64];
    const struct replay_result *worst = rank(&result[FLOW_SERVER]) > rank(&result[FLOW_CLIENT])
                                            ? &result[FLOW_SERVER]
                                            : &result[FLOW_CLIENT];
    flow_end_text(flow, FLOW_CLIENT, client, sizeof(client));
    flow_end_text(flow, FLOW_SERVER, server, sizeof(server));
    totals->conversations++;
    totals->packets += flow->packets;
    for (uint32_t side = 0; side < 2; side++) {
        totals->bytes += result[side].bytes;
        totals->segments += result[side].segments;
    }
    switch (worst->kind) {
    case VERDICT_PASS:
        totals->pass++;
        break;
    case VERDICT_INCONCLUSIVE:
    case VERDICT_NOT_JUDGED:
        totals->inconclusive++;
        break;
    case VERDICT_RIG:
        totals->rig++;
        break;
    default:
        totals->finding++;
        break;
    }
    (json ? conversation_json : conversation_text)(out, file, flow, result, worst, client, server);
}

static void totals_as_json(FILE *out, const struct report_totals *t, double seconds)
{
    struct json json = json_begin(out);
    json_object(&json, "totals");
    json_number(&json, "files", t->files);
    json_number(&json, "unreadable", t->unreadable);
    json_number(&json, "conversations", t->conversations);
    json_number(&json, "pass", t->pass);
    json_number(&json, "finding", t->finding);
    json_number(&json, "inconclusive", t->inconclusive);
    json_number(&json, "rig_fault", t->rig);
    json_number(&json, "packets", t->packets);
    json_number(&json, "bytes", t->bytes);
    json_number(&json, "segments", t->segments);
    json_real(&json, "seconds", t->seconds, 3);
    json_real(&json, "segments_per_second", (double)t->segments / seconds, 0);
    json_end(&json);
}

void report_totals(FILE *out, bool json, const struct report_totals *t)
{
    double seconds = t->seconds > 0 ? t->seconds : 1e-9;
    if (json) {
        totals_as_json(out, t, seconds);
        return;
    }
    fprintf(out, "%u conversations in %u files: %u pass, %u findings, %u inconclusive",
            t->conversations, t->files, t->pass, t->finding, t->inconclusive);
    if (t->unreadable) {
        fprintf(out, "; %u not readable to the end", t->unreadable);
    }
    if (t->rig) {
        fprintf(out, "; %u rig faults", t->rig);
    }
    fprintf(out, "\n%llu bytes delivered, %llu segments in %.1f s (%.0f segments/s)\n",
            (unsigned long long)t->bytes, (unsigned long long)t->segments, t->seconds,
            (double)t->segments / seconds);
}
