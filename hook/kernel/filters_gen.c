/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time program: our seccomp filters as C arrays, compiled by libseccomp.
 *
 *   filters_gen sandbox|sandbox_server|look|http [MACHINE]      the array of that name, with _filter behind it
 *
 * MACHINE (aarch64, x86_64 ...) is where it will run, if not here. libseccomp translates the
 * numbers of calls; all other constants below are those of asm-generic on every machine of
 * inject/inject_arch.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* uapi/linux/prctl.h, Linux 6.4; not in every distribution's headers */
#ifndef PR_GET_MEMORY_MERGE
#define PR_GET_MEMORY_MERGE 68
#endif

static scmp_filter_ctx ctx;

static void must(int r)
{
	if (r < 0) {
		fprintf(stderr, "filters_gen: libseccomp: %s\n", strerror(-r));
		exit(1);
	}
}

static void allow_call(int call)
{
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 0));
}

static void allow_calls(const int *call, size_t n)
{
	while (n)
		allow_call(call[--n]);
}

/* Only where argument arg is this in the bits of mask; C libraries leave the others as they like. */
static void allow_where(int call, unsigned arg, uint64_t mask, uint64_t value)
{
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1,
			      SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value)));
}

static void allow_each(int call, unsigned arg, const unsigned long *value, size_t n)
{
	while (n)
		allow_where(call, arg, 0xffffffff, value[--n]);
}

/* glibc's and musl's _exit try both exits */
static void allow_exit(void)
{
	allow_call(SCMP_SYS(exit_group));
	allow_call(SCMP_SYS(exit));
}

/* A parser of one text: its answer goes to descriptor 0. */
static void sandbox_rules(void)
{
	allow_where(SCMP_SYS(write), 0, UINT64_MAX, 0);
	allow_exit();
}

/* One that stays: two sockets, and memory that it gives back. */
static void sandbox_server_rules(void)
{
	for (unsigned fd = 0; fd <= 1; fd++) {
		allow_where(SCMP_SYS(read), 0, UINT64_MAX, fd);
		allow_where(SCMP_SYS(write), 0, UINT64_MAX, fd);
	}
	allow_where(SCMP_SYS(madvise), 2, UINT64_MAX, MADV_DONTNEED);
	allow_exit();
}

