/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the host that steer root: read, and programs that they name looked at. */
#include "doctor/host_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir_walk.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "oci/runtime_path.h"

ssize_t host_file_read(const char *path, char **text, struct error *err)
{
	ssize_t n;

	*text = malloc(HOST_FILE_MAX + 1);
	if (!*text)
		return err_set(err, ENOMEM, "out of memory");
	n = far_read_file(path, FILE_TRUSTED | FILE_SYMLINK, *text, HOST_FILE_MAX, err);
	if (n >= 0 && memchr(*text, '\0', (size_t)n))
		return err_set(err, EINVAL, "%s: not a text file", path);
	return n;
}

void host_file_free(char **text)
{
	free(*text);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_unless_hidden(int dirfd, const char *name, void *list)
{
	(void)dirfd;
	if (name[0] != '.')
		far_list_add(list, name);
	return 0;
}

static int list_directory(const char *dir, struct far_list *out)
{
	return dir_for_each_of(dir, add_unless_hidden, out);
}

char **host_files_list(const char *dir, const char *suffix)
{
	/* a directory of more files than that is no directory of drop-ins */
	enum { LIST_MAX = 256 };
	char **list = calloc(LIST_MAX + 1, sizeof(*list)), *names;
	size_t n = 0, s = strlen(suffix), size;
	struct error ignored;

	(void)far_list(dir, list_directory, &names, &size, &ignored);
	for (char *name = names; list && name && name < names + size && n < LIST_MAX;
	     name += strlen(name) + 1) {
		size_t len = strlen(name);

		if (len > s && strcmp(name + len - s, suffix) == 0 &&
		    asprintf(&list[n], "%s/%s", dir, name) > 0)
			n++;
	}
	free(names);
	if (n == 0) {
		free(list);
		return NULL;
	}
	qsort(list, n, sizeof(*list), compare_paths);
	return list;
}

void host_files_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

const char *program_path(const char *name, char *out, size_t size)
{
	const char *dir = RUNTIME_PATH;

	while (*dir && *name && !strchr(name, '/')) {
		size_t len = strcspn(dir, ":");

		if (snprintf(out, size, "%.*s/%s", (int)len, dir, name) < (int)size &&
		    far_access(out, X_OK) == 0)
			return out;
		dir += len + (dir[len] == ':');
	}
	return name;
}

bool program_is_installed(const char *name)
{
	char path[PATH_MAX];

	return program_path(name, path, sizeof(path)) == path;
}

int program_check(const char *path, struct error *what)
{
	struct stat st;
	int r;

	r = far_stat(path, &st);
	if (r < 0)
		return err_errno(what, -r, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(what, EINVAL, "%s: not a program", path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(what, EPERM, "%s: root executes it, and others can write to it",
			       path);
	if (!(st.st_mode & S_IXUSR))
		return err_set(what, EACCES, "%s: not executable", path);
	return 0;
}

/* Does the text have the path, and not as the beginning of another? */
static bool has_path(const char *text, const char *path)
{
	static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-/";
	const char *p = strstr(text, path);
	bool found = p;

	for (; p; p = strstr(p + 1, path))
		found = found && (!p[strlen(path)] || !strchr(more, p[strlen(path)]));
	return found;
}

/* The program beside this one takes the place of that which is not there, where the file names that. */
static bool fix_name(const struct doctor *d, struct finding *f, const char *path,
		     const char *file)
{
	const char *name = strrchr(path, '/'), *slash = strrchr(d->self, '/');
	char *text __cleanup(host_file_free) = NULL, here[PATH_MAX];
	struct shell_word word;
	struct error ignored;

	/* what sed, or the quotes around its command, would take for something else */
	if (!name || !slash || strpbrk(path, "'|[*\\&^$") || strpbrk(d->self, "'|\\&"))
		return false;
	snprintf(here, sizeof(here), "%.*s%s", (int)(slash - d->self), d->self, name);
	if (program_check(here, &ignored) < 0 || host_file_read(file, &text, &ignored) < 0 ||
	    !has_path(text, path))
		return false;
	finding_fix(f, "sed -i 's|%s|%s|g' %s", path, here, shell_word(&word, file));
	return true;
}

void program_fix(const struct doctor *d, struct finding *f, int r, const char *path,
		 const char *file)
{
	struct shell_word word;
	struct stat st;

	if (r == -ENOENT && file && fix_name(d, f, path, file))
		return;
	if ((r == -EACCES || r == -EPERM) && far_stat(path, &st) == 0) {
		bool owned = st.st_uid == 0 || st.st_uid == geteuid();

		shell_word(&word, path);
		if (owned)
			finding_fix(f, "chmod 755 %s", word.text);
		else
			finding_fix(f, "chown root:root %s && chmod 755 %s", word.text,
				    word.text);
		return;
	}
	finding_advise(f, "install ksm-hook again, so that %s is there", path);
}

bool program_is_ours(const struct doctor *d, const char *path)
{
	const char *name = strrchr(path, '/');
	struct stat a, b;

	name = name ? name + 1 : path;
	if (strcmp(name, "ksm-hook") == 0 || strncmp(name, "ksm-runc", 8) == 0 ||
	    strncmp(name, "ksm-crun", 8) == 0 || strstr(path, "/ksm-hook/"))
		return true;
	return path[0] == '/' && far_stat(path, &a) == 0 && stat(d->self, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
