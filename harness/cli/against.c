/* SPDX-License-Identifier: MIT */
#include "cli/against.h"

#include <string.h>

#include "base/shown.h"
#include "cli/compare.h"
#include "program/isolate.h"
#include "program/output.h"

unsigned against_options(struct against *against, struct cli_option *options, unsigned count)
{
    const struct cli_option own[] = {
        {"--against", "D.so",
         "tell what a host or a peer sees differ with that driver (core: the bundled one)", NULL,
         &against->other},
        {"--waivers", "FILE", "with --against: " CLI_WAIVERS_HELP, NULL, &against->waivers},
    };
    memcpy(options + count, own, sizeof(own));
    return count + sizeof(own) / sizeof(own[0]);
}

bool against_valid(const struct against *against, const char *command, const char *const *given,
                   unsigned count)
{
    if (!against->other && against->waivers) {
        fprintf(stderr, "%s: --waivers: only with --against (%s --help)\n", command, command);
        return false;
    }
    for (unsigned i = 0; against->other && i < count; i++) {
        if (given[i]) {
            fprintf(stderr, "%s: %s: not with --against (%s --help)\n", command, given[i], command);
            return false;
        }
    }
    return true;
}

/* Both sides, one driver after the other. */
struct sides {
    const struct cli_driven *driven;
    struct world *world;
    struct observations *seen[2];
    struct comparison comparison;
};

static int open_sides(struct sides *s, const struct against *against,
                      const struct cli_driven *driven, struct world *world)
{
    s->driven = driven;
    s->world = world;
    s->comparison =
        (struct comparison){.out = stdout, .json = driven->json, .other = against->other};
    if (!waivers_read(&s->comparison.waivers, against->waivers)) {
        return EXIT_USAGE;
    }
    int status = world->trace ? EXIT_PASS : cli_open_driven(world, driven);
    if (status) {
        return status;
    }
    world->reader = observe_event;
    s->seen[0] = observe_new();
    return s->seen[0] ? EXIT_PASS : EXIT_ENVIRONMENT;
}

/* The other driver takes the place of the first, which no process of the rig has loaded. */
static int next_side(struct sides *s, const struct against *against)
{
    bool core = !strcmp(against->other, "core");
    int status = cli_change_driver(s->world, core ? NULL : against->other);
    s->seen[1] = status ? NULL : observe_new();
    return status ? status : s->seen[1] ? EXIT_PASS : EXIT_ENVIRONMENT;
}

static int tell_sides(struct sides *s)
{
    struct comparison *c = &s->comparison;
    uint64_t inputs = observe_inputs(s->seen[0]);
    inputs = inputs < observe_inputs(s->seen[1]) ? inputs : observe_inputs(s->seen[1]);
    for (uint64_t i = 0; i < inputs; i++) {
        compare_inputs(c, s->seen[0], observe_input_at(s->seen[0], i), s->seen[1],
                       observe_input_at(s->seen[1], i));
    }
    compare_totals(c);
    waivers_fini(&c->waivers);
    return c->differing ? EXIT_FINDING : EXIT_PASS;
}

static int run_side(struct sides *s, char **paths, uint32_t count)
{
    static struct program program;
    const struct run_options run = {.strict = s->driven->strict,
                                    .context_is_cell = s->driven->context_is_cell};
    int status = EXIT_PASS;
    output_quiet(true); /* of sanitizers: verdicts are compared */
    for (uint32_t i = 0; i < count && !status; i++) {
        if (!cli_read_program(paths[i], &program)) {
            status = EXIT_USAGE;
        } else if (!cli_run_isolated(s->world, &program, &run, s->driven->timeout_s, NULL)) {
            fputs("chimneysweep: no process for the run can be made\n", stderr);
            status = EXIT_ENVIRONMENT;
        } else {
            observe_end(s->world->trace, paths[i]);
        }
    }
    output_quiet(false);
    return status;
}

int against_programs(const struct against *against, const struct cli_driven *driven, char **paths,
                     uint32_t count)
{
    static struct world world;
    static struct sides sides;
    int status = open_sides(&sides, against, driven, &world);
    status = status ? status : run_side(&sides, paths, count);
    status = status ? status : next_side(&sides, against);
    status = status ? status : run_side(&sides, paths, count);
    return status ? status : tell_sides(&sides);
}

static void against_ran(const struct trace *trace, const char *file, const struct flow *flow,
                        enum flow_side target, const struct replay_result *result)
{
    char name[600];
    (void)result;
    snprintf(name, sizeof(name), "%.500s stream %u, the %s as the target", file, flow->stream,
             target == FLOW_CLIENT ? "client" : "server");
    observe_end(trace, name);
}

/* Exit status: of the reading and replaying alone, since findings are compared. */
static int replay_side(struct replay_options *replay, char **paths, int count)
{
    output_quiet(true);
    int status = replay_main(replay, paths, count);
    output_quiet(false);
    return status == EXIT_FINDING || status == EXIT_INCONCLUSIVE ? EXIT_PASS : status;
}

int against_captures(const struct against *against, const struct cli_driven *driven,
                     struct replay_options *replay, char **paths, int count)
{
    static struct sides sides;
    FILE *nothing = fopen("/dev/null", "w");
    int status = nothing ? open_sides(&sides, against, driven, replay->world) : EXIT_ENVIRONMENT;
    replay->out = nothing;
    replay->ran = against_ran;
    replay->judged = NULL;
    replay->finish = NULL;
    status = status ? status : replay_side(replay, paths, count);
    if (nothing && (status == EXIT_PASS || status == EXIT_USAGE) && sides.seen[0]) {
        int next = next_side(&sides, against);
        next = next ? next : replay_side(replay, paths, count);
        int compared = sides.seen[1] ? tell_sides(&sides) : EXIT_PASS;
        status = compared == EXIT_FINDING ? compared : status ? status : next;
    }
    if (nothing) {
        fclose(nothing);
    }
    return status;
}
