/* SPDX-License-Identifier: MIT
 *
 * The catalogue as people read it: the rows, with what catalogue.py found out about them.
 */
#include <string.h>

#include "oracle/catalogue/rule_ids.h"
#include "oracle/catalogue/rules.h"
#include "oracle_rule_texts.h" /* ID_name and WHERE_name of every rule; made by catalogue.py */

/* How a rule is judged. */
#define JUDGED CHECK_ORACLE
#define ASSERTED CHECK_HOST
#define PERMITS(reason) CHECK_PERMISSION
#define UNOBSERVABLE(reason) CHECK_UNOBSERVABLE
#define SAME_AS(rule) CHECK_SAME, .same = ORC_##rule

#define RULE(name, by, grade, judged, words, page, harm)                                           \
    [ORC_##name] = {.id = ID_##name,                                                               \
                    .who = by,                                                                     \
                    .level = grade,                                                                \
                    .statement = words,                                                            \
                    .source = page,                                                                \
                    .why = harm,                                                                   \
                    .where = WHERE_##name,                                                         \
                    .check = judged},
static const struct oracle_rule all[ORC_RULES] = {
#include "oracle/catalogue/rules_buffers.def"
#include "oracle/catalogue/rules_state.def"
#include "oracle/catalogue/rules_verifier.def"
#include "oracle/catalogue/rules_wire.def"
};
#undef RULE

const struct oracle_rule *oracle_rules(uint32_t *count)
{
    *count = ORC_RULES;
    return all;
}

const struct oracle_rule *oracle_rule_find(const char *id)
{
    for (uint32_t i = 0; i < ORC_RULES; i++) {
        if (strcmp(all[i].id, id) == 0) {
            return &all[i];
        }
    }
    return NULL;
}
