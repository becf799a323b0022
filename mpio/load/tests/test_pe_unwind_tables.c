/* SPDX-License-Identifier: MIT */
/*
 * Function tables and unwind information made by hand: at every limit, one past it, and damaged; and one
 * frame undone on a stack made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "host/pe_code.h"
#include "load/pe_unwind.h"

static uint32_t u32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* ---- whole tables ------------------------------------------------------------------------------------- */

#define IMAGE 12288u
static uint8_t image[IMAGE];
#define TABLE  4096u
#define UNWIND 8192u
#define CODE   5120u

#define SECTION (64 + 24 + 240)

static void put_32(uint32_t at, uint32_t value)
{
    memcpy(image + at, &value, 4);
}

static void put_function(unsigned index, uint32_t begin, uint32_t end, uint32_t unwind)
{
    uint32_t words[3] = {begin, end, unwind};
    memcpy(image + TABLE + index * 12, words, 12);
}

static uint32_t put_info(uint32_t at, unsigned flags, unsigned length, const void *codes, unsigned count)
{
    image[at] = (uint8_t)(1 | flags << 3);
    image[at + 1] = (uint8_t)length;
    image[at + 2] = (uint8_t)count;
    image[at + 3] = 0;
    memcpy(image + at + 4, codes, count * 2u);
    return at + 4 + (count + (count & 1)) * 2;
}

static void put_chain(uint32_t at, uint32_t to)
{
    uint32_t words[3] = {64, 128, to};
    memcpy(image + at, words, 12);
}

/* How many functions of a table of `count` come out; their ranges must be what the table says. */
static unsigned usable(unsigned count)
{
    uint8_t *frames = pe_call_frames(image, IMAGE, TABLE, count * 12);
    unsigned found = 0;
    if (frames == NULL)
        return 0;
    for (uint8_t *at = frames; u32(at) != 0; at += 4 + u32(at)) {
        uint64_t begin, bytes;
        if (u32(at + 4) == 0)
            continue;
        assert_int_equal(u32(at + 4), at + 4 - frames);
        memcpy(&begin, at + 8, 8);
        memcpy(&bytes, at + 16, 8);
        begin -= (uint64_t)(uintptr_t)image;
        bool listed = false;
        for (unsigned i = 0; i < count; i++)
            listed |= u32(image + TABLE + i * 12) == begin && u32(image + TABLE + i * 12 + 4) == begin + bytes;
        assert_true(listed);
        found++;
    }
    free(frames);
    return found;
}

/* One section, from behind the headers to the end. */
static int clear_image(void **state)
{
    (void)state;
    memset(image, 0, sizeof(image));
    put_32(60, 64);
    image[64 + 6] = 1;
    image[64 + 20] = 240;
    put_32(64 + 84, TABLE);
    put_32(SECTION + 8, IMAGE - TABLE);
    put_32(SECTION + 12, TABLE);
    return 0;
}

static void damaged_functions_are_left_out_and_the_rest_stays(void **state)
{
    static const uint8_t push[] = {1, 0x30}, machine[] = {0, 0x0A}, spare[] = {0, 0x07, 0, 0, 0, 0}, rsp[] = {1, 0x40},
                         unordered[] = {1, 0x30, 5, 0x50}, cut[] = {4, 0x01}, no_register[] = {4, 0x03},
                         odd[] = {8, 0x11, 1, 0, 0, 0};
    (void)state;
    put_info(UNWIND, 0, 1, push, 1);
    put_function(0, 64, 128, UNWIND);
    put_function(2, 256, 300, UNWIND);
    struct {
        const uint8_t *codes;
        unsigned count;
    } bad[] = {{machine, 1}, {spare, 3}, {rsp, 1}, {unordered, 2}, {cut, 1}, {no_register, 1}, {odd, 3}};
    put_function(1, 128, 200, UNWIND);
    assert_int_equal(usable(3), 3);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put_info(UNWIND + 64, 0, 8, bad[i].codes, bad[i].count);
        put_function(1, 128, 200, UNWIND + 64);
        assert_int_equal(usable(3), 2);
    }
    uint32_t places[][2] = {{100, 200}, {200, 200}, {201, 200}, {250, 257}, {128, IMAGE + 1}, {0xfffffff0, 0xffffffff}};
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        put_function(1, places[i][0], places[i][1], UNWIND);
        assert_int_equal(usable(3), 2);
    }
    uint32_t infos[] = {IMAGE, IMAGE - 3, IMAGE - 1, 0xfffffffc, 0xffffffff};
    for (unsigned i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        put_function(1, 128, 200, infos[i]);
        assert_int_equal(usable(3), 2);
    }
    image[UNWIND + 64] = 3; /* a version to come */
    put_function(1, 128, 200, UNWIND + 64);
    assert_int_equal(usable(3), 2);
}

