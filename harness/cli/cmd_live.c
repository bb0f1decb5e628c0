/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/result_file.h"
#include "cli/session_json.h"
#include "live/live.h"
#include "live/tun.h"
#include "program/isolate.h"
#include "program/output.h"

#define MS 1000000ull
#define PORT_FIRST 49152u

struct texts {
    const char *tap, *local, *gateway, *port, *out, *reoffload, *gap, *idle;
    bool no_oracle;
};

struct job {
    struct world *world;
    struct live_options options;
    struct live_result *result; /* shared with the child */
    struct cli_driven driven;
};

static void on_signal(int number)
{
    (void)number;
    live_stop = true;
}

static void stop_by_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static void run_child(void *context)
{
    output_rig(true); /* it speaks all the time, and drivers may too */
    struct job *job = context;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    live_run(job->world, &job->options, job->result);
    if (job->options.progress) {
        fputs("\r                                        \r", stderr);
    }
}

static void progress(void *context, uint64_t done, uint64_t all)
{
    static uint64_t last;
    (void)context;
    if (all && done - last > 16u << 20) {
        last = done;
        fprintf(stderr, "\r  %llu of %llu MiB ", (unsigned long long)(done >> 20),
                (unsigned long long)(all >> 20));
        fflush(stderr);
    }
}

static void print_json(const struct job *job, double rate)
{
    const struct live_result *r = job->result;
    const struct trace *trace = job->world->trace;
    struct json json = json_begin(stdout);
    json_text(&json, "verdict", verdict_kind_name(trace->verdict.kind));
    json_text(&json, "rule", trace->verdict.rule);
    json_text(&json, "actual", trace->verdict.actual);
    json_bool(&json, "complete", r->complete);
    json_text(&json, "reason", r->reason);
    json_number(&json, "bytes", r->bytes);
    json_bytes(&json, "sha256", r->hash, sizeof(r->hash));
    json_real(&json, "seconds", r->seconds, 6);
    json_real(&json, "mib_per_s", rate, 2);
    session_json(&json, &r->counts);
    json_number(&json, "events", trace->count);
    json_end(&json);
}

static int print_result(const struct job *job)
{
    const struct live_result *r = job->result;
    const struct session_counts *c = &r->counts;
    const struct trace *trace = job->world->trace;
    bool finding =
        trace->verdict.kind != VERDICT_PASS && trace->verdict.kind != VERDICT_INCONCLUSIVE;
    double rate = r->seconds > 0 ? (double)r->bytes / 1048576.0 / r->seconds : 0;
    char hash[65];
    for (unsigned i = 0; i < 32; i++) {
        snprintf(hash + 2 * (size_t)i, 3, "%02x", r->hash[i]);
    }
    if (job->driven.json) {
        print_json(job, rate);
    } else {
        render_verdict(stdout, trace, NULL, finding ? 25 : 0);
        printf("  %llu bytes in %.3f s (%.1f MiB/s), sha256 %s\n", (unsigned long long)r->bytes,
               r->seconds, rate, hash);
        printf("  %llu segments, %u uploads (%u asked by the target), %u segments forwarded, %u "
               "indications refused\n",
               (unsigned long long)c->segments, c->uploads, c->asked, c->forwarded, c->refused);
    }
    return verdict_exit_status(trace->verdict.kind);
}

static bool address_of(const char *name, const char *text, uint8_t out[4])
{
    if (!text || inet_pton(AF_INET, text, out) != 1) {
        fprintf(stderr, "live: %s '%s': expected an IPv4 address\n", name, text ? text : "");
        return false;
    }
    return true;
}

static bool cmd_live_common(const struct texts *t, struct job *job)
{
    struct live_options *o = &job->options;
    unsigned long reoffload, port = 80;
    char error[200];
    if (!address_of("--local", t->local, o->local.address) ||
        (t->port && !cli_number("--port", t->port, 1, 65535, &port)) ||
        !cli_number("--reoffload", t->reoffload, 0, 1000000000, &reoffload) ||
        !cli_duration("--gap", t->gap, 1000 * MS, &o->gap_ns) ||
        !cli_duration("--idle", t->idle, 3600000 * MS, &o->idle_ns)) {
        return false;
    }
    o->reoffload = (uint32_t)reoffload;
    if (!t->port && !o->serve) { /* one that the server does not remember */
        port = PORT_FIRST + (unsigned long)getpid() % (65536 - PORT_FIRST);
    }
    o->local.port = (uint16_t)port;
    o->oracle_off = t->no_oracle;
    o->strict = job->driven.strict;
    o->context_is_cell = job->driven.context_is_cell;
    job->options.progress = isatty(STDERR_FILENO) ? progress : NULL;
    o->tun = tun_open(t->tap, error, sizeof(error));
    if (o->tun < 0) {
        fprintf(stderr, "live: %s\n", error);
        exit(EXIT_ENVIRONMENT);
    }
    return true;
}

