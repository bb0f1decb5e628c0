/* SPDX-License-Identifier: MIT
 *
 * What the commands of chimneysweep share: options, files, output.
 *
 * Exit statuses: 0 pass, 1 finding, 2 usage or unreadable input, 3 environment, 4 inconclusive.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "program/program.h"
#include "program/run.h"
#include "world/world.h"

enum {
    EXIT_PASS = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    EXIT_INCONCLUSIVE = 4
};

struct cli_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_asm(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_minimize(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_stream(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_family(int argc, char **argv);
int cmd_check_driver(int argc, char **argv);
int cmd_new_driver(int argc, char **argv);
int cmd_campaign(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_bisect(int argc, char **argv);

/* One option of a command. flag: set to true; text: takes the value. Exactly one is not NULL. */
struct cli_option {
    const char *name;  /* with its dashes */
    const char *value; /* name of the value in the help, NULL for a flag */
    const char *help;
    bool *flag;
    const char **text;
};

#define CLI_SKIPPED_HELP                                                                           \
    "A program that needs what the driver does not advertise (SupportIPv4, SupportIPv6) is "       \
    "skipped\n"                                                                                    \
    "and counted; without SupportSack connections do without SACK. Skipped programs do not fail."

/* Parses options anywhere among the arguments ("--x V" or "--x=V"; "--" ends them). The rest stays
 * in argv[1..]; returns how many, or -1 after an error or --help was printed (*status then says
 * which). */
int cli_parse(int argc, char **argv, const struct cli_option *options, unsigned count,
              const char *usage, const char *examples, int *status);
/* Options of every command that runs a driver; the table is in options.c. Before cli_parse_driven
 * the members are the command's defaults. */
struct cli_driven {
    const char *driver, *guard;
    unsigned timeout_s; /* CPU seconds of a run before it counts as a hang */
    bool json, strict, context_is_cell;
    const char *timeout_text, *memory_text;
    uint64_t memory; /* bytes that the driver's process may take */
};
/* As cli_parse, with these options before the command's own; their values are checked. */
int cli_parse_driven(int argc, char **argv, struct cli_driven *driven,
                     const struct cli_option *options, unsigned count, const char *usage,
                     const char *examples, int *status);
/* Opens the world with the driver and sets the guard up. Exit status, 0 = fine. */
int cli_open_driven(struct world *world, const struct cli_driven *driven);
/* A command with these options, as a line of a shell; and the one that runs a program so. */
void cli_command_with(const struct cli_driven *driven, const char *command, char *out, size_t size);
void cli_reproduction(const struct cli_driven *driven, const char *path, char *out, size_t size);
void cli_reproduce(const struct cli_driven *driven, const char *command, const char *path,
                   char *out, size_t size);
/* A number option: false and a message when it is not one in range. */
bool cli_number(const char *name, const char *text, unsigned long low, unsigned long high,
                unsigned long *out);

/* Amounts as people write them, false and a message when they are none: "100M" bytes (k, M, G:
 * powers of 1024) or bits (powers of 1000), "0.1" per cent as parts of a million, "5ms" (ns, us,
 * ms, s). */
bool cli_bytes(const char *name, const char *text, uint64_t most, uint64_t *out);
bool cli_rate(const char *name, const char *text, uint64_t *bits_per_second);
bool cli_percent(const char *name, const char *text, uint32_t *of_a_million);
bool cli_duration(const char *name, const char *text, uint64_t most_ns, uint64_t *ns);

/* Whole file, at most limit bytes. NULL and one line on stderr when it cannot be read. */
unsigned char *cli_read_file(const char *path, size_t limit, size_t *length);
bool cli_write_file(const char *path, const void *bytes, size_t length);
/* A program in either form. False after one line on stderr. */
bool cli_read_program(const char *path, struct program *program);
/* The same, changed so (families/change.h); NULL: as it is. */
bool cli_read_changed(const char *path, const char *change, struct program *program);
/* The verdict of a program that went away while others ran. */
void cli_lost_file(struct trace *trace, const char *path);
/* Keeps the command as it was given, for cli_command, which ends with NULL. */
void cli_keep_command(int argc, char **argv);
char *const *cli_command(void);
/* Runs it by that build of the rig into which the driver fits, when it lies beside this one, and
 * does not return then. */
void cli_go_on_elsewhere(const char *driver);
/* Opens the world with a driver (NULL = bundled). Exit status, 0 = fine. */
int cli_open_world(struct world *world, const char *driver);
/* From now on the world's runs are of another driver (NULL = bundled). Exit status, 0 = fine. */
int cli_change_driver(struct world *world, const char *driver);

/* --guard poison|pages|off: false after one line if it is none of these. */
bool cli_is_guard(const char *mode);
/* Sets the guard up, after the world was opened. Exit status, 0 = fine. */
int cli_guard(const char *mode);

/* ---- manual.c ---- */
/* What --help says of a command, in the form that is being written. */
void manual_help(const char *command, const struct cli_option *options, unsigned count,
                 const char *usage, const char *examples);
