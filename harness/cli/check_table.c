/* SPDX-License-Identifier: MIT */
#include "base/shown.h"
#include "cli/check.h"

#include <string.h>

#define NEXT_INDENT 11

static const char *const names[RESULTS] = {"held", "broken", "warned", "never evaluated", "-"};

enum check_result check_result_of(const struct check *check, uint32_t index)
{
    const struct rule_coverage *c = check->coverage;
    uint32_t count, as = rules_judged_as(index);
    const struct oracle_rule *rule = &oracle_rules(&count)[as];
    if (c->broken[as].programs) {
        return RESULT_BROKEN;
    }
    if (c->warned[as].programs) {
        return RESULT_WARNED;
    }
    if (!rules_needs_program(rule)) {
        return RESULT_NOTHING;
    }
    return c->total[as] ? RESULT_HELD : RESULT_NEVER;
}

/* What shows the finding again, without the indentation. */
static void again(const struct check *check, const struct suite_finding *finding, bool warned,
                  char *out, size_t size)
{
    struct cli_driven driven = check->driven;
    char command[CHANGE_NAME + 16] = "run --with ";
    driven.strict |= warned;
    if (finding->changed) {
        change_name(&finding->change, command + strlen(command));
    }
    cli_reproduce(&driven, finding->changed ? command : "run", check->files->path[finding->first],
                  out, size);
}

static void put_finding(const struct check *check, const struct suite_finding *finding, bool warned)
{
    char command[8400];
    again(check, finding, warned, command, sizeof(command));
    if (finding->expected[0]) {
        printf("      expected %s\n", shown(finding->expected));
    }
    printf("      %s%s\n", finding->expected[0] ? "actual   " : "", shown(finding->actual));
    printf("      reproduce: %s\n", shown(command));
}

/* The rule to begin with: the first that is broken, else the first that only warned, else the first
 * that no program evaluated. NULL when there is none. */
static const struct oracle_rule *check_table_next(const struct check *check,
                                                  enum check_result *result)
{
    static const enum check_result urgent[] = {RESULT_BROKEN, RESULT_WARNED, RESULT_NEVER};
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    for (uint32_t k = 0; k < sizeof(urgent) / sizeof(urgent[0]); k++) {
        for (uint32_t i = 0; i < count; i++) {
            *result = check_result_of(check, i);
            if (rules_judged_as(i) == i && *result == urgent[k]) {
                return &rules[i];
            }
        }
    }
    return NULL;
}

static void put_next(const struct check *check)
{
    enum check_result result;
    const struct oracle_rule *rule = check_table_next(check, &result);
    if (!rule || check->unnamed) {
        return; /* what takes the driver down stands above, and comes first */
    }
    uint32_t count, index = (uint32_t)(rule - oracle_rules(&count));
    const struct rule_coverage *c = check->coverage;
    printf("\nnext: %s (%s)\n", rule->id, names[result]);
    render_wrapped(stdout, NEXT_INDENT, "rule", rule->statement);
    render_wrapped(stdout, NEXT_INDENT, "why", rule->why);
    if (result != RESULT_NEVER) {
        const struct suite_finding *finding =
            result == RESULT_BROKEN ? &c->broken[index] : &c->warned[index];
        char command[8400];
        again(check, finding, result == RESULT_WARNED, command, sizeof(command));
        if (finding->expected[0]) {
            render_wrapped(stdout, NEXT_INDENT, "expected", shown(finding->expected));
        }
        render_wrapped(stdout, NEXT_INDENT, "actual", shown(finding->actual));
        printf("  %-*s%s\n", NEXT_INDENT - 2, "run", shown(command));
    }
    printf("  %-*schimneysweep explain %s\n", NEXT_INDENT - 2, "explain", rule->id);
}

static void check_table_put_rule(const struct check *check, uint32_t index)
{
    uint32_t count, as = rules_judged_as(index);
    const struct oracle_rule *rules = oracle_rules(&count);
    const struct rule_coverage *c = check->coverage;
    enum check_result result = check_result_of(check, index);
    bool bad = result == RESULT_BROKEN || result == RESULT_WARNED, color = bad && cli_color(stdout);
    const struct suite_finding *finding = result == RESULT_BROKEN ? &c->broken[as] : &c->warned[as];
    printf("  %-23s %-10s %10llu %8u  %s%s%s", rules[index].id,
           rules_level_name(rules[index].level), (unsigned long long)c->total[as],
           c->programs_of[as], color ? "\033[1;31m" : "", names[result], color ? "\033[0m" : "");
    if (as != index) {
        printf(" (the same as %s)\n", rules[as].id);
        return;
    }
    if (bad) {
        printf(" by %u program%s", finding->programs, finding->programs > 1 ? "s" : "");
    }
    putchar('\n');
    if (bad) {
        printf("      %s\n", rules[index].statement);
        put_finding(check, finding, result == RESULT_WARNED);
    }
}

static void put_unnamed(const struct check *check)
{
    if (check->unnamed) {
        puts("\nverdicts that name no rule");
    }
    for (uint32_t kind = 0; kind < VERDICT_KINDS; kind++) {
        const struct suite_finding *finding = &check->coverage->unnamed[kind];
        if (finding->programs) {
            printf("  %-23s by %u program%s\n", verdict_kind_name((enum verdict_kind)kind),
                   finding->programs, finding->programs > 1 ? "s" : "");
            put_finding(check, finding, false);
        }
    }
}

static void put_fuzz(const struct check *check)
{
    const struct check_fuzz *fuzz = &check->fuzz;
    if (!fuzz->seconds) {
        return;
    }
    printf("\nfuzzed for %u s of processor time with each engine, in %s\n", fuzz->seconds,
           shown(fuzz->folder));
    for (uint32_t i = 0; i < CHECK_ENGINES; i++) {
        const struct check_engine *engine = &fuzz->engine[i];
        printf("  %-10s %llu executions, %.0f in a second, %u inputs ended it\n",
               check_fuzz_name(i), (unsigned long long)engine->executions, check_fuzz_rate(engine),
               engine->saved);
    }
    printf("  %u of the %u inputs that were judged again are findings\n", fuzz->findings,
           fuzz->judged);
    if (fuzz->not_again) {
        printf("  %u passed alone, in a process of their own: see the engines' logs\n",
               fuzz->not_again);
    }
}

void check_text(const struct check *check)
{
    uint32_t count;
    const char *area = "";
    oracle_rules(&count);
    printf("%-25s %-10s %10s %8s  result\n", "rule", "level", "evaluated", "programs");
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(area, oracle_rule_area(i)) != 0) {
            area = oracle_rule_area(i);
            printf("\n%s\n", area);
        }
        check_table_put_rule(check, i);
    }
    put_unnamed(check);
    const struct rule_coverage *c = check->coverage;
    put_fuzz(check);
    printf("\n%s: %u programs of %s, %u passed, %u failed\n",
           check->driven.driver ? shown(check->driven.driver) : "the bundled driver", c->programs,
           shown(check->corpora), c->programs - c->failed, c->failed);
    if (check->changed_runs) {
        printf("level %s: %llu runs of changed programs\n", check->level,
               (unsigned long long)check->changed_runs);
    }
    if (c->skipped) {
        printf(
            "%u of those that passed were skipped: they need what the driver does not advertise\n",
            c->skipped);
    }
    if (c->at < check->shipped) {
        printf("stopped, since it is the same again and again: %u programs were not run\n",
               check->shipped - c->at);
    }
    printf("%u rules: %u held, %u broken, %u warned, %u never evaluated, %u with nothing to "
           "evaluate, %u the same as others\n",
           count, check->result[RESULT_HELD], check->result[RESULT_BROKEN],
           check->result[RESULT_WARNED], check->result[RESULT_NEVER], check->result[RESULT_NOTHING],
           check->same);
    put_next(check);
}

static void json_finding(struct json *json, const char *name, const struct check *check,
                         const struct suite_finding *finding, bool warned)
{
    char command[8400];
    again(check, finding, warned, command, sizeof(command));
    json_object(json, name);
    json_number(json, "programs", finding->programs);
    json_text(json, "first", check->files->path[finding->first]);
    json_text(json, "expected", finding->expected);
    json_text(json, "actual", finding->actual);
    json_text(json, "reproduce", command);
    json_close(json);
}

