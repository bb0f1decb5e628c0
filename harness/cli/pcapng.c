/* SPDX-License-Identifier: MIT */
#include "cli/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"
#include "cli/cli.h"

/* Block types, options and values by the names of the format's specification. */
enum {
    SECTION_HEADER_BLOCK = 0x0A0D0D0A,
    INTERFACE_DESCRIPTION_BLOCK = 1,
    ENHANCED_PACKET_BLOCK = 6,
    OPT_ENDOFOPT = 0,
    OPT_COMMENT = 1,
    SHB_USERAPPL = 4,
    IF_NAME = 2,
    IF_DESCRIPTION = 3,
    IF_TSRESOL = 9,
    EPB_FLAGS = 2,
    EPB_FLAGS_INBOUND = 1,
    EPB_FLAGS_OUTBOUND = 2,
    LINKTYPE_ETHERNET = 1,
    NANOSECONDS = 9,
};
#define OPTION_MAX 65535u

struct writer {
    FILE *out;
    FILE *body, *line; /* memory streams: of the block, of a comment */
    char *body_bytes, *line_bytes;
    size_t body_size, line_size;
    const struct wire_log *log;
    const struct verdict *verdict; /* of the section, once its end is known */
    uint32_t events;               /* of the section */
};

/* What goes with one frame: the entries from..to, itself among them. */
struct packet {
    const struct wire_entry *entry; /* NULL: the section header */
    uint64_t from, to;
};

static void put16(FILE *out, uint32_t value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    fwrite(bytes, 1, 2, out);
}

static void put32(FILE *out, uint32_t value)
{
    put16(out, value & 0xFFFF);
    put16(out, value >> 16);
}

static void put_padded(FILE *out, const void *bytes, size_t length)
{
    static const uint8_t zeros[4];
    fwrite(bytes, 1, length, out);
    fwrite(zeros, 1, (4 - length % 4) % 4, out);
}

static void option(struct writer *w, uint32_t code, const void *value, size_t length)
{
    length = length < OPTION_MAX ? length : OPTION_MAX;
    put16(w->body, code);
    put16(w->body, (uint32_t)length);
    put_padded(w->body, value, length);
}

static void option_text(struct writer *w, uint32_t code, const char *text)
{
    option(w, code, text, strlen(text));
}

static void end_block(struct writer *w, uint32_t type)
{
    put16(w->body, OPT_ENDOFOPT);
    put16(w->body, 0);
    fflush(w->body);
    uint32_t total = (uint32_t)w->body_size + 12;
    put32(w->out, type);
    put32(w->out, total);
    fwrite(w->body_bytes, 1, w->body_size, w->out);
    put32(w->out, total);
    rewind(w->body);
}

/* What was written to the line becomes a comment. */
static void end_comment(struct writer *w)
{
    fflush(w->line);
    char *text = w->line_bytes;
    size_t length = w->line_size;
    for (; length && text[length - 1] == '\n'; length--) {
    }
    for (; length && *text == ' '; length--) {
        text++;
    }
    option(w, OPT_COMMENT, text, length);
    rewind(w->line);
}

static void comment_verdict(struct writer *w)
{
    const struct verdict *v = w->verdict;
    const struct oracle_rule *rule = v->rule[0] ? oracle_rule_find(v->rule) : NULL;
    fprintf(w->line, "VERDICT %s%s%s", verdict_kind_name(v->kind), v->rule[0] ? " " : "", v->rule);
    if (rule) {
        fprintf(w->line, ": %s (chimneysweep explain %s)", rule->statement, rule->id);
    }
    if (v->expected[0]) {
        fprintf(w->line, "; expected %s; actual", v->expected);
    }
    fprintf(w->line, "%s%s", v->actual[0] ? " " : "", v->actual);
    end_comment(w);
    if (v->warnings) {
        fprintf(w->line, "WARNING %s: %s (the first of %u)", v->warning_rule, v->warning_text,
                v->warnings);
        end_comment(w);
    }
}

static bool is_verdict_of(const struct writer *w, const struct wire_entry *entry)
{
    return w->verdict && w->verdict->event != VERDICT_NO_EVENT && !entry->ends && !entry->made &&
           entry->record.seq == w->verdict->event;
}

/* Allocations are left out, as in the events of a verdict, but for the one that it is about. */
static bool is_noise(const struct trace_record *record)
{
    return record->kind == TAP_POINT && (record->fn == TAP_ALLOC || record->fn == TAP_FREE);
}

static void comments(struct writer *w, const struct packet *packet)
{
    uint64_t next;
    for (uint64_t at = packet->from; at < packet->to; at = next) {
        const struct wire_entry *entry = wire_log_at(w->log, at, &next);
        bool verdict = is_verdict_of(w, entry);
        if (entry->made) {
            fputs("made up: the handshake before the host handed the connection over", w->line);
            end_comment(w);
        } else if (!entry->ends && (verdict || !is_noise(&entry->record))) {
            render_event(w->line, &entry->record);
            end_comment(w);
        }
        /* An event that the run never reached, or none at all: at the end. */
        if (verdict || (entry->ends && w->verdict && w->verdict->event >= w->events)) {
            comment_verdict(w);
        }
    }
}

