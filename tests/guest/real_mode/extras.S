/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What emulators like to leave out: the ends of segments and of instructions (Intel SDM volume 3, 21.1: addresses in real
   mode have limits too). */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_limits

        /* The code up to `faulted` has to end in interrupt `vector`, told of its first byte. */
        .macro  faulting vector
        movw    $0xdead, fault_at
        movw    $2f, resume
        hook    \vector, on_fault, old_vector
1:
        .endm

        .macro  faulted vector
2:      unhook  \vector, old_vector
        movw    fault_at, %ax
        subw    $1b, %ax
        record  %ax
        .endm

section_limits:
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        xorw    %cx, %cx
        movw    $0xffff, %di
        faulting 13                             /* a word at the last byte */
        movw    %cx, %es:(%di)
        faulted 13
        faulting 13                             /* a string instruction there; nothing has moved */
        stosw
        faulted 13
        record  %di
        faulting 13
        movl    %es:-2(%di), %eax
        faulted 13
        movl    $0x10000, %ebx
        faulting 13                             /* a 32-bit address behind the end */
        movb    %es:(%ebx), %al
        faulted 13
        movw    %sp, %bp
        faulting 13                             /* 16 bytes are too long */
        .fill   15, 1, 0x26
        nop
        faulted 13
        faulting 6                              /* LOCK where it may not be */
        .byte   0xf0, 0x01, 0xc8
        faulted 6
        faulting 6                              /* an instruction of protected mode */
        .byte   0x0f, 0x00, 0xc8
        faulted 6
        movb    $0xcb, %es:0                    /* a push over the bottom of the stack goes round */
        movw    %sp, %bp
        xorw    %sp, %sp
        pushw   $0x7654
        popw    %ax
        movw    %bp, %sp
        record  %ax
        ret
