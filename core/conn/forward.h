/* SPDX-License-Identifier: MIT
 *
 * Segments that the host received and hands over.
 */
#ifndef CHIM_CONN_FORWARD_H
#define CHIM_CONN_FORWARD_H

#include "conn/conn.h"

NDIS_STATUS NDIS_CALL chim_forward_handler(NDIS_HANDLE adapter, PVOID context,
                                           PNET_BUFFER_LIST list);

#endif
