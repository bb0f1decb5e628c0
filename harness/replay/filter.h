/* SPDX-License-Identifier: MIT
 *
 * Packets chosen by an expression of libpcap (pcap-filter(7)), whatever the link types of a file.
 */
#ifndef REPLAY_FILTER_H
#define REPLAY_FILTER_H

#include "replay/capture.h"

struct filter;

/* NULL: error holds one line with the expression, where it is wrong, and what libpcap says. */
struct filter *filter_new(const char *expression, char *error, size_t size);
void filter_del(struct filter *filter);

enum filter_match { FILTER_NO, FILTER_YES, FILTER_ERROR };
/* FILTER_ERROR: the expression makes no sense for the packet's link type, error says why. */
enum filter_match filter_match(struct filter *filter, const struct capture_packet *packet,
                               char *error, size_t size);

#endif
