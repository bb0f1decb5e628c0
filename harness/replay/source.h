/* SPDX-License-Identifier: MIT
 *
 * Where the bytes of a capture come from: a file, or standard input ("-"), as it is or compressed
 * by gzip or zstd. They are read once, from the beginning to the end.
 */
#ifndef REPLAY_SOURCE_H
#define REPLAY_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct source;

/* NULL: error holds one line that names the file, what is wrong and what was expected. */
struct source *source_open(const char *path, char *error, size_t size);
void source_close(struct source *source);

/* The first bytes, which are read again; fewer when there are no more. */
#define SOURCE_HEAD 4u
uint32_t source_head(const struct source *source, uint8_t head[SOURCE_HEAD]);
/* Reading it, for libraries that take a stream; who closes the stream leaves the source open. */
FILE *source_stream(struct source *source);
/* The file itself, and its size, when it is no more than that: not packed, not a pipe. Else -1. */
int source_file(const struct source *source, uint64_t *size);
/* From now on bytes [begin, end) are read as zero. */
void source_blank(struct source *source, uint64_t begin, uint64_t end);
/* Why no more can be read, NULL = it is not known of anything. */
const char *source_fault(const struct source *source);
/* Bytes of the file that were read, and of how many; 0 = nobody knows. */
uint64_t source_progress(const struct source *source, uint64_t *all);

#endif
