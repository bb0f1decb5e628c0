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

static void rules_coverage_print_json(const struct rule_coverage *c, const struct oracle_rule *rule,
                                      uint32_t i, const char *best)
{
    fputs("    {\"id\": ", stdout);
    cli_json_string(stdout, rule->id);
    printf(", \"class\": \"%s\", \"where\": ", rules_class_name(rule->check));
    cli_json_string(stdout, rule->where);
    printf(", \"evaluated\": %llu, \"program\": ", (unsigned long long)c->total[i]);
    if (best) {
        cli_json_string(stdout, best);
    } else {
        fputs("null", stdout);
    }
    puts(i + 1 < c->rules ? "}," : "}");
}

/* True when every checked rule is exercised and none is open. */
static bool report(const struct rule_coverage *c, const struct cli_paths *files, bool json)
{
    const struct oracle_rule *rules;
    uint32_t count, class[6] = {0}, idle = 0;
    rules = oracle_rules(&count);
    if (json) {
        puts("{\"rules\": [");
    }
    for (uint32_t i = 0; i < count; i++) {
        class[rules[i].check]++;
        idle += rules_needs_program(&rules[i]) && !c->total[i];
        (json ? rules_coverage_print_json : print_text)(
            c, &rules[i], i, files->count && c->most[i] ? files->path[c->best[i]] : NULL);
    }
    const char *form =
        json ? "], \"programs\": %u, \"failed\": %u, \"totals\": {\"rules\": %u, \"oracle\": %u, "
               "\"host\": %u, \"permission\": %u, \"not_observable\": %u, \"same\": %u, \"open\": "
               "%u, "
               "\"exercised_by_nothing\": %u}}\n"
             : "%u programs, %u failed\n%u rules: %u checked by the oracle, %u asserted on the "
               "host, %u permissions, %u not observable, %u the same as others, %u open\n%u "
               "checked rules are exercised "
               "by nothing\n";
    printf(form, c->programs, c->failed, count, class[CHECK_ORACLE], class[CHECK_HOST],
           class[CHECK_PERMISSION], class[CHECK_UNOBSERVABLE], class[CHECK_SAME], class[CHECK_OPEN],
           idle);
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
