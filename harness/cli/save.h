/* SPDX-License-Identifier: MIT
 *
 * Findings of a replay that stay: a folder for each identity, with the shortest program that still
 * shows it, its verdict as text and JSON, its wire, the conversations that showed it, and the
 * commands that show it again. A folder appears when it is whole.
 */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include "cli/recordings.h"

struct save_conversation {
    char *file;
    uint32_t stream, group; /* group: of conversations whose verdicts differ in numbers only */
    enum flow_side target;
    struct replay_result result;
    char identity[CLI_IDENTITY]; /* "" = not looked at, it is that of its group */
};

struct save_finding {
    char identity[CLI_IDENTITY];
    struct program program;
    struct recorded about;
    bool shows; /* the program shows the identity */
    uint32_t conversations, before;
    char path[4096];
};

struct save {
    const char *folder;
    double within_s; /* for each program */
    const struct cli_driven *driven;
    const struct replay_options *replay; /* with which the conversations were replayed */
    struct run_options run;
    struct save_conversation *conversation;
    uint32_t conversations, room;
    struct save_finding **finding;
    uint32_t findings;
    bool failed;
};

/* Makes the folder. False after one line on stderr. */
bool save_open(struct save *save);
/* Takes note of a result that is a finding. */
void save_note(struct save *save, const char *file, const struct flow *flow, enum flow_side target,
               const struct replay_result *result);
/* Replays what was noted again, shrinks, writes and tells. */
void save_all(struct save *save);

/* ---- save_folder.c ---- */
/* Writes the folder of a finding whose program is in its last form; tells why when it cannot. */
bool save_folder(const struct save *save, struct save_finding *finding);

#endif
