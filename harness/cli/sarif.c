/* SPDX-License-Identifier: MIT */
#include "cli/sarif.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Ways to fail without breaking a rule, by verdict. */
static const struct way {
    enum verdict_kind kind;
    const char *id, *text, *why;
} ways[] = {
    {VERDICT_SANITIZER, "SANITIZER", "the driver works without a report of a sanitizer",
     "It read or wrote memory that is not its own, or did what C leaves undefined: in a kernel "
     "that is a bug check, or silent corruption of somebody else's data."},
    {VERDICT_CRASH, "CRASH", "the driver does not crash",
     "A signal in this process is a bug check of the whole machine."},
    {VERDICT_HANG, "HANG", "the driver comes to rest after every stimulus",
     "A driver that goes round in circles takes its processor away from everything else, until "
     "the watchdog stops the machine."},
    {VERDICT_NONDETERMINISM, "NONDETERMINISM", "the same input gives the same events",
     "The driver depends on something that is not its input, such as memory it never set: what it "
     "does in the field cannot be reproduced."},
    {VERDICT_INCONCLUSIVE, "INCONCLUSIVE", "the run could be judged",
     "Nothing is known about the driver from this input."},
    {VERDICT_EXIT, "EXIT", "the driver leaves its process alone",
     "The driver ended the program that it ran in: in a kernel there is nothing to end but the "
     "machine."},
    {VERDICT_STALL, "STALL", "the driver does not wait in a call for what cannot come",
     "Its thread never comes back, and what it holds stays held: in a kernel nobody ends it."},
    {VERDICT_PROCESS, "PROCESS", "the driver leaves its process as it is, and no other behind",
     "A driver has no processes, threads or descriptors; what it left would work on unseen."},
    {VERDICT_OVERWRITTEN, "OVERWRITTEN", "the driver does not write over the rig's memory",
     "It wrote astray: in a kernel, over the memory of others."},
    {VERDICT_MEMORY, "MEMORY", "the driver's process stays within --memory",
     "It takes memory without end, beside what it allocates from NDIS."},
    {VERDICT_NOT_JUDGED, "NOT-JUDGED", "the driver starts and offers a TCP chimney",
     "A driver that never worked broke no rule, and kept none."},
    {VERDICT_RIG, "RIG-FAULT", "the rig keeps the rules that bind the host",
     "Nothing that this run says about the driver can be trusted."},
    {VERDICT_VIOLATION, "STREAM", "what is delivered is what was captured",
     "An application got other bytes than the peer sent it."},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void pair(FILE *out, const char *before, const char *name, const char *text)
{
    fprintf(out, "%s\"%s\": ", before, name);
    json_string(out, text);
}

/* A path as a relative reference: what a URI does not allow in a path is escaped. */
static void put_uri(FILE *out, const char *path)
{
    fputs("\"uri\": \"", out);
    for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
        if (isalnum(*at) || strchr("/._-~", *at)) {
            fputc(*at, out);
        } else {
            fprintf(out, "%%%02X", *at);
        }
    }
    fputc('"', out);
}

static void first_uri(void *context, const char *text, const char *uri)
{
    char *first = context;
    (void)text;
    if (!first[0]) {
        snprintf(first, 256, "%s", uri);
    }
}

static const char *level_of(enum verdict_level level)
{
    return level == LEVEL_PERMISSION ? "none" : level == LEVEL_SHOULD ? "warning" : "error";
}

static void sarif_put_rule(FILE *out, const struct oracle_rule *rule)
{
    char uri[256] = "", help[128];
    sources_visit(rule->source, first_uri, uri);
    pair(out, "        {", "id", rule->id);
    pair(out, ", \"shortDescription\": {", "text", rule->statement);
    pair(out, "}, \"fullDescription\": {", "text", rule->why);
    snprintf(help, sizeof(help), "chimneysweep explain %s", rule->id);
    pair(out, "}, \"help\": {", "text", help);
    fputc('}', out);
    if (uri[0]) {
        pair(out, ", ", "helpUri", uri);
    }
    pair(out, ", \"defaultConfiguration\": {", "level", level_of(rule->level));
    pair(out, "}, \"properties\": {", "class", rules_class_name(rule->check));
    pair(out, ", ", "level", rules_level_name(rule->level));
    pair(out, ", ", "source", rule->source);
    fputs("}},\n", out);
}

static void put_way(FILE *out, const struct way *way, bool last)
{
    pair(out, "        {", "id", way->id);
    pair(out, ", \"shortDescription\": {", "text", way->text);
    pair(out, "}, \"fullDescription\": {", "text", way->why);
    pair(out, "}, \"defaultConfiguration\": {", "level",
         verdict_exit_status(way->kind) == EXIT_INCONCLUSIVE ? "none" : "error");
    fprintf(out, "}}%s\n", last ? "" : ",");
}

bool sarif_open(struct sarif *sarif, const char *path)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    *sarif = (struct sarif){.results = 0};
    if (!path) {
        return true;
    }
    if (!result_open(&sarif->file, path)) {
        return false;
    }
    FILE *out = sarif->file.out;
    fputs("{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
          "  \"version\": \"2.1.0\",\n  \"runs\": [{\n"
          "    \"tool\": {\"driver\": {\"name\": \"chimneysweep\", \"version\": \"0.1\", "
          "\"semanticVersion\": \"0.1.0\",\n      \"rules\": [\n",
          out);
    for (uint32_t i = 0; i < count; i++) {
        sarif_put_rule(out, &rules[i]);
    }
    for (unsigned i = 0; i < WAYS; i++) {
        put_way(out, &ways[i], i + 1 == WAYS);
    }
    fputs("      ]}},\n    \"results\": [", out);
    return true;
}

/* Index into the rules of the file; the catalogue comes first. */
static uint32_t rule_index(const struct sarif_result *result, const char **id)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    const struct oracle_rule *rule = result->rule[0] ? oracle_rule_find(result->rule) : NULL;
    if (rule) {
        *id = rule->id;
        return (uint32_t)(rule - rules);
    }
    unsigned i = 0;
    while (i + 1 < WAYS && ways[i].kind != result->kind) {
        i++;
    }
    *id = ways[i].id;
    return count + i;
}

static void put_properties(FILE *out, const struct sarif_result *r)
{
    pair(out, "       \"properties\": {", "verdict",
         r->warning ? "warning" : verdict_kind_name(r->kind));
    if (r->event != VERDICT_NO_EVENT) {
        fprintf(out, ", \"event\": %u, \"time_ns\": %llu", r->event,
                (unsigned long long)r->time_ns);
    }
    if (r->connection != UINT32_MAX) {
        fprintf(out, ", \"connection\": %u", r->connection);
    }
    if (r->where[0]) {
        pair(out, ", ", "where", r->where);
    }
    if (r->trace) {
        if (r->trace->end.op != UINT32_MAX) {
            fprintf(out, ", \"operation\": %u", r->trace->end.op);
        }
        fprintf(out, ", \"events\": %u, \"trace_hash\": \"%016llx\"", r->trace->count,
                (unsigned long long)r->trace->hash);
        if (r->trace->end.earlier[0]) {
            pair(out, ", ", "earlier", r->trace->end.earlier);
        }
        if (r->trace->end.memory[0]) {
            pair(out, ", ", "memory", r->trace->end.memory);
        }
        if (r->trace->end.report[0]) {
            pair(out, ", ", "report", r->trace->end.report);
        }
    }
    fputc('}', out);
}

void sarif_add(struct sarif *sarif, const struct sarif_result *r)
{
    FILE *out = sarif->file.out;
    char text[2 * VERDICT_TEXT_MAX + 512];
    const char *id;
    if (!out) {
        return;
    }
    uint32_t index = rule_index(r, &id);
    const struct oracle_rule *rule = oracle_rule_find(id);
    snprintf(text, sizeof(text), "%s%s%s%s%s%s", rule ? rule->statement : "", rule ? ": " : "",
             r->expected[0] ? "expected " : "", r->expected, r->expected[0] ? "; actual " : "",
             r->actual);
    bool open = verdict_exit_status(r->kind) == EXIT_INCONCLUSIVE;
    fprintf(out,
            "%s\n      {\"ruleId\": \"%s\", \"ruleIndex\": %u, \"kind\": \"%s\", \"level\": "
            "\"%s\",\n",
            sarif->results++ ? "," : "", id, index, open ? "open" : "fail",
            open         ? "none"
            : r->warning ? "warning"
                         : "error");
    pair(out, "       \"message\": {", "text", text);
    fputs("},\n       \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {", out);
    put_uri(out, r->uri);
    fputs("}}}],\n", out);
    if (r->trace && r->kind != VERDICT_PASS) {
        cli_identity(r->trace, text, sizeof(text));
        pair(out, "       \"partialFingerprints\": {", "finding/v1", text);
        fputs("},\n", out);
    }
    put_properties(out, r);
    fputc('}', out);
}

void sarif_add_run(struct sarif *sarif, const char *uri, const struct trace *trace)
{
    const struct verdict *v = &trace->verdict;
    struct sarif_result result = {.kind = v->kind,
                                  .rule = v->rule,
                                  .expected = v->expected,
                                  .actual = v->actual,
                                  .uri = uri,
                                  .where = "",
                                  .event = v->event,
                                  .connection = v->conn,
                                  .time_ns = v->time_ns,
                                  .trace = trace};
    if (v->kind == VERDICT_PASS && v->warnings) {
        result.warning = true;
        result.rule = v->warning_rule;
        result.actual = v->warning_text;
    }
    if (v->kind != VERDICT_PASS || v->warnings) {
        sarif_add(sarif, &result);
    }
}

bool sarif_close(struct sarif *sarif, int status)
{
    FILE *out = sarif->file.out;
    if (!out) {
        return true;
    }
    fprintf(out,
            "%s],\n    \"invocations\": [{\"executionSuccessful\": %s, \"exitCode\": %d}]\n"
            "  }]\n}\n",
            sarif->results ? "\n    " : "",
            status == EXIT_USAGE || status == EXIT_ENVIRONMENT ? "false" : "true", status);
    return result_close(&sarif->file);
}
