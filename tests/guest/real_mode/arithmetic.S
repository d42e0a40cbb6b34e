/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decimal adjustment of every value, and the x87 as programs of its time drive it. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_decimal, section_quotients, section_x87

        .equ    CF, 0x01
        .equ    PF, 0x04
        .equ    AF, 0x10
        .equ    ZF, 0x40
        .equ    SF, 0x80

        /* `instruction` on AX = CX with the flags in DL; AX and the defined flags. */
        .macro  adjust instruction, mask
        movb    %dl, %ah
        sahf
        movw    %cx, %ax
        \instruction
        fold_flags \mask
        fold    %ax
        .endm

section_decimal:
        xorw    %cx, %cx
1:      movb    $0x02, %dl                      /* no carry, CF, AF, both */
        call    adjust_all
        movb    $0x03, %dl
        call    adjust_all
        movb    $0x12, %dl
        call    adjust_all
        movb    $0x13, %dl
        call    adjust_all
        incb    %ch
        incb    %cl
        jnz     1b
        /* 12345678 + 87654399 digit pair by digit pair, and 2026 as text. */
        clc
        pushfw
        movw    $4, %cx
        xorw    %bx, %bx
2:      popfw
        movb    number_a(%bx), %al
        adcb    number_b(%bx), %al
        daa
        pushfw
        movb    %al, number_a(%bx)
        incw    %bx
        loop    2b
        popfw
        record_flags CF
        record  number_a
        record  number_a+2
        movw    $26, %ax
        aam
        orw     $0x3030, %ax
        record  %ax
        movw    $0x0909, %ax
        aad
        record  %ax
        record_flags SF+ZF+PF
        ret

adjust_all:
        adjust  daa, CF+PF+AF+ZF+SF
        adjust  das, CF+PF+AF+ZF+SF
        adjust  aaa, CF+AF
        adjust  aas, CF+AF
        adjust  aam, PF
        adjust  aad, PF
        ret

/* ZF and SF after AAM and AAD are those of AL: SF is its top bit whatever AH is. */
section_quotients:
        xorw    %cx, %cx
1:      adjust  aam, PF+ZF+SF
        adjust  aad, PF+ZF+SF
        incb    %ch
        incb    %cl
        jnz     1b
        ret

section_x87:
        movl    %cr0, %eax
        andb    $0xf3, %al                      /* no EM, no TS */
        movl    %eax, %cr0
        fninit
        fnstsw  %ax
        record  %ax
        fnstcw  word
        record  word
        fldpi                                   /* 355/113 is larger than pi */
        filds   n355
        fidivs  n113
        fcompp
        fnstsw  %ax
        sahf
        record_flags CF+PF+ZF
        fldl    large
        fbstp   decimal
        fwait
        call    record_decimal
        fbld    decimal
        fisubs  n113
        fsqrt                                   /* of a negative number: invalid, masked */
        fstps   number
        fnstsw  %ax
        andw    $0x7f, %ax
        record  %ax
        record  number
        record  number+2
        fnclex
        movw    $0x033f, %bx                    /* each rounding, at double precision */
1:      movw    %bx, word
        andw    $0xfeff, word
        fldcw   word
        fldl    half
        fistl   number
        record  number
        fchs
        frndint
        fistps  number
        record  number
        addw    $0x0400, %bx
        cmpw    $0x133f, %bx
        jb      1b
        fninit
        flds    divisor
        fldl    large
2:      fprem                                   /* until it is complete */
        fnstsw  %ax
        testb   $4, %ah
        jnz     2b
        andw    $0x4300, %ax
        record  %ax
        fstpl   number
        call    record_number
        fdivs   nothing                         /* something by nothing, masked */
        fxam
        fnstsw  %ax
        andw    $0x4704, %ax
        record  %ax
        fninit
        fldl2t
        fldln2
        f2xm1
        fsin
        fnstenv environment                     /* 14 bytes in real mode */
        record  environment
        andw    $0xb8ff, environment+2          /* the condition codes say nothing here */
        record  environment+2
        record  environment+4
        fldenv  environment
        fldl2e
        fstpt   decimal
        call    record_decimal
        fninit
        fld1
        fldpi
        fnsave  environment                     /* 94 bytes, and then as after FNINIT */
        record  environment+4
        record  environment+14+8
        record  environment+24+6
        fnstsw  %ax
        record  %ax
        frstor  environment
        fxch
        faddp
        fstpl   number
        call    record_number
        fninit
        ret

record_decimal:
        record  decimal+8
        record  decimal+6
        record  decimal+4
        record  decimal+2
        record  decimal
        ret

record_number:
        record  number+6
        record  number+4
        record  number+2
        record  number
        ret

        .section .main.data, "aw"
        .balign 8
half:           .double 2.5
large:          .double -123456789012345.0
number:         .double 0
divisor:        .float 7.25
nothing:        .float 0
n355:           .word 355
n113:           .word 113
word:           .word 0
decimal:        .fill 10, 1, 0
environment:    .fill 94, 1, 0
number_a:       .byte 0x78, 0x56, 0x34, 0x12
number_b:       .byte 0x99, 0x43, 0x65, 0x87
