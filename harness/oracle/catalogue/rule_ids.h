/* SPDX-License-Identifier: MIT
 *
 * One number per rule of the catalogue, made from the same rows as the catalogue: ORC_RCV_FIFO_1
 * is RCV-FIFO-1.
 */
#ifndef ORACLE_RULE_IDS_H
#define ORACLE_RULE_IDS_H

#define RULE(name, who, level, statement, class, where, source) ORC_##name,
enum orc_rule {
#include "oracle/catalogue/rules_buffers.def"
#include "oracle/catalogue/rules_state.def"
#include "oracle/catalogue/rules_wire.def"
#include "oracle/catalogue/rules_verifier.def"
    ORC_RULES
};
#undef RULE

#endif
