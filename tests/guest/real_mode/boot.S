/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot sector: moves itself from 0:7c00 to 0:0600 as a master boot record does, and reads the program by cylinder, head
   and sector. */
        .include "macros.inc"
        .code16
        .section .boot, "ax"
        .globl  start
start:  cli
        xorw    %ax, %ax
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movw    %ax, %ds
        movw    %ax, %es
        sti
        cld
        movw    $0x7c00, %si
        movw    $0x0600, %di
        movw    $256, %cx
        rep movsw
        ljmp    $0, $moved

moved:  movb    %dl, boot_drive
        movw    $boot_text, %si
        call    boot_print
        movb    $0x08, %ah                      /* drive parameters */
        xorw    %di, %di
        int     $0x13
        jc      boot_failed
        andb    $0x3f, %cl
        movb    %cl, sectors_per_track
        incb    %dh
        movb    %dh, heads
        movw    $1, %si                         /* sector of the disk */
        movw    $PROGRAM_SEGMENT + 0x100, %ax
        movw    %ax, %es
next_sector:
        movw    %si, %ax
        divb    sectors_per_track
        movb    %ah, %cl                        /* sectors of a track count from 1 */
        incb    %cl
        xorb    %ah, %ah
        divb    heads
        movb    %al, %ch
        movb    %ah, %dh
        movb    boot_drive, %dl
        movw    $0x0201, %ax
        xorw    %bx, %bx
        int     $0x13
        jc      boot_failed
        movw    %es, %ax
        addw    $0x20, %ax
        movw    %ax, %es
        incw    %si
        cmpw    $main_sectors, %si
        jbe     next_sector
        movb    boot_drive, %dl
        ljmp    $PROGRAM_SEGMENT, $main

boot_failed:
        movw    $boot_error, %si
        call    boot_print
1:      hlt
        jmp     1b

/* DS:SI: text that ends with 0. */
boot_print:
        lodsb
        testb   %al, %al
        jz      1f
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        jmp     boot_print
1:      ret

boot_text:      .asciz "Real-mode program\r\n"
boot_error:     .asciz "The disk cannot be read\r\n"
boot_drive:     .byte 0
sectors_per_track: .byte 0
heads:          .byte 0
        .org    510, 0
        .word   0xaa55
