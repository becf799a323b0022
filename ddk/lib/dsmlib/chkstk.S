/* SPDX-License-Identifier: MIT */
/*
 * ___chkstk_ms: what gcc calls in PE functions with frames above one page. RAX = bytes about to
 * be taken from the stack; every page of them is touched in order, so that the guard page is met
 * first. Changes no register but the flags. PE x64 only.
 */
#if defined(_WIN32) && defined(__x86_64__)
        .text
        .globl  ___chkstk_ms
        .def    ___chkstk_ms; .scl 2; .type 32; .endef
        .seh_proc ___chkstk_ms
___chkstk_ms:
        pushq   %rcx
        .seh_pushreg %rcx
        pushq   %rax
        .seh_pushreg %rax
        .seh_endprologue
        leaq    24(%rsp), %rcx          /* the caller's stack pointer */
1:      cmpq    $0x1000, %rax
        jb      2f
        subq    $0x1000, %rcx
        testb   $0, (%rcx)
        subq    $0x1000, %rax
        jmp     1b
2:      subq    %rax, %rcx
        testb   $0, (%rcx)
        popq    %rax
        popq    %rcx
        ret
        .seh_endproc
#endif
