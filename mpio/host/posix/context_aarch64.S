/* SPDX-License-Identifier: MIT */
/*
 * Stack switch for AArch64, AAPCS64: x19-x30, d8-d15 and fpcr live on the suspended stack;
 * context_layout.h builds the same frame for a new one.
 */
#if defined(__aarch64__) && !defined(HOST_USE_UCONTEXT)

    .text

/* void host_context_swap(void **save_sp, void *load_sp) */
    .globl host_context_swap
    .type host_context_swap, %function
    .p2align 4
host_context_swap:
    .cfi_startproc
    sub sp, sp, #176
    .cfi_adjust_cfa_offset 176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    .cfi_rel_offset x19, 0
    .cfi_rel_offset x20, 8
    .cfi_rel_offset x21, 16
    .cfi_rel_offset x22, 24
    .cfi_rel_offset x23, 32
    .cfi_rel_offset x24, 40
    .cfi_rel_offset x25, 48
    .cfi_rel_offset x26, 56
    .cfi_rel_offset x27, 64
    .cfi_rel_offset x28, 72
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x9, sp
    str x9, [x0]
    mov sp, x1                  /* the same frame on the other stack: the CFI stays true */
    ldr x9, [sp, #160]
    msr fpcr, x9
    ldp d14, d15, [sp, #144]
    ldp d12, d13, [sp, #128]
    ldp d10, d11, [sp, #112]
    ldp d8, d9, [sp, #96]
    ldp x29, x30, [sp, #80]
    ldp x27, x28, [sp, #64]
    ldp x25, x26, [sp, #48]
    ldp x23, x24, [sp, #32]
    ldp x21, x22, [sp, #16]
    ldp x19, x20, [sp, #0]
    add sp, sp, #176
    .cfi_def_cfa_offset 0
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size host_context_swap, . - host_context_swap

/* First code on a new stack: calls the function in x19. The undefined return address tells every
 * unwinder that this is the outermost frame. */
    .globl host_context_thunk
    .type host_context_thunk, %function
    .p2align 4
host_context_thunk:
    .cfi_startproc
    .cfi_undefined x30
    mov x29, xzr
    blr x19
    brk #1
    .cfi_endproc
    .size host_context_thunk, . - host_context_thunk

#endif
    .section .note.GNU-stack, "", %progbits
