/* SPDX-License-Identifier: MIT
 *
 * Events and verdicts as people read them, and as machines do.
 */
#include <string.h>

#include "base/shown.h"
#include "cli/cli.h"

void render_event(FILE *out, const struct trace_record *r)
{
    static const char marks[] = {'>', '<', ' '};
    fprintf(out, "%6u %12.6f ms ", r->seq, (double)r->time_ns / 1e6);
    if (r->conn == TAP_NONE) {
        fputs("   ", out);
    } else {
        fprintf(out, "c%-2u", r->conn);
    }
    fprintf(out, "%c%c %s", r->irql ? 'D' : 'P', marks[r->kind % 3], tap_fn_name(r->fn));
    render_details(out, r);
    fputc('\n', out);
}

void render_wrapped(FILE *out, int indent, const char *label, const char *text)
{
    int column = fprintf(out, "  %-*s", indent - 2, label);
    for (const char *word = text; *word;) {
        int length = (int)strcspn(word, " ");
        bool fits = column == indent || column + 1 + length <= 100;
        if (!fits) {
            column = fprintf(out, "\n%*s", indent, "") - 1;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", length, word);
        word += length + (word[length] == ' ');
    }
    fputc('\n', out);
}

static void upper(char *text)
{
    for (; *text; text++) {
        *text = *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text;
    }
}

static void tail(FILE *out, const struct trace *trace, unsigned events)
{
    /* The events up to the verdict and a few behind it, as far as they are kept. */
    uint32_t at = trace->verdict.event, end = trace->count;
    end = at < end && end - at > 6 ? at + 6 : end;
    uint32_t oldest = trace->count > TRACE_RECORDS ? trace->count - TRACE_RECORDS : 0;
    uint32_t begin = end > events ? end - events : 0;
    for (uint32_t i = begin > oldest ? begin : oldest; i < end; i++) {
        const struct trace_record *record = &trace->record[i % TRACE_RECORDS];
        if (record->kind == TAP_POINT && (record->fn == TAP_ALLOC || record->fn == TAP_FREE)) {
            continue;
        }
        fputs("  ", out);
        render_event(out, record);
    }
}

void render_verdict(FILE *out, const struct trace *trace, const char *reproduce, unsigned events)
{
    const struct verdict *v = &trace->verdict;
    char kind[32];
    snprintf(kind, sizeof(kind), "%s", verdict_kind_name(v->kind));
    upper(kind);
    bool color = cli_color(out);
    fprintf(out, "%s%s%s", color ? (v->kind ? "\033[1;31m" : "\033[1;32m") : "", kind,
            color ? "\033[0m" : "");
    if (v->kind == VERDICT_PASS) {
        if (trace->end.skipped[0]) {
            fprintf(out, ", skipped: the driver does not advertise %s", trace->end.skipped);
        }
        fprintf(out, " (%u events, trace %016llx)\n", trace->count,
                (unsigned long long)trace->hash);
        if (v->warnings) {
            fprintf(out, "  %u warning%s, first %s: %s\n", v->warnings, v->warnings > 1 ? "s" : "",
                    v->warning_rule, v->warning_text);
        }
        return;
    }
    fprintf(out, "%s%s at event %d (%.3f ms", v->rule[0] ? " " : "", v->rule, (int)v->event,
            (double)v->time_ns / 1e6);
    if (v->conn != UINT32_MAX) {
        fprintf(out, ", connection %u", v->conn);
    }
    fputs(")\n", out);
    const struct oracle_rule *rule = v->rule[0] ? oracle_rule_find(v->rule) : NULL;
    if (rule) {
        fprintf(out, "  %s\n", rule->statement);
        render_wrapped(out, 11, "why", rule->why);
    }
    if (v->expected[0]) {
        fprintf(out, "  expected %s\n", shown(v->expected));
    }
    fprintf(out, "  %s%s\n", v->expected[0] ? "actual   " : "", shown(v->actual));
    if (trace->end.earlier[0]) {
        fprintf(out, "  earlier  %s\n", shown(trace->end.earlier));
    }
    if (trace->end.memory[0]) {
        fprintf(out, "  memory   %s\n", trace->end.memory);
    }
    if (trace->end.owed[0]) {
        fprintf(out, "  owed     %s\n", shown(trace->end.owed));
    }
    render_stack(out, &trace->end);
    if (events) {
        fputs("  events:\n", out);
        tail(out, trace, events);
    }
    if (trace->end.report[0]) {
        fprintf(out, "  report:\n%s\n", shown_lines(trace->end.report));
    }
    if (reproduce) {
        fprintf(out, "  reproduce: %s\n", shown(reproduce));
        if (rule) {
            fprintf(out, "  explain: chimneysweep explain %s\n", rule->id);
        }
    }
}

static void put_rules(struct json *json, const uint32_t *ran)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    json_object(json, "rules");
    for (uint32_t i = 0; i < count; i++) {
        if (ran[i]) {
            json_number(json, rules[i].id, ran[i]);
        }
    }
    json_close(json);
}

void render_verdict_json(FILE *out, const char *file, const struct trace *trace,
                         const uint32_t *ran)
{
    const struct verdict *v = &trace->verdict;
    const struct trace_end *end = &trace->end;
    char identity[CLI_IDENTITY];
    struct json json = json_begin(out);
    cli_identity(trace, identity, sizeof(identity));
    json_text(&json, "file", file);
    json_text(&json, "verdict", verdict_kind_name(v->kind));
    json_text(&json, "rule", v->rule[0] ? v->rule : NULL);
    json_text(&json, "identity", v->kind ? identity : NULL);
    json_number_or_null(&json, "event", v->event, v->event != VERDICT_NO_EVENT);
    json_number(&json, "time_ns", v->time_ns);
    json_number_or_null(&json, "connection", v->conn, v->conn != UINT32_MAX);
    json_text(&json, "expected", v->expected);
    json_text(&json, "actual", v->actual);
    json_text(&json, "earlier", end->earlier);
    json_text(&json, "memory", end->memory);
    json_text(&json, "owed", end->owed);
    stack_json(&json, end);
    json_number(&json, "violations", v->violations);
    json_number(&json, "warnings", v->warnings);
    json_text(&json, "warning", v->warning_rule);
    json_number(&json, "events", trace->count);
    json_hash(&json, "trace_hash", trace->hash);
    json_text(&json, "skipped", end->skipped);
    if (ran) {
        put_rules(&json, ran);
    }
    json_end(&json);
}
