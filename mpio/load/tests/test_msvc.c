/* SPDX-License-Identifier: MIT */
/*
 * Instructions made for a kernel: every row of the decoder against the processor itself; and images of other people,
 * those of Debian's packages that happen to be installed, through parser, mapper and unwinder. Drivers that do all this
 * for real: mpio/cli/tests/msvc.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/emulate.h"
#include "host/host.h"
#include "host/pe_code.h"
#include "load/pe.h"
#include "load/pe_unwind.h"

#if defined(__x86_64__)

/* ---- rows: rcx points to the memory, rax and rdx and xmm1 are worked on --------------------------------- */

#define FLAG_CARRY    0x001ull
#define FLAG_ZERO     0x040ull
#define FLAG_SIGN     0x080ull
#define FLAG_OVERFLOW 0x800ull
#define ARITHMETIC    (FLAG_CARRY | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW)
#define PRODUCT       (FLAG_CARRY | FLAG_OVERFLOW) /* the others are undefined */

#define ROWS(X)                                                                    \
    X(movb, "movb 1(%rcx), %al", ARITHMETIC)                                       \
    X(movb_high, "movb 1(%rcx), %ah", ARITHMETIC)                                  \
    X(movb_rex, "movb 1(%rcx), %sil", ARITHMETIC)                                  \
    X(movw, "movw 2(%rcx), %ax", ARITHMETIC)                                       \
    X(movl, "movl 4(%rcx), %eax", ARITHMETIC)                                      \
    X(movq, "movq (%rcx), %rax", ARITHMETIC)                                       \
    X(movq_long, "movq 0x1000(%rcx), %rax", ARITHMETIC)                            \
    X(movl_sib, "movl -8(%rcx,%rdx,4), %eax", ARITHMETIC)                          \
    X(movl_sib_long, "movl 0x100(%rcx,%rdx), %eax", ARITHMETIC)                    \
    X(movl_index, "movl 0(,%rcx), %eax", ARITHMETIC)                               \
    X(movl_r9, "movl (%r9), %eax", ARITHMETIC)                   \
    X(movl_r12, "movl (%r12), %eax", ARITHMETIC)                \
    X(movl_r13, "movl (%r13), %eax", ARITHMETIC)                \
    X(movzbw, "movzbw 1(%rcx), %ax", ARITHMETIC)                                   \
    X(movzbl, "movzbl 1(%rcx), %eax", ARITHMETIC)                                  \
    X(movzbq, "movzbq 1(%rcx), %rax", ARITHMETIC)                                  \
    X(movzwl, "movzwl 6(%rcx), %eax", ARITHMETIC)                                  \
    X(movsbw, "movsbw 7(%rcx), %ax", ARITHMETIC)                                   \
    X(movsbl, "movsbl 7(%rcx), %eax", ARITHMETIC)                                  \
    X(movsbq, "movsbq 7(%rcx), %rax", ARITHMETIC)                                  \
    X(movswl, "movswl 6(%rcx), %eax", ARITHMETIC)                                  \
    X(movswq, "movswq 6(%rcx), %rax", ARITHMETIC)                                  \
    X(movslq, "movslq 4(%rcx), %rax", ARITHMETIC)                                  \
    X(addb, "addb 3(%rcx), %dl", ARITHMETIC)                                       \
    X(addl, "addl 4(%rcx), %eax", ARITHMETIC)                                      \
    X(addq, "addq (%rcx), %rax", ARITHMETIC)                                       \
    X(orl, "orl (%rcx), %eax", ARITHMETIC)                                         \
    X(adcl, "adcl (%rcx), %eax", ARITHMETIC)                                       \
    X(adcq, "adcq (%rcx), %rax", ARITHMETIC)                                       \
    X(sbbw, "sbbw (%rcx), %ax", ARITHMETIC)                                        \
    X(sbbq, "sbbq (%rcx), %rax", ARITHMETIC)                                       \
    X(andb, "andb (%rcx), %al", ARITHMETIC)                                        \
    X(andq, "andq (%rcx), %rax", ARITHMETIC)                                       \
    X(subw, "subw (%rcx), %ax", ARITHMETIC)                                        \
    X(subq, "subq (%rcx), %rax", ARITHMETIC)                                       \
    X(xorl, "xorl (%rcx), %eax", ARITHMETIC)                                       \
    X(cmpb, "cmpb 7(%rcx), %al", ARITHMETIC)                                       \
    X(cmpl, "cmpl 4(%rcx), %eax", ARITHMETIC)                                      \
    X(cmpq, "cmpq (%rcx), %rax", ARITHMETIC)                                       \
    X(cmp_memory, "cmpq %rax, (%rcx)", ARITHMETIC)                                 \
    X(cmp_memory_byte, "cmpb %ah, 7(%rcx)", ARITHMETIC)                            \
    X(cmp_byte, "cmpb $0x88, 7(%rcx)", ARITHMETIC)                                 \
    X(cmp_small, "cmpl $-3, 4(%rcx)", ARITHMETIC)                                  \
    X(cmp_word, "cmpw $0x1234, 4(%rcx)", ARITHMETIC)                               \
    X(cmp_long, "cmpl $0x12345678, 4(%rcx)", ARITHMETIC)                           \
    X(cmp_quad, "cmpq $0x12345678, (%rcx)", ARITHMETIC)                            \
    X(testb, "testb %al, 7(%rcx)", ARITHMETIC)                                     \
    X(testl, "testl %eax, 4(%rcx)", ARITHMETIC)                                    \
    X(test_byte, "testb $0x80, 7(%rcx)", ARITHMETIC)                               \
    X(test_long, "testl $0x40000000, 4(%rcx)", ARITHMETIC)                         \
    X(imull, "imull 4(%rcx), %eax", PRODUCT)                                       \
    X(imulq, "imulq (%rcx), %rax", PRODUCT)                                        \
    X(imul_small, "imull $10, (%rcx), %eax", PRODUCT)                              \
    X(imul_long, "imulq $10000, (%rcx), %rax", PRODUCT)                            \
    X(movss, "movss 4(%rcx), %xmm1", ARITHMETIC)                                   \
    X(movsd, "movsd (%rcx), %xmm1", ARITHMETIC)                                    \
    X(movups, "movups (%rcx), %xmm1", ARITHMETIC)                                  \
    X(movupd, "movupd (%rcx), %xmm1", ARITHMETIC)                                  \
    X(movaps, "movaps (%rcx), %xmm1", ARITHMETIC)                                  \
    X(movdqa, "movdqa (%rcx), %xmm1", ARITHMETIC)                                  \
    X(movdqu, "movdqu 1(%rcx), %xmm1", ARITHMETIC)                                 \
    X(movd, "movd 4(%rcx), %xmm1", ARITHMETIC)                                     \
    X(movq_xmm, "movq (%rcx), %xmm1", ARITHMETIC)                                  \
    X(movq_rex, ".byte 0x66, 0x48, 0x0F, 0x6E, 0x09", ARITHMETIC)

