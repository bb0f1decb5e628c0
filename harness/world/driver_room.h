/* SPDX-License-Identifier: MIT
 *
 * Included by the compiler in front of every file of a driver that is linked into the program that
 * runs it: its code and its data lie together, apart from the program's (linked.h).
 */
#pragma clang section text = "driver_code" data = "driver_data" bss = "driver_bss"
