/* SPDX-License-Identifier: MIT
 *
 * The end of a connection's offload: what is left goes back to the host.
 */
#ifndef CHIM_CONN_UPLOAD_H
#define CHIM_CONN_UPLOAD_H

#include "conn/conn.h"

/* One step of a terminate, called by the executor when no completion is due. False: finished, or
 * waiting for memory. */
bool chim_upload_step(struct chim_conn *c);

/* Halt without a terminate: everything pending fails, the host's reference is dropped. */
void chim_upload_discard(struct chim_conn *c);

/* The delegated state as of now (TERM-STATE-1, QRY-FILL-1). The unions are left alone. */
void chim_upload_fill(struct chim_conn *c, TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