static void json_rule(struct json *json, const struct check *check, uint32_t index)
{
    uint32_t count, as = rules_judged_as(index);
    const struct oracle_rule *rules = oracle_rules(&count);
    const struct rule_coverage *c = check->coverage;
    enum check_result result = check_result_of(check, index);
    bool warned = result == RESULT_WARNED;
    json_object(json, NULL);
    json_text(json, "id", rules[index].id);
    json_text(json, "area", oracle_rule_area(index));
    json_text(json, "level", rules_level_name(rules[index].level));
    json_text(json, "same_as", as != index ? rules[as].id : NULL);
    json_number(json, "evaluated", c->total[as]);
    json_number(json, "programs", c->programs_of[as]);
    json_text(json, "result", result == RESULT_NOTHING ? "nothing to evaluate" : names[result]);
    if (result == RESULT_BROKEN || warned) {
        json_finding(json, "finding", check, warned ? &c->warned[as] : &c->broken[as], warned);
    } else {
        json_null(json, "finding");
    }
    json_close(json);
}

static void json_totals(struct json *json, const struct check *check, uint32_t rules)
{
    json_object(json, "totals");
    json_number(json, "rules", rules);
    json_number(json, "held", check->result[RESULT_HELD]);
    json_number(json, "broken", check->result[RESULT_BROKEN]);
    json_number(json, "warned", check->result[RESULT_WARNED]);
    json_number(json, "never_evaluated", check->result[RESULT_NEVER]);
    json_number(json, "nothing_to_evaluate", check->result[RESULT_NOTHING]);
    json_number(json, "the_same", check->same);
    json_close(json);
}

static void json_fuzz(struct json *json, const struct check_fuzz *fuzz)
{
    if (!fuzz->seconds) {
        json_null(json, "fuzz");
        return;
    }
    json_object(json, "fuzz");
    json_number(json, "seconds", fuzz->seconds);
    json_text(json, "folder", fuzz->folder);
    json_list(json, "engines");
    for (uint32_t i = 0; i < CHECK_ENGINES; i++) {
        const struct check_engine *engine = &fuzz->engine[i];
        json_object(json, NULL);
        json_text(json, "name", check_fuzz_name(i));
        json_number(json, "executions", engine->executions);
        json_real(json, "per_second", check_fuzz_rate(engine), 0);
        json_number(json, "saved", engine->saved);
        json_close(json);
    }
    json_close(json);
    json_number(json, "judged", fuzz->judged);
    json_number(json, "findings", fuzz->findings);
    json_number(json, "not_again", fuzz->not_again);
    json_close(json);
}

void check_json(const struct check *check, int status)
{
    uint32_t count;
    const struct rule_coverage *c = check->coverage;
    struct json json = json_begin(stdout);
    enum check_result result;
    const struct oracle_rule *next = check_table_next(check, &result);
    oracle_rules(&count);
    json_text(&json, "driver", world_driver_path());
    json_text(&json, "next", next ? next->id : NULL);
    json_bool(&json, "strict", check->driven.strict);
    json_number(&json, "programs", c->programs);
    json_number(&json, "failed", c->failed);
    json_number(&json, "skipped", c->skipped);
    json_text(&json, "level", check->level);
    json_number(&json, "changed_runs", check->changed_runs);
    json_number(&json, "not_run", check->shipped - c->at);
    json_number(&json, "status", (uint64_t)status);
    json_list(&json, "rules");
    for (uint32_t i = 0; i < count; i++) {
        json_rule(&json, check, i);
    }
    json_close(&json);
    json_fuzz(&json, &check->fuzz);
    json_object(&json, "unnamed");
    for (uint32_t kind = 0; kind < VERDICT_KINDS; kind++) {
        if (c->unnamed[kind].programs) {
            json_finding(&json, verdict_kind_name((enum verdict_kind)kind), check,
                         &c->unnamed[kind], false);
        }
    }
    json_close(&json);
    json_totals(&json, check, count);
    json_end(&json);
}
