/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The VGA as DOS programs use it: text by the BIOS and by hand, 16 colours in planes, 256 colours with a palette of our own. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_text, section_graphics

section_text:
        movw    $0x0003, %ax
        int     $0x10
        movb    $0x0f, %ah
        int     $0x10
        record  %ax
        movw    $0x1301, %ax                    /* a string with one attribute; moves the cursor */
        movw    $0x001e, %bx
        movw    $text_end - text, %cx
        movw    $0x0a14, %dx
        movw    $text, %bp
        int     $0x10
        movw    $0x1303, %ax                    /* and one with an attribute for each character */
        movw    $0x0000, %bx
        movw    $2, %cx
        movw    $0x0b4f, %dx                    /* over the end of the line */
        movw    $colored, %bp
        int     $0x10
        movb    $0x03, %ah
        xorb    %bh, %bh
        int     $0x10
        record  %dx
        movb    $0x08, %ah
        xorb    %bh, %bh
        movb    $0x02, %ah
        movw    $0x0a15, %dx
        int     $0x10
        movb    $0x08, %ah
        int     $0x10
        record  %ax
        movw    $0xb800, %ax
        movw    %ax, %fs
        record  %fs:160*11+158
        record  %fs:160*12
        movw    $0x0601, %ax                    /* a window one line up */
        movb    $0x70, %bh
        movw    $0x0914, %cx
        movw    $0x0c16, %dx
        int     $0x10
        record  %fs:160*9+40
        record  %fs:160*9+46
        record  %fs:160*12+40
        movw    $0x0702, %ax                    /* two lines down */
        movb    $0x17, %bh
        movw    $0x0000, %cx
        movw    $0x184f, %dx
        int     $0x10
        record  %fs:160*11+42
        record  %fs:0
        movw    $0x0501, %ax                    /* the second page, and what the CRT controller shows */
        int     $0x10
        call    crt_start
        record  %ax
        movw    $0x0500, %ax
        int     $0x10
        call    crt_start
        record  %ax
        movw    $0x1130, %ax                    /* the font */
        movb    $0x06, %bh
        int     $0x10
        record  %cx
        xorb    %dh, %dh
        record  %dx
        pushw   %ds
        popw    %es
        ret

/* AX: where the picture starts, in words. */
crt_start:
        movw    $0x03d4, %dx
        movb    $0x0c, %al
        outb    %al, %dx
        incw    %dx
        inb     %dx, %al
        movb    %al, %ah
        decw    %dx
        movb    $0x0d, %al
        outb    %al, %dx
        incw    %dx
        inb     %dx, %al
        ret

section_graphics:
        call    planes
        movw    $0x0013, %ax
        int     $0x10
        call    unchained
        movw    $0x0013, %ax
        int     $0x10
        movw    $0xa000, %ax
        movw    %ax, %es
        call    palette
        call    pattern
        call    frame
        movb    $0x02, %ah
        xorb    %bh, %bh
        movw    $0x0b0a, %dx
        int     $0x10
        movw    $words, %si
1:      lodsb
        testb   %al, %al
        jz      2f
        movb    $0x0e, %ah
        movw    $0x00ff, %bx
        int     $0x10
        jmp     1b
2:      pushw   $picture_there
        call    print_serial
        xorb    %ah, %ah
        int     $0x16
        pushw   %ds                             /* every pixel as it can be read */
        pushw   %es
        popw    %ds
        xorw    %si, %si
        xorw    %bx, %bx
        movw    $32000, %cx
3:      lodsw
        addw    %ax, %bx
        rolw    $3, %bx
        loop    3b
        popw    %ds
        record  %bx
        movw    $0x03c7, %dx                    /* and the colours */
        movb    $0, %al
        outb    %al, %dx
        addw    $2, %dx
        movw    $768, %cx
4:      inb     %dx, %al
        xorb    %ah, %ah
        fold    %ax
        loop    4b
        pushw   %ds
        popw    %es
        movw    $0x0003, %ax
        int     $0x10
        ret

/* 64 steps of four colours. */
palette:
        movw    $0x03c8, %dx
        xorb    %al, %al
        outb    %al, %dx
        incw    %dx
        xorw    %bx, %bx
1:      movb    %bl, %al
        andb    $0x3f, %al
        movb    %al, %ah
        testb   $0x40, %bl                      /* red: falls in half of them */
        jz      2f
        notb    %al
2:      andb    $0x3f, %al
        outb    %al, %dx
        movb    %bl, %al
        shrb    $2, %al
        outb    %al, %dx
        movb    %ah, %al
        testb   $0x80, %bl
        jz      3f
        notb    %al
3:      andb    $0x3f, %al
        outb    %al, %dx
        incb    %bl
        jnz     1b
        ret

