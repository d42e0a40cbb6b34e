/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start of every micro-guest: PVH entry (32-bit, flat) to 64-bit ring 3 with IOPL 3, where guestMain() drives
   devices at full speed even where KVM emulates ring 0. Xen docs/misc/pvh.pandoc; Intel SDM volume 3.
   All memory below 4 GiB is mapped one to one and belongs to ring 3, the IDT included. */

        .section .note.Xen, "a", @note
        .align 4
        .long 4, 8, 18          /* "Xen", 8 bytes, XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .quad _start

        .text
        .code32
        .globl _start
_start:
        movl    %ebx, %edi                      /* hvm_start_info, guestMain's argument */
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    %cr4, %eax
        orl     $0x620, %eax                    /* PAE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx               /* EFER.LME */
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $~4, %eax                       /* no x87 emulation */
        orl     $0x80000003, %eax               /* PG, MP, PE */
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $0x08, $long_mode

        .code64
long_mode:
        movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        lidt    idt_pointer
        movl    $0x28, %eax
        ltr     %ax
        movl    $ring0_stack, %esp
        movl    %edi, %edi                      /* clears the upper half */
        pushq   $0x23                           /* ss: user data */
        pushq   $ring3_stack
        pushq   $0x3202                         /* IOPL 3, IF */
        pushq   $0x1b                           /* cs: user code */
        pushq   $ring3
        iretq
ring3:
        call    guestMain
1:      pause
        jmp     1b

/* Interrupt stubs: count the vector in interruptCounts and return. 64 bytes each. Vectors 0-31 are faults: what happened goes
   to faultVector and the guest ends. */
        .align  64
        .globl interrupt_stubs
interrupt_stubs:
        .set    vector, 0
        .rept   64
        .align  64
        lock incq interruptCounts + vector * 8
        .if     vector < 32
        movl    $vector, faultVector
        movw    $0x501, %dx
        movl    $0x7f, %eax
        outl    %eax, %dx
2:      jmp     2b
        .else
        pushq   %rax
        movl    $0xfee000b0, %eax               /* local APIC: end of interrupt */
        movl    $0, (%rax)
        popq    %rax
        iretq
        .endif
        .set    vector, vector + 1
        .endr

        .data
        .align  16
gdt:    .quad   0
        .quad   0x00af9b000000ffff              /* 08 kernel code, 64 bit */
        .quad   0x00cf93000000ffff              /* 10 kernel data */
        .quad   0x00affb000000ffff              /* 18 user code, 64 bit */
        .quad   0x00cff3000000ffff              /* 20 user data */
        .quad   0x0000891000002068              /* 28 TSS at 0x100000 (micro.ld), low half */
        .quad   0
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   gdt
        .align  16
        .globl  idt
idt:    .fill   64 * 2, 8, 0
idt_pointer:
        .word   64 * 16 - 1
        .quad   idt

        .section .tss, "aw"
        .align  16
tss:    .long   0
        .quad   ring0_stack                     /* RSP0 */
        .fill   22, 4, 0
        .long   104 << 16                       /* where the I/O permission bitmap starts */
        .fill   8192, 1, 0                      /* every port: some KVMs look here before they look at IOPL */
        .byte   0xff

        .section .tables, "aw"
        .align  4096
pml4:   .quad   pdpt + 7
        .fill   511, 8, 0
pdpt:   .quad   pd + 0x0007, pd + 0x1007, pd + 0x2007, pd + 0x3007
        .fill   508, 8, 0
pd:     .set    page, 0
        .rept   2048
        .quad   (page << 21) + 0x87             /* present, writable, user, 2 MiB */
        .set    page, page + 1
        .endr

        .bss
        .align  16
        .skip   16384
ring0_stack:
        .skip   65536
ring3_stack:

        .section .note.GNU-stack, "", @progbits
