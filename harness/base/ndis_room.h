/* SPDX-License-Identifier: MIT
 *
 * As room.h, for the simulated NDIS: what follows the pointers that a driver passes.
 */
#pragma clang section text = "rig_ndis"
