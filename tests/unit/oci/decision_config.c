/* SPDX-License-Identifier: Apache-2.0 */
/* hook/oci/decision.c: by a config.json, which each child reads once, as the program does. */
#include "oci/decision.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "oci/requests.h"

/* What a child decides. */
#define MERGE    1
#define REQUIRED 2
#define LOG      4
#define FAILED   8

static int decide_by_config(const char *config, const char *text, bool by_runtime)
{
	static const struct policy_config *const none;
	char dir[] = "/tmp/ksm-hook-unit.XXXXXX", path[64];
	struct decision_request request = request_of(text, none);
	struct container_decision out;
	struct error err = { "" };
	int status = -1;
	FILE *f;
	pid_t pid;

	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/config.json", dir);
	f = fopen(path, "w");
	if (!f)
		abort();
	fputs(config, f);
	fclose(f);
	request.config_path = path;
	request.requests = request.by_runtime = by_runtime;
	pid = fork();
	if (pid == 0) {
		int r;

		memset(&out, 0xff, sizeof(out));
		r = decision_make(&request, &out, &err);
		_exit((r == 0 && out.decision.merge ? MERGE : 0) |
		      (out.decision.required ? REQUIRED : 0) |
		      (out.log_given && out.log == LOG_LEVEL_DEBUG ? LOG : 0) |
		      (r < 0 ? FAILED : 0));
	}
	waitpid(pid, &status, 0);
	unlink(path);
	rmdir(dir);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void by_config(void)
{
#define DEBUG "\"log\":\"debug\""
	static const struct {
		const char *config, *text;
		bool by_runtime;
		int want;
	} of[] = {
		{ "{}", STATE(""), false, 0 },
		{ "{}", STATE(ASKS), false, MERGE },
		{ "{}", STATE(REQUIRES), false, MERGE | REQUIRED },
		{ "{}", STATE(""), true, MERGE },
		{ "{\"required\":true," DEBUG "}", STATE(ASKS), false, MERGE | REQUIRED | LOG },
		{ "{\"required\":true}", STATE(""), true, MERGE | REQUIRED },
		{ "{\"containers\":\"all\"}", STATE(""), false, MERGE },
		{ "{\"containers\":\"none\"}", STATE(ASKS), false, 0 },
		{ "{\"containers\":\"none\"}", STATE(""), true, 0 },
		/* whose containers these are */
		{ "{\"deny\":[{\"user\":\"0\"}]}", STATE(ASKS), false, 0 },
		{ "{\"deny\":[{\"user\":\"4711\"}]}", STATE(ASKS), false, MERGE },
		{ "{\"allow\":[{\"user\":\"0\"}]}", STATE(ASKS), false, MERGE },
		/* which "all" may stand for */
		{ "{\"containers\":\"\\u0061ll\"}", STATE(""), false, MERGE },
		/* not asked: nothing is parsed, so there is nothing to fail */
		{ "{\"required\":true," DEBUG "}", "{", false, 0 },
		/* what cannot be read says nothing, but the configuration does */
		{ "{\"required\":true," DEBUG "}", STATE(ASKS) "x", false,
		  REQUIRED | LOG | FAILED },
		{ "{" DEBUG "}", STATE(ASKS) "x", false, LOG | FAILED },
		/* a configuration that is none: nothing is merged, and that is said */
		{ "{", STATE(ASKS), false, FAILED },
		{ "{", STATE(REQUIRES), false, REQUIRED | FAILED },
		{ "{\"containers\":\"all\",", STATE(ASKS), false, FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		if (strstr(of[i].config, "\"user\"") && geteuid() != 0)
			continue;
		check_case = of[i].config;
		CHECK_INT(decide_by_config(of[i].config, of[i].text, of[i].by_runtime),
			  of[i].want);
	}
}

/* What comes first is told: a text that is cut off, and then a configuration that is not there. */
static void told_first(void)
{
	static const struct error cut = { .msg = "cut off" };
	static const struct policy_config *const none;
	char path[] = "/tmp/ksm-hook-unit.XXXXXX";
	int fd = mkstemp(path);

	CHECK_INT(write(fd, "{}", 2), 2);
	for (int is_cut = 0; is_cut <= 1; is_cut++) {
		for (int is_there = 0; is_there <= 1; is_there++) {
			pid_t pid = fork();
			int status = -1;

			if (pid == 0) {
				struct decision_request request = request_of(STATE(ASKS), none);
				static struct container_decision out;
				struct error err = { "" };
				int r;

				request.config_path =
					is_there ? path : "/nonexistent/config.json";
				request.unread = is_cut ? &cut : NULL;
				r = decision_make(&request, &out, &err);
				_exit((r == -EINVAL ? 1 :
				       r == -ENOENT ? 2 :
				       r            ? 4 :
						      0) |
				      (strcmp(err.msg, "cut off") == 0 ? 8 : 0) |
				      (r == 0 && out.decision.merge ? 16 : 0));
			}
			waitpid(pid, &status, 0);
			CHECK(WIFEXITED(status));
			CHECK_INT(WEXITSTATUS(status), is_cut ? 1 | 8 : is_there ? 16 : 2);
		}
	}
	close(fd);
	unlink(path);
}

/* What config.json says of programs, and what its bytes say. */
static void settings(void)
{
	char path[] = "/tmp/ksm-hook-unit.XXXXXX";
	static const char text[] =
		"{\"required\":true,\"log\":\"debug\",\"runtimes\":[\"youki\",\"runc\"]}";
	int fd = mkstemp(path), status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		static struct decision_settings s;
		struct error err = { "" };
		int wrong = write(fd, text, strlen(text)) != (ssize_t)strlen(text);

		/* as a child of its own, since it is read once */
		wrong |= !decision_config_mentions(path, "\"youki\"") << 1;
		wrong |= decision_config_mentions(path, "\"crun\"") << 2;
		wrong |= decision_config_is_empty(path) << 3;
		wrong |= (decision_settings(path, &s, &err) != 0) << 4;
		wrong |= !(s.required && s.log_given && s.log == LOG_LEVEL_DEBUG) << 5;
		wrong |= !(s.runtimes == 2 && strcmp(s.runtime[0], "youki") == 0 &&
			   strcmp(s.runtime[1], "runc") == 0)
			 << 6;
		_exit(wrong);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	pid = fork();
	if (pid == 0)
		_exit(decision_config_is_empty("/nonexistent/config.json") ? 1 : 0);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	/* nothing at all is in no byte, and not in one */
	for (int bytes = 0; bytes <= 1; bytes++) {
		CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, "{", (size_t)bytes, 0) == bytes);
		pid = fork();
		if (pid == 0)
			_exit(decision_config_is_empty(path) ? 1 : 0);
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status));
		CHECK_INT(WEXITSTATUS(status), 1 - bytes);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	RUN(by_config);
	RUN(told_first);
	RUN(settings);
	return check_end();
}
