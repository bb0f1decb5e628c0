/* SPDX-License-Identifier: MIT
 *
 * Results in SARIF 2.1.0, for the systems that show findings of static and dynamic checkers side by
 * side. One file per process; the rules are the catalogue, and one for each way to fail without
 * breaking a rule of it.
 */
#ifndef CLI_SARIF_H
#define CLI_SARIF_H

#include "cli/cli.h"
#include "cli/result_file.h"

struct sarif {
    struct result_file file;
    uint32_t results;
};

/* One finding. What is not known: UINT32_MAX, 0, NULL or "". */
struct sarif_result {
    enum verdict_kind kind;
    bool warning;     /* a "should" rule that did not fail the run */
    const char *rule; /* of the catalogue, or "" */
    const char *expected, *actual;
    const char *uri;   /* the program or capture */
    const char *where; /* within it, e.g. a conversation */
    uint32_t event, connection, operation;
    uint64_t time_ns;
    const struct trace *trace;
};

/* A path of NULL: nothing is written. False after one line on stderr. */
bool sarif_open(struct sarif *sarif, const char *path);
void sarif_add(struct sarif *sarif, const struct sarif_result *result);
/* The verdict of a run, and the first warning of one that passed. */
void sarif_add_run(struct sarif *sarif, const char *uri, const struct trace *trace);
/* Ends the file with the exit status. False after one line on stderr. */
bool sarif_close(struct sarif *sarif, int status);

#define CLI_SARIF_HELP "write the findings to FILE as SARIF 2.1.0"

#endif
