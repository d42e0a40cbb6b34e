/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From ring 3 to a function in ring 0 and back, through the gate privileged.cpp puts into the IDT. */
        .text
        .globl  callRing0
callRing0:                                      /* uint64_t callRing0(function, argument) */
        int     $0x30
        ret
        .globl  ring0Gate
ring0Gate:
        movq    %rdi, %rax
        movq    %rsi, %rdi
        cld
        subq    $8, %rsp                        /* as a call expects it */
        call    *%rax
        addq    $8, %rsp
        iretq

        .section .note.GNU-stack, "", @progbits
