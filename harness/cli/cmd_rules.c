/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/cli.h"

const char *rules_level_name(enum verdict_level level)
{
    static const char *const names[] = {"must", "should", "permission", "reading", "host"};
    return names[level];
}

static void cmd_rules_print_json(struct json *json, const struct oracle_rule *rule)
{
    json_object(json, NULL);
    json_text(json, "id", rule->id);
    json_text(json, "who", rule->who);
    json_text(json, "level", rules_level_name(rule->level));
    json_text(json, "statement", rule->statement);
    json_text(json, "class", rules_class_name(rule->check));
    json_text(json, "where", rule->where);
    json_text(json, "source", rule->source);
    json_close(json);
}

static void print_text(const struct oracle_rule *rule)
{
    printf("%-23s %s %-10s %s\n%37s%s: %s\n", rule->id, rule->who, rules_level_name(rule->level),
           rule->statement, "", rules_class_name(rule->check), rule->where);
}

static int list(const char *prefix, bool open_only, bool json)
{
    uint32_t count, shown = 0, open = 0;
    const struct oracle_rule *rules = oracle_rules(&count);
    static bool wanted[1024];
    for (uint32_t i = 0; i < count; i++) {
        wanted[i] = !strncmp(rules[i].id, prefix, strlen(prefix)) &&
                    !(open_only && rules[i].check != CHECK_OPEN);
        shown += wanted[i];
        open += wanted[i] && rules[i].check == CHECK_OPEN;
    }
    if (!shown && !open_only) {
        fprintf(stderr, "rules: no rule begins with '%s'\n", prefix);
        return EXIT_USAGE;
    }
    struct json list = {0};
    if (json) {
        list = json_begin(stdout);
        json_list(&list, "rules");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (wanted[i] && json) {
            cmd_rules_print_json(&list, &rules[i]);
        } else if (wanted[i]) {
            print_text(&rules[i]);
        }
    }
    if (json) {
        json_end(&list);
    } else {
        printf("%u rules, %u open\n", shown, open);
    }
    return EXIT_PASS;
}

int cmd_rules(int argc, char **argv)
{
    bool json = false, open_only = false, coverage = false, readings = false;
    const char *driver = NULL;
    const struct cli_option options[] = {
        {"--json", NULL, "print JSON", &json, NULL},
        {"--open", NULL, "only rules that nothing checks yet", &open_only, NULL},
        {"--readings", NULL,
         "what the documents leave open, what is accepted there, and by which rules", &readings,
         NULL},
        {"--coverage", NULL,
         "run the programs of files and folders (default: corpora); which\n"
         "                         of them exercises each rule. Status 1 when a checked rule is\n"
         "                         exercised by nothing, a rule is open or a program fails",
         &coverage, NULL},
        {"--driver", "D.so", "driver for --coverage (default: the bundled core)", NULL, &driver},
    };
    int status;
    int names = cli_parse(argc, argv, options, sizeof(options) / sizeof(options[0]),
                          "rules [OPTIONS] [PREFIX], rules --readings [--json], rules --coverage "
                          "[OPTIONS] [FILE|FOLDER...]",
                          "  chimneysweep rules\n  chimneysweep rules RCV-\n"
                          "  chimneysweep rules --open\n"
                          "  chimneysweep rules --readings\n"
                          "  chimneysweep rules --coverage\n"
                          "  chimneysweep rules --coverage --json corpora/situations\n",
                          &status);
    if (names < 0) {
        return status;
    }
    if (readings) {
        return rules_readings(json);
    }
    if (coverage) {
        return rules_coverage(argv + 1, names, driver, json);
    }
    return list(names ? argv[1] : "", open_only, json);
}
