/* SPDX-License-Identifier: MIT */
#include "oracle/rules.h"

#include <string.h>

#define RULES_MAX 300u

/* The three parts in one row, copied at first use. */
static struct oracle_rule all[RULES_MAX];
static uint32_t all_count;

static void add(const struct oracle_rule *rules, uint32_t count)
{
    for (uint32_t i = 0; i < count && all_count < RULES_MAX; i++) {
        all[all_count++] = rules[i];
    }
}

const struct oracle_rule *oracle_rules(uint32_t *count)
{
    if (!all_count) {
        add(orc_rules_buffers, orc_rules_buffers_count);
        add(orc_rules_state, orc_rules_state_count);
        add(orc_rules_wire, orc_rules_wire_count);
    }
    *count = all_count;
    return all;
}

const struct oracle_rule *oracle_rule_find(const char *id)
{
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}
