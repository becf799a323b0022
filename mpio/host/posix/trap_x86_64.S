/* SPDX-License-Identifier: MIT */
/*
 * The two ways into a trap handler, and the way out. rbx points to struct host_registers while C code runs: the call
 * frame information says that the caller's registers are there, so every unwinder walks on into the image.
 */
#if defined(__x86_64__) && !defined(HOST_USE_UCONTEXT)

    .text

.macro frame_in_rbx
    .cfi_def_cfa %rbx, 0
    .cfi_offset %rax, 0
    .cfi_offset %rcx, 8
    .cfi_offset %rdx, 16
    .cfi_offset %rbx, 24
    .cfi_offset %rsp, 32
    .cfi_offset %rbp, 40
    .cfi_offset %rsi, 48
    .cfi_offset %rdi, 56
    .cfi_offset %r8, 64
    .cfi_offset %r9, 72
    .cfi_offset %r10, 80
    .cfi_offset %r11, 88
    .cfi_offset %r12, 96
    .cfi_offset %r13, 104
    .cfi_offset %r14, 112
    .cfi_offset %r15, 120
    .cfi_offset %rip, 128
.endm

/* From the signal handler: rbx has the registers, rsp is below them. */
    .globl host_trap_entry
    .type host_trap_entry, @function
    .p2align 4
    nop                         /* a look-up for the address less 1 finds this function */
host_trap_entry:
    .cfi_startproc
    .cfi_signal_frame
    frame_in_rbx
    movq %rbx, %rdi
    callq host_trap_run
    movq %rbx, %rdi
    jmp host_registers_load
    .cfi_endproc
    .size host_trap_entry, . - host_trap_entry

/* A call from an image returns here, because its return address was replaced. The stack below rsp is free. */
    .globl host_trap_returned
    .type host_trap_returned, @function
    .p2align 4
host_trap_returned:
    .cfi_startproc
    .cfi_undefined %rip
    pushfq
    pushq %rbx
    movq %rsp, %rbx
    subq $448, %rsp
    andq $-64, %rsp
    movq %rax, (%rsp)
    movq %rcx, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq (%rbx), %rax
    movq %rax, 24(%rsp)
    leaq 16(%rbx), %rax
    movq %rax, 32(%rsp)
    movq %rbp, 40(%rsp)
    movq %rsi, 48(%rsp)
    movq %rdi, 56(%rsp)
    movq %r8, 64(%rsp)
    movq %r9, 72(%rsp)
    movq %r10, 80(%rsp)
    movq %r11, 88(%rsp)
    movq %r12, 96(%rsp)
    movq %r13, 104(%rsp)
    movq %r14, 112(%rsp)
    movq %r15, 120(%rsp)
    movq 8(%rbx), %rax
    movq %rax, 136(%rsp)
    stmxcsr 144(%rsp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\n, (160 + 16 * \n)(%rsp)
    .endr
    movq %rsp, %rbx
    movq %rsp, %rdi
    callq host_trap_return_address /* fills in rip */
    .cfi_endproc
    .cfi_startproc
    .cfi_signal_frame
    frame_in_rbx
    movq %rbx, %rdi
    callq host_trap_returned_run
    movq %rbx, %rdi
    jmp host_registers_load
    .cfi_endproc
    .size host_trap_returned, . - host_trap_returned

/* _Noreturn void host_registers_load(const struct host_registers *): uses 24 bytes below the new rsp, which Microsoft's
 * convention leaves undefined. */
    .globl host_registers_load
    .type host_registers_load, @function
    .p2align 4
host_registers_load:
    .cfi_startproc
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps (160 + 16 * \n)(%rdi), %xmm\n
    .endr
    ldmxcsr 144(%rdi)
    movq 32(%rdi), %rdx         /* the new stack: rip, flags, rdi wait below it */
    movq 128(%rdi), %rax
    movq %rax, -8(%rdx)
    movq 136(%rdi), %rax
    movq %rax, -16(%rdx)
    movq 56(%rdi), %rax
    movq %rax, -24(%rdx)
    leaq -24(%rdx), %rax
    movq 24(%rdi), %rbx
    movq 40(%rdi), %rbp
    movq 48(%rdi), %rsi
    movq 64(%rdi), %r8
    movq 72(%rdi), %r9
    movq 80(%rdi), %r10
    movq 88(%rdi), %r11
    movq 96(%rdi), %r12
    movq 104(%rdi), %r13
    movq 112(%rdi), %r14
    movq 120(%rdi), %r15
    movq 16(%rdi), %rdx
    movq 8(%rdi), %rcx
    movq %rax, %rsp
    movq (%rdi), %rax           /* still above rsp, or far below it: see TRAP_GAP in trap.c */
    popq %rdi
    popfq
    retq
    .cfi_endproc
    .size host_registers_load, . - host_registers_load

#endif
    .section .note.GNU-stack, "", @progbits