static void codes_reach_the_end_of_the_image_and_not_one_past_it(void **state)
{
    static const uint8_t codes[] = {2, 0x30, 1, 0x50};
    (void)state;
    put_function(0, 64, 128, IMAGE - 8);
    put_info(IMAGE - 8, 0, 2, codes, 2);
    assert_int_equal(usable(1), 1);
    image[IMAGE - 8 + 2] = 3;
    assert_int_equal(usable(1), 0);
    put_function(0, 64, 128, IMAGE - 6);
    image[IMAGE - 6] = 1, image[IMAGE - 4] = 2;
    assert_int_equal(usable(1), 0);
}

static void the_table_lies_inside_the_image(void **state)
{
    static const uint8_t push[] = {1, 0x30};
    (void)state;
    put_info(UNWIND, 0, 1, push, 1);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(image + IMAGE - 12, (uint32_t[]){64, 128, UNWIND}, 12);
        void *frames = pe_call_frames(image, IMAGE, IMAGE - 12, 12 + 12 * i);
        assert_int_equal(frames != NULL, i == 0);
        free(frames);
    }
    assert_null(pe_call_frames(image, IMAGE, IMAGE + 1, 0));
    assert_null(pe_call_frames(image, IMAGE, 0xffffffff, 12));
    assert_null(pe_call_frames(image, IMAGE, 0, 12));
    assert_null(pe_call_frames(image, 0, 0, 0));
    put_32(SECTION + 8, IMAGE - TABLE - 1); /* the section ends inside the table's last entry */
    assert_null(pe_call_frames(image, IMAGE, IMAGE - 12, 12));
}

static void chains_end_at_their_limit(void **state)
{
    (void)state;
    put_function(0, 64, 128, UNWIND);
    for (unsigned links = PE_UNWIND_MAX_CHAIN - 1; links <= PE_UNWIND_MAX_CHAIN; links++) {
        for (unsigned i = 0; i < links; i++)
            put_chain(put_info(UNWIND + i * 16, 4, 0, "", 0), UNWIND + (i + 1) * 16);
        put_info(UNWIND + links * 16, 0, 0, "", 0);
        assert_int_equal(usable(1), links < PE_UNWIND_MAX_CHAIN);
    }
    put_chain(put_info(UNWIND, 4, 0, "", 0), UNWIND); /* a circle */
    assert_int_equal(usable(1), 0);
    put_chain(put_info(UNWIND, 4, 0, "", 0), TABLE + 1); /* "the same as entry 0", which is this one */
    assert_int_equal(usable(1), 0);
    put_info(IMAGE - 8, 4, 0, "", 0); /* the chained entry lies half outside */
    put_function(0, 64, 128, IMAGE - 8);
    assert_int_equal(usable(1), 0);
}

static void steps_end_at_their_limit(void **state)
{
    uint8_t codes[510];
    (void)state;
    for (unsigned i = 0; i < sizeof(codes); i++)
        codes[i] = i % 2 ? 0x30 : 0;
    put_function(0, 64, 128, UNWIND);
    for (unsigned last = 2; last <= 3; last++) {
        put_chain(put_info(UNWIND, 4, 0, codes, 255), UNWIND + 1024);
        put_chain(put_info(UNWIND + 1024, 4, 0, codes, 255), UNWIND + 2048);
        put_info(UNWIND + 2048, 0, 0, codes, last);
        assert_int_equal(usable(1), last == 2);
    }
}

static void a_frame_has_one_frame_register_and_a_size_that_counts(void **state)
{
    static const uint8_t twice[] = {8, 0x03, 4, 0x03}, huge[] = {8, 0x11, 0xf8, 0xff, 0xff, 0x3f, 1, 0x11, 0xf8, 0xff, 0xff, 0x3f},
                         over[] = {8, 0x11, 0, 0, 0, 0x40, 1, 0x11, 0, 0, 0, 0x40};
    (void)state;
    put_function(0, 64, 128, UNWIND);
    put_info(UNWIND, 0, 8, twice, 1);
    image[UNWIND + 3] = 5;
    assert_int_equal(usable(1), 1);
    put_info(UNWIND, 0, 8, twice, 2);
    image[UNWIND + 3] = 5;
    assert_int_equal(usable(1), 0);
    put_info(UNWIND, 0, 8, huge, 6);
    assert_int_equal(usable(1), 1);
    put_info(UNWIND, 0, 8, over, 6);
    assert_int_equal(usable(1), 0);
}

static void version_2_epilogue_codes_are_no_steps(void **state)
{
    static const uint8_t codes[] = {3, 0x16, 9, 0x06, 1, 0x30};
    (void)state;
    put_function(0, 64, 128, UNWIND);
    put_info(UNWIND, 0, 1, codes, 3);
    assert_int_equal(usable(1), 0); /* in version 1 that is an operation of old */
    image[UNWIND] = 2;
    assert_int_equal(usable(1), 1);
}

/* ---- one frame by hand -------------------------------------------------------------------------------- */

static uint64_t stack[64];

static void start_at(struct pe_registers *r, uint32_t rva, unsigned slot)
{
    memset(r, 0, sizeof(*r));
    r->rip = (uint64_t)(uintptr_t)image + rva;
    r->general[PE_RSP] = (uint64_t)(uintptr_t)&stack[slot];
    r->stack_low = (uint64_t)(uintptr_t)stack;
    r->stack_high = (uint64_t)(uintptr_t)(stack + 64);
    for (unsigned i = 0; i < 64; i++)
        stack[i] = 0xA000 + i;
}

static void handlers_answer_in_the_body_only(void **state)
{
    static const uint8_t codes[] = {5, 0x32, 1, 0x30}; /* 32 bytes, rbx */
    const struct pe_unwind_image i = {image, IMAGE, TABLE, 12};
    struct pe_unwind_result out;
    struct pe_registers r;
    (void)state;

    uint32_t behind = put_info(UNWIND, 1, 5, codes, 2), handler = 700;
    memcpy(image + behind, &handler, 4);
    put_function(0, CODE + 64, CODE + 128, UNWIND);
    memset(image + CODE + 64, 0x90, 64);
    memcpy(image + CODE + 100, "\x48\x83\xC4\x20\x5B\xC3", 6);

    start_at(&r, CODE + 69, 8); /* first instruction of the body */
    assert_true(pe_virtual_unwind(&i, &r, &out));
    assert_int_equal(r.rip, 0xA000 + 8 + 5);
    assert_int_equal(r.general[3], 0xA000 + 8 + 4);
    assert_int_equal(r.general[PE_RSP], (uintptr_t)&stack[8 + 6]);
    assert_int_equal(out.handler, 700);
    assert_int_equal(out.handler_flags, PE_HANDLER_EXCEPTION);
    assert_ptr_equal(out.handler_data, image + behind + 4);
    assert_int_equal(out.establisher_frame, (uintptr_t)&stack[8]);
    assert_ptr_equal(out.function, image + TABLE);

    start_at(&r, CODE + 68, 8); /* last of the prologue: nothing allocated yet */
    assert_true(pe_virtual_unwind(&i, &r, &out));
    assert_int_equal(r.general[3], 0xA000 + 8);
    assert_int_equal(r.rip, 0xA000 + 9);
    assert_int_equal(out.handler_flags, 0);

    start_at(&r, CODE + 104, 8); /* pop rbx; ret */
    assert_true(pe_virtual_unwind(&i, &r, &out));
    assert_int_equal(r.general[3], 0xA000 + 8);
    assert_int_equal(r.rip, 0xA000 + 9);
    assert_int_equal(out.handler_flags, 0);

    start_at(&r, CODE + 200, 8); /* no function: a leaf */
    assert_true(pe_virtual_unwind(&i, &r, &out));
    assert_int_equal(r.rip, 0xA000 + 8);
    assert_null(out.function);

    handler = IMAGE; /* one past the last place a handler can be at */
    memcpy(image + behind, &handler, 4);
    start_at(&r, CODE + 69, 8);
    assert_false(pe_virtual_unwind(&i, &r, &out));
}

