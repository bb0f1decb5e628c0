/* SPDX-License-Identifier: MIT
 *
 * Where the documents are silent or contradict each other: what the rig accepts, and in which
 * rules.
 */
#include <string.h>

#include "cli/cli.h"

#define READINGS_OF_A_RULE 8u
#define RULE_INDENT 12

static bool rule_has_reading(const struct oracle_rule *rule, const struct cli_reading *reading)
{
    const struct cli_reading *of_rule[READINGS_OF_A_RULE];
    uint32_t count = sources_readings(rule->source, of_rule, READINGS_OF_A_RULE);
    for (uint32_t i = 0; i < count; i++) {
        if (of_rule[i] == reading) {
            return true;
        }
    }
    return false;
}

static void reading_text(const struct cli_reading *reading)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    char text[1024] = "";
    printf("%s\n", reading->key);
    render_wrapped(stdout, RULE_INDENT, "open", reading->question);
    render_wrapped(stdout, RULE_INDENT, "accepted", reading->reading);
    for (uint32_t i = 0; i < count; i++) {
        if (rule_has_reading(&rules[i], reading)) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", rules[i].id);
        }
    }
    render_wrapped(stdout, RULE_INDENT, "rules", text);
}

static void reading_json(struct json *json, const struct cli_reading *reading)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    json_object(json, NULL);
    json_text(json, "key", reading->key);
    json_text(json, "question", reading->question);
    json_text(json, "reading", reading->reading);
    json_list(json, "rules");
    for (uint32_t i = 0; i < count; i++) {
        if (rule_has_reading(&rules[i], reading)) {
            json_text(json, NULL, rules[i].id);
        }
    }
    json_close(json);
    json_close(json);
}

int rules_readings(bool json)
{
    uint32_t count;
    const struct cli_reading *readings = sources_all_readings(&count);
    struct json list = {0};
    if (json) {
        list = json_begin(stdout);
        json_list(&list, "readings");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (json) {
            reading_json(&list, &readings[i]);
        } else {
            reading_text(&readings[i]);
        }
    }
    if (json) {
        json_end(&list);
    } else {
        printf("%u readings; chimneysweep explain RULE says what a rule does with them\n", count);
    }
    return EXIT_PASS;
}
