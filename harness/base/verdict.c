/* SPDX-License-Identifier: MIT */
#include "base/verdict.h"

#include <string.h>

void verdict_reset(struct verdict *verdict)
{
    verdict->kind = VERDICT_PASS;
    verdict->rule[0] = verdict->expected[0] = verdict->actual[0] = '\0';
    verdict->warning_rule[0] = verdict->warning_text[0] = '\0';
    verdict->event = VERDICT_NO_EVENT;
    verdict->time_ns = 0;
    verdict->conn = UINT32_MAX;
    verdict->violations = verdict->warnings = 0;
}

const char *verdict_kind_name(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_PASS:
        return "pass";
    case VERDICT_VIOLATION:
        return "violation";
    case VERDICT_SANITIZER:
        return "sanitizer";
    case VERDICT_CRASH:
        return "crash";
    case VERDICT_HANG:
        return "hang";
    case VERDICT_NONDETERMINISM:
        return "nondeterminism";
    case VERDICT_INCONCLUSIVE:
        return "inconclusive";
    case VERDICT_RIG:
        return "rig-fault";
    case VERDICT_EXIT:
        return "exit";
    case VERDICT_NOT_JUDGED:
        return "not-judged";
    case VERDICT_STALL:
        return "stall";
    case VERDICT_PROCESS:
        return "process";
    case VERDICT_OVERWRITTEN:
        return "overwritten";
    case VERDICT_MEMORY:
        return "memory";
    case VERDICT_KINDS:
        break;
    }
    return "unknown";
}

int verdict_exit_status(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_PASS:
        return 0;
    case VERDICT_INCONCLUSIVE:
    case VERDICT_NOT_JUDGED:
        return 4;
    case VERDICT_RIG:
        return 3;
    case VERDICT_VIOLATION:
    case VERDICT_SANITIZER:
    case VERDICT_CRASH:
    case VERDICT_HANG:
    case VERDICT_NONDETERMINISM:
    case VERDICT_EXIT:
    case VERDICT_STALL:
    case VERDICT_PROCESS:
    case VERDICT_OVERWRITTEN:
    case VERDICT_MEMORY:
    case VERDICT_KINDS:
        return 1;
    }
    return 1;
}

int verdict_worse_status(int a, int b)
{
    static const int worst_first[] = {1, 3, 2, 4};
    for (unsigned i = 0; i < sizeof(worst_first) / sizeof(worst_first[0]); i++) {
        if (a == worst_first[i] || b == worst_first[i]) {
            return worst_first[i];
        }
    }
    return 0;
}