static void nothing_beyond_the_stack_is_read(void **state)
{
    static const uint8_t codes[] = {1, 0x30};
    const struct pe_unwind_image i = {image, IMAGE, TABLE, 12};
    struct pe_unwind_result out;
    struct pe_registers r, before;
    (void)state;

    put_info(UNWIND, 0, 1, codes, 1);
    put_function(0, CODE + 64, CODE + 128, UNWIND);
    start_at(&r, CODE + 80, 62); /* the last two slots: rbx, return address */
    assert_true(pe_virtual_unwind(&i, &r, &out));
    start_at(&r, CODE + 80, 63);
    before = r;
    assert_false(pe_virtual_unwind(&i, &r, &out));
    assert_memory_equal(&r, &before, sizeof(r));
    start_at(&r, CODE + 80, 8);
    r.stack_low = r.general[PE_RSP] + 1;
    assert_false(pe_virtual_unwind(&i, &r, &out));
    start_at(&r, IMAGE, 8); /* not in the image */
    assert_false(pe_virtual_unwind(&i, &r, &out));
}

static void only_published_ways_out_are_epilogues(void **state)
{
    static const struct {
        const char *code;
        unsigned length;
        bool is;
    } ways[] = {
        {"\xC3", 1, true}, {"\xF3\xC3", 2, true}, {"\xC2\x08\x00", 3, true}, {"\x5B\x41\x5C\xC3", 4, true},
        {"\x48\x81\xC4\x00\x10\x00\x00\x5D\xC3", 9, true}, {"\x48\x8D\x65\x40\x5D\xC3", 6, true},
        {"\x48\x8D\xA5\x00\x01\x00\x00\xC3", 8, true}, {"\x48\xFF\xE0", 3, true}, {"\xFF\x25\x00\x00\x00\x00", 6, true},
        {"\x48\xFF\x20", 3, true}, {"\xE9\x00\x03\x00\x00", 5, true}, {"\xEB\x70", 2, true},
        {"\xFF\xE0", 2, false}, {"\xEB\x05", 2, false}, {"\x5C\xC3", 2, false}, {"\x48\x8D\x66\x40\xC3", 5, false},
        {"\x48\xFF\x60\x08", 4, false}, {"\x58\x90\xC3", 3, false}, {"\xE9\x00\x00\x00\x70", 5, false},
        {"\xE9\xDB\xFF\xFF\xFF", 5, true}, {"\xE9\xA0\x01\x00\x00", 5, false}, {"\xE9\x9B\x01\x00\x00", 5, true}, {"\xE9\x5B\x02\x00\x00", 5, false},
    };
    const struct pe_code code = {image, IMAGE, image + TABLE, 3};
    struct pe_epilogue e;
    (void)state;

    put_info(UNWIND, 0, 4, "\x04\x03\x01\x50", 2);
    image[UNWIND + 3] = 5; /* rbp */
    put_info(UNWIND + 64, 0, 0, "\x00\x30", 1); /* a part that begins with a frame in place */
    put_function(0, CODE + 64, CODE + 128, UNWIND);
    put_function(1, CODE + 512, CODE + 600, UNWIND);
    put_function(2, CODE + 704, CODE + 800, UNWIND + 64);
    for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        memset(image + CODE + 64, 0x90, 64);
        memcpy(image + CODE + 96, ways[i].code, ways[i].length);
        if (pe_epilogue_find(&code, CODE + 96, &e) != ways[i].is)
            fail_msg("way %u is taken for the opposite", i);
        memset(image + CODE + 64, 0x90, 64); /* one byte of it beyond the function's end: not this function's */
        memcpy(image + CODE + 128 - ways[i].length + 1, ways[i].code, ways[i].length);
        assert_false(pe_epilogue_find(&code, CODE + 128 - ways[i].length + 1, &e));
    }
    image[CODE + 64] = 0xC3; /* in the prologue */
    assert_false(pe_epilogue_find(&code, CODE + 64, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(damaged_functions_are_left_out_and_the_rest_stays, clear_image),
        cmocka_unit_test_setup(codes_reach_the_end_of_the_image_and_not_one_past_it, clear_image),
        cmocka_unit_test_setup(the_table_lies_inside_the_image, clear_image),
        cmocka_unit_test_setup(chains_end_at_their_limit, clear_image),
        cmocka_unit_test_setup(steps_end_at_their_limit, clear_image),
        cmocka_unit_test_setup(a_frame_has_one_frame_register_and_a_size_that_counts, clear_image),
        cmocka_unit_test_setup(version_2_epilogue_codes_are_no_steps, clear_image),
        cmocka_unit_test_setup(handlers_answer_in_the_body_only, clear_image),
        cmocka_unit_test_setup(nothing_beyond_the_stack_is_read, clear_image),
        cmocka_unit_test_setup(only_published_ways_out_are_epilogues, clear_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
