/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls, returns, interrupts, exceptions and single steps of real mode; and code that changes code. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_control, section_patching, on_fault, resume, fault_at, old_vector

section_control:
        hook    0x60, on_int60, old_service
        pushw   $0x0202                         /* not the flags of comparing addresses */
        popfw
        movw    $0x1111, %ax
        stc
        std
        int     $0x60                           /* IRET gives back the flags it finds changed */
        record_flags 0x0ed5
        cld
        record  %ax
        lcall   $PROGRAM_SEGMENT, $far_routine
        record  %ax
        lcall   *far_pointer
        record  %ax
        pushw   $0x2222
        pushw   $0x3333
        pushw   %cs
        call    far_takes
        record  %ax
        movw    $table, %bx
        xorw    %si, %si
1:      call    *jump_table(%si)
        record  %ax
        addw    $2, %si
        cmpw    $6, %si
        jb      1b
        movb    $2, %al
        xlatb
        record  %ax
        les     far_pointer, %di
        subw    $far_routine, %di
        record  %es
        record  %di
        pushw   %ds
        popw    %es
        pushw   %sp                             /* since the 286: before the push */
        popw    %ax
        subw    %sp, %ax
        record  %ax
        movw    $0x1234, %bp
        enter   $16, $2
        movw    %bp, %ax
        subw    %sp, %ax
        leave
        record  %ax
        record  %bp
        movw    $5, %cx
        xorw    %ax, %ax
2:      addw    %cx, %ax
        cmpw    $9, %ax
        loopne  2b
        record  %cx
        record_flags 0x8d5

        /* Exceptions: which instruction the handler is told of. */
        hook    0, on_fault, old_vector
        movw    $1f, resume
        xorw    %bx, %bx
        movw    $0x100, %ax
fault0: divb    %bl
1:      movw    fault_at, %ax
        subw    $fault0, %ax
        record  %ax
        unhook  0, old_vector
        hook    6, on_fault, old_vector
        movw    $1f, resume
fault6: ud2
1:      movw    fault_at, %ax
        subw    $fault6, %ax
        record  %ax
        unhook  6, old_vector
        hook    5, on_fault, old_vector
        movw    $1f, resume
        movw    $10, %ax
fault5: bound   %ax, limits
1:      movw    fault_at, %ax
        subw    $fault5, %ax
        record  %ax
        movw    $-3, %ax                        /* within */
        bound   %ax, limits
        unhook  5, old_vector
        hook    4, on_trap, old_vector
        movw    $0, traps
        into                                    /* not yet */
        movb    $0x7f, %al
        addb    $1, %al
        into
        record  traps
        unhook  4, old_vector
        hook    3, on_trap, old_vector
        int3
        .byte   0xcd, 3
        record  traps
        unhook  3, old_vector

        /* Single steps: one after each instruction that follows the POPF, the last POPF included. */
        hook    1, on_trap, old_vector
        movw    $0, traps
        pushfw
        popw    %ax
        orb     $1, %ah
        pushw   %ax
        pushfw
        popw    %cx
        popfw
        nop
        incw    %ax
        pushw   %cx
        popfw
        record  traps
        unhook  1, old_vector
        unhook  0x60, old_service
        pushfw                                  /* what of the flags can be changed */
        popw    %cx
        movw    $0x7ed7, %ax
        pushw   %ax
        popfw
        record_flags 0xfeff
        pushw   %cx
        popfw
        ret

on_int60:
        addw    $0x2222, %ax
        pushw   %bp
        movw    %sp, %bp
        xorw    $0x08d5, 6(%bp)
        popw    %bp
        iretw

far_routine:
        addw    $0x0101, %ax
        lretw

far_takes:
        pushw   %bp
        movw    %sp, %bp
        movw    6(%bp), %ax
        subw    8(%bp), %ax
        popw    %bp
        lretw   $4

near_one:
        movw    $0x0a01, %ax
        ret
near_two:
        movw    $0x0a02, %ax
        ret

on_fault:
        pushw   %bp
        movw    %sp, %bp
        pushw   2(%bp)
        popw    %cs:fault_at
        pushw   %cs:resume
        popw    2(%bp)
        popw    %bp
        iretw

on_trap:
        incw    %cs:traps
        iretw

/* Code in the way of programs that unpack, protect or shift themselves. */
section_patching:
        movw    $0x1111, %ax
        movw    $0x4444, next + 1               /* the very next instruction */
next:   movw    $0x2222, %ax
        record  %ax
        movw    $0, %cx                         /* an operand in a loop */
1:      movw    %cx, 2f + 1
2:      movw    $0x7777, %ax
        fold    %ax
        incw    %cx
        cmpw    $300, %cx
        jb      1b
        movb    $0x90, 3f                       /* a jump away */
        movb    $0x40, 3f + 1                   /* inc %ax */
3:      jmp     4f
        movw    $0x5555, %bx
4:      record  %ax
        record  %bx
        /* Its own loop's body replaced by a string instruction while it runs. */
        movw    $stored, %di
        movw    $stored_end - stored, %cx
        movb    $0x43, %al                      /* inc %bx */
        xorw    %bx, %bx
        rep stosb
stored: .fill   12, 1, 0x4b                     /* dec %bx */
stored_end:
        record  %bx

        /* Unpacks a routine to another segment and runs it there, twice with different keys. */
        movw    $COPY_SEGMENT, %ax
        movw    %ax, %es
        movw    $2, %dx
5:      movw    $packed, %si
        xorw    %di, %di
        movw    $packed_end - packed, %cx
6:      lodsb
        xorb    key, %al
        stosb
        loop    6b
        movw    $0x1000, %ax
        lcall   $COPY_SEGMENT, $0
        record  %ax
        movw    $packed, %si                    /* the next key, over the packed bytes themselves */
        movw    $packed_end - packed, %cx
7:      xorb    $0x3c, (%si)
        incw    %si
        loop    7b
        xorb    $0x3c, key
        addw    $3, packed_number               /* another operand */
        decw    %dx
        jnz     5b
        pushw   %ds
        popw    %es
        ret

        .section .main.data, "aw"
        .balign 4
old_vector:     .long 0
old_service:    .long 0
far_pointer:    .word far_routine, PROGRAM_SEGMENT
jump_table:     .word near_one, near_two, near_one
limits:         .word -3, 9
table:          .byte 0x10, 0x20, 0x30
key:            .byte 0x3c
fault_at:       .word 0
resume:         .word 0
traps:          .word 0
packed:         .byte 0x05 ^ 0x3c               /* add $imm, %ax */
packed_number:  .byte 0x21 ^ 0x3c, 0x43 ^ 0x3c
                .byte 0x9c ^ 0x3c, 0x9d ^ 0x3c  /* pushf, popf */
                .byte 0xd1 ^ 0x3c, 0xc0 ^ 0x3c  /* rol %ax */
                .byte 0xcb ^ 0x3c               /* retf */
packed_end:
