/* SPDX-License-Identifier: MIT
 *
 * Text and FIN of an acceptable segment: trimming, reassembly, what to acknowledge.
 */
#ifndef CHIM_CONN_PAYLOAD_H
#define CHIM_CONN_PAYLOAD_H

#include "conn/input.h"

enum chim_input chim_payload(struct chim_conn *c, struct chim_arrival *a);

#endif
