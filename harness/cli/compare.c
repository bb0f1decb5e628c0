/* SPDX-License-Identifier: MIT */
#include "cli/compare.h"

#include <string.h>

#include "base/shown.h"

#define FIRSTS_MOST 24u /* differences that are told of an input */
#define KIND_VERDICT OBSERVE_KINDS_COUNT
#define NAME_ROOM 64u

/* One field of one row. */
struct difference {
    uint32_t kind, conn, index; /* index: of the rows of this kind and connection */
    const char *field;
    bool hexadecimal;
    const struct observe_row *a, *b; /* NULL: that driver has no such row */
    uint64_t here, there;
    const struct waiver *waiver;
};

struct pair {
    struct comparison *c;
    const struct observe_input *in[2];
    const struct observe_row *row[2];
    struct difference first[FIRSTS_MOST];
    uint32_t firsts;
    bool unwaived;
};

static const char *kind_name(uint32_t kind)
{
    return kind == KIND_VERDICT ? "verdict" : observe_kind_name((enum observe_kind)kind);
}

/* True when it counts: no waiver that still holds names it. */
static bool note_difference(struct pair *p, const struct difference *difference)
{
    char key[800];
    struct difference d = *difference;
    snprintf(key, sizeof(key), "%s %s %s", kind_name(d.kind), d.field, p->in[0]->name);
    d.waiver = waivers_find(&p->c->waivers, key);
    bool counts = !d.waiver || d.waiver->expired;
    for (uint32_t i = 0; i < p->firsts && !counts; i++) {
        if (p->first[i].kind == d.kind && !strcmp(p->first[i].field, d.field)) {
            return false; /* one of them says it */
        }
    }
    if (p->firsts < FIRSTS_MOST) {
        p->first[p->firsts++] = d;
    }
    p->unwaived |= counts;
    return counts;
}

/* When frames and calls of the driver come, a peer or a host can tell. */
static bool has_time(uint32_t kind)
{
    return kind == SEEN_FRAME || kind == SEEN_COMPLETION || kind == SEEN_INDICATION ||
           kind == SEEN_EVENT;
}

/* True when one of the fields differs and counts. */
static bool compare_rows(struct pair *p, const struct difference *place)
{
    const struct observe_row *a = place->a, *b = place->b;
    uint32_t hexadecimal, words = a->words > b->words ? a->words : b->words;
    const char *const *names = observe_names((enum observe_kind)place->kind, &hexadecimal);
    bool counts = false;
    for (uint32_t i = 0; i < words && names[i]; i++) {
        if (a->word[i] != b->word[i]) {
            struct difference d = *place;
            d.field = names[i];
            d.here = a->word[i];
            d.there = b->word[i];
            d.hexadecimal = hexadecimal >> i & 1;
            counts |= note_difference(p, &d);
        }
    }
    if (has_time(place->kind) && a->time_ns != b->time_ns && !counts) {
        struct difference d = *place;
        d.field = "time";
        d.here = a->time_ns;
        d.there = b->time_ns;
        counts |= note_difference(p, &d);
    }
    return counts;
}

static const struct observe_row *next_row(const struct pair *p, unsigned side, uint64_t *at,
                                          uint32_t kind, uint32_t conn)
{
    for (; *at < p->in[side]->count; ++*at) {
        const struct observe_row *row = &p->row[side][*at];
        if (row->kind == kind && row->conn == conn) {
            ++*at;
            return row;
        }
    }
    return NULL;
}

/* Behind the first difference that counts nothing of this kind and connection is told. */
static void compare_kind(struct pair *p, uint32_t kind, uint32_t conn)
{
    uint64_t at[2] = {0, 0};
    for (uint32_t index = 0;; index++) {
        struct difference d = {.kind = kind, .conn = conn, .index = index};
        d.a = next_row(p, 0, &at[0], kind, conn);
        d.b = next_row(p, 1, &at[1], kind, conn);
        if (!d.a && !d.b) {
            return;
        }
        if (d.a && d.b) {
            if (compare_rows(p, &d)) {
                return;
            }
            continue;
        }
        if (!p->in[d.a ? 1 : 0]->cut) { /* else the run went no further */
            d.field = d.a ? "extra" : "missing";
            note_difference(p, &d);
        }
        return;
    }
}

