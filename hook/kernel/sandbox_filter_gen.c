/* SPDX-License-Identifier: Apache-2.0 */
/* Build-time program: the parser's seccomp filter as a C array, compiled by libseccomp. */
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	/* killed, not refused: whatever asks for more than this is not our parser any more */
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct scmp_arg_cmp to_zero = SCMP_A0(SCMP_CMP_EQ, 0);
	struct sock_filter insn;
	FILE *f = tmpfile();

	if (!ctx || !f)
		return 1;
	/* the answer goes to descriptor 0; glibc's and musl's _exit try both exits */
	if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, to_zero) < 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) < 0 ||
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit), 0) < 0 ||
	    seccomp_export_bpf(ctx, fileno(f)) < 0)
		return 1;
	seccomp_release(ctx);
	rewind(f);
	printf("/* made by hook/kernel/sandbox_filter_gen.c */\n");
	printf("static const struct sock_filter sandbox_filter[] = {\n");
	while (fread(&insn, sizeof(insn), 1, f) == 1)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
	printf("};\n");
	return fclose(f) == 0 && fflush(stdout) == 0 ? 0 : 1;
}
