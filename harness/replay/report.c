/* SPDX-License-Identifier: MIT */
#include "replay/report.h"

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

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c >= 0x7F) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void json_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":", name);
    json_string(out, text);
}

/* The stream from the client is what the target delivers as the server, and the other way round. */
static const struct replay_result *carrier(const struct replay_result result[2], bool from_client)
{
    return &result[from_client ? FLOW_SERVER : FLOW_CLIENT];
}

static void json_sha256(FILE *out, const struct replay_result *result)
{
    if (!result->tried || !result->ran) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (unsigned i = 0; i < REPLAY_SHA256_BYTES; i++) {
        fprintf(out, "%02x", result->sha256[i]);
    }
    fputc('"', out);
}

static void json_direction(FILE *out, const char *name, const struct replay_result *result)
{
    fprintf(out, "\"%s\":{\"verdict\":", name);
    json_string(out, result->tried ? verdict_kind_name(result->kind) : "not tried");
    json_text(out, "rule", result->rule);
    json_text(out, "reason", result->reason);
    fprintf(out,
            ",\"bytes\":%llu,\"expected\":%llu,\"sent\":%llu,\"segments\":%llu,\"resent\":%llu,"
            "\"acks_held\":%u,\"warnings\":%u}",
            (unsigned long long)result->bytes, (unsigned long long)result->expected,
            (unsigned long long)result->sent, (unsigned long long)result->segments,
            (unsigned long long)result->resent, result->acks_held, result->warnings);
}

static void conversation_json(FILE *out, const char *file, const struct flow *flow,
                              const struct replay_result result[2],
                              const struct replay_result *worst, const char *client,
                              const char *server)
{
    const struct replay_result *up = carrier(result, true), *down = carrier(result, false);
    fputs("{\"file\":", out);
    json_string(out, file);
    fprintf(out, ",\"stream\":%u", flow->stream);
    json_text(out, "client", client);
    json_text(out, "server", server);
    fprintf(out, ",\"packets\":%u,\"handshake\":%s", flow->packets,
            flow->handshake ? "true" : "false");
    json_text(out, "verdict", verdict_kind_name(worst->kind));
    json_text(out, "rule", worst->rule);
    json_text(out, "reason", worst->reason);
    fprintf(out, ",\"bytes\":{\"client_to_server\":%llu,\"server_to_client\":%llu}",
            (unsigned long long)up->bytes, (unsigned long long)down->bytes);
    fputs(",\"sha256\":{\"client_to_server\":", out);
    json_sha256(out, up);
    fputs(",\"server_to_client\":", out);
    json_sha256(out, down);
    fputs("},\"directions\":{", out);
    json_direction(out, "client_to_server", up);
    fputc(',', out);
    json_direction(out, "server_to_client", down);
    fputs("}}\n", out);
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
                worst->reason);
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

void report_totals(FILE *out, bool json, const struct report_totals *t)
{
    double seconds = t->seconds > 0 ? t->seconds : 1e-9;
    if (json) {
        fprintf(
            out,
            "{\"totals\":{\"files\":%u,\"unreadable\":%u,\"conversations\":%u,\"pass\":%u,"
            "\"finding\":%u,\"inconclusive\":%u,\"rig_fault\":%u,\"packets\":%llu,"
            "\"bytes\":%llu,\"segments\":%llu,\"seconds\":%.3f,\"segments_per_second\":%.0f}}\n",
            t->files, t->unreadable, t->conversations, t->pass, t->finding, t->inconclusive, t->rig,
            (unsigned long long)t->packets, (unsigned long long)t->bytes,
            (unsigned long long)t->segments, t->seconds, (double)t->segments / seconds);
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
