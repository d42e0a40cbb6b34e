/* SPDX-License-Identifier: GPL-3.0-or-later */
/* INT 13h: drive parameters, reading and writing by cylinder, head and sector and by the enhanced functions (Phoenix Enhanced
   Disk Drive Specification 3.0), and refusals. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_disk

section_disk:
        movb    $0x41, %ah                      /* are there enhanced functions? */
        movw    $0x55aa, %bx
        movb    drive, %dl
        int     $0x13
        record_flags 1
        record  %bx
        andw    $1, %cx                         /* packets */
        record  %cx
        movb    $0x15, %ah                      /* kind of drive, CX:DX sectors */
        movb    drive, %dl
        int     $0x13
        record_flags 1
        andw    $0xff00, %ax
        record  %ax
        record  %cx
        record  %dx
        movb    $0x08, %ah
        movb    drive, %dl
        int     $0x13
        record_flags 1
        record  %cx
        record  %dx
        movb    %cl, %al
        andw    $0x3f, %ax
        movw    %ax, track
        movb    %dh, %al
        incw    %ax
        movw    %ax, disk_heads
        movb    $0x48, %ah
        movb    drive, %dl
        movw    $parameters, %si
        int     $0x13
        record_flags 1
        record  parameters+16                 /* sectors */
        record  parameters+18
        record  parameters+24                 /* their size */

        /* Written by cylinder, read by number. */
        call    fill_work
        movw    $0x0302, %ax
        call    locate
        int     $0x13
        record_flags 1
        movw    disk_heads, %ax                 /* cylinder 2, head 1, sector 3 */
        addw    %ax, %ax
        incw    %ax
        mulw    track
        addw    $2, %ax
        movw    %ax, packet + 8
        movw    $2, packet + 2
        movw    $OTHER_SEGMENT, packet + 6
        movb    $0x42, %ah
        call    enhanced
        call    compare
        /* Written by number, read by cylinder. */
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        notw    %es:0
        movw    %ax, packet + 6
        movw    $0x4300, %ax
        call    enhanced
        movw    $0x0202, %ax
        call    locate
        movw    $OTHER_SEGMENT, %cx
        movw    %cx, %es
        movw    $0x0203, %cx
        int     $0x13
        record_flags 1
        call    compare
        /* Refused: sectors behind the end, a function that is none, a drive that is none. */
        movl    $0x7fffffff, packet + 8
        movb    $0x42, %ah
        call    enhanced
        record  %ax
        movb    $0x7b, %ah
        movb    drive, %dl
        int     $0x13
        record_flags 1
        movb    $0x42, %ah
        movw    $packet, %si
        movb    $0x9e, %dl
        int     $0x13
        record_flags 1
        xorb    %ah, %ah                        /* reset */
        movb    drive, %dl
        int     $0x13
        record_flags 1
        ret

/* Registers of INT 13h for cylinder 2, head 1, sector 3 and the work segment. */
locate: movw    $WORK_SEGMENT, %cx
        movw    %cx, %es
        xorw    %bx, %bx
        movw    $0x0203, %cx
        movb    drive, %dl
        movb    $1, %dh
        ret

/* AX: function; its carry becomes a result. */
enhanced:
        movw    $packet, %si
        movb    drive, %dl
        int     $0x13
        record_flags 1
        ret

/* 1 KiB of different words. */
fill_work:
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        xorw    %di, %di
        movw    $512, %cx
        movw    $0x1234, %ax
1:      stosw
        imulw   $0x6255, %ax, %ax
        addw    $0x3619, %ax
        loop    1b
        ret

/* Compares 1 KiB of both segments. */
compare:
        pushw   %ds
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        movw    $OTHER_SEGMENT, %ax
        movw    %ax, %ds
        xorw    %si, %si
        xorw    %di, %di
        movw    $512, %cx
        repe cmpsw
        popw    %ds
        record_flags 0x41
        record  %cx
        record  %es:0
        ret

        .section .main.data, "aw"
        .balign 4
track:          .word 0
disk_heads:     .word 0
packet:         .byte 16, 0
                .word 2, 0, OTHER_SEGMENT
                .quad 0
parameters:     .word 26
                .fill 24, 1, 0
