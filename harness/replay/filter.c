/* SPDX-License-Identifier: MIT */
#include "replay/filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 16u
#define LINKTYPE_RAW 101 /* in files; libpcap's own number is another */

struct filter {
    char *expression;
    struct compiled {
        int link_type;
        struct bpf_program code;
    } compiled[LINKS_MAX];
    unsigned links;
};

/* An expression need not mean something for each of them. */
static const int usual_links[] = {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL, DLT_IEEE802_11, DLT_PPP};

static bool compile(const char *expression, int link_type, struct bpf_program *code, char *why,
                    size_t size)
{
    int dlt = link_type == LINKTYPE_RAW ? DLT_RAW : link_type;
    pcap_t *pcap = pcap_open_dead(dlt, CAPTURE_PACKET_MAX);
    bool good = pcap && pcap_compile(pcap, code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!good) {
        snprintf(why, size, "%s", pcap ? pcap_geterr(pcap) : "out of memory");
    }
    if (pcap) {
        pcap_close(pcap);
    }
    return good;
}

/* libpcap does not say where an expression is wrong: behind the longest beginning, in words, that
 * is one by itself. */
static size_t wrong_from(const char *expression)
{
    size_t best = 0, length = strlen(expression);
    char *piece = strdup(expression);
    for (size_t end = length; piece && end > 0 && !best; end--) {
        struct bpf_program code;
        char why[PCAP_ERRBUF_SIZE];
        piece[end] = '\0';
        bool word = expression[end] == ' ' && expression[end - 1] != ' ';
        if (word && compile(piece, DLT_EN10MB, &code, why, sizeof(why))) {
            pcap_freecode(&code);
            best = end + strspn(expression + end, " ");
        }
    }
    free(piece);
    return best;
}

struct filter *filter_new(const char *expression, char *error, size_t size)
{
    char first[PCAP_ERRBUF_SIZE] = "", why[PCAP_ERRBUF_SIZE];
    bool good = false;
    for (unsigned i = 0; i < sizeof(usual_links) / sizeof(usual_links[0]) && !good; i++) {
        struct bpf_program code;
        good = compile(expression, usual_links[i], &code, i ? why : first, PCAP_ERRBUF_SIZE);
        if (good) {
            pcap_freecode(&code);
        }
    }
    if (!good) {
        size_t at = wrong_from(expression);
        snprintf(error, size,
                 "'%s': from byte %zu on, '%s': %s (expected an expression of pcap-filter(7))",
                 expression, at, expression + at, first);
        return NULL;
    }
    struct filter *made = calloc(1, sizeof(*made));
    char *copy = strdup(expression);
    if (!made || !copy) {
        free(made);
        free(copy);
        snprintf(error, size, "'%s': out of memory", expression);
        return NULL;
    }
    made->expression = copy;
    return made;
}

void filter_del(struct filter *filter)
{
    if (filter) {
        for (unsigned i = 0; i < filter->links; i++) {
            pcap_freecode(&filter->compiled[i].code);
        }
        free(filter->expression);
        free(filter);
    }
}

/* The program for a link type. */
static const struct compiled *compiled_for(struct filter *filter, int link_type, char *error,
                                           size_t size)
{
    char why[PCAP_ERRBUF_SIZE];
    for (unsigned i = 0; i < filter->links; i++) {
        if (filter->compiled[i].link_type == link_type) {
            return &filter->compiled[i];
        }
    }
    if (filter->links == LINKS_MAX) {
        pcap_freecode(&filter->compiled[--filter->links].code);
    }
    struct compiled *made = &filter->compiled[filter->links];
    if (!compile(filter->expression, link_type, &made->code, why, sizeof(why))) {
        snprintf(error, size, "--filter '%s' for packets of link type %d: %s", filter->expression,
                 link_type, why);
        return NULL;
    }
    made->link_type = link_type;
    filter->links++;
    return made;
}

enum filter_match filter_match(struct filter *filter, const struct capture_packet *packet,
                               char *error, size_t size)
{
    const struct compiled *compiled = compiled_for(filter, packet->link_type, error, size);
    if (!compiled) {
        return FILTER_ERROR;
    }
    struct pcap_pkthdr head = {.caplen = packet->captured, .len = packet->length};
    return pcap_offline_filter(&compiled->code, &head, packet->bytes) ? FILTER_YES : FILTER_NO;
}
