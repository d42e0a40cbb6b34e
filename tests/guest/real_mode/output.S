/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results, printing and interrupt vectors (macros.inc). Arguments are words on the stack, which the callee takes off; all
   registers and flags survive. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"

        .equ    ARGUMENT, 22                    /* from SP after `enter_helper`, over the return address */

        .macro  enter_helper
        pushfw
        pushaw
        pushw   %ds
        cld
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %sp, %bp
        .endm

        .macro  leave_helper bytes
        popw    %ds
        popaw
        popfw
        ret     $\bytes
        .endm

        .globl  record_word, record_masked, fold_word, fold_masked, print, print_serial, print_hex, hex_digit
        .globl  hook_vector, unhook_vector

record_word:
        enter_helper
        movw    ARGUMENT(%bp), %dx
        call    note
        call    serial_word
        leave_helper 2

record_masked:
        enter_helper
        movw    ARGUMENT + 2(%bp), %dx
        andw    ARGUMENT(%bp), %dx
        call    note
        call    serial_word
        leave_helper 4

fold_word:
        enter_helper
        movw    ARGUMENT(%bp), %dx
        call    note
        leave_helper 2

fold_masked:
        enter_helper
        movw    ARGUMENT + 2(%bp), %dx
        andw    ARGUMENT(%bp), %dx
        call    note
        leave_helper 4

/* DX: result. */
note:   imulw   $31, section_sum, %ax
        addw    %dx, %ax
        movw    %ax, section_sum
        ret

/* DX: value; a space and four digits to the serial port. */
serial_word:
        movb    $0x20, %al
        call    serial_byte
        movw    $4, %cx
1:      rolw    $4, %dx
        movb    %dl, %al
        call    hex_digit
        call    serial_byte
        loop    1b
        ret

/* AL: value, in its low four bits; the digit in AL. */
hex_digit:
        andb    $0x0f, %al
        cmpb    $10, %al
        sbbb    $0x69, %al
        das
        ret

/* AL to COM1, once it can take it. */
serial_byte:
        pushw   %dx
        movb    %al, %ah
        movw    $0x3fd, %dx
1:      inb     %dx, %al
        testb   $0x20, %al
        jz      1b
        movb    %ah, %al
        movw    $0x3f8, %dx
        outb    %al, %dx
        popw    %dx
        ret

/* Argument: text in this segment that ends with 0. */
print:
        enter_helper
        movw    ARGUMENT(%bp), %si
1:      lodsb
        testb   %al, %al
        jz      2f
        call    put
        jmp     1b
2:      leave_helper 2

print_serial:
        enter_helper
        movw    ARGUMENT(%bp), %si
1:      lodsb
        testb   %al, %al
        jz      2f
        call    serial_byte
        jmp     1b
2:      leave_helper 2

/* Argument: a word. */
print_hex:
        enter_helper
        movw    ARGUMENT(%bp), %dx
        movw    $4, %cx
1:      rolw    $4, %dx
        movb    %dl, %al
        call    hex_digit
        call    put
        loop    1b
        leave_helper 2

put:    movb    $0x0e, %ah
        movw    $0x0007, %bx
        int     $0x10
        ret

/* Arguments: vector, handler, where the old one goes. */
hook_vector:
        enter_helper
        pushw   %es
        pushl   %eax
        xorw    %ax, %ax
        movw    %ax, %es
        movw    ARGUMENT + 4(%bp), %di
        shlw    $2, %di
        movw    ARGUMENT(%bp), %si
        movw    %cs, %ax
        shll    $16, %eax
        movw    ARGUMENT + 2(%bp), %ax
        xchgl   %eax, %es:(%di)
        movl    %eax, (%si)
        popl    %eax
        popw    %es
        leave_helper 6

/* Arguments: vector, where the old one is. */
unhook_vector:
        enter_helper
        pushw   %es
        pushl   %eax
        xorw    %ax, %ax
        movw    %ax, %es
        movw    ARGUMENT + 2(%bp), %di
        shlw    $2, %di
        movw    ARGUMENT(%bp), %si
        movl    (%si), %eax
        movl    %eax, %es:(%di)
        popl    %eax
        popw    %es
        leave_helper 4
