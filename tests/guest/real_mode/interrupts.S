/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handlers of our own before the BIOS's: the timer's (INT 8, 1Ch) and the keyboard's (INT 9, INT 15h AH=4Fh), and what
   programs wait for with HLT and INT 16h. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_timer, section_keys

section_timer:
        movw    $0, ticks
        movw    $0, user_ticks
        xorw    %ax, %ax
        movw    %ax, %es
        hook    0x1c, on_user_tick, old_user_tick
        cli
        hook    8, on_tick, old_tick
        movw    %es:0x46c, %si
        sti
1:      hlt
        cmpw    $4, ticks
        jb      1b
        cli
        movw    %es:0x46c, %ax                  /* the BIOS counted what we counted */
        subw    %si, %ax
        subw    ticks, %ax
        record  %ax
        movw    user_ticks, %ax
        subw    ticks, %ax
        record  %ax
        unhook  8, old_tick
        unhook  0x1c, old_user_tick
        sti
        xorb    %ah, %ah                        /* the same count by INT 1Ah */
        int     $0x1a
        xorw    %ax, %ax
        movw    %ax, %es
        subw    %es:0x46c, %dx
        negw    %dx
        cmpw    $2, %dx
        record_flags 1
        movb    $0x86, %ah                      /* 50 ms */
        xorw    %cx, %cx
        movw    $50000, %dx
        int     $0x15
        record_flags 1
        ret

on_tick:
        incw    %cs:ticks
        ljmp    *%cs:old_tick

on_user_tick:
        pushfw
        incw    %cs:user_ticks
        lcall   *%cs:old_user_tick
        iret

/* Types a line that ends with Enter, then single keys up to Esc. */
section_keys:
        movw    $0, key_interrupts
        movw    $0, key_codes
        cli
        hook    0x09, on_key, old_key
        hook    0x15, on_service, old_service
        sti
        movb    $0x05, %ah                      /* a key that nobody types */
        movw    $0x1e61, %cx
        int     $0x16
        record  %ax
        movb    $0x01, %ah
        int     $0x16
        record_flags 0x40
        record  %ax
        xorb    %ah, %ah
        int     $0x16
        record  %ax
        movb    $0x01, %ah
        int     $0x16
        record_flags 0x40
        say     "line? "
1:      xorb    %ah, %ah
        int     $0x16
        record  %ax
        pushw   %ax
        movw    $0x0007, %bx
        movb    $0x0e, %ah
        int     $0x10
        popw    %ax
        cmpb    $13, %al
        jne     1b
        say     "\nkeys? "
2:      movb    $0x11, %ah                      /* waits with HLT for an enhanced key */
        int     $0x16
        jnz     3f
        hlt
        jmp     2b
3:      movb    $0x10, %ah
        int     $0x16
        record  %ax
        pushw   %ax
        call    print_hex
        say     " "
        cmpw    $0x011b, %ax
        jne     2b
        cli
        movw    key_interrupts, %ax             /* a code for each interrupt */
        testw   %ax, %ax
        record_flags 0x40
        subw    key_codes, %ax
        record  %ax
        unhook  0x15, old_service
        unhook  0x09, old_key
        sti
        ret

on_key: incw    %cs:key_interrupts
        ljmp    *%cs:old_key

on_service:
        pushfw
        cmpb    $0x4f, %ah
        jne     1f
        incw    %cs:key_codes
1:      popfw
        ljmp    *%cs:old_service

        .section .main.data, "aw"
        .balign 4
old_tick:       .long 0
old_user_tick:  .long 0
old_key:        .long 0
old_service:    .long 0
ticks:          .word 0
user_ticks:     .word 0
key_interrupts: .word 0
key_codes:      .word 0
