/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loops whose speed is measured, in assembly so that every compiler counts the same instructions. Linked into the guest
   and into the native program, hence position independent. uint64_t loop(uint64_t iterations, argument): System V ABI, the
   result is a checksum. `i` in front of an instruction counts it; where two arms are possible, both are equally long and only
   one is counted. length<Loop> is the number of instructions of one iteration (the native program checks it by stepping). */

        .macro  i text:vararg
        \text
        .set    count, count + 1
        .endm

        .macro  begin name
        .text
        .align  16
        .globl  loop\name
loop\name:
        .set    count, 0
        .endm

        .macro  end name
        .section .rodata
        .align  8
        .globl  length\name
length\name:
        .quad   count
        .text
        .endm

        .text
        .globl  loopsBegin
loopsBegin:

/* Additions, shifts, multiplications; flags are used now and then. The argument seeds it. */
        begin   Integer
        movq    %rsi, %rax
        movabsq $0x9e3779b97f4a7c15, %rdx
        movl    $1, %ecx
        movl    $3, %r11d
1:      i addq  %rdx, %rax
        i movq  %rax, %r8
        i shrq  $29, %r8
        i xorq  %r8, %rax
        i imulq $0x5bd1e995, %rax, %r9
        i leaq  7(%r9,%rdx,4), %r10
        i subl  %r10d, %ecx
        i adcq  $0, %rdx
        i rolq  $13, %rdx
        i andl  $0x7fffffff, %ecx
        i orq   %r10, %r11
        i cmpq  %r11, %rax
        i cmovbq %r9, %r11
        i incl  %ecx
        i movzbl %cl, %r8d
        i addq  %r8, %rdx
        i negq  %r11
        i sarl  $3, %r10d
        i movslq %r10d, %r10
        i xorq  %r10, %rdx
        i testl $0x10, %eax
        i setne %r8b
        i shlq  %cl, %r8
        i addq  %r8, %r11
        i decq  %rdi
        i jnz   1b
        xorq    %rdx, %rax
        xorq    %r11, %rax
        ret
        end     Integer

/* Loads and stores of all sizes over 1 MiB at the argument (8-byte aligned): one place moves on by 72 bytes, the other by
   a page and 64 bytes. */
        begin   Memory
        xorl    %eax, %eax
        xorl    %edx, %edx
        xorl    %r8d, %r8d
        xorl    %r11d, %r11d
1:      i leaq  (%rsi,%r8), %r9
        i addq  (%r9), %rax
        i movl  %eax, 8(%r9)
        i movzbl 3(%r9), %ecx
        i addq  %rcx, %rdx
        i addl  $1, 12(%r9)
        i movq  %rdx, 16(%r9)
        i leaq  (%rsi,%r11), %r10
        i movzwl 40(%r10), %ecx
        i xorq  %rcx, %rax
        i movb  %al, 48(%r10)
        i movw  %ax, 54(%r10)
        i movslq 12(%rsi,%r11), %rcx
        i addq  %rcx, %rdx
        i pushq %rdx
        i addq  $72, %r8
        i popq  %rcx
        i andl  $0xffff8, %r8d
        i addq  $4160, %r11
        i andl  $0xfffc0, %r11d
        i decq  %rdi
        i jnz   1b
        xorq    %rdx, %rax
        ret
        end     Memory

/* A load and a store that cross the end of each of the 256 pages at the argument (page aligned). */
        begin   Crossing
        xorl    %eax, %eax
        xorl    %r8d, %r8d
1:      i addq  4092(%rsi,%r8), %rax
        i addq  %rdi, %rax
        i movq  %rax, 4091(%rsi,%r8)
        i addl  $4096, %r8d
        i andl  $0xff000, %r8d
        i decq  %rdi
        i jnz   1b
        ret
        end     Crossing

/* Jumps that depend on data, calls and returns, indirect jumps and calls. The argument seeds it. */
        begin   Branchy
        movq    %rsi, %rax
        xorl    %edx, %edx
        movabsq $6364136223846793005, %r8
        leaq    targets(%rip), %r9
        leaq    calleeOne(%rip), %r10
        leaq    calleeTwo(%rip), %r11
1:      i imulq %r8, %rax
        i addq  %r8, %rax
        i btq   $40, %rax
        i jc    2f
        i addq  $3, %rdx
        i jmp   3f
2:      xorq    %rax, %rdx
        rolq    $1, %rdx
3:      i call  callee
        i movq  %rax, %rcx
        i shrq  $61, %rcx
        i movslq (%r9,%rcx,4), %rcx
        i addq  %r9, %rcx
        i jmp   *%rcx
target0: i addq $17, %rdx
        i jmp   4f
target1: xorq   $5, %rdx
        jmp     4f
target2: rolq   $7, %rdx
        jmp     4f
target3: addq   %rax, %rdx
        jmp     4f
target4: subq   $9, %rdx
        jmp     4f
target5: notq   %rdx
        jmp     4f
target6: incq   %rdx
        jmp     4f
target7: xorq   %rax, %rdx
        jmp     4f
