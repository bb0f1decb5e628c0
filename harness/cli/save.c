/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/save.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/shrink.h"
#include "program/output.h"
#include "replay/report.h"

#define LOOKS 4u /* conversations of a group that are replayed again */

bool save_open(struct save *save)
{
    return cli_folder("replay: --save", save->folder);
}

/* The same but for numbers. */
static bool save_alike(const struct replay_result *a, const struct replay_result *b)
{
    const char *x = a->reason, *y = b->reason;
    while (*x && *y && (*x == *y || (isxdigit((unsigned char)*x) && isxdigit((unsigned char)*y)))) {
        x += isdigit((unsigned char)*x) ? strspn(x, "0123456789abcdef.") : 1;
        y += isdigit((unsigned char)*y) ? strspn(y, "0123456789abcdef.") : 1;
    }
    return a->kind == b->kind && !strcmp(a->rule, b->rule) && !*x && !*y;
}

void save_note(struct save *save, const char *file, const struct flow *flow, enum flow_side target,
               const struct replay_result *result)
{
    if (!report_is_finding(result)) {
        return;
    }
    if (save->conversations == save->room) {
        uint32_t room = save->room ? 2 * save->room : 16;
        struct save_conversation *grown = realloc(save->conversation, room * sizeof(*grown));
        if (!grown) {
            return;
        }
        save->conversation = grown;
        save->room = room;
    }
    uint32_t group = 0;
    while (group < save->conversations && !save_alike(&save->conversation[group].result, result)) {
        group++;
    }
    save->conversation[save->conversations++] = (struct save_conversation){.file = strdup(file),
                                                                           .stream = flow->stream,
                                                                           .group = group,
                                                                           .target = target,
                                                                           .result = *result};
}

/* Replays one conversation again, with what it was told before, and records it. */
static bool replay_again(const struct save *save, const struct save_conversation *c,
                         struct recorded *about, struct program *program)
{
    struct replay_options options = *save->replay;
    char *path = c->file;
    options.local = c->target == FLOW_CLIENT ? "client" : "server";
    options.streams = (struct ranges){.count = 1, .range = {{c->stream, c->stream, false}}};
    options.out = fopen("/dev/null", "w");
    options.ran = recordings_ran;
    options.judged = NULL;
    options.finish = NULL;
    tap_reader before = options.world->reader;
    bool good = options.out && recordings_open(options.world, 0);
    if (good) {
        recordings_clear();
        replay_main(&options, &path, 1);
        good = recordings_get(c->stream, c->target, about, program);
    }
    options.world->reader = before;
    if (options.out) {
        fclose(options.out);
    }
    return good;
}

static struct save_finding *save_finding_of(struct save *save, const char *identity)
{
    for (uint32_t i = 0; i < save->findings; i++) {
        if (!strcmp(save->finding[i]->identity, identity)) {
            return save->finding[i];
        }
    }
    struct save_finding **grown =
        realloc(save->finding, (save->findings + 1) * sizeof(save->finding[0]));
    struct save_finding *added = grown ? calloc(1, sizeof(*added)) : NULL;
    if (!added) {
        save->finding = grown ? grown : save->finding;
        return NULL;
    }
    save->finding = grown;
    save->finding[save->findings++] = added;
    snprintf(added->identity, sizeof(added->identity), "%s", identity);
    return added;
}

static bool run_shows(const struct save *save, const struct program *program, const char *identity)
{
    char shown_now[CLI_IDENTITY];
    struct world *world = save->replay->world;
    tap_reader before = world->reader;
    world->reader = NULL;
    bool made = cli_run_isolated(world, program, &save->run, save->driven->timeout_s, NULL);
    world->reader = before;
    cli_identity(world->trace, shown_now, sizeof(shown_now));
    return made && !strcmp(shown_now, identity);
}

/* What the bundled driver meets may lead the other one to the same place, where what that one met
 * itself does not: it had gone astray before. */
static bool core_leads(const struct save *save, const struct save_conversation *c,
                       const char *identity, struct recorded *about, struct program *program)
{
    static struct program other;
    struct recorded other_about;
    struct world *world = save->replay->world;
    if (!save->driven->driver || cli_change_driver(world, NULL)) {
        return false;
    }
    bool got = replay_again(save, c, &other_about, &other);
    if (cli_change_driver(world, save->driven->driver) || !got ||
        !run_shows(save, &other, identity)) {
        return false;
    }
    *about = other_about;
    *program = other;
    return true;
}

