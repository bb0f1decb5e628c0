/* SPDX-License-Identifier: MIT
 *
 * The arenas: fixed addresses after every rewind, no address twice within a run, physical
 * ownership.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "ndis/object.h"

int __asan_address_is_poisoned(void const volatile *addr) __attribute__((weak));

static void a_rewound_arena_gives_the_same_addresses(void **state)
{
    (void)state;
    void *first[100];
    for (int round = 0; round < 3; round++) {
        object_reset();
        arena_rewind(false);
        for (int i = 0; i < 100; i++) {
            void *piece = guest_alloc((size_t)i * 7);
            assert_int_equal((uintptr_t)piece % ARENA_GRANULE, 0);
            first[i] = round ? first[i] : piece;
            assert_ptr_equal(piece, first[i]);
        }
    }
}

static void freed_memory_is_not_given_out_again_in_a_run(void **state)
{
    (void)state;
    object_reset();
    arena_rewind(false);
    void *piece = guest_alloc(64);
    guest_free(piece, 64);
    for (int i = 0; i < 1000; i++) {
        assert_ptr_not_equal(guest_alloc(64), piece);
    }
    arena_rewind(true);
    piece = guest_alloc(64);
    guest_free(piece, 64);
    assert_ptr_equal(guest_alloc(64), piece);
}

static void what_is_not_lent_is_poisoned(void **state)
{
    (void)state;
    if (!__asan_address_is_poisoned) {
        skip();
    }
    object_reset();
    arena_rewind(false);
    uint8_t *piece = guest_alloc(100);
    assert_false(__asan_address_is_poisoned(piece));
    assert_false(__asan_address_is_poisoned(piece + 99));
    assert_true(__asan_address_is_poisoned(piece + 100));
    assert_true(__asan_address_is_poisoned(piece - 1));
    guest_take(piece, 100);
    assert_true(__asan_address_is_poisoned(piece + 50));
    guest_lend(piece, 100);
    assert_false(__asan_address_is_poisoned(piece + 50));
    guest_free(piece, 100);
    assert_true(__asan_address_is_poisoned(piece + 50));
}

static void rig_memory_starts_as_zeros_after_a_rewind(void **state)
{
    (void)state;
    object_reset();
    arena_rewind(false);
    memset(rig_alloc(1000), 0xFF, 1000);
    arena_rewind(false);
    const uint8_t *piece = rig_alloc(1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(piece[i], 0);
    }
}

static void objects_are_found_by_exact_address_and_kind_only(void **state)
{
    (void)state;
    object_reset();
    arena_rewind(false);
    uint8_t *piece = guest_alloc(64);
    struct nds_object *object = object_add(OBJECT_NBL, piece, 64, OWNER_TARGET);
    assert_ptr_equal(object_find(piece, OBJECT_NBL), object);
    assert_null(object_find(piece, OBJECT_NB));
    assert_null(object_find(piece + 16, OBJECT_NBL));
    assert_null(object_find(piece + 1, OBJECT_NBL));
    assert_null(object_find(NULL, OBJECT_NBL));
    assert_null(object_find((void *)(uintptr_t)0xDEADBEEFDEADBEEF, OBJECT_NBL));
    assert_ptr_equal(object_containing(piece + 63), object);
    object_remove(object);
    assert_null(object_find(piece, OBJECT_NBL));
    assert_ptr_equal(object_containing(piece + 10), object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rewound_arena_gives_the_same_addresses),
        cmocka_unit_test(freed_memory_is_not_given_out_again_in_a_run),
        cmocka_unit_test(what_is_not_lent_is_poisoned),
        cmocka_unit_test(rig_memory_starts_as_zeros_after_a_rewind),
        cmocka_unit_test(objects_are_found_by_exact_address_and_kind_only),
    };
    return arena_open() ? cmocka_run_group_tests(tests, NULL, NULL) : 3;
}
