/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chips that programs drive past the BIOS: timer channel 2 and the speaker's port (82C54 datasheet), the clock's memory
   (MC146818), the interrupt controllers' masks (8259A). */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_chips

section_chips:
        inb     $0x61, %al                      /* gate on, speaker off */
        andb    $0xfc, %al
        orb     $0x01, %al
        outb    %al, $0x61
        movb    $0xb0, %al                      /* mode 0: OUT rises at the end */
        outb    %al, $0x43
        movb    $0x10, %al
        outb    %al, $0x42
        outb    %al, $0x42
1:      call    timer_status
        testb   $0x80, %al
        jz      1b
        record  %ax
        inb     $0x61, %al
        andw    $0x23, %ax
        record  %ax
        movb    $0xb6, %al                      /* mode 3: counts by twos */
        outb    %al, $0x43
        xorb    %al, %al
        outb    %al, $0x42
        movb    $0x10, %al
        outb    %al, $0x42
        call    timer_status
        andb    $0x7f, %al
        record  %ax
        movw    $100, %cx
        xorw    %bx, %bx
2:      movb    $0x80, %al                      /* latched counts: even, and at most 1000h */
        outb    %al, $0x43
        inb     $0x42, %al
        movb    %al, %ah
        inb     $0x42, %al
        xchgb   %al, %ah
        testb   $1, %al
        setnz   %dl
        orb     %dl, %bl
        cmpw    $0x1000, %ax
        seta    %dl
        orb     %dl, %bh
        loop    2b
        record  %bx
        movb    $0xb7, %al                      /* the same, counting decimally */
        outb    %al, $0x43
        xorb    %al, %al
        outb    %al, $0x42
        outb    %al, $0x42
        call    timer_status
        andb    $0x7f, %al
        record  %ax
        inb     $0x61, %al
        andb    $0xfc, %al
        outb    %al, $0x61

        movw    $clock_registers, %si
3:      lodsb
        testb   %al, %al
        js      4f
        call    clock_register
        record  %ax
        jmp     3b
4:      movb    $0x0b, %al
        call    clock_register
        andb    $0x87, %al                      /* 24 hours, decimal, not stopped */
        record  %ax
        movb    $0x05, %al                      /* the hour of the alarm keeps what it is given */
        outb    %al, $0x70
        movb    $0x17, %al
        outb    %al, $0x71
        movb    $0x05, %al
        call    clock_register
        record  %ax
        movb    $0x04, %ah                      /* INT 1Ah: the century, and decimal digits */
        int     $0x1a
        record_flags 1
        movb    %ch, %al
        xorb    %ah, %ah
        record  %ax
        movb    $0x02, %ah
        int     $0x1a
        record_flags 1
        movb    %cl, %al
        andb    $0x0f, %al
        cmpb    $10, %al
        record_flags 1
        movb    %dh, %al
        andb    $0x0f, %al
        cmpb    $10, %al
        record_flags 1

        cli
        inb     $0x21, %al                      /* masks are what was written; nothing is in service */
        movb    %al, %bl
        movb    $0xa5, %al
        outb    %al, $0x21
        inb     $0x21, %al
        movb    %al, %bh
        movb    %bl, %al
        outb    %al, $0x21
        movb    $0x0b, %al
        outb    %al, $0x20
        inb     $0x20, %al
        movb    %bh, %ah
        record  %ax
        movb    $0x0a, %al
        outb    %al, $0x20
        sti
        ret

/* AL: status of channel 2 without its null count bit; AH: 0. */
timer_status:
        movb    $0xe8, %al
        outb    %al, $0x43
        inb     $0x42, %al
        andw    $0xbf, %ax
        ret

/* AL: number, then content; AH: 0. */
clock_register:
        outb    %al, $0x70
        outb    %al, $0xed
        inb     $0x71, %al
        xorb    %ah, %ah
        ret

        .section .main.data, "aw"
clock_registers:
        .byte   0x0d, 0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35, 0xff