/* The page of the manual, or bash's completion, from what every command says of itself. */
void manual_page(const struct cli_command *commands, unsigned count);
void manual_completion(const struct cli_command *commands, unsigned count);

/* ---- functions.c ---- */
/* What a driver may call, at which level and what for. */
void functions_list(bool json);

/* ---- stack.c ---- */
/* The place in the driver's file that a frame of it stands for. */
uint64_t cli_frame(const struct trace_end *end, uint32_t i);
void render_stack(FILE *out, const struct trace_end *end);
void stack_json(struct json *json, const struct trace_end *end);

/* ---- identity.c ---- */
#define CLI_IDENTITY 320u /* bytes that an identity takes at most */
/* Kind of verdict, rule, and the top functions of the driver: the same for the same finding. */
void cli_identity(const struct trace *trace, char *out, size_t size);

/* ---- places.c ---- */
/* Places at which a driver hung, stalled or crashed. */
#define CLI_PLACES 16u
struct cli_places {
    uint64_t place[CLI_PLACES];
    uint32_t times[CLI_PLACES];
};
/* True when this verdict is the third at its place: what follows would only cost time. */
bool cli_often_enough(struct cli_places *places, const struct trace *trace);
/* Adds what others met; true when a place is met for the third time. */
bool cli_places_add(struct cli_places *places, const struct cli_places *more);

/* ---- folders.c ---- */
struct cli_paths {
    char **path;
    uint32_t count, room;
    uint64_t bytes, most; /* that they take, and may take (--memory); 0 = as much as there is */
};
/* Adds a file, or everything below a folder in alphabetical order; a folder without any is an error
 * too. False after one line. */
bool cli_collect(struct cli_paths *paths, const char *path);
/* Where this program was installed to. False when it lies in a build. */
bool cli_prefix(char *out, size_t size);
/* Whether files can be put into a folder, which is made if missing; if not, said with the option.
 */
bool cli_folder(const char *option, const char *path);

/* A file or folder of the project: below the current folder, else with this program: in the tree
 * that it was built in, or in share/chimneysweep. False when it is in neither. */
bool cli_project(const char *name, char *out, size_t size);
/* The same, never from the current folder: what is run. */
bool cli_own(const char *name, char *out, size_t size);

bool cli_color(FILE *out);

/* Zeroed memory that children share; NULL after one line on stderr. */
void *cli_shared(size_t bytes);

/* ---- event_words.c ---- */
void render_details(FILE *out, const struct trace_record *record);

/* ---- render.c ---- */
void render_event(FILE *out, const struct trace_record *record);
/* Words in lines of at most 100 columns, under one another and behind a label. */
void render_wrapped(FILE *out, int indent, const char *label, const char *text);
/* The verdict as people read it: rule, statement, why it matters, expected and actual, the last
 * events. */
void render_verdict(FILE *out, const struct trace *trace, const char *reproduce, unsigned events);
/* ran: evaluations by rule, or NULL. */
void render_verdict_json(FILE *out, const char *file, const struct trace *trace,
                         const uint32_t *ran);

/* ---- rules_coverage.c ---- */
const char *rules_level_name(enum verdict_level level);
const char *rules_class_name(enum oracle_check check);
/* The rule as which a rule is judged: nearly always itself. */
uint32_t rules_judged_as(uint32_t index);
/* Whether a rule is worth nothing until some program evaluates it. */
bool rules_needs_program(const struct oracle_rule *rule);
/* Runs every program of the paths (all of corpora/ without any); which program exercises which
 * rule. */
int rules_coverage(char **paths, int count, const char *driver, bool json);

/* ---- rules_readings.c ---- */
int rules_readings(bool json);

/* ---- nearest.c ---- */
/* Rules whose ids are most like the name, the nearest first; how many. */
unsigned rules_nearest(const char *name, const struct oracle_rule **out, unsigned room);

/* ---- sources.c ---- */
struct cli_reading { /* where the documents are silent or contradict each other */
    const char *key, *question, *reading;
};
typedef void (*source_visitor)(void *context, const char *text, const char *uri);
/* The pages and sections that a rule comes from, in full; uri is "" where there is none. */
void sources_visit(const char *source, source_visitor visit, void *context);
const struct cli_reading *source_reading(const char *key);
const struct cli_reading *sources_all_readings(uint32_t *count);
uint32_t sources_readings(const char *source, const struct cli_reading **out, uint32_t room);

/* ---- planted.c ---- */
struct planted_bug {
    char name[96], rule[24], story[256];
    bool strict;
};
/* In the order of their names; NULL when there is no such folder. */
struct planted_bug *planted_bugs(const char *folder, uint32_t *count);

/* Runs a program in a child; the trace has verdict and hash. False = environment. */
bool cli_run_isolated(struct world *world, const struct program *program,
                      const struct run_options *options, unsigned timeout_s,
                      struct run_counts *counts);

/* ---- twice.c ---- */
/* The same, and so many times more as long as it passes: the same input gives the same trace, or
 * that is the finding. */
bool cli_run_again(struct world *world, const struct program *program,
                   const struct run_options *options, unsigned timeout_s, unsigned times);

#endif
