/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "oracle/catalogue/rules.h"
#include "oracle/catalogue/rule_ids.h"

/* Areas by the first word of the ids; a later row stands for all that no earlier one names. */
static const struct {
    const char *first, *area;
} areas[] = {
    {"REG-", "registration"},
    {"LIFE-", "life of objects"},
    {"OWN-", "ownership of lists and blocks"},
    {"SER-", "serialisation, locks, levels"},
    {"RCV-", "posted receive requests"},
    {"IND-", "indications"},
    {"URG-", "urgent data"},
    {"SEND-", "sends"},
    {"DISC-", "closing"},
    {"FIN-", "closing"},
    {"RST-", "closing"},
    {"CLOSED-", "closing"},
    {"FWD-", "forwarded segments"},
    {"PKT-", "frames of the ordinary path"},
    {"INIT-", "initiate"},
    {"TERM-", "terminate"},
    {"UPLD-", "upload requests"},
    {"QRY-", "query"},
    {"UPD-", "update"},
    {"INV-", "invalidate"},
    {"EVT-", "events, neighbors, statistics"},
    {"NBR-", "events, neighbors, statistics"},
    {"STAT-", "events, neighbors, statistics"},
    {"TMR-", "timers"},
    {"ST-", "state variables"},
    {"WIRE-", "TCP on the wire"},
};

const char *oracle_rule_area(uint32_t index)
{
    uint32_t count;
    const char *id = oracle_rules(&count)[index].id;
    for (uint32_t i = 0; index < ORC_NdisOidComplete && i < sizeof(areas) / sizeof(areas[0]); i++) {
        if (!strncmp(id, areas[i].first, strlen(areas[i].first))) {
            return areas[i].area;
        }
    }
    return "what the Windows verifiers check of any miniport";
}