/* Memory that can be executed is as the kernel made it. */
static void look_memory_rules(void)
{
	static const int calls[] = {
		SCMP_SYS(brk),     SCMP_SYS(munmap), SCMP_SYS(mremap),
		SCMP_SYS(madvise), SCMP_SYS(mlock),  SCMP_SYS(munlock),
	};

	allow_calls(calls, COUNT(calls));
	allow_where(SCMP_SYS(mmap), 2, PROT_EXEC, 0);
	allow_where(SCMP_SYS(mmap2), 2, PROT_EXEC, 0);
	allow_where(SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* Files are read. What is written to was open before, or is a pipe. */
static void look_file_rules(void)
{
	static const int calls[] = {
		SCMP_SYS(read),        SCMP_SYS(readv),        SCMP_SYS(pread64),
		SCMP_SYS(write),       SCMP_SYS(writev),       SCMP_SYS(close),
		SCMP_SYS(close_range), SCMP_SYS(lseek),        SCMP_SYS(_llseek),
		SCMP_SYS(stat),        SCMP_SYS(stat64),       SCMP_SYS(lstat),
		SCMP_SYS(lstat64),     SCMP_SYS(fstat),        SCMP_SYS(fstat64),
		SCMP_SYS(newfstatat),  SCMP_SYS(fstatat64),    SCMP_SYS(statx),
		SCMP_SYS(statfs),      SCMP_SYS(statfs64),     SCMP_SYS(fstatfs),
		SCMP_SYS(fstatfs64),   SCMP_SYS(access),       SCMP_SYS(faccessat),
		SCMP_SYS(faccessat2),  SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
		SCMP_SYS(getdents),    SCMP_SYS(getdents64),   SCMP_SYS(getcwd),
		SCMP_SYS(dup),         SCMP_SYS(dup2),         SCMP_SYS(dup3),
		SCMP_SYS(pipe),        SCMP_SYS(pipe2),        SCMP_SYS(poll),
		SCMP_SYS(ppoll),       SCMP_SYS(ppoll_time64), SCMP_SYS(select),
		SCMP_SYS(pselect6),    SCMP_SYS(flock),        SCMP_SYS(fadvise64),
	};
	/* not F_SETOWN and F_SETSIG, which have the kernel send any signal to anybody */
	static const unsigned long fcntls[] = {
		F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,  F_SETFD,     F_GETFL,     F_SETFL,
		F_GETLK, F_SETLK,         F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
	};
	/*
	 * The terminal's size and mode, not its input (TIOCSTI); PAGEMAP_SCAN and PROCMAP_QUERY of
	 * uapi/linux/fs.h; and whose a user namespace is, which nobody can enter here (setns(2))
	 */
	static const unsigned long ioctls[] = {
		TCGETS,           TCSETS,
		TCSETSW,          TCSETSF,
		TIOCGWINSZ,       _IOC(_IOC_READ | _IOC_WRITE, 'f', 16, 96),
		FIONREAD,         _IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 104),
		NS_GET_PARENT,    NS_GET_USERNS,
		NS_GET_OWNER_UID,
	};

	allow_calls(calls, COUNT(calls));
	allow_where(SCMP_SYS(open), 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	allow_where(SCMP_SYS(openat), 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
	allow_each(SCMP_SYS(fcntl), 1, fcntls, COUNT(fcntls));
	allow_each(SCMP_SYS(fcntl64), 1, fcntls, COUNT(fcntls));
	allow_each(SCMP_SYS(ioctl), 1, ioctls, COUNT(ioctls));
}

/* Itself, threads, and children that read or parse; not another program. */
static void look_process_rules(void)
{
	static const int calls[] = {
		SCMP_SYS(exit),
		SCMP_SYS(exit_group),
		SCMP_SYS(fork),
		SCMP_SYS(wait4),
		SCMP_SYS(waitid),
		SCMP_SYS(pidfd_open),
		SCMP_SYS(futex),
		SCMP_SYS(futex_time64),
		SCMP_SYS(set_robust_list),
		SCMP_SYS(set_tid_address),
		SCMP_SYS(rseq),
		SCMP_SYS(restart_syscall),
		SCMP_SYS(rt_sigaction),
		SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(rt_sigpending),
		SCMP_SYS(rt_sigtimedwait),
		SCMP_SYS(sigaltstack),
		SCMP_SYS(getpid),
		SCMP_SYS(gettid),
		SCMP_SYS(getppid),
		SCMP_SYS(getpgrp),
		SCMP_SYS(getuid),
		SCMP_SYS(geteuid),
		SCMP_SYS(getgid),
		SCMP_SYS(getegid),
		SCMP_SYS(capget),
		SCMP_SYS(capset),
		SCMP_SYS(getrlimit),
		SCMP_SYS(ugetrlimit),
		SCMP_SYS(getrusage),
		SCMP_SYS(uname),
		SCMP_SYS(sysinfo),
		SCMP_SYS(getrandom),
		SCMP_SYS(sched_yield),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(getcpu),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(clock_gettime64),
		SCMP_SYS(clock_getres),
		SCMP_SYS(clock_nanosleep),
		SCMP_SYS(clock_nanosleep_time64),
		SCMP_SYS(nanosleep),
		SCMP_SYS(gettimeofday),
		SCMP_SYS(time),
		SCMP_SYS(setitimer),
	};
	/* what kernel/sandbox.c confines its child with, and estimate's own memory */
	static const unsigned long prctls[] = { PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS,
						PR_SET_SECCOMP, PR_SET_DUMPABLE,
						PR_GET_MEMORY_MERGE };
	/* a child that reads or parses too long; 0 asks whether it is there */
	static const unsigned long signals[] = { 0, SIGKILL };

	allow_calls(calls, COUNT(calls));
	/* clone3(2) cannot be looked into: C libraries then take clone(2) */
	allow_where(SCMP_SYS(clone), 0,
		    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
			    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
		    0);
	allow_each(SCMP_SYS(prctl), 0, prctls, COUNT(prctls));
	allow_each(SCMP_SYS(kill), 1, signals, COUNT(signals));
	/* whether two share an address space, as /proc would not tell; nothing else of theirs */
	allow_where(SCMP_SYS(kcmp), 2, 0xffffffff, KCMP_VM);
	/* of itself */
	allow_where(SCMP_SYS(prlimit64), 0, 0xffffffff, 0);
	allow_where(SCMP_SYS(sched_setaffinity), 0, 0xffffffff, 0);
}

/*
 * Commands that only read. Refused as if the kernel lacked the call, so that a C library finds
 * another way where it has one, and a rare path of it is no death.
 */
static void look_rules(void)
{
	/* a tree: as many comparisons for the last call as for the first; libseccomp 2.5 */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	look_memory_rules();
	look_file_rules();
	look_process_rules();
}

/*
 * ksm-hook-http: connections that come in, and memory. Nothing is opened, made, connected to or
 * executed. Refused as if the kernel lacked the call: which ones a release of libmicrohttpd tries
 * is its own affair.
 */
static void http_rules(void)
{
	static const int calls[] = {
		SCMP_SYS(read),
		SCMP_SYS(readv),
		SCMP_SYS(recv),
		SCMP_SYS(recvfrom),
		SCMP_SYS(recvmsg),
		SCMP_SYS(write),
		SCMP_SYS(writev),
		SCMP_SYS(accept),
		SCMP_SYS(accept4),
		SCMP_SYS(shutdown),
		SCMP_SYS(close),
		SCMP_SYS(getsockopt),
		SCMP_SYS(setsockopt),
		SCMP_SYS(getsockname),
		SCMP_SYS(getpeername),
		SCMP_SYS(select),
		SCMP_SYS(_newselect),
		SCMP_SYS(pselect6),
		SCMP_SYS(pselect6_time64),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(ppoll_time64),
		SCMP_SYS(brk),
		SCMP_SYS(munmap),
		SCMP_SYS(mremap),
		SCMP_SYS(madvise),
		SCMP_SYS(futex),
		SCMP_SYS(futex_time64),
		SCMP_SYS(clock_gettime),
		SCMP_SYS(clock_gettime64),
		SCMP_SYS(gettimeofday),
		SCMP_SYS(time),
		SCMP_SYS(getrandom),
		SCMP_SYS(rt_sigreturn),
		SCMP_SYS(restart_syscall),
	};
	static const unsigned long fcntls[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL };

	allow_calls(calls, COUNT(calls));
	/* by MSG_FASTOPEN a socket is connected that was shut down, or that listened */
	must(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2,
			      SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0),
			      SCMP_CMP64(4, SCMP_CMP_EQ, 0)));
	allow_where(SCMP_SYS(send), 3, MSG_FASTOPEN, 0);
	allow_where(SCMP_SYS(sendmsg), 2, MSG_FASTOPEN, 0);
	allow_where(SCMP_SYS(mmap), 2, PROT_EXEC, 0);
	allow_where(SCMP_SYS(mmap2), 2, PROT_EXEC, 0);
	allow_each(SCMP_SYS(fcntl), 1, fcntls, COUNT(fcntls));
	allow_each(SCMP_SYS(fcntl64), 1, fcntls, COUNT(fcntls));
	allow_exit();
}

static const struct {
	const char *name;
	uint32_t otherwise;
	void (*rules)(void);
} filters[] = {
	/* killed, not refused: whatever asks for more than this is not our parser any more */
	{ "sandbox", SCMP_ACT_KILL_PROCESS, sandbox_rules },
	{ "sandbox_server", SCMP_ACT_KILL_PROCESS, sandbox_server_rules },
	{ "look", SCMP_ACT_ERRNO(ENOSYS), look_rules },
	{ "http", SCMP_ACT_ERRNO(ENOSYS), http_rules },
};

static void print_filter(const char *name, FILE *bpf)
{
	struct sock_filter insn;

	printf("/* made by hook/kernel/filters_gen.c */\n");
	printf("static const struct sock_filter %s_filter[] = {\n", name);
	while (fread(&insn, sizeof(insn), 1, bpf) == 1)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
	printf("};\n");
}

static bool is_for(const char *machine)
{
	uint32_t arch = seccomp_arch_resolve_name(machine);

	if (!arch)
		return false;
	if (arch != seccomp_arch_native()) {
		must(seccomp_arch_add(ctx, arch));
		must(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE));
	}
	return true;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; (argc == 2 || argc == 3) && i < COUNT(filters); i++) {
		FILE *f;

		if (strcmp(argv[1], filters[i].name) != 0)
			continue;
		f = tmpfile();
		ctx = seccomp_init(filters[i].otherwise);
		if (!f || !ctx)
			return 1;
		if (argc == 3 && !is_for(argv[2])) {
			fprintf(stderr, "filters_gen: libseccomp knows no machine \"%s\"\n",
				argv[2]);
			return 1;
		}
		filters[i].rules();
		must(seccomp_export_bpf(ctx, fileno(f)));
		seccomp_release(ctx);
		rewind(f);
		print_filter(filters[i].name, f);
		return fclose(f) == 0 && fflush(stdout) == 0 ? 0 : 1;
	}
	fprintf(stderr, "usage: filters_gen sandbox|sandbox_server|look|http [MACHINE]\n");
	return 2;
}
