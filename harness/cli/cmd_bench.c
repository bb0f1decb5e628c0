/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/bench.h"

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bench_add(struct bench *bench, const char *name, double value, const char *unit,
               const char *note)
{
    struct bench_result *result = &bench->result[bench->results++];
    snprintf(result->name, sizeof(result->name), "%s", name);
    snprintf(result->unit, sizeof(result->unit), "%s", unit);
    snprintf(result->note, sizeof(result->note), "%s", note);
    result->value = value;
}

/* corpora/ of the checkout that holds build/<preset>/bin/chimneysweep. */
static const char *default_corpora(void)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);
    path[length > 0 ? length : 0] = '\0';
    for (int cut = 0; cut < 4; cut++) {
        char *slash = strrchr(path, '/');
        if (slash) {
            *slash = '\0';
        }
    }
    size_t end = strlen(path);
    snprintf(path + end, sizeof(path) - end, "/corpora");
    return path;
}

static bool wanted(const char *only, const char *name)
{
    return !only || !strcmp(only, name);
}

#define SCALES 4u

static bool cmd_bench_measure(struct bench *bench, const char *only, bool *known)
{
    static const struct {
        const char *name;
        enum bench_receive how;
        bool oracle;
    } receive[] = {{"rx_posted_1460", BENCH_POSTED, false},
                   {"rx_posted_1460_oracle", BENCH_POSTED, true},
                   {"rx_indicate_1460", BENCH_INDICATED, false},
                   {"rx_indicate_1460_oracle", BENCH_INDICATED, true},
                   {"rx_ooo_1460", BENCH_SWAPPED, false}};
    static const uint32_t conns[SCALES] = {1, 1000, 100000, 1000000};
    bool good = true;
    if (wanted(only, "fuzz_exec")) {
        *known = true;
        good &= bench_fuzz_exec(bench);
    }
    for (unsigned i = 0; i < sizeof(receive) / sizeof(receive[0]); i++) {
        if (wanted(only, receive[i].name)) {
            *known = true;
            good &= bench_receive(bench, receive[i].name, receive[i].how, receive[i].oracle);
        }
    }
    if (wanted(only, "oracle")) {
        *known = true;
        good &= bench_oracle(bench);
    }
    if (wanted(only, "rx_lwip_1460")) {
        *known = true;
        good &= bench_lwip(bench);
    }
    if (wanted(only, "tx_1460")) {
        *known = true;
        good &= bench_send(bench);
    }
    if (wanted(only, "conn_cycle")) {
        *known = true;
        good &= bench_cycle(bench);
    }
    if (wanted(only, "timers")) {
        *known = true;
        good &= bench_timers(bench);
    }
    for (unsigned i = 0; i < SCALES && wanted(only, "rx_conns"); i++) {
        *known = true;
        good &= bench_scale(bench, conns[i]);
    }
    static const char *const replays[] = {"replay_bulk", "replay_small"};
    for (unsigned i = 0; i < 2; i++) { /* an instrumented build takes minutes */
        if (only ? !strcmp(only, replays[i]) : !arena_instrumented()) {
            *known = true;
            good &= bench_replay(bench, replays[i]);
        }
    }
    /* Last: what it guards stays with it, and the others need the room. */
    if (wanted(only, "guard_pages")) {
        *known = true;
        good &= bench_guard(bench);
    }
    return good;
}

static void cmd_bench_print_json(const struct bench *bench)
{
    struct json json = json_begin(stdout);
    json_list(&json, "results");
    for (unsigned i = 0; i < bench->results; i++) {
        const struct bench_result *r = &bench->result[i];
        json_object(&json, NULL);
        json_text(&json, "name", r->name);
        json_real(&json, "value", r->value, 2);
        json_text(&json, "unit", r->unit);
        json_text(&json, "note", r->note);
        json_close(&json);
    }
    json_end(&json);
}

static void cmd_bench_print_text(const struct bench *bench)
{
    for (unsigned i = 0; i < bench->results; i++) {
        const struct bench_result *r = &bench->result[i];
        printf("%-26s %14.2f %-14s %s\n", r->name, r->value, r->unit, r->note);
    }
}

int cmd_bench(int argc, char **argv)
{
    bool json = false, known = false;
    const char *driver = NULL, *only = NULL, *seconds = "2", *corpora = default_corpora();
    const struct cli_option options[] = {
        {"--driver", "D.so", "driver to load (default: the bundled core)", NULL, &driver},
        {"--json", NULL, "print JSON: results of {name, value, unit, note}", &json, NULL},
        {"--only", "NAME",
         "one bench: fuzz_exec, rx_posted_1460[_oracle], rx_indicate_1460[_oracle], rx_ooo_1460, "
         "oracle (what it multiplies these by), guard_pages, rx_lwip_1460 (after those two: the "
         "ratios), "
         "tx_1460, conn_cycle, rx_conns (with "
         "mem_conn), timers, replay_bulk, replay_small (with their _oracle and _libpcap)",
         NULL, &only},
        {"--seconds", "S", "time of each measurement (2)", NULL, &seconds},
        {"--corpora", "DIR", "programs of fuzz_exec (default: the shipped corpora)", NULL,
         &corpora},
    };
    int status;
    int files = cli_parse(argc, argv, options, 5, "bench [OPTIONS]",
                          "  build/release/bin/chimneysweep bench\n"
                          "  build/asan/bin/chimneysweep bench --json --only fuzz_exec\n",
                          &status);
    unsigned long limit;
    if (files < 0) {
        return status;
    }
    if (files > 0) {
        fprintf(stderr, "bench: unexpected argument '%s'\n", argv[1]);
        return EXIT_USAGE;
    }
    if (!cli_number("--seconds", seconds, 1, 3600, &limit)) {
        return EXIT_USAGE;
    }
    static struct world world;
    static struct bench bench;
    status = cli_open_world(&world, driver);
    if (status) {
        return status;
    }
    bench.world = &world;
    bench.corpora = corpora;
    bench.seconds = (double)limit;
    bool good = cmd_bench_measure(&bench, only, &known);
    if (!known) {
        fprintf(stderr, "bench: unknown bench '%s' (bench --help lists them)\n", only);
        return EXIT_USAGE;
    }
    (json ? cmd_bench_print_json : cmd_bench_print_text)(&bench);
    return bench.unreadable ? EXIT_USAGE : good ? EXIT_PASS : EXIT_INCONCLUSIVE;
}
