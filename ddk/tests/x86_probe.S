/* SPDX-License-Identifier: MIT */
/* Calls the x86 stack probes (ddk/lib/dsmlib/chkstk.S, put before this) and looks at what they leave.
 * Exit code 7: all well. */
        .globl  start
start:  movl    %esp, %esi
        movl    $0x11111111, %ecx
        movl    $20000, %eax
        call    ___chkstk_ms            /* changes nothing */
        cmpl    $20000, %eax
        jne     bad
        cmpl    $0x11111111, %ecx
        jne     bad
        cmpl    %esp, %esi
        jne     bad
        call    __chkstk                /* takes EAX bytes */
        subl    $20000, %esi
        cmpl    %esp, %esi
        jne     bad
        cmpl    $0x11111111, %ecx
        jne     bad
        movl    $4, %eax                /* less than the return address and what is saved need */
        call    __chkstk
        subl    $4, %esi
        cmpl    %esp, %esi
        jne     bad
        movl    $7, %ebx
        jmp     out
bad:    movl    $1, %ebx
out:    movl    $1, %eax
        int     $0x80
