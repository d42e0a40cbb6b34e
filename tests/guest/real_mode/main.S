/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the sections one after the other, then shows all their sums on a screen written directly, then runs those that are asked
   for by key. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  main
main:   cli
        movw    $STACK_SEGMENT, %ax
        movw    %ax, %ss
        movw    $0xfff0, %sp
        sti
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        cld
        movb    %dl, drive
        movw    $sections, %bx
1:      call    run_section
        movw    section_sum, %ax
        movw    %ax, 4(%bx)
        imulw   $31, total, %cx
        addw    %cx, %ax
        movw    %ax, total
        addw    $6, %bx
        cmpw    $sections_end, %bx
        jb      1b
        call    show_sums
        call    extra_sections
        say     "bye"
1:      hlt
        jmp     1b

/* BX: a row of the table. Prints its name and its sum. */
run_section:
        pushw   %bx
        movw    $0, section_sum
        pushw   (%bx)
        call    print_serial
        pushw   (%bx)
        call    print
        say     " "
        call    *2(%bx)
        sti
        cld
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        record  section_sum                     /* what was folded shows on the serial port too */
        pushw   section_sum
        call    print_hex
        say     "\r\n"
        pushw   $serial_newline
        call    print_serial
        popw    %bx
        ret

/* A screen of our own: title in all 256 attributes, the sums, the total; written to b800:0 without the BIOS. */
show_sums:
        movw    $0x0003, %ax
        int     $0x10
        movb    $0x01, %ah                      /* no cursor: it would blink in the picture */
        movw    $0x2000, %cx
        int     $0x10
        movw    $0x1003, %ax                    /* bright backgrounds for the same reason */
        xorw    %bx, %bx
        int     $0x10
        movw    $0xb800, %ax
        movw    %ax, %es
        xorw    %di, %di
        movb    $0x20, %ah
        movw    $title, %si
        call    direct_text
        movw    $160 * 2, %di
        movw    $sections, %bx
1:      pushw   %di
        movw    (%bx), %si
        movb    $0x0f, %ah
        call    direct_text
        popw    %di
        pushw   %di
        addw    $32, %di
        movw    4(%bx), %dx
        movb    $0x1e, %ah
        call    direct_hex
        popw    %di
        addw    $160, %di
        addw    $6, %bx
        cmpw    $sections_end, %bx
        jb      1b
        movb    $0x4f, %ah
        movw    $all_done, %si
        call    direct_text
        movw    total, %dx
        call    direct_hex
        xorw    %ax, %ax                        /* 16 lines of 16 characters, each with an attribute of its own */
        movw    $160 * 2 + 100, %di
2:      movw    $16, %cx
3:      movb    %al, %ah
        stosw
        incb    %al
        loop    3b
        addw    $160 - 32, %di
        testb   %al, %al
        jnz     2b
        movb    $0x02, %ah                      /* what follows is printed below */
        xorb    %bh, %bh
        movw    $20 << 8, %dx
        int     $0x10
        pushw   %ds
        popw    %es
        ret

/* DS:SI: text, AH: attribute, ES:DI: where; DI moves on. */
direct_text:
        lodsb
        testb   %al, %al
        jz      1f
        stosw
        jmp     direct_text
1:      ret

/* DX: value. */
direct_hex:
        movw    $4, %cx
1:      rolw    $4, %dx
        movb    %dl, %al
        call    hex_digit
        stosw
        loop    1b
        ret

/* Sections by key, which not every processor can run, or not every emulator runs as the processor does. */
extra_sections:
        say     "more: "
        xorb    %ah, %ah
        int     $0x16
        movw    $extras, %bx
1:      cmpb    (%bx), %al
        je      2f
        addw    $7, %bx
        cmpw    $extras_end, %bx
        jb      1b
        say     "no more\r\n"
        ret
2:      incw    %bx
        call    run_section
        jmp     extra_sections

        .macro  section name
        .section .main.data, "aw"
8:      .asciz  "\name"
        .previous
        .word   8b, section_\name, 0
        .endm

        .section .main.data, "aw"
        .globl  drive, section_sum
drive:          .byte 0
title:          .asciz " Real-mode program of Vitrine's tests "
all_done:       .asciz "all done "
serial_newline: .asciz "\n"
section_sum:    .word 0
total:          .word 0

        .section .main.rows, "aw"
sections:
        section disk
        section memory
        section a20
        section flat
        section timer
        section keys
        section decimal
        section strings
        section control
        section patching
        section x87
        section chips
        section text
        section graphics
sections_end:
extras:
        .byte   'l'
        section limits
        .byte   'a'
        section quotients
        .byte   'v'
        section v86
extras_end:
