/* SPDX-License-Identifier: MIT */
/*
 * Where an exception continues that may be the trap handler's: rsp points to struct trap_frame (trap.c). The directives say
 * that an interrupted frame and its registers lie there, so the unwinder walks on into the image.
 */
    .text
    .globl host_trap_entry
    .def host_trap_entry; .scl 2; .type 32; .endef
    .p2align 4
    .seh_proc host_trap_entry
host_trap_entry:
    .seh_pushframe
    .seh_stackalloc 32
    .seh_savereg %rbx, 104      /* 80: the registers in struct host_trap */
    .seh_savereg %rbp, 120
    .seh_savereg %rsi, 128
    .seh_savereg %rdi, 136
    .seh_savereg %r12, 176
    .seh_savereg %r13, 184
    .seh_savereg %r14, 192
    .seh_savereg %r15, 200
    .seh_endprologue
    movq %rsp, %rcx
    callq host_trap_run
    ud2
    .seh_endproc

/* _Noreturn void host_registers_load(const struct host_registers *): uses 24 bytes below the new rsp. RtlRestoreContext would
 * take this program's own exception frames, which lie below a fibre's stack, for abandoned ones. */
    .globl host_registers_load
    .def host_registers_load; .scl 2; .type 32; .endef
    .p2align 4
host_registers_load:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups (160 + 16 * \n)(%rcx), %xmm\n
    .endr
    ldmxcsr 144(%rcx)
    movq 32(%rcx), %rdx         /* the new stack: rip, flags, rcx wait below it */
    movq 128(%rcx), %rax
    movq %rax, -8(%rdx)
    movq 136(%rcx), %rax
    movq %rax, -16(%rdx)
    movq 8(%rcx), %rax
    movq %rax, -24(%rdx)
    leaq -24(%rdx), %rax
    movq 24(%rcx), %rbx
    movq 40(%rcx), %rbp
    movq 48(%rcx), %rsi
    movq 56(%rcx), %rdi
    movq 64(%rcx), %r8
    movq 72(%rcx), %r9
    movq 80(%rcx), %r10
    movq 88(%rcx), %r11
    movq 96(%rcx), %r12
    movq 104(%rcx), %r13
    movq 112(%rcx), %r14
    movq 120(%rcx), %r15
    movq 16(%rcx), %rdx
    movq %rax, %rsp
    movq (%rcx), %rax
    popq %rcx
    popfq
    retq