4:      i btq   $50, %rax
        i movq  %r10, %rcx
        i cmovcq %r11, %rcx
        i call  *%rcx
        i testq %rax, %rdx
        i js    5f
        i addq  $1, %rdx
        i jmp   6f
5:      subq    $2, %rdx
        nop
6:      i decq  %rdi
        i jnz   1b
        movq    %rdx, %rax
        ret
callee: i btq   $45, %rax
        i jnc   7f
        i addq  $11, %rdx
        i jmp   8f
7:      rorq    $3, %rdx
        nop
8:      i ret
calleeOne: i addq $101, %rdx
        i ret
calleeTwo: xorq $103, %rdx
        ret
        .align  4
targets:
        .long   target0 - targets, target1 - targets, target2 - targets, target3 - targets
        .long   target4 - targets, target5 - targets, target6 - targets, target7 - targets
        end     Branchy

/* Scalar and packed double precision, packed integers, conversions, loads and stores at the argument (16-byte aligned). All
   results stay finite and are exact by IEEE 754. */
        begin   Sse
        movapd  numbers(%rip), %xmm0
        movapd  numbers+16(%rip), %xmm1
        movapd  numbers+32(%rip), %xmm2
        movdqa  numbers(%rip), %xmm5
        xorpd   %xmm8, %xmm8
        xorl    %eax, %eax
1:      i mulpd %xmm1, %xmm0
        i addpd %xmm2, %xmm0
        i movapd %xmm0, (%rsi)
        i movsd 8(%rsi), %xmm3
        i addsd (%rsi), %xmm3
        i movl  %edi, %ecx
        i andl  $0xffff, %ecx
        i cvtsi2sd %ecx, %xmm4
        i mulsd %xmm1, %xmm4
        i addsd %xmm4, %xmm0
        i sqrtsd %xmm3, %xmm6
        i addsd %xmm2, %xmm4
        i divsd %xmm4, %xmm6
        i movapd %xmm6, %xmm7
        i unpcklpd %xmm3, %xmm7
        i addpd %xmm7, %xmm8
        i mulpd %xmm1, %xmm8
        i cvttsd2si %xmm3, %rcx
        i addq  %rcx, %rax
        i ucomisd %xmm6, %xmm3
        i seta  %cl
        i addb  %cl, %al
        i movdqu 4(%rsi), %xmm7
        i paddd %xmm7, %xmm5
        i pshufd $0x39, %xmm5, %xmm5
        i pmuludq %xmm5, %xmm7
        i pxor  %xmm7, %xmm5
        i psrlq $3, %xmm7
        i movq  %xmm7, 24(%rsi)
        i shufpd $1, %xmm0, %xmm0
        i decq  %rdi
        i jnz   1b
        paddq   %xmm0, %xmm5
        paddq   %xmm8, %xmm5
        movq    %xmm5, %rcx
        xorq    %rcx, %rax
        psrldq  $8, %xmm5
        movq    %xmm5, %rcx
        addq    %rcx, %rax
        ret
        end     Sse
        .section .rodata
        .align  16
numbers:
        .double 1.5, 2.25, 0.5, 0.375, 1000.125, 77.0
        .text

/* Three blocks of 4 KiB an iteration: filled, copied, and copied by bytes to an odd address, at the argument. */
        begin   String
        movq    %rsi, %r8
        movq    %rdi, %r9
        xorl    %edx, %edx
1:      i movq  %r8, %rdi
        i leaq  (%r9,%rdx), %rax
        i movl  $512, %ecx
        i rep stosq
        i movq  %r8, %rsi
        i leaq  8192(%r8), %rdi
        i movl  $512, %ecx
        i rep movsq
        i leaq  8192(%r8), %rsi
        i leaq  20483(%r8), %rdi
        i movl  $4096, %ecx
        i rep movsb
        i addq  20484(%r8), %rdx
        i rolq  $9, %rdx
        i decq  %r9
        i jnz   1b
        movq    %rdx, %rax
        ret
        end     String

/* Ring 3 only. System calls whose entry point is systemCallEntry; the argument is the first number. */
        begin   SystemCall
        movq    %rsi, %rax
1:      i syscall
        i decq  %rdi
        i jnz   1b
        ret
        .globl  systemCallEntry
systemCallEntry:
        i swapgs
        i leaq  (%rax,%rax,2), %rax
        i addq  $7, %rax
        i swapgs
        i sysretq
        end     SystemCall

/* Ring 0 only. Loads CR3 with the argument's two values in turn and reads one number in each of the 16 pages from its third. */
        begin   Switch
        movq    (%rsi), %r8
        movq    8(%rsi), %r9
        movq    16(%rsi), %r10
        movq    %cr3, %r11
        xorl    %eax, %eax
1:      i movq  %r8, %cr3
        .set    page, 0
        .rept   16
        i addq  page * (4096 + 8)(%r10), %rax
        .set    page, page + 1
        .endr
        i rolq  $5, %rax
        i xchgq %r8, %r9
        i decq  %rdi
        i jnz   1b
        movq    %r11, %cr3
        ret
        end     Switch

        .globl  loopsEnd
loopsEnd:

        .section .note.GNU-stack, "", @progbits
