/* SPDX-License-Identifier: MIT */
/*
 * Stack switch for x86-64, Microsoft's convention: the callee-saved registers, the control words of the arithmetic
 * and what Windows knows of the stack (in the thread's block) live on the suspended stack; context.c builds
 * the same frame for a new one.
 */
    .text

/* void host_context_swap(void **save_sp, void *load_sp) */
    .globl host_context_swap
    .def host_context_swap; .scl 2; .type 32; .endef
    .p2align 4
    .seh_proc host_context_swap
host_context_swap:
    pushq %rbp
    .seh_pushreg %rbp
    pushq %rbx
    .seh_pushreg %rbx
    pushq %rsi
    .seh_pushreg %rsi
    pushq %rdi
    .seh_pushreg %rdi
    pushq %r12
    .seh_pushreg %r12
    pushq %r13
    .seh_pushreg %r13
    pushq %r14
    .seh_pushreg %r14
    pushq %r15
    .seh_pushreg %r15
    subq $200, %rsp
    .seh_stackalloc 200
    movaps %xmm6, 0(%rsp)
    .seh_savexmm %xmm6, 0
    movaps %xmm7, 16(%rsp)
    .seh_savexmm %xmm7, 16
    movaps %xmm8, 32(%rsp)
    .seh_savexmm %xmm8, 32
    movaps %xmm9, 48(%rsp)
    .seh_savexmm %xmm9, 48
    movaps %xmm10, 64(%rsp)
    .seh_savexmm %xmm10, 64
    movaps %xmm11, 80(%rsp)
    .seh_savexmm %xmm11, 80
    movaps %xmm12, 96(%rsp)
    .seh_savexmm %xmm12, 96
    movaps %xmm13, 112(%rsp)
    .seh_savexmm %xmm13, 112
    movaps %xmm14, 128(%rsp)
    .seh_savexmm %xmm14, 128
    movaps %xmm15, 144(%rsp)
    .seh_savexmm %xmm15, 144
    .seh_endprologue
    stmxcsr 160(%rsp)
    fnstcw 164(%rsp)
    movq %gs:0x8, %rax          /* StackBase */
    movq %rax, 168(%rsp)
    movq %gs:0x10, %rax         /* StackLimit */
    movq %rax, 176(%rsp)
    movq %gs:0x1478, %rax       /* DeallocationStack */
    movq %rax, 184(%rsp)
    movl %gs:0x1748, %eax       /* GuaranteedStackBytes */
    movl %eax, 192(%rsp)

    movq %rsp, (%rcx)
    movq %rdx, %rsp             /* the same frame on the other stack */

    movq 168(%rsp), %rax
    movq %rax, %gs:0x8
    movq 176(%rsp), %rax
    movq %rax, %gs:0x10
    movq 184(%rsp), %rax
    movq %rax, %gs:0x1478
    movl 192(%rsp), %eax
    movl %eax, %gs:0x1748
    ldmxcsr 160(%rsp)
    fldcw 164(%rsp)
    movaps 0(%rsp), %xmm6
    movaps 16(%rsp), %xmm7
    movaps 32(%rsp), %xmm8
    movaps 48(%rsp), %xmm9
    movaps 64(%rsp), %xmm10
    movaps 80(%rsp), %xmm11
    movaps 96(%rsp), %xmm12
    movaps 112(%rsp), %xmm13
    movaps 128(%rsp), %xmm14
    movaps 144(%rsp), %xmm15
    addq $200, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbx
    popq %rbp
    ret
    .seh_endproc

/* First code on a new stack: calls the function in rbx. Its own return address is zero, where every
 * unwinder stops. */
    .globl host_context_thunk
    .def host_context_thunk; .scl 2; .type 32; .endef
    .p2align 4
    .seh_proc host_context_thunk
host_context_thunk:
    subq $32, %rsp
    .seh_stackalloc 32
    .seh_endprologue
    xorl %ebp, %ebp
    callq *%rbx
    ud2
    .seh_endproc
