/* SPDX-License-Identifier: MIT
 *
 * Conversations of a capture as programs: lengths, relative sequence numbers, flags, windows and
 * times of the remote end, sends and closes of the local one. Payload is the payload function's, so
 * a program holds no bytes of the capture. The end that receives more becomes the local one.
 */
#ifndef REPLAY_IMPORT_H
#define REPLAY_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/program.h"

#define IMPORT_OPS_MAX 200u /* a longer conversation is cut there */

/* Conversations of a file that can be imported; 0 and one line in error when it cannot be read. */
uint32_t replay_import_count(const char *path, char *error, size_t size);
/* The index-th of them, from 0. False: one line in error. */
bool replay_import(const char *path, uint32_t index, struct program *out, char *error, size_t size);
/* All of them, reading the file once; stream is tshark's tcp.stream. Returns how many. */
typedef void (*replay_import_taker)(void *context, uint32_t stream, const struct program *program);
uint32_t replay_import_all(const char *path, replay_import_taker take, void *context, char *error,
                           size_t size);

#endif