static int cmd_live_run_job(struct job *job)
{
    static struct world world;
    int status = cli_open_driven(&world, &job->driven);
    if (status) {
        return status;
    }
    job->world = &world;
    memcpy(job->options.local.mac, world.mac, 6);
    job->result = cli_shared(sizeof(*job->result));
    if (!job->result) {
        return EXIT_ENVIRONMENT;
    }
    isolate_stall_after(job->driven.timeout_s * 1000); /* it waits for frames all the time */
    stop_by_signals();
    trace_reset(world.trace);
    if (!isolate_run(run_child, job, world.trace, job->driven.timeout_s)) {
        fputs("live: no child process\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    return print_result(job);
}

/* "10.9.1.2" or "10.9.1.2:8080" */
static bool remote_of(const char *text, struct endpoint *remote)
{
    char host[40];
    unsigned long port = 80;
    const char *colon = strchr(text, ':');
    snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : 39, text);
    if (colon && !cli_number("port of the server", colon + 1, 1, 65535, &port)) {
        return false;
    }
    remote->port = (uint16_t)port;
    return address_of("server", host, remote->address);
}

static int get(struct job *job, const struct texts *t, char **words, int count)
{
    struct result_file file = {0};
    struct live_options *o = &job->options;
    if (count != 2 || words[1][0] != '/') {
        fputs("live: get: expected ADDRESS[:PORT] and the path of a file (live --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (!remote_of(words[0], &o->remote)) {
        return EXIT_USAGE;
    }
    memcpy(o->gateway, o->remote.address, 4);
    if (t->gateway && !address_of("--gateway", t->gateway, o->gateway)) {
        return EXIT_USAGE;
    }
    o->host = words[0];
    o->path = words[1];
    o->out = -1;
    if (t->out) {
        if (!result_open(&file, t->out)) {
            return EXIT_USAGE;
        }
        o->out = fileno(file.out);
    }
    int status = cmd_live_common(t, job) ? cmd_live_run_job(job) : EXIT_USAGE;
    return result_close(&file) ? status : EXIT_USAGE;
}

static int serve(struct job *job, const struct texts *t, char **words, int count)
{
    struct live_options *o = &job->options;
    struct stat about;
    if (count != 1) {
        fputs("live: serve: expected one file (live --help)\n", stderr);
        return EXIT_USAGE;
    }
    int file = open(words[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &about) || !S_ISREG(about.st_mode)) {
        fprintf(stderr, "live: %s: %s\n", words[0], file < 0 ? strerror(errno) : "not a file");
        return EXIT_USAGE;
    }
    o->file_bytes = (uint64_t)about.st_size;
    o->file = o->file_bytes
                  ? mmap(NULL, o->file_bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0)
                  : (const uint8_t *)"";
    if (o->file == MAP_FAILED) {
        fprintf(stderr, "live: %s: %s\n", words[0], strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    o->serve = true;
    o->out = -1;
    return cmd_live_common(t, job) ? cmd_live_run_job(job) : EXIT_USAGE;
}

static int relay(char **words, int count)
{
    int ends[2];
    char error[200];
    if (count != 2) {
        fputs("live: relay: expected two TAP devices (live --help)\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = 0; i < 2; i++) {
        ends[i] = tun_open(words[i], error, sizeof(error));
        if (ends[i] < 0) {
            fprintf(stderr, "live: %s\n", error);
            return EXIT_ENVIRONMENT;
        }
    }
    stop_by_signals();
    puts("relaying");
    fflush(stdout);
    return tun_relay(ends[0], ends[1], &live_stop) ? EXIT_PASS : EXIT_ENVIRONMENT;
}

int cmd_live(int argc, char **argv)
{
    static struct job job;
    struct texts t = {.tap = "tap0", .reoffload = "3000", .gap = "1ms", .idle = "20s"};
    const struct cli_option options[] = {
        {"--tap", "NAME", "TAP device of this network namespace (tap0)", NULL, &t.tap},
        {"--local", "ADDRESS", "of the target's end", NULL, &t.local},
        {"--port", "N", "of the target's end (serve: 80)", NULL, &t.port},
        {"--gateway", "ADDRESS", "get: by way of this router", NULL, &t.gateway},
        {"-o", "FILE", "get: write the file there", NULL, &t.out},
        {"--reoffload", "N", "upload every N segments and offload again, 0 = never (3000)", NULL,
         &t.reoffload},
        {"--gap", "TIME", "for which the host then keeps the connection (1ms)", NULL, &t.gap},
        {"--idle", "TIME", "without a byte until it is given up (20s)", NULL, &t.idle},
        {"--no-oracle", NULL, "do not judge the target: measure it", &t.no_oracle, NULL},
    };
    int status;
    job.driven.timeout_s = 600;
    int words = cli_parse_driven(
        argc, argv, &job.driven, options, sizeof(options) / sizeof(options[0]),
        "live get ADDRESS[:PORT] PATH | serve FILE | relay TAP TAP [OPTIONS]",
        "  chimneysweep live get --local 10.9.0.1 10.9.0.2:8080 /file -o file\n"
        "  chimneysweep live serve --local 10.9.0.1 file      and there: curl http://10.9.0.1/\n"
        "  chimneysweep live relay tap0 tap1\n"
        "  scripts/live       makes the namespaces, the peers and the losses, and runs all of it\n",
        &status);
    if (words < 0) {
        return status;
    }
    if (words > 0 && !strcmp(argv[1], "get")) {
        return get(&job, &t, argv + 2, words - 1);
    }
    if (words > 0 && !strcmp(argv[1], "serve")) {
        return serve(&job, &t, argv + 2, words - 1);
    }
    if (words > 0 && !strcmp(argv[1], "relay")) {
        return relay(argv + 2, words - 1);
    }
    fprintf(stderr, "live: expected get, serve or relay%s%s (live --help)\n",
            words > 0 ? ", not " : "", words > 0 ? argv[1] : "");
    return EXIT_USAGE;
}