/* x xor y, two pixels at a time. */
pattern:
        xorw    %di, %di
        xorb    %bl, %bl
1:      movw    $160, %cx
        xorb    %dl, %dl
2:      movb    %dl, %al
        xorb    %bl, %al
        movb    %dl, %ah
        incb    %ah
        xorb    %bl, %ah
        stosw
        addb    $2, %dl
        loop    2b
        incb    %bl
        cmpb    $200, %bl
        jb      1b
        ret

/* A frame, a diagonal down from the corner, and a dark box for the text. */
frame:  movb    $0x3f, %al
        xorw    %di, %di
        movw    $320, %cx
        rep stosb
        movw    $320 * 199, %di
        movw    $320, %cx
        rep stosb
        xorw    %di, %di
        movw    $200, %cx
1:      movb    %al, %es:(%di)
        movb    %al, %es:319(%di)
        addw    $320, %di
        loop    1b
        xorw    %di, %di
        movw    $200, %cx
2:      movb    $0xc0, %es:(%di)
        addw    $321, %di
        loop    2b
        movw    $320 * 80 + 70, %di
        movw    $24, %dx
        xorb    %al, %al
3:      movw    $180, %cx
        rep stosb
        addw    $320 - 180, %di
        decw    %dx
        jnz     3b
        ret

        /* Index `index` and value `value` to the graphics controller or the sequencer. */
        .macro  graphics index, value
        movw    $(\value << 8) | \index, %ax
        movw    $0x03ce, %dx
        outw    %ax, %dx
        .endm

        .macro  sequencer index, value
        movw    $(\value << 8) | \index, %ax
        movw    $0x03c4, %dx
        outw    %ax, %dx
        .endm

/* Mode 12h: every write mode, the four planes read back, and a colour compare. */
planes: movw    $0x0012, %ax
        int     $0x10
        movw    $0xa000, %ax
        movw    %ax, %es
        sequencer 2, 0x0f
        graphics 0, 0x05                        /* write mode 0 with set/reset */
        graphics 1, 0x0f
        movb    $0xff, %es:0
        graphics 1, 0x00
        graphics 3, 0x18                        /* xor, of some bits, turned right by nothing */
        graphics 8, 0x3c
        movb    %es:0, %al
        movb    $0xff, %es:0
        graphics 3, 0x03                        /* turned right by 3 */
        graphics 8, 0xff
        sequencer 2, 0x0a
        movb    $0x81, %es:1
        sequencer 2, 0x0f
        graphics 3, 0x00
        graphics 5, 0x02                        /* write mode 2: a colour */
        graphics 8, 0xf0
        movb    %es:1, %al
        movb    $0x09, %es:1
        graphics 5, 0x01                        /* write mode 1: latches */
        movb    %es:1, %al
        movb    %al, %es:2
        graphics 5, 0x03                        /* write mode 3 */
        graphics 0, 0x06
        graphics 8, 0xff
        movb    %es:0, %al
        movb    $0x5a, %es:3
        graphics 5, 0x00
        xorb    %bl, %bl
1:      movb    $0x04, %al                      /* read map select */
        movb    %bl, %ah
        movw    $0x03ce, %dx
        outw    %ax, %dx
        record  %es:0
        record  %es:2
        incb    %bl
        cmpb    $4, %bl
        jb      1b
        graphics 5, 0x08                        /* read mode 1: where the colour is */
        graphics 2, 0x09
        graphics 7, 0x0f
        record  %es:0
        record  %es:2
        graphics 7, 0x09
        record  %es:0
        ret

/* Mode 13h without its chain: four pixels at an address. */
unchained:
        movw    $0xa000, %ax
        movw    %ax, %es
        sequencer 4, 0x06
        xorb    %bl, %bl
        movb    $1, %bh
1:      movb    $0x02, %al
        movb    %bh, %ah
        movw    $0x03c4, %dx
        outw    %ax, %dx
        movb    %bl, %al
        addb    $0x41, %al
        movb    %al, %ah
        movw    $0x1000, %di
        stosw
        incb    %bl
        shlb    $1, %bh
        cmpb    $4, %bl
        jb      1b
        xorb    %bl, %bl
2:      movb    $0x04, %al
        movb    %bl, %ah
        movw    $0x03ce, %dx
        outw    %ax, %dx
        record  %es:0x1000
        incb    %bl
        cmpb    $4, %bl
        jb      2b
        ret

        .section .main.data, "aw"
text:           .ascii "Text with colours"
text_end:
colored:        .byte 'a', 0x12, 'b', 0x34
words:          .asciz "Drawn in mode 13h"
picture_there:  .asciz " picture"
