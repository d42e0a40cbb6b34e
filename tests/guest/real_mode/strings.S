/* SPDX-License-Identifier: GPL-3.0-or-later */
/* String instructions up and down, over the end of a segment, and what ends them. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_strings

section_strings:
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %ds
        movw    $OTHER_SEGMENT, %ax
        movw    %ax, %es
        xorw    %di, %di                        /* both segments full of different bytes */
        movb    $0x5a, %al
1:      movb    %al, (%di)
        imulw   $0x0d, %ax, %ax
        addb    $0x37, %al
        movb    %al, %es:(%di)
        addw    $0x11, %di
        jnz     1b

        movw    $0xfff0, %si                    /* over the end and on at 0 */
        movw    $0xffe8, %di
        movw    $0x40, %cx
        rep movsb
        call    record_pointers
        movw    $0xfff0, %si
        movw    $0xffe8, %di
        movw    $0x40, %cx
        repe cmpsb
        record_flags 0x41
        call    record_pointers
        std
        movw    $0x0008, %si                    /* down over 0 */
        movw    $0x0010, %di
        movw    $0x20, %cx
        rep movsb
        call    record_pointers
        movw    $0x0100, %di                    /* words, down */
        movw    $0x40, %cx
        movw    $0xa55a, %ax
        rep stosw
        call    record_pointers
        record  %es:0x100
        record  %es:0x82
        movw    $0x00fe, %di                    /* the first word that is not ours */
        movw    $0xffff, %cx
        repe scasw
        record_flags 0x41
        call    record_pointers
        cld
        xorw    %di, %di                        /* a byte that is there, up */
        movb    $0x5a, %al
        movw    $0xffff, %cx
        repne scasb
        record_flags 0x41
        call    record_pointers
        movw    $7, %cx                         /* overlapping copy up fills */
        movw    $0x200, %si
        movw    $0x202, %di
        movw    $0xbeef, %es:0x200
        rep movsw %es:(%si), %es:(%di)
        record  %es:0x20e
        movw    $0x300, %si                     /* with a prefix for the source, and doublewords */
        movw    $0x400, %di
        movw    $3, %cx
        rep movsl %cs:(%si), %es:(%di)
        call    record_pointers
        xorw    %cx, %cx                        /* none: flags stay */
        stc
        repe cmpsb
        record_flags 0x41
        call    record_pointers
        movw    $0xfffe, %si                    /* the last word there is */
        lodsw
        record  %ax
        record  %si
        xorw    %si, %si
        movw    $0x8000, %cx                    /* a whole segment */
        rep lodsw
        record  %ax
        call    record_pointers
        xorw    %si, %si
        xorw    %di, %di
        movw    $0x8000, %cx
        rep movsw
        call    record_pointers
        xorw    %si, %si
        movw    $0x1000, %cx
        xorw    %dx, %dx
2:      lodsl
        xorw    %ax, %dx
        rolw    $1, %dx
        loop    2b
        record  %dx
        movw    $0x03c8, %dx                    /* ports: twelve colours of the palette there and back */
        movb    $0x80, %al
        outb    %al, %dx
        incw    %dx
        movw    $36, %cx
        movw    $0x600, %si
        rep outsb
        movw    $0x03c7, %dx
        outb    %al, %dx
        addw    $2, %dx
        movw    $36, %cx
        movw    $0x700, %di
        rep insb
        movw    $36, %cx
3:      decw    %di
        movb    %es:(%di), %al
        andw    $0x3f, %ax                      /* six bits each */
        fold    %ax
        loop    3b
        call    record_pointers
        ret

record_pointers:
        record  %si
        record  %di
        record  %cx
        ret