static void section(struct writer *w, const char *about, const struct packet *alone)
{
    put32(w->body, 0x1A2B3C4D);
    put16(w->body, 1);
    put16(w->body, 0);
    put32(w->body, UINT32_MAX); /* length of the section: not given */
    put32(w->body, UINT32_MAX);
    option_text(w, OPT_COMMENT, about);
    comments(w, alone);
    option_text(w, SHB_USERAPPL, "chimneysweep 0.1");
    end_block(w, SECTION_HEADER_BLOCK);

    const uint8_t resolution = NANOSECONDS;
    put16(w->body, LINKTYPE_ETHERNET);
    put16(w->body, 0);
    put32(w->body, 0); /* no limit of length */
    option_text(w, IF_NAME, "wire port");
    option_text(w, IF_DESCRIPTION, world_driver_path());
    option(w, IF_TSRESOL, &resolution, 1);
    end_block(w, INTERFACE_DESCRIPTION_BLOCK);
}

static void enhanced_packet(struct writer *w, const struct packet *packet)
{
    const struct wire_entry *entry = packet->entry;
    uint64_t time = entry->record.time_ns;
    bool in = entry->direction == WIRE_IN;
    put32(w->body, 0);
    put32(w->body, (uint32_t)(time >> 32));
    put32(w->body, (uint32_t)time);
    put32(w->body, entry->length);
    put32(w->body, entry->length);
    put_padded(w->body, entry + 1, entry->length);
    comments(w, packet);
    const uint8_t flags[4] = {in ? EPB_FLAGS_INBOUND : EPB_FLAGS_OUTBOUND};
    option(w, EPB_FLAGS, flags, sizeof(flags));
    end_block(w, ENHANCED_PACKET_BLOCK);
}

/* Where the events that led to a frame begin: at the last operation since the frame before, else at
 * the last call from outside of everything. Within one call, what came after a frame in followed
 * it, and what came after a frame out leads to the next. */
struct split {
    uint64_t operation, call;
    bool any_operation, any_call;
};

static void note_beginning(struct split *split, const struct wire_entry *entry, uint64_t at)
{
    const struct trace_record *record = &entry->record;
    if (!entry->ends && record->fn == TAP_OP) {
        split->operation = at;
        split->any_operation = true;
    } else if (!entry->ends && record->kind == TAP_ENTER && record->call == TAP_NONE) {
        split->call = at;
        split->any_call = true;
    }
}

static uint64_t split_at(const struct split *split, const struct packet *before, uint64_t behind,
                         uint64_t at)
{
    return !before->entry                        ? before->from
           : split->any_operation                ? split->operation
           : split->any_call                     ? split->call
           : before->entry->direction == WIRE_IN ? at
                                                 : behind;
}

static void packets(struct writer *w, uint64_t from, uint64_t to)
{
    struct packet packet = {.from = from};
    struct split split = {0};
    uint64_t behind = from, next;
    for (uint64_t at = from; at < to; at = next) {
        const struct wire_entry *entry = wire_log_at(w->log, at, &next);
        if (entry->direction == WIRE_NONE) {
            note_beginning(&split, entry, at);
            continue;
        }
        packet.to = split_at(&split, &packet, behind, at);
        if (packet.entry) {
            enhanced_packet(w, &packet);
        }
        packet = (struct packet){.entry = entry, .from = packet.to};
        split = (struct split){0};
        behind = next;
    }
    packet.to = to;
    if (packet.entry) {
        enhanced_packet(w, &packet);
    }
}

/* One run: its end, verdict and whether a frame is in it have to be known first. */
static uint64_t one_run(struct writer *w, uint64_t from)
{
    uint64_t end = wire_log_end(w->log), to = from, next;
    const char *about = "a run that was not judged";
    bool frames = false;
    w->verdict = NULL;
    w->events = 0;
    for (; to < end; to = next) {
        const struct wire_entry *entry = wire_log_at(w->log, to, &next);
        if (to != from && !entry->ends && entry->record.seq == 0) {
            break;
        }
        frames |= entry->direction != WIRE_NONE;
        if (entry->ends) {
            const struct wire_run *run = (const void *)(entry + 1);
            w->verdict = &run->verdict;
            about = run->about;
        } else {
            w->events = entry->record.seq + 1;
        }
    }
    const struct packet none = {.from = from, .to = frames ? from : to};
    section(w, about, &none);
    packets(w, from, to);
    return to;
}

bool pcapng_write(struct result_file *file, const struct wire_log *log)
{
    struct writer w = {.log = log, .out = file->out};
    w.body = open_memstream(&w.body_bytes, &w.body_size);
    w.line = open_memstream(&w.line_bytes, &w.line_size);
    bool good = w.body && w.line;
    const char *path = file->path;
    if (good && !wire_log_end(log)) {
        section(&w, "nothing was run", &(struct packet){0});
    }
    for (uint64_t at = 0; good && at < wire_log_end(log);) {
        at = one_run(&w, at);
    }
    if (w.body) {
        fclose(w.body);
    }
    if (w.line) {
        fclose(w.line);
    }
    free(w.body_bytes);
    free(w.line_bytes);
    if (!good) {
        fputs("chimneysweep: no memory for the capture\n", stderr);
        result_drop(file);
        return false;
    }
    good = result_close(file);
    if (good && wire_log_lost(log)) {
        fprintf(stderr, "chimneysweep: %s: the last %llu events found no room\n", shown(path),
                (unsigned long long)wire_log_lost(log));
    }
    return good;
}