#define CONNS_MOST 64u

static uint32_t connections(const struct pair *p)
{
    uint32_t most = 0;
    for (unsigned side = 0; side < 2; side++) {
        for (uint64_t i = 0; i < p->in[side]->count; i++) {
            uint32_t conn = p->row[side][i].conn;
            most = conn != TAP_NONE && conn >= most ? conn + 1 : most;
        }
    }
    return most < CONNS_MOST ? most : CONNS_MOST;
}

static void value_text(const struct difference *d, uint64_t value, char *out)
{
    if (!strcmp(d->field, "time")) {
        snprintf(out, NAME_ROOM, "%.3f ms", (double)value / 1e6);
    } else if (!strcmp(d->field, "call") ||
               (!strcmp(d->field, "list") && value <= ROLE_INDICATED)) {
        snprintf(out, NAME_ROOM, "%s",
                 d->field[0] == 'c' ? tap_fn_name((enum tap_fn)value)
                                    : tap_role_name((enum tap_role)value));
    } else {
        snprintf(out, NAME_ROOM, d->hexadecimal ? "0x%llx" : "%llu", (unsigned long long)value);
    }
}

static void difference_text(const struct pair *p, const struct difference *d)
{
    FILE *out = p->c->out;
    char here[NAME_ROOM], there[NAME_ROOM];
    const struct observe_row *row = d->a ? d->a : d->b;
    fprintf(out, "  %-11s", kind_name(d->kind));
    if (d->kind == KIND_VERDICT) {
        fprintf(out, "%s, with the other %s", shown(p->in[0]->verdict), "");
        fprintf(out, "%s", shown(p->in[1]->verdict));
    } else {
        fprintf(out, "%u", d->index);
        if (d->conn != TAP_NONE) {
            fprintf(out, " of connection %u", d->conn);
        }
        fprintf(out, " (event %u, %.3f ms): ", row->event, (double)row->time_ns / 1e6);
        value_text(d, d->here, here);
        value_text(d, d->there, there);
        if (d->a && d->b) {
            fprintf(out, "%s %s, with the other %s", d->field, here, there);
        } else {
            fputs(d->a ? "the other has none" : "only the other has it", out);
        }
    }
    if (d->waiver) {
        fprintf(out, "%s", d->waiver->expired ? " (its waiver ended on " : " (waived: ");
        fprintf(out, "%s)", d->waiver->expired ? d->waiver->expiry : shown(d->waiver->reason));
    }
    fputc('\n', out);
}

static void difference_json(struct json *json, const struct difference *d)
{
    const struct observe_row *row = d->a ? d->a : d->b;
    json_object(json, NULL);
    json_text(json, "kind", kind_name(d->kind));
    json_text(json, "field", d->field);
    if (row) {
        json_number(json, "index", d->index);
        json_number_or_null(json, "connection", d->conn, d->conn != TAP_NONE);
        json_number(json, "event", row->event);
        json_number(json, "time_ns", row->time_ns);
        json_number_or_null(json, "here", d->here, d->a && d->b);
        json_number_or_null(json, "there", d->there, d->a && d->b);
    }
    json_text(json, "waived", d->waiver && !d->waiver->expired ? d->waiver->reason : NULL);
    json_text(json, "expired", d->waiver && d->waiver->expired ? d->waiver->expiry : NULL);
    json_close(json);
}

