/* SPDX-License-Identifier: MIT
 *
 * Included by the compiler in front of every file of the rooms beyond NDIS (CMakeLists.txt): their
 * code lies together, so that a place on the stack tells whose it is (stack.h).
 */
#pragma clang section text = "rig_rooms"
