/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/cli.h"

static const char *level_name(enum verdict_level level)
{
    static const char *const names[] = {"must", "should", "permission", "reading", "host"};
    return names[level];
}

static void print_json(const struct oracle_rule *rule, bool last)
{
    fputs("  {\"id\": ", stdout);
    cli_json_string(stdout, rule->id);
    printf(", \"who\": \"%s\", \"level\": \"%s\", \"statement\": ", rule->who,
           level_name(rule->level));
    cli_json_string(stdout, rule->statement);
    fputs(", \"checked_by\": ", stdout);
    if (rule->checked_by) {
        cli_json_string(stdout, rule->checked_by);
    } else {
        fputs("null", stdout);
    }
    fputs(", \"source\": ", stdout);
    cli_json_string(stdout, rule->source);
    puts(last ? "}" : "},");
}

int cmd_rules(int argc, char **argv)
{
    bool json = false, open_only = false;
    const struct cli_option options[] = {
        {"--json", NULL, "print a JSON list", &json, NULL},
        {"--open", NULL, "only rules that nothing checks yet", &open_only, NULL},
    };
    int status;
    int names = cli_parse(argc, argv, options, 2, "rules [OPTIONS] [PREFIX]",
                          "  chimneysweep rules\n  chimneysweep rules RCV-\n"
                          "  chimneysweep rules --open\n",
                          &status);
    if (names < 0) {
        return status;
    }
    uint32_t count, shown = 0, checked = 0;
    const struct oracle_rule *rules = oracle_rules(&count);
    const char *prefix = names ? argv[1] : "";
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool wanted =
            !strncmp(rules[i].id, prefix, strlen(prefix)) && !(open_only && rules[i].checked_by);
        last = wanted ? i : last;
        shown += wanted;
        checked += wanted && rules[i].checked_by;
    }
    if (!shown) {
        fprintf(stderr, "rules: no rule begins with '%s'\n", prefix);
        return EXIT_USAGE;
    }
    if (json) {
        puts("[");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (strncmp(rules[i].id, prefix, strlen(prefix)) != 0 ||
            (open_only && rules[i].checked_by)) {
            continue;
        }
        if (json) {
            print_json(&rules[i], i == last);
        } else {
            printf("%-14s %s %-10s %s\n%31s%s\n", rules[i].id, rules[i].who,
                   level_name(rules[i].level), rules[i].statement, "",
                   rules[i].checked_by ? rules[i].checked_by : "not checked yet");
        }
    }
    if (json) {
        puts("]");
    } else {
        printf("%u rules, %u with a check\n", shown, checked);
    }
    return EXIT_PASS;
}
