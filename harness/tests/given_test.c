/* SPDX-License-Identifier: MIT
 *
 * What a driver passed, when the rig has died of it: followed without dying once more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stops.h"
#include "ndis/given.h"
#include "ndischimney.h"
#include "nic.h"

static const uint8_t driver[64]; /* where its code would lie */
static const void *const nowhere = (const void *)0x123456789000u;

static uint8_t bytes[3000];
static MDL mdl[2];
static NET_BUFFER nb;
static NET_BUFFER_LIST nbl[2];

static void lists_anew(void)
{
    mdl[0] = (MDL){.Next = &mdl[1], .MappedSystemVa = bytes, .ByteCount = 1000};
    mdl[1] = (MDL){.MappedSystemVa = bytes + 1000, .ByteCount = 2000};
    nb = (NET_BUFFER){.MdlChain = mdl, .DataOffset = 100, .DataLength = 2900};
    nbl[0] = (NET_BUFFER_LIST){.Next = &nbl[1], .FirstNetBuffer = &nb};
    nbl[1] = (NET_BUFFER_LIST){.FirstNetBuffer = &nb};
    stops_driver_code(driver, driver, driver + sizeof(driver));
}

static bool sane(enum nds_given_kind kind, const void *at, uint32_t size, const void *address)
{
    nds_given = (struct nds_given){.from = driver + 8, .at = at, .bytes = size, .kind = kind};
    return nds_given_sane(stops_driver_offset(driver + 8), address);
}

static bool lists_sane(void)
{
    return sane(GIVEN_LISTS, nbl, 0, NULL);
}

static void lists_that_end_are_sane(void **state)
{
    (void)state;
    lists_anew();
    assert_true(lists_sane());
    assert_true(sane(GIVEN_BUFFER, &nb, 0, NULL));
    assert_true(sane(GIVEN_MDL, mdl, 0, NULL));
}

static void lists_that_lead_nowhere_are_not(void **state)
{
    (void)state;
    lists_anew();
    nbl[1].Next = nbl; /* in a circle */
    assert_false(lists_sane());
    lists_anew();
    nbl[1].FirstNetBuffer = NULL;
    assert_false(lists_sane());
    lists_anew();
    mdl[1].MappedSystemVa = (PVOID)(uintptr_t)nowhere;
    assert_false(lists_sane());
    lists_anew();
    nb.DataLength++; /* longer than its memory */
    assert_false(lists_sane());
    assert_false(sane(GIVEN_LISTS, nowhere, 0, nowhere));
    assert_false(sane(GIVEN_LISTS, NULL, 0, NULL));
}

static void a_tree_is_followed_with_its_lists(void **state)
{
    (void)state;
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST path = {.DependentBlockList = NULL};
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST tcp = {.NetBufferListChain = nbl};
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST neighbor = {.NextBlock = &path, .DependentBlockList = &tcp};
    lists_anew();
    assert_true(sane(GIVEN_BLOCKS, &neighbor, 0, NULL));
    nbl[0].Next = (PNET_BUFFER_LIST)(uintptr_t)nowhere;
    assert_false(sane(GIVEN_BLOCKS, &neighbor, 0, NULL));
    lists_anew();
    tcp.DependentBlockList = &neighbor;
    assert_false(sane(GIVEN_BLOCKS, &neighbor, 0, NULL));
}

static void frames_are_followed(void **state)
{
    (void)state;
    NIC_TX tx = {.SegmentCount = 2, .Segment = {{bytes, 54}, {bytes + 100, 1460}}};
    NIC_FRAME frame = {.Next = NULL};
    assert_true(sane(GIVEN_TX, &tx, 0, NULL));
    tx.Segment[1].Data = nowhere;
    assert_false(sane(GIVEN_TX, &tx, 0, NULL));
    assert_true(sane(GIVEN_FRAMES, &frame, 0, NULL));
    frame.Next = &frame;
    assert_false(sane(GIVEN_FRAMES, &frame, 0, NULL));
}

static void any_member_may_have_led_there(void **state)
{
    (void)state;
    const void *member[3] = {bytes, nowhere, bytes};
    assert_true(sane(GIVEN_BYTES, member, sizeof(member), (const void *)0x900000000000u));
    assert_false(sane(GIVEN_BYTES, member, sizeof(member), (const uint8_t *)nowhere + 40));
    member[1] = NULL;
    assert_false(sane(GIVEN_BYTES, member, sizeof(member), (const void *)16));
}

static void a_place_for_an_answer_may_be_none(void **state)
{
    (void)state;
    lists_anew();
    assert_true(lists_sane());
    nds_given.outs = 2;
    nds_given.out[1] = nowhere;
    assert_true(nds_given_sane(stops_driver_offset(driver + 8), (const void *)0x900000000000u));
    assert_false(nds_given_sane(stops_driver_offset(driver + 8), nowhere));
    assert_false(nds_given_sane(stops_driver_offset(driver + 8), NULL));
}

static void another_call_says_nothing(void **state)
{
    (void)state;
    lists_anew();
    assert_true(lists_sane());
    assert_false(nds_given_sane(stops_driver_offset(driver + 9), NULL));
    nds_given.from = bytes;
    assert_false(nds_given_sane(stops_driver_offset(driver + 8), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_that_end_are_sane),
        cmocka_unit_test(lists_that_lead_nowhere_are_not),
        cmocka_unit_test(a_tree_is_followed_with_its_lists),
        cmocka_unit_test(frames_are_followed),
        cmocka_unit_test(any_member_may_have_led_there),
        cmocka_unit_test(a_place_for_an_answer_may_be_none),
        cmocka_unit_test(another_call_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
