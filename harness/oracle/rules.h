/* SPDX-License-Identifier: MIT
 *
 * The parts of the rule catalogue, joined by rules.c.
 */
#ifndef ORACLE_RULES_H
#define ORACLE_RULES_H

#include <stddef.h>

#include "oracle/oracle.h"

extern const struct oracle_rule orc_rules_buffers[];
extern const uint32_t orc_rules_buffers_count;
extern const struct oracle_rule orc_rules_state[];
extern const uint32_t orc_rules_state_count;
extern const struct oracle_rule orc_rules_wire[];
extern const uint32_t orc_rules_wire_count;

#endif
