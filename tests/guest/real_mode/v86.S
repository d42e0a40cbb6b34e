/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real-mode code below a monitor, as memory managers of DOS ran it: virtual-8086 mode with IOPL 0 and an I/O permission
   bitmap (Intel SDM volume 3, 21.2 and 21.3). The monitor answers what the code may not do. */
        .include "macros.inc"
        .code16
        .section .main.text, "ax"
        .globl  section_v86

        .equ    PROGRAM_BASE, PROGRAM_SEGMENT << 4
        .equ    CODE16, 0x08
        .equ    DATA16, 0x10
        .equ    CODE32, 0x18
        .equ    FLAT, 0x20
        .equ    DATA32, 0x28
        .equ    TASK, 0x30
        .equ    IF, 0x200

section_v86:
        hook    0x60, v86_service, old_vector
        cli
        movw    %sp, real_sp
        lgdt    table_pointer
        lidt    gates_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $CODE32, $protected

/* Below the monitor: stores results at ES:DI, until HLT. */
v86_code:
        movw    %cs, %ax
        stosw
        pushfw                                  /* the monitor's idea of the flags */
        popw    %ax
        andw    $0x3200, %ax
        stosw
        cli
        pushfw
        popw    %ax
        andw    $0x3200, %ax
        stosw
        movw    $0x4321, %ax
        stc
        int     $0x60
        stosw
        sbbw    %ax, %ax
        stosw
        inb     $0x71, %al                      /* not allowed: the monitor invents it */
        xorb    %ah, %ah
        stosw
        movb    $0x77, %al
        outb    %al, $0x70
        inb     $0x61, %al                      /* allowed */
        andb    $0x03, %al
        stosw
        pushw   $0x0200 | 0x41
        popfw
        lahf
        andw    $0x4100, %ax
        stosw
        larw    %ax, %bx                        /* not an instruction here */
        movw    $WORK_SEGMENT, %ax
        movw    %ax, %fs
        movw    $0xffff, %bx
        movb    $0x99, %fs:(%bx)
        incw    %bx
        movb    $0x66, %fs:(%bx)
        movb    %fs:-1(%bx), %al
        movb    %fs:(%bx), %ah
        stosw
        movl    $0x12345678, %eax
        roll    $8, %eax
        stosl
        smsww   %ax
        andw    $1, %ax
        stosw
        hlt

v86_service:
        rolw    $4, %ax
        pushw   %bp
        movw    %sp, %bp
        xorw    $1, 6(%bp)                      /* the carry it returns with */
        popw    %bp
        iretw

back_in_real_mode:
        movw    $STACK_SEGMENT, %ax
        movw    %ax, %ss
        movw    %cs:real_sp, %sp
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        lidt    real_vectors
        sti
        unhook  0x60, old_vector
        movw    $results, %si
        movw    $(results_end - results) / 2, %cx
1:      lodsw
        record  %ax
        loop    1b
        ret

protected_16:
        movw    $DATA16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    %cr0, %eax
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmp    $PROGRAM_SEGMENT, $back_in_real_mode

        .code32
protected:
        movl    $DATA32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    $FLAT, %eax
        movl    %eax, %fs
        movl    %eax, %ss
        movl    $PROGRAM_BASE + monitor_stack, %esp
        movl    $TASK, %eax
        ltr     %ax
        pushl   $0x1111                         /* GS, FS, DS, ES */
        pushl   $0x2222
        pushl   $PROGRAM_SEGMENT
        pushl   $PROGRAM_SEGMENT
        pushl   $STACK_SEGMENT
        pushl   $0x8000
        pushl   $0x00020002                     /* VM */
        pushl   $PROGRAM_SEGMENT
        pushl   $v86_code
        movl    $results, %edi
        iretl

        /* From EBP, after PUSHAL and with an error code. */
        .equ    SAVED_EAX, 28
        .equ    V86_IP, 36
        .equ    V86_CS, 40
        .equ    V86_FLAGS, 44
        .equ    V86_SP, 48
        .equ    V86_SS, 52

not_an_instruction:
        pushl   $0
        pushal
        movl    %esp, %ebp
        addl    $3, V86_IP(%ebp)                /* LAR */
        movl    $DATA32, %eax
        movl    %eax, %ds
        incw    refused
        jmp     return_to_v86

not_allowed:
        pushal
        movl    %esp, %ebp
        movl    $DATA32, %eax
        movl    %eax, %ds
        movl    $FLAT, %eax
        movl    %eax, %fs
        incw    answered
        movzwl  V86_CS(%ebp), %ebx
        shll    $4, %ebx
        addl    V86_IP(%ebp), %ebx
        movzbl  %fs:(%ebx), %eax
        incl    V86_IP(%ebp)
        cmpb    $0xfa, %al
        je      do_cli
        cmpb    $0xfb, %al
        je      do_sti
        cmpb    $0x9c, %al
        je      do_pushf
        cmpb    $0x9d, %al
        je      do_popf
        cmpb    $0xcd, %al
        je      do_int
        cmpb    $0xcf, %al
        je      do_iret
        cmpb    $0xe4, %al
        je      do_in
        cmpb    $0xe6, %al
        je      do_out
        movw    %ax, last_opcode                /* HLT, or a mistake */
        movl    V86_IP(%ebp), %eax
        subl    $v86_code, %eax
        movw    %ax, last_address
        movl    V86_CS(%ebp), %eax
        movw    %ax, last_segment
        movl    $DATA32, %eax
        movl    %eax, %es
        ljmp    $CODE16, $protected_16

