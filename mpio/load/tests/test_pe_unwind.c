/* SPDX-License-Identifier: MIT */
/*
 * Unwinding PE code. Functions of real compilers are stepped through one instruction at a time, prologue
 * and epilogue included, and at every one both unwinders must find the caller and its registers. Then images that
 * come and go, and their source lines. Tables made by hand: test_pe_unwind_tables.c.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "host/host.h"
#include "host/pe_code.h"
#include "load/pe_unwind.h"

#if defined(__x86_64__) && defined(__linux__)
#include "host/posix/image.h"

/* ---- functions of real compilers ------------------------------------------------------------------ */

/* `entry` reaches every shape of frame; the host's function is called at the bottom of each. */
static const char fixture[] =
    "typedef unsigned long long u64;\n"
    "typedef u64 (*call)(u64);\n"
    "#define N __attribute__((noinline))\n"
    "u64 bare(u64);\n" /* assembly without unwind information: allowed for leaves */
    "u64 home(call, u64);\n"
    "u64 chained(call, u64);\n"
    "N u64 leaf(u64 x) { return x * 3 + 1; }\n"
    "N u64 plain(call f, u64 x) { return f(x) + leaf(x); }\n"
    "N u64 keeps(call f, u64 x) { u64 a = f(x), b = f(x + 1), c = f(a), d = f(b), e = f(c); return a ^ b * c + d % (e | 1); }\n"
    "N u64 many(call f, u64 a, u64 b, u64 c, u64 d, u64 e) { return f(a) + f(b) + f(c) + f(d) + f(e); }\n"
    "N u64 dynamic(call f, u64 x) { volatile char *p = __builtin_alloca((x & 63) + 100); p[0] = 1; p[x & 63] = 2; return f(x) + p[0]; }\n"
    "N u64 large(call f, u64 x) { volatile char p[20000]; p[x & 4095] = 3; p[19999] = 1; return f(x) + p[19999]; }\n"
    "N u64 floats(call f, u64 x) { double a = x, b = a * 2, c = b + 1; u64 y = f(x); return (u64)(a + b * c) + f(y) + (u64)(c - a); }\n"
    "N u64 aligned(call f, u64 x) { __attribute__((aligned(64))) volatile char p[64]; p[x & 63] = 1; return f(x) + p[x & 63]; }\n"
    "N __attribute__((cold)) u64 rare(call f, u64 x) { return f(x) + 9; }\n"
    "N u64 partly(call f, u64 x) { u64 y = f(x); if (__builtin_expect(y == 5, 0)) { y += rare(f, y); y += f(y); } return y + f(x); }\n"
    "N u64 tail(call f, u64 x) { u64 y = f(x); return plain(f, y & 7); }\n"
    "N u64 recurses(call f, u64 x) { return x == 0 ? f(x) : recurses(f, x - 1) + x; }\n"
    "N u64 choose(call f, u64 x) { switch (f(x) & 7) { case 0: return f(1); case 1: return f(7) * 3; case 2: return leaf(f(9));\n"
    "  case 3: return f(3) - 3; case 4: return f(2) ^ 5; case 5: return f(x) / 3; case 6: return keeps(f, x); default: return f(8); } }\n"
    "u64 entry(call f, u64 x)\n"
    "{\n"
    "  u64 sum = 0;\n"
    "  sum += plain(f, x) + keeps(f, x) + many(f, 1, 2, 3, 4, 5) + dynamic(f, x) + large(f, x) + floats(f, x);\n"
    "  sum += aligned(f, x) + partly(f, x) + partly(f, 5) + tail(f, x) + recurses(f, 4) + bare(x) + home(f, x) + chained(f, x);\n"
    "  for (u64 i = 0; i < 8; i++) sum += choose(f, i);\n"
    "  return sum;\n"
    "}\n"
    /* Shapes that Microsoft's compiler makes: registers in the caller's home area, a frame register above the
     * bottom of the frame, a pop of several registers; and a part of a function chained to its main part. */
    "__asm__(\".text\\n bare: leaq 5(%rcx,%rcx), %rax\\n ret\\n\"\n"
    "  \".seh_proc home\\n home:\\n movq %rbx, 8(%rsp)\\n movq %rsi, 16(%rsp)\\n pushq %rbp\\n .seh_pushreg %rbp\\n pushq %rdi\\n .seh_pushreg %rdi\\n\"\n"
    "  \" subq $200, %rsp\\n .seh_stackalloc 200\\n leaq 128(%rsp), %rbp\\n .seh_setframe %rbp, 128\\n\"\n"
    "  \" .seh_savereg %rbx, 224\\n .seh_savereg %rsi, 232\\n .seh_endprologue\\n\"\n"
    "  \" movq %rcx, %rbx\\n movq %rdx, %rcx\\n movq $7, %rsi\\n subq $64, %rsp\\n call *%rbx\\n addq %rsi, %rax\\n\"\n"
    "  \" movq 224-128(%rbp), %rbx\\n movq 232-128(%rbp), %rsi\\n leaq 72(%rbp), %rsp\\n popq %rdi\\n popq %rbp\\n ret\\n .seh_endproc\\n\"\n"
    "  \".globl chained\\n chained:\\n.Lc: pushq %rbx\\n.Lc1: subq $48, %rsp\\n.Lc2: movq %rcx, %rbx\\n movq %rdx, %rcx\\n call *%rbx\\n jmp .Lp\\n.Lce:\\n nop\\n\"\n"
    "  \".Lp: movq %r12, 32(%rsp)\\n.Lp1: movq $77, %r12\\n movq %rax, %rcx\\n call *%rbx\\n addq %r12, %rax\\n movq 32(%rsp), %r12\\n jmp .Lq\\n.Lpe:\\n nop\\n\"\n"
    "  \".Lq: addq $48, %rsp\\n popq %rbx\\n ret\\n.Lqe:\\n\"\n"
    "  \".section .xdata,\\\"dr\\\"\\n .balign 4\\n.Lcu: .byte 1, .Lc2-.Lc, 2, 0, .Lc2-.Lc, 0x52, .Lc1-.Lc, 0x30\\n\"\n"
    "  \".Lpu: .byte 0x21, .Lp1-.Lp, 2, 0, .Lp1-.Lp, 0xC4, 4, 0\\n .rva .Lc, .Lce, .Lcu\\n\"\n"
    "  \".Lqu: .byte 0x21, 0, 0, 0\\n .rva .Lc, .Lce, .Lcu\\n\"\n"
    "  \".section .pdata,\\\"dr\\\"\\n .balign 4\\n .rva .Lc, .Lce, .Lcu, .Lp, .Lpe, .Lpu, .Lq, .Lqe, .Lqu\\n.text\\n\");\n";

#define WINDOW 0x2e000000u

struct mapped {
    uint8_t *base;
    size_t size;
    uint32_t exception_rva, exception_size, entry;
    uint64_t linked_base;
    void *frames;
    char path[512];
};

static char *directory;

static const char *in_directory(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static uint32_t u32(const void *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* Enough of a loader for a file of our own: its code needs neither relocations nor imports. */
static void map_fixture(struct mapped *m, const char *path, uint64_t address)
{
    size_t length;
    uint8_t *file = (uint8_t *)host_read_file(path, 16u << 20, &length);
    assert_non_null(file);
    const uint8_t *header = file + u32(file + 60), *optional = header + 24;
    snprintf(m->path, sizeof(m->path), "%s", path);
    m->size = u32(optional + 56);
    m->base = host_map_at(address, m->size);
    assert_non_null(m->base);
    m->entry = u32(optional + 16);
    memcpy(&m->linked_base, optional + 24, 8);
    m->exception_rva = u32(optional + 112 + 24);
    m->exception_size = u32(optional + 112 + 28);
    memcpy(m->base, file, u32(optional + 60));
    const uint8_t *section = optional + (header[20] | header[21] << 8);
    for (unsigned i = 0; i < (unsigned)(header[6] | header[7] << 8); i++, section += 40) {
        uint32_t bytes = u32(section + 16) < u32(section + 8) ? u32(section + 16) : u32(section + 8);
        memcpy(m->base + u32(section + 12), file + u32(section + 20), bytes);
    }
    free(file);
    assert_true(host_protect(m->base, m->size, HOST_READ_EXECUTE));
    m->frames = pe_call_frames(m->base, m->size, m->exception_rva, m->exception_size);
    assert_non_null(m->frames);
    struct host_image image = {m->base, m->size, m->path, m->linked_base, m->base + m->exception_rva,
                               m->exception_size / PE_FUNCTION_BYTES, m->frames};
    assert_true(host_image_add(&image));
}

static void unmap_fixture(struct mapped *m)
{
    host_image_remove(m->base);
    free(m->frames);
    host_unmap(m->base, m->size);
}

static bool run(const char *const argv[])
{
    static char output[2000];
    return host_run(argv, output, sizeof(output)) == 0;
}

/* False when this compiler is not here. */
static bool build(const char *compiler, const char *option, const char *option_2)
{
    char source[512], object[512], image[512];
    snprintf(source, sizeof(source), "%s", in_directory("fixture.c"));
    snprintf(object, sizeof(object), "%s", in_directory("fixture.o"));
    snprintf(image, sizeof(image), "%s", in_directory("fixture.sys"));
    const char *const compile[] = {compiler, "-g", "-c", "-ffreestanding", "-w", "-mno-stack-arg-probe", "-fasynchronous-unwind-tables",
                                   "-o", object, source, option, option_2,
                                   strcmp(compiler, "clang") == 0 ? "--target=x86_64-w64-mingw32" : NULL, NULL};
    const char *const link[] = {"x86_64-w64-mingw32-gcc", "-shared", "-nostdlib", "-nostartfiles", "-Wl,--subsystem,native",
                                "-Wl,--entry,entry", "-Wl,--image-base,0x140000000", "-o", image, object, NULL};
    return run(compile) && run(link);
}

/* ---- stepping ------------------------------------------------------------------------------------------ */

extern uint64_t step_through(void *function, void *callback, uint64_t argument);
extern const char step_returned[];
uint64_t step_sp, step_xmm[2] = {0x1234567812345678u, 0x8765432187654321u};

/* Calls with the trap flag set, Microsoft's convention, and every register that a function must keep holding
 * 0x100 plus its number. */
__asm__(".text\n.globl step_through\nstep_through:\n.cfi_startproc\n"
        "pushq %rbx\n pushq %rbp\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n.cfi_adjust_cfa_offset 48\n"
        "subq $40, %rsp\n.cfi_adjust_cfa_offset 40\n"
        "movq %rdi, %rax\n movq %rsi, %rcx\n movups step_xmm(%rip), %xmm6\n"
        "movq $0x103, %rbx\n movq $0x105, %rbp\n movq $0x106, %rsi\n movq $0x107, %rdi\n"
        "movq $0x10c, %r12\n movq $0x10d, %r13\n movq $0x10e, %r14\n movq $0x10f, %r15\n"
        "movq %rsp, step_sp(%rip)\n pushfq\n orq $0x100, (%rsp)\n popfq\n call *%rax\n"
        ".globl step_returned\nstep_returned:\n pushfq\n andq $~0x100, (%rsp)\n popfq\n"
        "addq $40, %rsp\n.cfi_adjust_cfa_offset -40\n"
        "popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbp\n popq %rbx\n.cfi_adjust_cfa_offset -48\n ret\n.cfi_endproc\n"
        ".section .note.GNU-stack,\"\",@progbits\n.text\n");

#define DEPTH 40
static struct {
    const struct mapped *image;
    unsigned steps, epilogues, frames_seen;
    char wrong[300]; /* the first thing that was; asserts must not leave a signal handler */
} stepping;

static const uint8_t kept[] = {3, 5, 6, 7, 12, 13, 14, 15};
static const uint8_t kept_dwarf[] = {3, 6, 4, 5, 12, 13, 14, 15};

struct dwarf_walk {
    uint64_t pc[DEPTH];
    unsigned count;
    bool inside, registers_right;
};

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *frame, void *argument)
{
    struct dwarf_walk *w = argument;
    int exact = 0;
    uint64_t pc = _Unwind_GetIPInfo(frame, &exact);
    w->inside |= exact != 0;
    if (!w->inside)
        return _URC_NO_REASON;
    if (w->count < DEPTH)
        w->pc[w->count++] = pc;
    if (pc != (uint64_t)(uintptr_t)step_returned)
        return w->count < DEPTH ? _URC_NO_REASON : _URC_END_OF_STACK;
    w->registers_right = true;
    for (unsigned i = 0; i < sizeof(kept); i++)
        if (_Unwind_GetGR(frame, kept_dwarf[i]) != 0x100u + kept[i])
            w->registers_right = false;
    return _URC_END_OF_STACK;
}

static const int registers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/* Frame by frame to the function that began the steps; what is wrong with it, or NULL. */
static const char *walk_virtually(const ucontext_t *u, struct dwarf_walk *virtually, struct pe_registers *first)
{
    const struct mapped *m = stepping.image;
    const struct pe_unwind_image image = {m->base, m->size, m->exception_rva, m->exception_size};
    struct pe_registers r = {.rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP], .stack_low = 4096, .stack_high = UINT64_MAX};
    struct pe_unwind_result result;
    for (unsigned i = 0; i < 16; i++) {
        r.general[i] = (uint64_t)u->uc_mcontext.gregs[registers[i]];
        memcpy(r.xmm[i], &u->uc_mcontext.fpregs->_xmm[i], 16);
    }
    virtually->pc[virtually->count++] = r.rip;
    while (r.rip - (uint64_t)(uintptr_t)m->base < m->size && virtually->count < DEPTH) {
        if (!pe_virtual_unwind(&image, &r, &result))
            return "pe_virtual_unwind failed";
        if (virtually->count == 1)
            *first = r;
        virtually->pc[virtually->count++] = r.rip;
    }
    if (r.rip != (uint64_t)(uintptr_t)step_returned)
        return "pe_virtual_unwind misses the caller";
    if (r.general[PE_RSP] != step_sp)
        return "pe_virtual_unwind gives another stack pointer";
    for (unsigned i = 0; i < sizeof(kept); i++)
        if (r.general[kept[i]] != 0x100u + kept[i])
            return "pe_virtual_unwind gives another register";
    return memcmp(r.xmm[6], step_xmm, 16) == 0 ? NULL : "pe_virtual_unwind gives another xmm6";
}

static const char *check_step(ucontext_t *u)
{
    struct dwarf_walk virtually = {.count = 0}, walk = {.count = 0};
    struct pe_registers first = {.rip = 0};
    const char *wrong = walk_virtually(u, &virtually, &first);
    if (wrong != NULL)
        return wrong;
    ucontext_t caller = *u;
    if (host_image_finish_function(&caller, (char *)4096, (char *)UINTPTR_MAX)) {
        stepping.epilogues++;
        if ((uint64_t)caller.uc_mcontext.gregs[REG_RIP] != first.rip - 1)
            return "the rest of the epilogue leads elsewhere";
        for (unsigned i = 0; i < 16; i++)
            if (i >= 3 && i != 8 && i != 9 && i != 10 && i != 11 &&
                (uint64_t)caller.uc_mcontext.gregs[registers[i]] != first.general[i])
                return "the rest of the epilogue gives another register";
        return NULL;
    }
    _Unwind_Backtrace(walk_frame, &walk);
    if (walk.count != virtually.count || memcmp(walk.pc, virtually.pc, walk.count * sizeof(walk.pc[0])) != 0)
        return "the call frames lead elsewhere";
    stepping.frames_seen += walk.count;
    return walk.registers_right ? NULL : "the call frames give another register";
}

static void on_step(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    uint64_t rva = (uint64_t)u->uc_mcontext.gregs[REG_RIP] - (uint64_t)(uintptr_t)stepping.image->base;
    (void)signal, (void)info;
    if (rva >= stepping.image->size || stepping.wrong[0] != '\0')
        return;
    stepping.steps++;
    const char *wrong = check_step(u);
    if (wrong != NULL)
        snprintf(stepping.wrong, sizeof(stepping.wrong), "%s at %#llx", wrong,
                 (unsigned long long)(stepping.image->linked_base + rva));
}

static __attribute__((ms_abi, noinline)) uint64_t from_below(uint64_t x)
{
    return x == 5 ? 5 : x / 2 + 3;
}

static void step(const struct mapped *m, const char *compiler, const char *option)
{
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO}, before;
    memset(&stepping, 0, sizeof(stepping));
    stepping.image = m;
    sigaction(SIGTRAP, &action, &before);
    step_through(m->base + m->entry, (void *)from_below, 6);
    sigaction(SIGTRAP, &before, NULL);
    if (stepping.wrong[0] != '\0')
        fail_msg("%s, built by %s %s", stepping.wrong, compiler, option);
    assert_true(stepping.steps > 700);
    assert_true(stepping.epilogues > 60);
}

static void every_instruction_of_real_functions_unwinds(void **state)
{
    static const char *const builds[][3] = {
        {"x86_64-w64-mingw32-gcc", "-O2", "-fno-omit-frame-pointer"},
        {"x86_64-w64-mingw32-gcc", "-O0", "-fno-omit-frame-pointer"},
        {"x86_64-w64-mingw32-gcc", "-O2", "-fomit-frame-pointer"},
        {"x86_64-w64-mingw32-gcc", "-Os", "-fno-omit-frame-pointer"},
        {"clang", "-O2", "-fomit-frame-pointer"},
        {"clang", "-O0", "-fno-omit-frame-pointer"},
    };
    unsigned built = 0;
    (void)state;

    for (unsigned i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
        struct mapped m;
        if (!build(builds[i][0], builds[i][1], builds[i][2]))
            continue;
        built++;
        map_fixture(&m, in_directory("fixture.sys"), WINDOW);
        step(&m, builds[i][0], builds[i][1]);
        unmap_fixture(&m);
    }
    if (built == 0)
        skip(); /* no compiler for PE files here */
}

/* ---- several images ------------------------------------------------------------------------------------ */

static void *seen[DEPTH];
static unsigned seen_count;

static __attribute__((ms_abi, noinline)) uint64_t look_around(uint64_t x)
{
    seen_count = host_backtrace(seen, DEPTH, 0);
    return x == 5 ? 5 : x / 2 + 3;
}

static __attribute__((noinline)) bool is_seen_through(const struct mapped *m)
{
    __attribute__((ms_abi)) uint64_t (*entry)(void *, uint64_t) = (void *)(m->base + m->entry);
    unsigned inside = 0;
    entry((void *)look_around, 6);
    for (unsigned i = 0; i < seen_count; i++)
        inside += (uint8_t *)seen[i] - m->base < (ptrdiff_t)m->size && (uint8_t *)seen[i] >= m->base;
    return inside == 3 && seen_count > inside + 3; /* keeps, choose, entry; and main below us */
}

static void images_come_and_go_in_any_order(void **state)
{
    struct mapped a, b;
    char path[512];
    (void)state;

    if (!build("x86_64-w64-mingw32-gcc", "-O1", "-fno-omit-frame-pointer"))
        skip();
    snprintf(path, sizeof(path), "%s", in_directory("fixture.sys"));
    map_fixture(&a, path, WINDOW);
    map_fixture(&b, path, WINDOW + 0x100000);
    assert_true(is_seen_through(&a));
    assert_true(is_seen_through(&b));
    host_image_remove(a.base);
    assert_false(is_seen_through(&a));
    assert_true(is_seen_through(&b));
    host_image_remove(a.base); /* once more: nothing there, nothing happens */
    free(a.frames);
    host_unmap(a.base, a.size);
    map_fixture(&a, path, WINDOW);
    assert_true(is_seen_through(&a));
    unmap_fixture(&b);
    assert_true(is_seen_through(&a));
    unmap_fixture(&a);
}

static void an_address_in_an_image_is_file_and_line(void **state)
{
    struct mapped m;
    struct host_location l;
    (void)state;

    if (!build("x86_64-w64-mingw32-gcc", "-O0", "-fno-omit-frame-pointer"))
        skip();
    map_fixture(&m, in_directory("fixture.sys"), WINDOW);
    host_locate(m.base + m.entry, &l);
    assert_string_equal(l.function, "entry");
    assert_string_equal(strrchr(l.file, '/'), "/fixture.c");
    assert_int_equal(l.line, 22);
    assert_string_equal(l.module, m.path);
    assert_int_equal(l.offset, m.entry);
    host_locate(m.base + 16, &l); /* the headers: no code */
    assert_string_equal(l.module, m.path);
    assert_int_equal(l.line, 0);
    void *gone = m.base + m.entry;
    unmap_fixture(&m);
    host_locate(gone, &l);
    assert_string_equal(l.module, "");
}

static int setup(void **state)
{
    (void)state;
    directory = host_temporary_directory();
    return directory == NULL || !host_write_file(in_directory("fixture.c"), fixture, sizeof(fixture) - 1);
}

static int teardown(void **state)
{
    (void)state;
    host_remove_file(in_directory("fixture.c"));
    host_remove_file(in_directory("fixture.o"));
    host_remove_file(in_directory("fixture.sys"));
    host_remove_file(directory);
    free(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_of_real_functions_unwinds),
        cmocka_unit_test(images_come_and_go_in_any_order),
        cmocka_unit_test(an_address_in_an_image_is_file_and_line),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

#else /* single steps and signal frames are this host's */

int main(void)
{
    return 0;
}

#endif