static void tell_pair(const struct pair *p)
{
    if (!p->c->json) {
        fprintf(p->c->out, "%-8s %s\n", p->unwaived ? "differs" : "waived", shown(p->in[0]->name));
        for (uint32_t i = 0; i < p->firsts; i++) {
            difference_text(p, &p->first[i]);
        }
        return;
    }
    struct json json = json_begin(p->c->out);
    json_text(&json, "input", p->in[0]->name);
    json_object(&json, "against");
    json_bool(&json, "differs", p->unwaived);
    json_text(&json, "verdict", p->in[0]->verdict);
    json_text(&json, "other_verdict", p->in[1]->verdict);
    json_list(&json, "differences");
    for (uint32_t i = 0; i < p->firsts; i++) {
        difference_json(&json, &p->first[i]);
    }
    json_end(&json);
}

static void compare_count(struct pair *p)
{
    bool met[COMPARE_KINDS] = {false};
    for (uint32_t i = 0; i < p->firsts; i++) {
        const struct waiver *waiver = p->first[i].waiver;
        met[p->first[i].kind] |= !waiver || waiver->expired;
    }
    for (uint32_t kind = 0; kind < COMPARE_KINDS; kind++) {
        p->c->kind[kind] += met[kind];
    }
    p->c->differing += p->unwaived;
    p->c->waived += p->firsts && !p->unwaived;
}

void compare_inputs(struct comparison *c, const struct observations *here,
                    const struct observe_input *a, const struct observations *there,
                    const struct observe_input *b)
{
    static struct pair pair;
    pair = (struct pair){.c = c, .in = {a, b}};
    pair.row[0] = observe_rows(here, a);
    pair.row[1] = observe_rows(there, b);
    c->inputs++;
    c->lost |= a->lost || b->lost;
    if (strcmp(a->verdict, b->verdict) != 0) {
        const struct difference d = {.kind = KIND_VERDICT, .conn = TAP_NONE, .field = "identity"};
        note_difference(&pair, &d);
    }
    uint32_t conns = connections(&pair);
    for (uint32_t kind = 0; kind < OBSERVE_KINDS_COUNT; kind++) {
        for (uint32_t conn = 0; conn < conns; conn++) {
            compare_kind(&pair, kind, conn);
        }
        compare_kind(&pair, kind, TAP_NONE);
    }
    compare_count(&pair);
    if (pair.firsts) {
        tell_pair(&pair);
    }
}

static void compare_totals_json(const struct comparison *c)
{
    struct json json = json_begin(c->out);
    json_object(&json, "totals");
    json_text(&json, "against", c->other);
    json_number(&json, "inputs", c->inputs);
    json_number(&json, "differ", c->differing);
    json_number(&json, "waived", c->waived);
    json_bool(&json, "incomplete", c->lost);
    json_object(&json, "kinds");
    for (uint32_t kind = 0; kind < COMPARE_KINDS; kind++) {
        json_number(&json, kind_name(kind), c->kind[kind]);
    }
    json_close(&json);
    json_list(&json, "expired");
    for (uint32_t i = 0; i < c->waivers.count; i++) {
        if (c->waivers.waiver[i].expired && c->waivers.waiver[i].met) {
            json_text(&json, NULL, c->waivers.waiver[i].pattern);
        }
    }
    json_end(&json);
}

void compare_totals(const struct comparison *c)
{
    if (c->json) {
        compare_totals_json(c);
        return;
    }
    for (uint32_t i = 0; i < c->waivers.count; i++) {
        const struct waiver *waiver = &c->waivers.waiver[i];
        if (waiver->expired && waiver->met) {
            fprintf(c->out, "expired  %s: ended on %s, and waives nothing any more\n",
                    shown(waiver->pattern), waiver->expiry);
        }
    }
    for (uint32_t kind = 0; kind < COMPARE_KINDS; kind++) {
        if (c->kind[kind]) {
            fprintf(c->out, "%8llu %s\n", (unsigned long long)c->kind[kind], kind_name(kind));
        }
    }
    fprintf(c->out, "%llu inputs against %s: %llu differ, %llu waived%s\n",
            (unsigned long long)c->inputs, shown(c->other), (unsigned long long)c->differing,
            (unsigned long long)c->waived,
            c->lost ? "; not all of it found room, and was not compared" : "");
}
