/* SPDX-License-Identifier: Apache-2.0 */
/* Build-time program: the seccomp filters of parsers as C arrays, compiled by libseccomp. */
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's and musl's _exit try both exits */
static int allow_exit(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) < 0 ?
		       -1 :
		       seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit), 0);
}

static int allow_on(scmp_filter_ctx ctx, int call, unsigned fd)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, fd));
}

/* A parser of one text: its answer goes to descriptor 0. */
static int fill_parser(scmp_filter_ctx ctx)
{
	return allow_on(ctx, SCMP_SYS(write), 0) < 0 ? -1 : allow_exit(ctx);
}

/* One that stays: two sockets, and memory that it gives back. */
static int fill_server(scmp_filter_ctx ctx)
{
	for (unsigned fd = 0; fd <= 1; fd++) {
		if (allow_on(ctx, SCMP_SYS(read), fd) < 0 ||
		    allow_on(ctx, SCMP_SYS(write), fd) < 0)
			return -1;
	}
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(madvise), 1,
			     SCMP_A2(SCMP_CMP_EQ, MADV_DONTNEED)) < 0)
		return -1;
	return allow_exit(ctx);
}

static int print_filter(const char *name, int (*fill)(scmp_filter_ctx ctx))
{
	/* killed, not refused: whatever asks for more than this is not our parser any more */
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct sock_filter insn;
	FILE *f = tmpfile();

	if (!ctx || !f || fill(ctx) < 0 || seccomp_export_bpf(ctx, fileno(f)) < 0)
		return -1;
	seccomp_release(ctx);
	rewind(f);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (fread(&insn, sizeof(insn), 1, f) == 1)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
	printf("};\n");
	return fclose(f);
}

int main(void)
{
	printf("/* made by hook/kernel/sandbox_filter_gen.c */\n");
	if (print_filter("sandbox_filter", fill_parser) < 0 ||
	    print_filter("sandbox_server_filter", fill_server) < 0)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
