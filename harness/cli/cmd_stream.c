/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/session_json.h"
#include "program/isolate.h"
#include "program/output.h"
#include "stream/lwip_run.h"

#define MS 1000000ull
#define FRAME_BYTES 1514u /* the longest that either end sends */

struct job {
    struct world *world;
    struct stream_options options;
    struct stream_result *result; /* shared with the child */
    bool twice;
    struct cli_driven driven;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void cmd_stream_progress(void *context, uint64_t done, uint64_t all)
{
    static double last;
    double now = seconds();
    (void)context;
    if (last == 0) {
        last = now + 1; /* a run of two seconds needs none */
    }
    if (now - last > 0.5) {
        last = now;
        output_rig(true);
        fprintf(stderr, "\r  %llu of %llu MiB (%.0f %%) ", (unsigned long long)(done >> 20),
                (unsigned long long)(all >> 20), 100.0 * (double)done / (double)(all ? all : 1));
        output_rig(false);
    }
}

static void run_child(void *context)
{
    struct job *job = context;
    stream_run(job->world, &job->options, job->result);
    if (job->options.progress) {
        output_rig(true);
        fputs("\r                              \r", stderr);
        output_rig(false);
    }
}

/* False = environment. */
static bool cmd_stream_run_job(struct job *job, double *spent)
{
    struct trace *trace = job->world->trace;
    double begun = seconds();
    trace_reset(trace);
    if (!isolate_run(run_child, job, trace, job->driven.timeout_s)) {
        return false;
    }
    *spent = seconds() - begun;
    if (!job->twice || trace->verdict.kind != VERDICT_PASS) {
        return true;
    }
    uint64_t hash = trace->hash;
    trace_reset(trace);
    if (!isolate_run(run_child, job, trace, job->driven.timeout_s)) {
        return false;
    }
    if (trace->verdict.kind == VERDICT_PASS && trace->hash != hash) {
        trace->verdict.kind = VERDICT_NONDETERMINISM;
        snprintf(trace->verdict.actual, sizeof(trace->verdict.actual),
                 "trace %016llx, then %016llx", (unsigned long long)hash,
                 (unsigned long long)trace->hash);
    }
    return true;
}

static void put_hash(const uint8_t hash[32])
{
    for (unsigned i = 0; i < 32; i++) {
        printf("%02x", hash[i]);
    }
}

static void print_side(const struct stream_side *side, const char *name)
{
    printf("  %s  %llu of %llu bytes, sha256 ", name, (unsigned long long)side->taken,
           (unsigned long long)side->sent);
    put_hash(side->taken_hash);
    bool same = side->taken == side->sent && !memcmp(side->sent_hash, side->taken_hash, 32);
    puts(same ? ", as sent" : ", NOT as sent");
}

static void print_link(const struct link_counts *link, const char *name)
{
    printf("  link %s  %llu frames: %llu lost, %llu reordered, %llu duplicated, %llu corrupted, "
           "%llu too many for the queue\n",
           name, (unsigned long long)link->sent, (unsigned long long)link->lost,
           (unsigned long long)link->reordered, (unsigned long long)link->duplicated,
           (unsigned long long)link->corrupted, (unsigned long long)link->overflowed);
}

static void cmd_stream_print_text(const struct job *job, double spent)
{
    const struct stream_result *r = job->result;
    const struct session_counts *c = &r->counts;
    printf("seed %llu: ", (unsigned long long)job->options.link.seed);
    render_verdict(stdout, job->world->trace, NULL,
                   job->world->trace->verdict.kind == VERDICT_PASS ? 0 : 25);
    print_side(&r->side[STREAM_TO_TARGET], "to the target  ");
    print_side(&r->side[STREAM_FROM_TARGET], "from the target");
    printf("  %llu segments, %u uploads (%u asked by the target), %u segments forwarded, %u "
           "indications refused\n"
           "  handed down again: %llu bytes received, %llu bytes not acknowledged\n",
           (unsigned long long)c->segments, c->uploads, c->asked, c->forwarded, c->refused,
           (unsigned long long)c->buffered, (unsigned long long)c->resent);
    print_link(&r->link[LINK_TO_TARGET], "to the target  ");
    print_link(&r->link[LINK_FROM_TARGET], "from the target");
    printf("  %.3f s of virtual time in %.2f s\n", (double)r->virtual_ns / 1e9, spent);
}

static void side_json(struct json *json, const char *name, const struct stream_side *side)
{
    json_object(json, name);
    json_number(json, "sent", side->sent);
    json_number(json, "taken", side->taken);
    json_bytes(json, "sent_sha256", side->sent_hash, sizeof(side->sent_hash));
    json_bytes(json, "taken_sha256", side->taken_hash, sizeof(side->taken_hash));
    json_close(json);
}

static void link_json(struct json *json, const char *name, const struct link_counts *link)
{
    json_object(json, name);
    json_number(json, "frames", link->sent);
    json_number(json, "lost", link->lost);
    json_number(json, "reordered", link->reordered);
    json_number(json, "duplicated", link->duplicated);
    json_number(json, "corrupted", link->corrupted);
    json_number(json, "overflowed", link->overflowed);
    json_close(json);
}

static void cmd_stream_print_json(const struct job *job, double spent)
{
    const struct stream_result *r = job->result;
    const struct trace *trace = job->world->trace;
    struct json json = json_begin(stdout);
    json_number(&json, "seed", job->options.link.seed);
    json_text(&json, "verdict", verdict_kind_name(trace->verdict.kind));
    json_text(&json, "rule", trace->verdict.rule);
    json_text(&json, "expected", trace->verdict.expected);
    json_text(&json, "actual", trace->verdict.actual);
    json_number(&json, "events", trace->count);
    json_number(&json, "warnings", trace->verdict.warnings);
    json_hash(&json, "trace_hash", trace->hash);
    side_json(&json, "to_target", &r->side[STREAM_TO_TARGET]);
    side_json(&json, "from_target", &r->side[STREAM_FROM_TARGET]);
    link_json(&json, "link_to_target", &r->link[LINK_TO_TARGET]);
    link_json(&json, "link_from_target", &r->link[LINK_FROM_TARGET]);
    session_json(&json, &r->counts);
    json_real(&json, "virtual_s", (double)r->virtual_ns / 1e9, 6);
    json_real(&json, "seconds", spent, 3);
    json_end(&json);
}

struct texts {
    const char *bytes, *loss, *reorder, *duplicate, *corrupt, *delay, *rate, *queue;
    const char *reoffload, *gap, *seed, *seeds, *spoil;
    bool listen;
};

static bool read_texts(const struct texts *t, struct job *job, unsigned long *seeds)
{
    struct stream_options *o = &job->options;
    struct link_options *link = &o->link;
    unsigned long reoffload, seed;
    uint64_t queue;
    o->spoil_at = UINT64_MAX;
    if (!cli_bytes("--bytes", t->bytes, 1ull << 40, &o->bytes) ||
        !cli_percent("--loss", t->loss, &link->rates.loss) ||
        !cli_percent("--reorder", t->reorder, &link->rates.reorder) ||
        !cli_percent("--duplicate", t->duplicate, &link->rates.duplicate) ||
        !cli_percent("--corrupt", t->corrupt, &link->rates.corrupt) ||
        !cli_duration("--delay", t->delay, 10000 * MS, &link->delay_ns) ||
        !cli_rate("--rate", t->rate, &link->bits_per_second) ||
        !cli_bytes("--queue", t->queue, 1u << 30, &queue) ||
        !cli_number("--reoffload", t->reoffload, 0, 1000000000, &reoffload) ||
        !cli_duration("--gap", t->gap, 1000 * MS, &o->gap_ns) ||
        !cli_number("--seed", t->seed, 0, 0xFFFFFFFF, &seed) ||
        !cli_number("--seeds", t->seeds, 1, 1000000, seeds) ||
        (t->spoil && !cli_bytes("--spoil-at", t->spoil, 1ull << 40, &o->spoil_at))) {
        return false;
    }
    if (queue < FRAME_BYTES) {
        fprintf(stderr, "chimneysweep: --queue '%s': expected %u bytes or more, one whole frame\n",
                t->queue, FRAME_BYTES);
        return false;
    }
    link->seed = seed;
    link->queue_bytes = (uint32_t)queue;
    o->reoffload = (uint32_t)reoffload;
    o->listen = t->listen;
    return true;
}

static int run_seeds(struct job *job, unsigned long seeds)
{
    int status = EXIT_PASS;
    for (; seeds--; job->options.link.seed++) {
        double spent = 0;
        if (!cmd_stream_run_job(job, &spent)) {
            fputs("stream: no child process\n", stderr);
            return EXIT_ENVIRONMENT;
        }
        if (job->driven.json) {
            cmd_stream_print_json(job, spent);
        } else {
            cmd_stream_print_text(job, spent);
        }
        fflush(stdout);
        int here = verdict_exit_status(job->world->trace->verdict.kind);
        status = verdict_worse_status(status, here);
    }
    return status;
}

static const struct texts defaults = {.bytes = "100M",
                                      .loss = "0",
                                      .reorder = "0",
                                      .duplicate = "0",
                                      .corrupt = "0",
                                      .delay = "5ms",
                                      .rate = "100M",
                                      .queue = "256k",
                                      .reoffload = "1000",
                                      .gap = "3ms",
                                      .seed = "1",
                                      .seeds = "1"};

int cmd_stream(int argc, char **argv)
{
    static struct job job;
    struct texts t = defaults;
    job.driven.timeout_s = 600;
    const struct cli_option options[] = {
        {"--bytes", "N", "length of each stream (100M)", NULL, &t.bytes},
        {"--loss", "PERCENT", "of the frames each way (0)", NULL, &t.loss},
        {"--reorder", "PERCENT", "overtaken by later ones (0)", NULL, &t.reorder},
        {"--duplicate", "PERCENT", "arrive twice (0)", NULL, &t.duplicate},
        {"--corrupt", "PERCENT", "one byte changed (0)", NULL, &t.corrupt},
        {"--delay", "TIME", "of the link, one way (5ms)", NULL, &t.delay},
        {"--rate", "BITS", "a second, each way (100M)", NULL, &t.rate},
        {"--queue", "N", "bytes that may wait for the link (256k)", NULL, &t.queue},
        {"--reoffload", "N", "upload every N segments and offload again, 0 = never (1000)", NULL,
         &t.reoffload},
        {"--gap", "TIME", "for which the host then keeps the connection (3ms)", NULL, &t.gap},
        {"--listen", NULL, "lwIP connects to the target, not the target to lwIP", &t.listen, NULL},
        {"--seed", "S", "of the link's generator (1)", NULL, &t.seed},
        {"--seeds", "N", "run N seeds from S on (1)", NULL, &t.seeds},
        {"--twice", NULL, "run each twice and compare the trace hashes", &job.twice, NULL},
        {"--spoil-at", "N", "lwIP sends byte N wrong: the run must fail", NULL, &t.spoil},
    };
    int status;
    int files = cli_parse_driven(
        argc, argv, &job.driven, options, sizeof(options) / sizeof(options[0]), "stream [OPTIONS]",
        "  chimneysweep stream --bytes 2M\n"
        "  chimneysweep stream --loss 2 --reorder 2 --duplicate 1 --corrupt 0.1 "
        "--seeds 10 --twice\n",
        &status);
    unsigned long seeds;
    if (files < 0) {
        return status;
    }
    if (files > 0) {
        fprintf(stderr, "stream: unexpected argument '%s' (stream --help)\n", argv[1]);
        return EXIT_USAGE;
    }
    if (!read_texts(&t, &job, &seeds)) {
        return EXIT_USAGE;
    }
    static struct world world;
    status = cli_open_driven(&world, &job.driven);
    if (status) {
        return status;
    }
    job.world = &world;
    job.options.strict = job.driven.strict;
    job.options.context_is_cell = job.driven.context_is_cell;
    job.options.progress = isatty(STDERR_FILENO) ? cmd_stream_progress : NULL;
    job.result = cli_shared(sizeof(*job.result));
    return job.result ? run_seeds(&job, seeds) : EXIT_ENVIRONMENT;
}
