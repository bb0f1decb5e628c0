/* SPDX-License-Identifier: MIT
 *
 * Which programs exercise which rules: a check that no program reaches proves nothing.
 */
#include <string.h>

#include "cli/suite.h"

const char *rules_class_name(enum oracle_check check)
{
    static const char *const names[] = {
        "open",       "checked by the oracle", "asserted on the host",
        "permission", "not observable",        "the same as"};
    return names[check];
}

/* The rule as which a rule is judged: nearly always itself. */
uint32_t rules_judged_as(uint32_t index)
{
    uint32_t count;
    const struct oracle_rule *rule = &oracle_rules(&count)[index];
    return rule->check == CHECK_SAME ? rule->same : index;
}

bool rules_needs_program(const struct oracle_rule *rule)
{
    return rule->check == CHECK_ORACLE || rule->check == CHECK_HOST;
}

static void print_text(const struct rule_coverage *c, const struct oracle_rule *rule, uint32_t i,
                       const char *best)
{
    printf("%-23s %10llu  %s%s%s", rule->id, (unsigned long long)c->total[rules_judged_as(i)],
           rules_class_name(rule->check), rule->where ? ": " : "", rule->where ? rule->where : "");
    if (best) {
        printf("  [%s]", best);
    } else if (rules_needs_program(rule)) {
        fputs("  [no program]", stdout);
    }
    putchar('\n');
}

static void rules_coverage_print_json(struct json *json, const struct rule_coverage *c,
                                      const struct oracle_rule *rule, uint32_t i, const char *best)
{
    json_object(json, NULL);
    json_text(json, "id", rule->id);
    json_text(json, "class", rules_class_name(rule->check));
    json_text(json, "where", rule->where);
    json_number(json, "evaluated", c->total[i]);
    json_text(json, "program", best);
    json_close(json);
}

static void totals_json(struct json *json, const struct rule_coverage *c, const uint32_t class[6],
                        uint32_t idle)
{
    json_close(json);
    json_number(json, "programs", c->programs);
    json_number(json, "failed", c->failed);
    json_object(json, "totals");
    json_number(json, "rules", c->rules);
    json_number(json, "oracle", class[CHECK_ORACLE]);
    json_number(json, "host", class[CHECK_HOST]);
    json_number(json, "permission", class[CHECK_PERMISSION]);
    json_number(json, "not_observable", class[CHECK_UNOBSERVABLE]);
    json_number(json, "same", class[CHECK_SAME]);
    json_number(json, "open", class[CHECK_OPEN]);
    json_number(json, "exercised_by_nothing", idle);
    json_end(json);
}

static void totals_text(const struct rule_coverage *c, const uint32_t class[6], uint32_t idle)
{
    printf("%u programs, %u failed\n%u rules: %u checked by the oracle, %u asserted on the "
           "host, %u permissions, %u not observable, %u the same as others, %u open\n%u "
           "checked rules are exercised by nothing\n",
           c->programs, c->failed, c->rules, class[CHECK_ORACLE], class[CHECK_HOST],
           class[CHECK_PERMISSION], class[CHECK_UNOBSERVABLE], class[CHECK_SAME], class[CHECK_OPEN],
           idle);
}

/* True when every checked rule is exercised and none is open. */
static bool report(const struct rule_coverage *c, const struct cli_paths *files, bool as_json)
{
    const struct oracle_rule *rules;
    uint32_t count, class[6] = {0}, idle = 0;
    struct json json = {0};
    rules = oracle_rules(&count);
    if (as_json) {
        json = json_begin(stdout);
        json_list(&json, "rules");
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *best = files->count && c->most[i] ? files->path[c->best[i]] : NULL;
        class[rules[i].check]++;
        idle += rules_needs_program(&rules[i]) && !c->total[i];
        if (as_json) {
            rules_coverage_print_json(&json, c, &rules[i], i, best);
        } else {
            print_text(c, &rules[i], i, best);
        }
    }
    if (as_json) {
        totals_json(&json, c, class, idle);
    } else {
        totals_text(c, class, idle);
    }
    return !idle && !class[CHECK_OPEN] && !c->failed;
}

int rules_coverage(char **paths, int count, const char *driver, bool json)
{
    static struct world world;
    static char *corpora[] = {"corpora"};
    struct cli_paths files = {0};
    for (int i = 0; i < (count ? count : 1); i++) {
        if (!cli_collect(&files, count ? paths[i] : corpora[0])) {
            return EXIT_USAGE;
        }
    }
    int status = cli_open_world(&world, driver);
    struct rule_coverage *c =
        status ? NULL : rules_measure(&world, &files, &(struct suite_options){0}, &status);
    if (!c) {
        return status;
    }
    return report(c, &files, json) ? EXIT_PASS : EXIT_FINDING;
}