#define FUNCTION(Name, Text, Flags)                             \
    void row_##Name(void);                                      \
    __asm__(".text\n\t.globl row_" #Name "\nrow_" #Name ":\n\t" Text "\n\tretq");
ROWS(FUNCTION)
#define ENTRY(Name, Text, Flags) {row_##Name, Text, Flags},
static const struct row {
    void (*code)(void);
    const char *text;
    uint64_t flags;
} rows[] = {ROWS(ENTRY)};

static uint8_t memory[0x1040] __attribute__((aligned(16)));

/* rax, rcx, rdx, rsi, r9, r12, r13, xmm1 and the flags. */
static void on_the_processor(void (*code)(void), struct host_registers *r)
{
    register struct host_registers *registers __asm__("r14") = r;
    register void (*call)(void) __asm__("r11") = code;

    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t" /* the red zone is the compiler's */
                     "pushq %%r15\n\t"
                     "movq %%rsp, %%r15\n\t"
                     "subq $256, %%rsp\n\t"
                     "andq $-16, %%rsp\n\t"
                     "movdqu 176(%%r14), %%xmm1\n\t"
                     "movq 72(%%r14), %%r9\n\t"
                     "movq 96(%%r14), %%r12\n\t"
                     "movq 104(%%r14), %%r13\n\t"
                     "movq 0(%%r14), %%rax\n\t"
                     "movq 8(%%r14), %%rcx\n\t"
                     "movq 16(%%r14), %%rdx\n\t"
                     "movq 48(%%r14), %%rsi\n\t"
                     "pushq 136(%%r14)\n\t"
                     "popfq\n\t"
                     "callq *%%r11\n\t"
                     "pushfq\n\t"
                     "popq 136(%%r14)\n\t"
                     "movq %%rax, 0(%%r14)\n\t"
                     "movq %%rdx, 16(%%r14)\n\t"
                     "movq %%rsi, 48(%%r14)\n\t"
                     "movdqu %%xmm1, 176(%%r14)\n\t"
                     "movq %%r15, %%rsp\n\t"
                     "popq %%r15\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "+r"(call)
                     : "r"(registers)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r12", "r13", "xmm1", "memory", "cc");
}

static void compare_row(const struct row *row, uint64_t accumulator, uint64_t flags)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)row->code;
    struct host_registers real = {.rip = (uintptr_t)code, .flags = flags | 0x202}, ours;
    struct emulate_instruction i;

    real.general[HOST_RAX] = accumulator;
    real.general[HOST_RCX] = real.general[9] = real.general[12] = real.general[13] = (uintptr_t)memory;
    real.general[HOST_RDX] = 2;
    real.general[HOST_RSI] = 0x5555555555555555;
    real.xmm[1][0] = real.xmm[1][1] = 0x7777777777777777;
    ours = real;
    emulate_decode(&ours, code, EMULATE_MAX_LENGTH, &i);
    if (i.kind != EMULATE_LOAD || code[i.length] != 0xC3)
        fail_msg("%s: kind %d, length %u", row->text, (int)i.kind, i.length);
    assert_in_range(i.address, (uintptr_t)memory, (uintptr_t)memory + sizeof(memory) - i.width);
    emulate_load(&ours, &i, (const void *)(uintptr_t)i.address);
    on_the_processor(row->code, &real);
    if (ours.general[HOST_RAX] != real.general[HOST_RAX] || ours.general[HOST_RDX] != real.general[HOST_RDX] ||
        ours.general[HOST_RSI] != real.general[HOST_RSI] || memcmp(ours.xmm[1], real.xmm[1], 16) != 0 ||
        ((ours.flags ^ real.flags) & row->flags) != 0)
        fail_msg("%s with rax %llx: rax %llx, not %llx; flags %llx, not %llx", row->text, (unsigned long long)accumulator,
                 (unsigned long long)ours.general[HOST_RAX], (unsigned long long)real.general[HOST_RAX],
                 (unsigned long long)(ours.flags & row->flags), (unsigned long long)(real.flags & row->flags));
    assert_int_equal(ours.rip, (uintptr_t)code + i.length);
}

static void every_row_does_what_the_processor_does(void **state)
{
    static const uint64_t accumulators[] = {0, 1, 0x7F, 0x80, 0x8877665544332211, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, UINT64_MAX,
                                            0x12345678, 0xFFFFFFFD, 0x1122334455667788};
    static const uint64_t values[] = {0x8877665544332211, 0, UINT64_MAX, 0x7FFFFFFF80000000, 0x0000000112345678, 1};
    (void)state;

    for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
        for (size_t at = 0; at + 8 <= sizeof(memory); at += 8)
            memcpy(memory + at, &values[v], 8);
        for (unsigned r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
            for (unsigned a = 0; a < sizeof(accumulators) / sizeof(accumulators[0]); a++) {
                compare_row(&rows[r], accumulators[a], 0);
                compare_row(&rows[r], accumulators[a], ARITHMETIC);
            }
    }
}

static struct emulate_instruction decode(const char *bytes, size_t length)
{
    struct host_registers r = {.rip = 0x1000};
    struct emulate_instruction i;

    r.general[HOST_RAX] = 0xFFFFF78000000000;
    r.general[12] = 0x100;
    emulate_decode(&r, (const uint8_t *)bytes, length, &i);
    return i;
}
#define DECODE(bytes) decode(bytes, sizeof(bytes) - 1)

static void absolute_addresses_and_gs(void **state)
{
    struct emulate_instruction i = DECODE("\x48\xA1\x14\x00\x00\x00\x80\xF7\xFF\xFF"); /* mov rax, [moffs64] */
    (void)state;

    assert_true(i.kind == EMULATE_LOAD && i.address == 0xFFFFF78000000014 && i.width == 8 && i.length == 10 && i.reg == HOST_RAX);
    i = DECODE("\xA0\x74\x02\x00\x00\x80\xF7\xFF\xFF"); /* mov al, [moffs64] */
    assert_true(i.kind == EMULATE_LOAD && i.address == 0xFFFFF78000000274 && i.width == 1 && i.length == 9);
    i = DECODE("\x65\x48\x8B\x04\x25\x88\x01\x00\x00"); /* mov rax, gs:[0x188] */
    assert_true(i.kind == EMULATE_LOAD && i.gs && i.address == 0x188 && i.length == 9);
    i = DECODE("\x65\x44\x0F\xB6\x04\x25\x84\x01\x00\x00"); /* movzx r8d, byte ptr gs:[0x184] */
    assert_true(i.kind == EMULATE_LOAD && i.gs && i.address == 0x184 && i.width == 1 && i.reg == 8);
    i = DECODE("\x8B\x80\x20\x03\x00\x00"); /* mov eax, [rax+0x320] */
    assert_true(i.kind == EMULATE_LOAD && !i.gs && i.address == 0xFFFFF78000000320);
    i = DECODE("\x8B\x05\x10\x00\x00\x00"); /* mov eax, [rip+0x10] */
    assert_true(i.kind == EMULATE_LOAD && i.address == 0x1016);
    i = DECODE("\x83\x3D\x10\x00\x00\x00\x05"); /* cmp dword ptr [rip+0x10], 5: rip is behind the constant */
    assert_true(i.kind == EMULATE_LOAD && i.address == 0x1017 && i.length == 7);
}

static void control_registers_and_interrupts(void **state)
{
    struct emulate_instruction i = DECODE("\x44\x0F\x20\xC0"); /* mov rax, cr8 */
    (void)state;

    assert_true(i.kind == EMULATE_READ_CR8 && i.reg == HOST_RAX && i.length == 4);
    i = DECODE("\x45\x0F\x20\xC1"); /* mov r9, cr8 */
    assert_true(i.kind == EMULATE_READ_CR8 && i.reg == 9);
    i = DECODE("\x44\x0F\x22\xC1"); /* mov cr8, rcx */
    assert_true(i.kind == EMULATE_WRITE_CR8 && i.reg == HOST_RCX);
    i = DECODE("\xCD\x2C");
    assert_true(i.kind == EMULATE_INTERRUPT && i.vector == 0x2C && i.length == 2);
    i = DECODE("\xCC");
    assert_true(i.kind == EMULATE_INTERRUPT && i.vector == 3 && i.length == 1);
}

static void privileged_instructions_have_names(void **state)
{
    static const struct { const char *bytes; size_t length; const char *name; } table[] = {
        {"\xFA", 1, "cli"}, {"\xFB", 1, "sti"}, {"\xF4", 1, "hlt"}, {"\xEC", 1, "in"}, {"\xE4\x60", 2, "in"}, {"\xEE", 1, "out"},
        {"\xE7\x60", 2, "out"}, {"\x6C", 1, "ins"}, {"\x6F", 1, "outs"}, {"\x48\xCF", 2, "iretq"}, {"\x0F\x01\xF8", 3, "swapgs"},
        {"\x0F\x32", 2, "rdmsr"}, {"\x0F\x30", 2, "wrmsr"}, {"\x0F\x33", 2, "rdpmc"}, {"\x0F\x01\x38", 3, "invlpg"},
        {"\x0F\x01\x10", 3, "lgdt"}, {"\x0F\x01\x18", 3, "lidt"}, {"\x0F\x00\xD0", 3, "lldt"}, {"\x0F\x00\xD8", 3, "ltr"},
        {"\x0F\x09", 2, "wbinvd"}, {"\x0F\x08", 2, "invd"}, {"\x0F\x06", 2, "clts"}, {"\x0F\x01\xD1", 3, "xsetbv"},
        {"\x0F\x20\xD8", 3, "mov of a control register other than cr8"}, {"\x0F\x23\xC0", 3, "mov of a debug register"},
    };
    (void)state;

    for (unsigned n = 0; n < sizeof(table) / sizeof(table[0]); n++) {
        struct emulate_instruction i = decode(table[n].bytes, table[n].length);
        assert_int_equal(i.kind, EMULATE_PRIVILEGED);
        assert_string_equal(i.name, table[n].name);
    }
}

/* Stores, register forms and what ends too early must stay faults. */
static void everything_else_is_left_alone(void **state)
{
    static const struct { const char *bytes; size_t length; } table[] = {
        {"\x89\x00", 2}, {"\x88\x00", 2}, {"\xC7\x00\x01\x00\x00\x00", 6}, {"\x83\x00\x01", 3}, {"\xFF\x00", 2}, {"\x8B\xC0", 2},
        {"\x0F\xB6\xC0", 3}, {"\x66\x0F\x7F\x00", 4}, {"\x0F\x11\x00", 3}, {"\x0F\x6F\x00", 3}, {"\xF7\x18", 2}, {"\x0F\x0B", 2},
        {"\x8B", 1}, {"\x48", 1}, {"\x8B\x80\x20\x03\x00", 5}, {"\x48\xA1\x14\x00\x00\x00\x80\xF7\xFF", 9}, {"", 0}, {"\xCD", 1},
        {"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x8B\x00", 17}, /* 15 bytes and more */
    };
    (void)state;

    for (unsigned n = 0; n < sizeof(table) / sizeof(table[0]); n++) {
        struct emulate_instruction i = decode(table[n].bytes, table[n].length);
        if (i.kind != EMULATE_OTHER)
            fail_msg("row %u: kind %d", n, (int)i.kind);
    }
}

/* Where gs is the host's own: known offsets only, code only, and what is patched is still taken for gs. */
static void reads_through_gs_are_patched(void **state)
{
    static const char code[] = "\x65\x48\x8B\x04\x25\x88\x01\x00\x00"     /* mov rax, gs:[0x188] */
                               "\x65\x4C\x8B\x0C\x25\x20\x00\x00\x00"     /* mov r9, gs:[0x20] */
                               "\x65\x0F\xB6\x04\x25\x84\x01\x00\x00"     /* movzx eax, byte ptr gs:[0x184] */
                               "\x65\x48\x8B\x04\x25\x28\x01\x00\x00"     /* another offset */
                               "\x65\x48\x89\x04\x25\x88\x01\x00\x00"     /* a store */
                               "\x65\x48\x8B\x04\x24\x88\x01\x00\x00"     /* another operand */
                               "\x65\x48\x8B\x04\x25\x88\x01\x00";         /* cut short */
    uint8_t area[2][128] = {{0}};
    struct pe_headers pe = {.machine = PE_MACHINE_AMD64, .section_count = 2};
    (void)state;

    for (unsigned i = 0; i < 2; i++) {
        pe.section[i] = (struct pe_section){.rva = i * 128, .memory_size = 128, .file_size = sizeof(code) - 1,
                                            .flags = i == 0 ? PE_EXECUTE : PE_WRITE};
        memcpy(area[i], code, sizeof(code));
    }
    assert_int_equal(pe_patch_gs(&pe, area[0]), 3);
    assert_memory_equal(area[1], code, sizeof(code));
    assert_true(area[0][0] == 0x3E && area[0][9] == 0x3E && area[0][18] == 0x3E && memcmp(area[0] + 27, code + 27, 35) == 0);
    struct emulate_instruction i = decode((const char *)area[0], 9);
    assert_true(i.kind == EMULATE_LOAD && i.gs && i.address == 0x188 && i.length == 9);
    i = DECODE("\x3E\x48\x8B\x04\x24"); /* mov rax, ds:[rsp]: no absolute operand, no gs */
    assert_true(i.kind == EMULATE_LOAD && !i.gs);
    i = DECODE("\x2E\x48\x8B\x04\x25\x88\x01\x00\x00");
    assert_true(i.kind == EMULATE_LOAD && !i.gs);
}

/* ---- images of other people ---------------------------------------------------------------------------- */

#define IMAGES_LIMIT 120u /* of the many libraries; drivers are all tried */

struct corpus {
    unsigned files, mapped, refused, functions, described, walked, stopped;
    uint64_t seed;
};

static uint64_t draw(struct corpus *c, uint64_t below)
{
    c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
    return (c->seed >> 33) % below;
}

static void any_routine(void)
{
}

static void *find_anything(const char *module, const char *name, unsigned ordinal)
{
    (void)module, (void)name, (void)ordinal;
    return (void *)(uintptr_t)any_routine;
}

static bool know_everything(const char *module)
{
    (void)module;
    return true;
}

/* From anywhere in the function, over a stack of any contents, outwards until it ends. */
static void walk(struct corpus *c, const struct pe_unwind_image *image, const struct pe_function *f)
{
    static uint64_t stack[512];
    struct pe_unwind_result result;
    struct pe_registers r;

    for (unsigned i = 0; i < 512; i++)
        stack[i] = draw(c, 3) ? (uintptr_t)image->base + draw(c, image->size) : draw(c, UINT32_MAX);
    for (unsigned i = 0; i < 16; i++)
        r.general[i] = (uintptr_t)&stack[draw(c, 512)];
    r.stack_low = (uintptr_t)stack;
    r.stack_high = (uintptr_t)(stack + 512);
    r.general[PE_RSP] = (uintptr_t)&stack[draw(c, 64)];
    r.rip = (uintptr_t)image->base + f->begin + draw(c, f->end - f->begin);
    for (unsigned frames = 0; frames < 64; frames++) {
        struct pe_registers before = r;
        if (!pe_virtual_unwind(image, &r, &result)) {
            assert_memory_equal(&before, &r, sizeof(r));
            c->stopped++;
            return;
        }
        if (result.handler_flags != 0)
            assert_in_range((uintptr_t)result.handler_data, (uintptr_t)image->base, (uintptr_t)image->base + image->size);
        c->walked++;
    }
}

static void try_functions(struct corpus *c, const struct pe_unwind_image *image)
{
    struct pe_prologue prologue;
    struct pe_function f;
    struct pe_code code;

    if (!pe_unwind_table(image, &code))
        return;
    for (uint32_t i = 0; i < code.function_count; i++) {
        if (!pe_function_read(&code, i, &f) || f.end <= f.begin)
            continue;
        c->functions++;
        c->described += pe_prologue_read(&code, &f, &prologue);
        if (i % 7 == 0)
            walk(c, image, &f);
    }
}

/* A program or a library is made a driver by its subsystem; nothing of it ever runs. */
static void make_native(uint8_t *bytes, size_t length)
{
    uint32_t pe = length > 64 ? pe_u32(bytes + 60) : 0;

    if (pe != 0 && pe < length && length - pe > 24 + 70)
        bytes[pe + 24 + 68] = 1, bytes[pe + 24 + 69] = 0;
}

static void try_file(struct corpus *c, const char *path)
{
    static const struct pe_exporter exporter = {find_anything, know_everything};
    struct pe_headers headers;
    struct pe_image image;
    char why[1600] = "";
    size_t length = 0;
    uint8_t *bytes = (uint8_t *)host_read_file(path, PE_IMAGE_LIMIT, &length);

    if (!bytes)
        return;
    c->files++;
    make_native(bytes, length);
    if (!pe_open(bytes, length, path, &exporter, &image, why, sizeof(why))) {
        c->refused++;
        assert_true(strlen(why) > 10);
    } else {
        assert_true(pe_parse(bytes, length, PE_MACHINE_AMD64, &headers, why, sizeof(why)));
        const struct pe_unwind_image unwind = {image.base, image.size, headers.directory[PE_EXCEPTIONS].rva,
                                               headers.directory[PE_EXCEPTIONS].size};
        c->mapped++;
        if (unwind.exception_rva != 0)
            try_functions(c, &unwind);
        pe_close(&image);
    }
    free(bytes);
}

static void try_all(struct corpus *c, const char *pattern, unsigned limit)
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    size_t step = limit != 0 && found.gl_pathc > limit ? found.gl_pathc / limit : 1;
    for (size_t i = 0; i < found.gl_pathc; i += step)
        try_file(c, found.gl_pathv[i]);
    globfree(&found);
}

static void corpus(const char *name, const char *const *patterns, unsigned limit)
{
    struct corpus c = {.seed = 1};

    for (; *patterns != NULL; patterns++)
        try_all(&c, *patterns, limit);
    if (c.files == 0) {
        print_message("%s: none is installed\n", name);
        skip();
    }
    print_message("%s: %u files, %u mapped, %u refused with a reason; %u of %u functions described; %u frames undone, %u walks ended\n",
                  name, c.files, c.mapped, c.refused, c.described, c.functions, c.walked, c.stopped);
    assert_true(c.mapped > 0 && c.functions > 0);
    assert_int_equal(c.described, c.functions);
}

static void wine_s_drivers(void **state)
{
    static const char *const patterns[] = {"/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/*.sys", NULL};
    (void)state;
    corpus("wine's drivers", patterns, 0);
}

static void wine_s_libraries_and_programs(void **state)
{
    static const char *const patterns[] = {"/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/[b-m]*.dll",
                                           "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/*.exe", NULL};
    (void)state;
    corpus("wine's libraries and programs", patterns, IMAGES_LIMIT / 2);
}

/* The launchers that Python's packages bring along come from Microsoft's compiler. */
static void programs_of_microsoft_s_compiler(void **state)
{
    static const char *const patterns[] = {"/usr/lib/python3/dist-packages/*/_vendor/distlib/[tw]64.exe",
                                           "/usr/share/python-wheels/*.exe",
                                           "/usr/lib/python3*/dist-packages/setuptools/*-64.exe",
                                           "/usr/local/lib/python3*/*-packages/pip/_vendor/distlib/[tw]64.exe",
                                           "/root/.pyenv/versions/*/lib/python3*/site-packages/pip/_vendor/distlib/[tw]64.exe",
                                           "/root/.pyenv/versions/*/lib/python3*/site-packages/setuptools/*-64.exe", NULL};
    (void)state;
    corpus("programs of Microsoft's compiler", patterns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_does_what_the_processor_does),
        cmocka_unit_test(absolute_addresses_and_gs),
        cmocka_unit_test(control_registers_and_interrupts),
        cmocka_unit_test(privileged_instructions_have_names),
        cmocka_unit_test(everything_else_is_left_alone),
        cmocka_unit_test(reads_through_gs_are_patched),
        cmocka_unit_test(wine_s_drivers),
        cmocka_unit_test(wine_s_libraries_and_programs),
        cmocka_unit_test(programs_of_microsoft_s_compiler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
