/* SPDX-License-Identifier: MIT */
/*
 * Stack switch for x86-64, System V convention: the callee-saved registers, mxcsr and the x87
 * control word live on the suspended stack; context_layout.h builds the same frame for a new one.
 */
#if defined(__x86_64__) && !defined(HOST_USE_UCONTEXT)

    .text

/* void host_context_swap(void **save_sp, void *load_sp) */
    .globl host_context_swap
    .type host_context_swap, @function
    .p2align 4
host_context_swap:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp             /* the same frame on the other stack: the CFI stays true */
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size host_context_swap, . - host_context_swap

/* First code on a new stack: calls the function in rbx. The undefined return address tells every
 * unwinder that this is the outermost frame. */
    .globl host_context_thunk
    .type host_context_thunk, @function
    .p2align 4
host_context_thunk:
    .cfi_startproc
    .cfi_undefined %rip
    xorl %ebp, %ebp
    callq *%rbx
    ud2
    .cfi_endproc
    .size host_context_thunk, . - host_context_thunk

#endif
    .section .note.GNU-stack, "", @progbits