do_cli: movl    $0, virtual_if
        jmp     return_to_v86
do_sti: movl    $IF, virtual_if
        jmp     return_to_v86
do_pushf:
        call    push_flags
        jmp     return_to_v86
do_popf:
        call    pop_flags
        jmp     return_to_v86
do_int: movzbl  %fs:1(%ebx), %esi
        incl    V86_IP(%ebp)
        call    push_flags
        movl    $0, virtual_if
        movl    V86_CS(%ebp), %eax
        call    push_word
        movl    V86_IP(%ebp), %eax
        call    push_word
        movzwl  %fs:(,%esi,4), %eax
        movl    %eax, V86_IP(%ebp)
        movzwl  %fs:2(,%esi,4), %eax
        movl    %eax, V86_CS(%ebp)
        jmp     return_to_v86
do_iret:
        call    pop_word
        movl    %eax, V86_IP(%ebp)
        call    pop_word
        movl    %eax, V86_CS(%ebp)
        call    pop_flags
        jmp     return_to_v86
do_in:  movzbl  %fs:1(%ebx), %eax
        movw    %ax, port_read
        incl    V86_IP(%ebp)
        movb    $0x5a, SAVED_EAX(%ebp)
        jmp     return_to_v86
do_out: movb    %fs:1(%ebx), %ah
        movb    SAVED_EAX(%ebp), %al
        movw    %ax, port_written
        incl    V86_IP(%ebp)
return_to_v86:
        popal
        addl    $4, %esp
        iretl

push_flags:
        movl    V86_FLAGS(%ebp), %eax
        andl    $~IF, %eax
        orl     virtual_if, %eax
push_word:
        movl    V86_SP(%ebp), %edx
        subw    $2, %dx
        movl    %edx, V86_SP(%ebp)
        movl    V86_SS(%ebp), %ecx
        shll    $4, %ecx
        movw    %ax, %fs:(%ecx,%edx)
        ret

pop_flags:
        call    pop_word
        movl    %eax, %edx
        andl    $IF, %edx
        movl    %edx, virtual_if
        andl    $0x0cd5, %eax
        orl     $0x00020002, %eax
        movl    %eax, V86_FLAGS(%ebp)
        ret

pop_word:
        movl    V86_SP(%ebp), %edx
        movl    V86_SS(%ebp), %ecx
        shll    $4, %ecx
        movzwl  %fs:(%ecx,%edx), %eax
        addw    $2, %dx
        movl    %edx, V86_SP(%ebp)
        ret

        .macro  descriptor base, limit, access, flags
        .word   \limit, (\base) & 0xffff
        .byte   (\base) >> 16, \access, \flags, 0
        .endm

        .macro  gate handler
        .word   \handler, CODE32, 0x8e00, 0
        .endm

        .section .main.data, "aw"
        .balign 8
table:          .quad 0
                descriptor PROGRAM_BASE, 0xffff, 0x9b, 0
                descriptor PROGRAM_BASE, 0xffff, 0x93, 0
                descriptor PROGRAM_BASE, 0xffff, 0x9b, 0x4f
                descriptor 0, 0xffff, 0x93, 0xcf
                descriptor PROGRAM_BASE, 0xffff, 0x93, 0x4f
                .word   task_end - task - 1, task
                .byte   PROGRAM_BASE >> 16, 0x89, 0, 0
table_end:
gates:          .fill   6, 8, 0
                gate    not_an_instruction
                .fill   6, 8, 0
                gate    not_allowed
gates_end:
task:           .long   0, PROGRAM_BASE + monitor_stack, FLAT
                .fill   22, 4, 0
                .word   0, bitmap - task
bitmap:         .fill   12, 1, 0xff
                .byte   0xfd, 0xff, 0xff, 0xff  /* only port 61h */
                .byte   0xff
task_end:
table_pointer:  .word   table_end - table - 1
                .long   PROGRAM_BASE + table
gates_pointer:  .word   gates_end - gates - 1
                .long   PROGRAM_BASE + gates
real_vectors:   .word   0x3ff
                .long   0
virtual_if:     .long   IF
real_sp:        .word   0
results:        .fill   12, 2, 0
answered:       .word   0
refused:        .word   0
port_read:      .word   0
port_written:   .word   0
last_opcode:    .word   0
last_address:   .word   0
last_segment:   .word   0
results_end:
                .fill   512, 1, 0
monitor_stack:
