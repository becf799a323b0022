/* SPDX-License-Identifier: MIT */
/*
 * Stack probes: what compilers call in PE functions with frames above one page, so that the guard
 * page is met first. (R|E)AX = bytes about to be taken from the stack.
 *
 *   ___chkstk_ms  gcc, x64 and x86: touches every page in order, changes nothing but the flags
 *   __chkstk      Microsoft's convention: the same on x64; on x86 it also moves ESP down
 */
#if defined(_WIN32) && defined(__x86_64__)
        .text
        .globl  ___chkstk_ms
        .globl  __chkstk
        .def    ___chkstk_ms; .scl 2; .type 32; .endef
        .def    __chkstk; .scl 2; .type 32; .endef
        .seh_proc ___chkstk_ms
__chkstk:
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
#if defined(_WIN32) && defined(__i386__)
        .text
        .globl  ___chkstk_ms
        .globl  __chkstk
        .def    ___chkstk_ms; .scl 2; .type 32; .endef
        .def    __chkstk; .scl 2; .type 32; .endef
___chkstk_ms:
        pushl   %ecx
        pushl   %eax
        leal    12(%esp), %ecx          /* the caller's stack pointer */
1:      cmpl    $0x1000, %eax
        jb      2f
        subl    $0x1000, %ecx
        testb   $0, (%ecx)
        subl    $0x1000, %eax
        jmp     1b
2:      subl    %eax, %ecx
        testb   $0, (%ecx)
        popl    %eax
        popl    %ecx
        ret
__chkstk:
        call    ___chkstk_ms
        pushl   %ecx
        leal    4(%esp), %ecx           /* where the return address lies */
        subl    %eax, %ecx              /* and where it is going to */
        movl    4(%esp), %eax
        xchgl   %ecx, (%esp)
        popl    %esp
        movl    %eax, (%esp)
        ret
#endif
