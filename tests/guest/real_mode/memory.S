/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much memory there is, the gate of address line 20, copies by the BIOS, and 32-bit addresses in real mode after a hop
   through protected mode (Intel SDM volume 3, 10.9: the limits stay). */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_memory, section_a20, section_flat

        .equ    FAR_AWAY, 0x00300010            # an address above 1 MiB

section_memory:
        int     $0x12
        record  %ax
        movb    $0x88, %ah
        int     $0x15
        record_flags 1
        record  %ax
        movw    $0xe801, %ax
        int     $0x15
        record_flags 1
        record  %ax
        addw    $15, %bx                        /* in megabytes: tables of the firmware are below the top */
        shrw    $4, %bx
        record  %bx
        xorl    %ebx, %ebx
        movl    $0, top
1:      movl    $0xe820, %eax
        movl    $0x534d4150, %edx
        movl    $20, %ecx
        movw    $range, %di
        int     $0x15
        jc      3f
        cmpl    $0x534d4150, %eax
        jne     3f
        cmpl    $1, range + 16
        jne     2f
        movl    range, %eax
        addl    range + 8, %eax
        cmpl    top, %eax
        jbe     2f
        movl    %eax, top
2:      testl   %ebx, %ebx
        jnz     1b
3:      movl    top, %eax                       /* likewise */
        addl    $0xfffff, %eax
        shrl    $20, %eax
        record  %ax
        /* Up and down again by INT 15h AH=87h. */
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        xorw    %di, %di
        movw    $256, %cx
1:      movw    %di, %ax
        imulw   $0x4e35, %ax, %ax
        stosw
        loop    1b
        movl    $WORK_SEGMENT << 4, %eax
        movl    $FAR_AWAY, %edx
        call    block_move
        movl    $FAR_AWAY, %eax
        movl    $OTHER_SEGMENT << 4, %edx
        call    block_move
        movw    $OTHER_SEGMENT, %ax
        movw    %ax, %es
        xorw    %di, %di
        movw    $256, %cx
2:      fold    %es:(%di)
        addw    $2, %di
        loop    2b
        ret

/* EAX: from, EDX: to; 512 bytes. */
block_move:
        movl    %eax, move_from + 2
        movb    $0x93, move_from + 5
        movl    %edx, move_to + 2
        movb    $0x93, move_to + 5
        movw    %ds, %ax
        movw    %ax, %es
        movw    $move_table, %si
        movw    $256, %cx
        movb    $0x87, %ah
        int     $0x15
        record_flags 1
        ret

/* The gate's state as its three owners say it. With the gate open, memory above 1 MiB is no second view of the first 64 KiB;
   with it closed newer processors have it open all the same, so that is not looked at. */
section_a20:
        call    gate_state
        movw    $0x2400, %ax
        int     $0x15
        record_flags 1
        call    gate_state
        movw    $0x2401, %ax
        int     $0x15
        record_flags 1
        call    gate_state
        movw    $0x2403, %ax
        int     $0x15
        record_flags 1
        record  %bx
        inb     $0x92, %al
        andb    $0xfc, %al
        outb    %al, $0x92
        call    gate_state
        inb     $0x92, %al
        orb     $0x02, %al
        andb    $0xfe, %al
        outb    %al, $0x92
        call    gate_state
        pushw   %ds
        xorw    %ax, %ax
        movw    %ax, %es
        decw    %ax
        movw    %ax, %ds
        movw    $0x1234, %es:0x510
        movw    $0x5678, 0x520
        popw    %ds
        record  %es:0x510
        movw    %ax, %fs                        /* ffff:0010 is the first byte above */
        movw    $0x9abc, %fs:0x520
        record  %fs:0x520
        record  %es:0x510
        ret

gate_state:
        movw    $0x2402, %ax
        int     $0x15
        record_flags 1
        xorb    %ah, %ah
        record  %ax
        inb     $0x92, %al
        andw    $0x02, %ax
        record  %ax
        ret

section_flat:
        cli
        movw    %cs, %ax                        /* where the table is */
        movzwl  %ax, %eax
        shll    $4, %eax
        addl    $flat_table, %eax
        movl    %eax, flat_pointer + 2
        lgdt    flat_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        jmp     1f
1:      movw    $8, %bx
        movw    %bx, %fs
        movw    %bx, %gs
        andb    $0xfe, %al
        movl    %eax, %cr0
        jmp     2f
2:      xorw    %ax, %ax                        /* another base, the same limit */
        movw    %ax, %fs
        movw    %ax, %gs
        movl    $FAR_AWAY, %ebx
        movl    $0x89abcdef, %fs:(%ebx)
        addl    $0x11111111, %gs:(%ebx)
        movw    $0x10, %ax
        movw    %ax, %gs
        record  %gs:-0x100(%ebx)
        record  %fs:2(%ebx)
        /* A packed loop over 32-bit registers, scaled addresses and addr32 string instructions. */
        movl    $64, %ecx
        movl    $FAR_AWAY + 0x100, %edi
3:      leal    (%ecx,%ecx,8), %eax
        imull   %eax, %eax
        movl    %eax, %fs:-4(%edi,%ecx,4)
        decl    %ecx
        jnz     3b
        pushw   %fs
        popw    %es
        pushw   %ds
        pushw   %fs
        popw    %ds
        movl    $FAR_AWAY + 0x100, %esi
        movl    $0x9100, %edi                   /* ES and DS have 64 KiB: this one is within */
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %es
        movl    $64, %ecx
4:      movl    %fs:(%esi), %eax
        addl    $4, %esi
        stosl   %eax, %es:(%edi)
        decl    %ecx
        jnz     4b
        popw    %ds
        record  %si
        record  %di
        sti
        movw    $64 * 2, %cx
        movw    $0x9100, %di
5:      fold    %es:(%di)
        addw    $2, %di
        loop    5b
        smsww   %ax
        andw    $1, %ax
        record  %ax
        pushw   %ds
        popw    %es
        ret

        .section .main.data, "aw"
        .balign 8
top:            .long 0
range:          .fill 20, 1, 0
move_table:     .quad 0, 0
move_from:      .quad 0x000093000000ffff
move_to:        .quad 0x000093000000ffff
                .quad 0, 0
flat_table:     .quad 0
                .quad 0x00cf93000000ffff        /* data, base 0, 4 GiB */
flat_pointer:   .word 15
                .long 0
