/* SPDX-License-Identifier: Apache-2.0 */
/* A switch of the test build: what an attacker tries who has taken over a command that reads. */
#include "kernel/privileges_attack.h"

#ifdef KSM_TEST_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/macros.h"

/* Exit statuses. */
enum { WORKED = 10, REFUSED };

static const char *victim_file;
static pid_t victim;

static long attack_exec(void)
{
	execl("/bin/sh", "sh", "-c", "exit 10", NULL);
	return -1;
}

static long attack_exec_at(void)
{
	char *const argv[] = { "sh", "-c", "exit 10", NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/sh", argv, NULL, 0);
}

static long attack_write(void)
{
	return open(victim_file, O_WRONLY | O_CLOEXEC);
}

static long attack_truncate(void)
{
	return open(victim_file, O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static long attack_create(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.new", victim_file);
	return open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long attack_openat2(void)
{
	/* struct open_how of linux/openat2.h */
	uint64_t how[3] = { O_WRONLY | O_CLOEXEC };

	/* its number on every machine; musl may lack it */
	return syscall(437, AT_FDCWD, victim_file, how, sizeof(how));
}

static long attack_rename(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.moved", victim_file);
	return rename(victim_file, path);
}

static long attack_unlink(void)
{
	return unlink(victim_file);
}

static long attack_chmod(void)
{
	return chmod(victim_file, 0777);
}

static long attack_symlink(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.link", victim_file);
	return symlink("/etc/passwd", path);
}

static long attack_ptrace(void)
{
	return ptrace(PTRACE_SEIZE, victim, NULL, NULL);
}

static long attack_write_memory(void)
{
	char byte = 1;
	struct iovec here = { &byte, 1 }, there = { (void *)4096, 1 };

	/* EFAULT is as good as done */
	return process_vm_writev(victim, &here, 1, &there, 1, 0);
}

static long attack_signal(void)
{
	return kill(victim, SIGUSR1);
}

static long attack_thread_signal(void)
{
	return syscall(SYS_tkill, victim, SIGUSR1);
}

static long attack_signal_by_file(void)
{
	return fcntl(0, F_SETOWN, victim);
}

static long attack_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long attack_namespace(void)
{
	return unshare(CLONE_NEWNS);
}

static long attack_clone(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long attack_mount(void)
{
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static long attack_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long attack_code_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long attack_terminal(void)
{
	/* ENOTTY: it got as far as the file */
	return ioctl(0, TIOCSTI, "x");
}

static long attack_limits(void)
{
	struct rlimit none = { 0 };

	return prlimit(victim, RLIMIT_CORE, &none, NULL);
}

static long attack_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct all[2] = { { 1u << CAP_SYS_MODULE, 1u << CAP_SYS_MODULE,
						   0 } };

	return syscall(SYS_capset, &header, all);
}

static long attack_uring(void)
{
	char params[128] = { 0 };

	/* io_uring_setup(2), as above */
	return syscall(425, 1, params);
}

static long attack_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static const struct {
	const char *name;
	long (*attempt)(void);
} attacks[] = {
	{ "exec", attack_exec },
	{ "exec-at", attack_exec_at },
	{ "write", attack_write },
	{ "truncate", attack_truncate },
	{ "create", attack_create },
	{ "openat2", attack_openat2 },
	{ "rename", attack_rename },
	{ "unlink", attack_unlink },
	{ "chmod", attack_chmod },
	{ "symlink", attack_symlink },
	{ "ptrace", attack_ptrace },
	{ "write-memory", attack_write_memory },
	{ "signal", attack_signal },
	{ "thread-signal", attack_thread_signal },
	{ "signal-by-file", attack_signal_by_file },
	{ "socket", attack_socket },
	{ "namespace", attack_namespace },
	{ "clone", attack_clone },
	{ "mount", attack_mount },
	{ "code", attack_code },
	{ "code-later", attack_code_later },
	{ "terminal", attack_terminal },
	{ "limits", attack_limits },
	{ "capabilities", attack_capabilities },
	{ "uring", attack_uring },
	{ "bpf", attack_bpf },
};

/* In a child: what works may well be its end. */
static int outcome(long (*attempt)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		long r = attempt();

		/* another error comes from behind the door */
		_exit(r < 0 && (errno == ENOSYS || errno == EPERM) ? REFUSED : WORKED);
	}
	(void)child_wait(child, &status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void fault_attack(const char *when)
{
	const char *fault = getenv("KSM_FAULT"), *pid = getenv("KSM_FAULT_PID");

	victim_file = getenv("KSM_FAULT_FILE");
	if (!fault || !pid || !victim_file || strcmp(fault, when) != 0)
		return;
	victim = atoi(pid);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		int end = outcome(attacks[i].attempt);

		fprintf(stderr, "%s %s\n", attacks[i].name,
			end == WORKED  ? "worked" :
			end == REFUSED ? "refused" :
					 "died");
	}
	_exit(1);
}

#endif
