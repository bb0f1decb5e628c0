/* SPDX-License-Identifier: MIT
 *
 * One number per rule of the catalogue, made from the same rows as the catalogue: ORC_RCV_FIFO_1
 * is RCV-FIFO-1. It is a rule's one identity in code; its text is derived (oracle_rules).
 */
#ifndef ORACLE_CATALOGUE_RULE_IDS_H
#define ORACLE_CATALOGUE_RULE_IDS_H

#define RULE(name, who, level, judged, statement, source, why) ORC_##name,
enum orc_rule {
#include "oracle/catalogue/rules_buffers.def"
#include "oracle/catalogue/rules_state.def"
#include "oracle/catalogue/rules_wire.def"
#include "oracle/catalogue/rules_verifier.def"
    ORC_RULES,
    ORC_NO_RULE = ORC_RULES
};
#undef RULE

#endif
