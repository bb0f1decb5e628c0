/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "oracle/oracle.h"
#include "oracle/catalogue/rule_ids.h"

#define WHY(name, text) static const char why_##name[] = text;
#include "oracle/catalogue/why_buffers.def"
#include "oracle/catalogue/why_state.def"
#include "oracle/catalogue/why_wire.def"
#include "oracle/catalogue/why_verifier.def"
#undef WHY

/* Rows name rules as identifiers; the ids that people read have dashes, put in at first use. */
#define RULE(name, who, level, statement, class, where, source)                                    \
    [ORC_##name] = {#name, who, level, statement, class, where, source, why_##name},
static struct oracle_rule all[ORC_RULES] = {
#include "oracle/catalogue/rules_buffers.def"
#include "oracle/catalogue/rules_state.def"
#include "oracle/catalogue/rules_wire.def"
#include "oracle/catalogue/rules_verifier.def"
};
#undef RULE
static bool named;

const struct oracle_rule *oracle_rules(uint32_t *count)
{
    for (uint32_t i = 0; !named && i < ORC_RULES; i++) {
        for (char *at = strchr(all[i].id, '_'); at; at = strchr(at, '_')) {
            *at = '-';
        }
    }
    named = true;
    *count = ORC_RULES;
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