/* Takes the program when it shows more, or as much with less. */
static void take_program(struct save *save, const struct save_conversation *c)
{
    static struct program program;
    struct recorded about;
    struct save_finding *finding = save_finding_of(save, c->identity);
    if (!finding || !replay_again(save, c, &about, &program)) {
        return;
    }
    bool shows = run_shows(save, &program, finding->identity) ||
                 core_leads(save, c, finding->identity, &about, &program);
    bool better = shows != finding->shows ? shows : program.count < finding->before;
    if (!finding->before || better) {
        finding->program = program;
        finding->about = about;
        finding->shows = shows;
        finding->before = program.count ? program.count : 1;
    }
}

static void look_at(struct save *save, struct save_conversation *c)
{
    static struct program program;
    struct recorded about;
    if (replay_again(save, c, &about, &program)) {
        snprintf(c->identity, sizeof(c->identity), "%s", about.identity);
        take_program(save, c);
    }
}

static void count_conversations(struct save *save)
{
    for (uint32_t i = 0; i < save->conversations; i++) {
        struct save_conversation *c = &save->conversation[i];
        if (!c->identity[0]) {
            snprintf(c->identity, sizeof(c->identity), "%s", save->conversation[c->group].identity);
        }
        struct save_finding *finding = c->identity[0] ? save_finding_of(save, c->identity) : NULL;
        if (finding) {
            finding->conversations++;
        }
    }
}

static void shrink_finding(const struct save *save, struct save_finding *finding)
{
    struct world *world = save->replay->world;
    tap_reader before = world->reader;
    struct shrink shrink = {.world = world,
                            .run = &save->run,
                            .timeout_s = save->driven->timeout_s,
                            .within_s = save->within_s,
                            .progress = false};
    world->reader = NULL;
    if (shrink_goal(&shrink, &finding->program) && shrink_has_goal(&shrink)) {
        shrink_program(&shrink, &finding->program);
    }
    world->reader = before;
}

static void save_tell(const struct save *save, const struct save_finding *finding)
{
    char again[8600], program[4200];
    FILE *out = save->replay->out ? save->replay->out : stdout;
    snprintf(program, sizeof(program), "%s/program.chim", finding->path);
    cli_reproduction(save->driven, program, again, sizeof(again));
    if (save->replay->json) {
        struct json json = json_begin(out);
        json_text(&json, "saved", finding->path);
        json_text(&json, "identity", finding->identity);
        json_bool(&json, "same", finding->shows);
        json_number(&json, "operations", finding->program.count);
        json_number(&json, "before", finding->before);
        json_number(&json, "conversations", finding->conversations);
        json_text(&json, "reproduce", again);
        json_end(&json);
        return;
    }
    fprintf(out, "saved         %s: %s\n", shown(finding->path), shown(finding->identity));
    fprintf(out, "              %u conversations; %u operations became %u%s\n",
            finding->conversations, finding->before, finding->program.count,
            finding->shows ? "" : ", which do not show the same");
    fprintf(out, "              reproduce: %s\n", shown(again));
}

static void save_fini(struct save *save)
{
    for (uint32_t i = 0; i < save->conversations; i++) {
        free(save->conversation[i].file);
    }
    for (uint32_t i = 0; i < save->findings; i++) {
        free(save->finding[i]);
    }
    free(save->conversation);
    free(save->finding);
}

void save_all(struct save *save)
{
    uint32_t *looked = calloc(save->conversations + 1, sizeof(*looked));
    output_quiet(true);
    for (uint32_t i = 0; looked && i < save->conversations; i++) {
        struct save_conversation *c = &save->conversation[i];
        if (looked[c->group]++ < LOOKS) {
            look_at(save, c);
        }
    }
    free(looked);
    count_conversations(save);
    for (uint32_t i = 0; i < save->findings; i++) {
        struct save_finding *finding = save->finding[i];
        shrink_finding(save, finding);
        finding->shows = run_shows(save, &finding->program, finding->identity);
        if (save_folder(save, finding)) {
            save_tell(save, finding);
        } else {
            save->failed = true;
        }
    }
    output_quiet(false);
    save_fini(save);
}
