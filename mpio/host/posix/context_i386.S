/* SPDX-License-Identifier: MIT */
/*
 * Stack switch for i386, System V convention: the callee-saved registers and the x87 control word live on
 * the suspended stack; machine.h builds the same frame for a new one. No SSE: the build is for i686.
 */
#if defined(__i386__) && !defined(HOST_USE_UCONTEXT)

    .text

/* void host_context_swap(void **save_sp, void *load_sp) */
    .globl host_context_swap
    .type host_context_swap, @function
    .p2align 4
host_context_swap:
    .cfi_startproc
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    pushl %ebp
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset %ebp, 0
    pushl %ebx
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset %ebx, 0
    pushl %esi
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset %esi, 0
    pushl %edi
    .cfi_adjust_cfa_offset 4
    .cfi_rel_offset %edi, 0
    subl $4, %esp
    .cfi_adjust_cfa_offset 4
    fnstcw (%esp)
    movl %esp, (%eax)
    movl %edx, %esp             /* the same frame on the other stack: the CFI stays true */
    fldcw (%esp)
    addl $4, %esp
    .cfi_adjust_cfa_offset -4
    popl %edi
    .cfi_adjust_cfa_offset -4
    .cfi_restore %edi
    popl %esi
    .cfi_adjust_cfa_offset -4
    .cfi_restore %esi
    popl %ebx
    .cfi_adjust_cfa_offset -4
    .cfi_restore %ebx
    popl %ebp
    .cfi_adjust_cfa_offset -4
    .cfi_restore %ebp
    ret
    .cfi_endproc
    .size host_context_swap, . - host_context_swap

/* First code on a new stack: calls the function in ebx. The undefined return address tells every
 * unwinder that this is the outermost frame. */
    .globl host_context_thunk
    .type host_context_thunk, @function
    .p2align 4
host_context_thunk:
    .cfi_startproc
    .cfi_undefined %eip
    xorl %ebp, %ebp
    call *%ebx
    ud2
    .cfi_endproc
    .size host_context_thunk, . - host_context_thunk

#endif
    .section .note.GNU-stack, "", @progbits
