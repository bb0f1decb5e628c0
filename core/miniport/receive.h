/* SPDX-License-Identifier: MIT
 *
 * Frames from the wire: to a connection, or up.
 */
#ifndef CHIM_MINIPORT_RECEIVE_H
#define CHIM_MINIPORT_RECEIVE_H

#include "miniport/adapter.h"

VOID NDIS_CALL chim_receive_frames(PVOID context, PNIC_FRAME frames);

#endif
