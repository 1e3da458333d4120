/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of runtimes, as engines and people write them. */
#include "oci/runtime_args.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define WORDS_MAX 24

static struct argv_facts parse_by(enum argv_grammar grammar, const char *line)
{
	static char copy[512];
	char *words[WORDS_MAX + 1], *save = NULL;
	struct argv_facts f;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	words[n] = NULL;
	argv_parse(words, grammar, &f);
	return f;
}

static struct argv_facts parse(const char *line)
{
	return parse_by(ARGV_GO, line);
}

static const char *text(const char *s)
{
	return s ? s : "-";
}

static const struct {
	const char *line;
	enum argv_command command;
	const char *root, *log;
	bool json;
	const char *bundle, *config, *id;
} cases[] = {
	/* containerd 1.6 for Docker 20.10 */
	{ "--root /run/docker/runtime-runc/moby --log /r/log.json --log-format json create "
	  "--bundle /r/75d2 --pid-file /r/75d2/init.pid 75d2",
	  ARGV_CREATE, "/run/docker/runtime-runc/moby", "/r/log.json", true, "/r/75d2", "-",
	  "75d2" },
	{ "--root /r --log /l --log-format json start 75d2", ARGV_OTHER, "/r", "/l", true, "-",
	  "-", "-" },
	{ "--root /r --log /l --log-format json delete --force 75d2", ARGV_DELETE, "/r", "/l",
	  true, "-", "-", "75d2" },
	{ "delete -f c1", ARGV_DELETE, "-", "-", false, "-", "-", "c1" },
	{ "--root /r --log /l --log-format json exec --process /tmp/p --detach --pid-file /p "
	  "75d2",
	  ARGV_EXEC, "/r", "/l", true, "-", "-", "75d2" },
	{ "--root /r --log /l --log-format json --systemd-cgroup exec --process /tmp/p "
	  "--console-socket /c --detach 75d2",
	  ARGV_EXEC, "/r", "/l", true, "-", "-", "75d2" },
	/* podman 4.3 and its conmon */
	{ "--log-format=json --log /u/oci-log create --bundle /u --pid-file /u/pidfile f800",
	  ARGV_CREATE, "-", "/u/oci-log", true, "/u", "-", "f800" },
	{ "--cgroup-manager cgroupfs --log-format=json --log /u/oci-log create --bundle /u "
	  "--pid-file /u/pidfile f800",
	  ARGV_CREATE, "-", "/u/oci-log", true, "/u", "-", "f800" },
	{ "--log-format=json --log /u/o exec --pid-file /e --process /x -d f800", ARGV_EXEC,
	  "-", "/u/o", true, "-", "-", "f800" },
	/* by hand */
	{ "run -d -b /b web", ARGV_CREATE, "-", "-", false, "/b", "-", "web" },
	{ "kill f800 9", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	/* buildah, docker build */
	{ "--root /b create --bundle /b/1 --no-pivot --pid-file /p buildah-1", ARGV_CREATE,
	  "/b", "-", false, "/b/1", "-", "buildah-1" },
	/* by hand */
	{ "run c1", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "run -b /b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run -b=/b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run -b/b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run -bundle /b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run c1 -b /b", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run -d --keep --bundle=/b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	{ "run -- -b c2", ARGV_CREATE, "-", "-", false, "-", "-", "-b" },
	{ "run -- -b -b", ARGV_CREATE, "-", "-", false, "-", "-", "-b" },
	{ "run -- c1 -b /b", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "run -- -c1", ARGV_CREATE, "-", "-", false, "-", "-", "-c1" },
	{ "run -f other.json c1", ARGV_CREATE, "-", "-", false, "-", "other.json", "c1" },
	{ "run --config=other.json c1", ARGV_CREATE, "-", "-", false, "-", "other.json", "c1" },
	{ "restore --image-path /i --bundle /b c1", ARGV_RESTORE, "-", "-", false, "/b", "-",
	  "c1" },
	{ "-root /r -debug run c1", ARGV_CREATE, "/r", "-", false, "-", "-", "c1" },
	{ "--debug=true --rootless auto --criu criu run c1", ARGV_CREATE, "-", "-", false, "-",
	  "-", "c1" },
	{ "-- run c1", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "exec c1 --bundle /b -b /c", ARGV_EXEC, "-", "-", false, "-", "-", "c1" },
	{ "exec -t c1 run --bundle /b x", ARGV_EXEC, "-", "-", false, "-", "-", "c1" },
	{ "exec -u 0:0 -e A=b --cwd / c1 sh", ARGV_EXEC, "-", "-", false, "-", "-", "c1" },
	{ "exec -u0 --env=A=b -c CAP_KILL c1 sh", ARGV_EXEC, "-", "-", false, "-", "-", "c1" },
	/* the last one counts */
	{ "--root /1 --root /2 run c1", ARGV_CREATE, "/2", "-", false, "-", "-", "c1" },
	{ "--log-format json --log-format text run c1", ARGV_CREATE, "-", "-", false, "-", "-",
	  "c1" },
	/* options of runtimes to come: with a value, without, with one in the same word */
	{ "--new value run c1", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "--new run c1", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "--new=value run c1", ARGV_CREATE, "-", "-", false, "-", "-", "c1" },
	{ "--new --root /r run c1", ARGV_CREATE, "/r", "-", false, "-", "-", "c1" },
	{ "run --new --bundle /b c1", ARGV_CREATE, "-", "-", false, "/b", "-", "c1" },
	/* nothing to decide */
	{ "", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "--version", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "-v", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "features", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "frobnicate run c1", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "state run", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "help run", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "-", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	/* cut off */
	{ "--root", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "--log-format", ARGV_OTHER, "-", "-", false, "-", "-", "-" },
	{ "run --bundle", ARGV_CREATE, "-", "-", false, "-", "-", "-" },
	{ "run --bundle=", ARGV_CREATE, "-", "-", false, "-", "-", "-" },
	{ "exec", ARGV_EXEC, "-", "-", false, "-", "-", "-" },
	{ "run --", ARGV_CREATE, "-", "-", false, "-", "-", "-" },
};

/* What tests/engines/runtime-args.sh asks of the runtimes themselves, and youki's by its source. */
static const struct {
	enum argv_grammar grammar;
	const char *line, *bundle, *config, *id; /* id "-": not a command of ours, or refused */
} grammars[] = {
	{ ARGV_ARGP, "run -db /b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run -db/b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run -b/b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run -b=/b c1", "=/b", "-", "c1" },
	{ ARGV_ARGP, "run -bd c1", "d", "-", "c1" },
	{ ARGV_ARGP, "run -ddfo.json c1", "-", "o.json", "c1" },
	{ ARGV_ARGP, "run --bund /b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run --bund=/b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run --b /b c1", "/b", "-", "c1" },
	{ ARGV_ARGP, "run -f config.json c1", "-", "-", "c1" },
	{ ARGV_ARGP, "run -f ./config.json c1", "-", "./config.json", "c1" },
	{ ARGV_ARGP, "run --conf o.json c1", "-", "o.json", "c1" },
	{ ARGV_ARGP, "run --no-p --de --p c1 c2", "-", "-", "c1" }, /* --p: several */
	{ ARGV_ARGP, "run --con o.json c1", "-", "-", "o.json" }, /* console-socket or config */
	{ ARGV_ARGP, "run c1 -b /b", "-", "-", "c1" },
	{ ARGV_ARGP, "run c1 --bundle=/b", "-", "-", "c1" },
	{ ARGV_ARGP, "run -bundle /b c1", "undle", "-", "/b" },
	{ ARGV_ARGP, "run -b -d c1", "-d", "-", "c1" },
	{ ARGV_ARGP, "run -- -b /b", "-", "-", "-b" },
	{ ARGV_ARGP, "--cgroup=disabled run c1", "-", "-", "c1" },
	{ ARGV_ARGP, "--cg disabled run c1", "-", "-", "c1" },
	{ ARGV_ARGP, "--deb --sys run c1", "-", "-", "c1" },
	{ ARGV_ARGP, "--rootless true run c1", "-", "-", "c1" },
	{ ARGV_ARGP, "exec -tu 0 c1", "-", "-", "0" }, /* -t has an optional value: u */
	{ ARGV_ARGP, "exec -t c1 sh", "-", "-", "c1" },
	{ ARGV_ARGP, "exec -dtfoo c1 sh", "-", "-", "c1" },
	/* Go's: one word is one option, and no name is cut short */
	{ ARGV_GO, "run -d -b /b c1", "/b", "-", "c1" },
	{ ARGV_GO, "run --bund /b c1", "-", "-", "/b" },
	{ ARGV_GO, "run -b= c1", "-", "-", "c1" },
	{ ARGV_GO, "run -b=/b c1", "/b", "-", "c1" },
	{ ARGV_GO, "--rootless run c1", "-", "-", "c1" }, /* runsc */
	{ ARGV_GO, "--rootless=true run c1", "-", "-", "c1" },
	{ ARGV_GO, "--rootless auto run c1", "-", "-", "c1" },
	{ ARGV_GO, "--rootless true --debug run c1", "-", "-", "c1" },
	/* youki */
	{ ARGV_CLAP, "-r /r -l /l run -b /b c1", "/b", "-", "c1" },
	{ ARGV_CLAP, "-sr/r run -b=/b c1", "/b", "-", "c1" },
	{ ARGV_CLAP, "create -p /p -c /c -b/b c1", "/b", "-", "c1" },
	{ ARGV_CLAP, "run -db /b c1", "/b", "-", "c1" },
	{ ARGV_CLAP, "run c1 --bundle /b", "/b", "-", "c1" },
	{ ARGV_CLAP, "run --bund /b c1", "-", "-", "/b" },
	/* an option without a value: what stands behind it is the command, and here none */
	{ ARGV_CLAP, "-V x run -b /b c1", "-", "-", "-" },
	{ ARGV_CLAP, "-v x run -b /b c1", "-", "-", "-" },
	{ ARGV_CLAP, "-h x run -b /b c1", "-", "-", "-" },
	{ ARGV_CLAP, "-s x run -b /b c1", "-", "-", "-" },
	{ ARGV_ARGP, "-V x run -b /b c1", "-", "-", "-" },
	{ ARGV_ARGP, "-? x run -b /b c1", "-", "-", "-" },
	{ ARGV_GO, "-v x run -b /b c1", "-", "-", "-" },
	{ ARGV_GO, "-h x run -b /b c1", "-", "-", "-" },
	{ ARGV_CLAP, "-x x run -b /b c1", "/b", "-", "c1" },
};

static void by_grammar(void)
{
	char dir[] = "/tmp/runtime-args.XXXXXX";
	static const struct {
		const char *path;
		enum argv_grammar grammar;
	} names[] = {
		{ "/usr/sbin/runc", ARGV_GO },
		{ "/usr/bin/crun", ARGV_ARGP },
		{ "/opt/crun-1.21/crun", ARGV_ARGP },
		{ "/opt/crun-1.21/runc", ARGV_GO },
		{ "/usr/bin/krun", ARGV_ARGP },
		{ "/usr/bin/crun-wasm", ARGV_ARGP },
		{ "youki", ARGV_CLAP },
		{ "/usr/bin/runsc", ARGV_GO },
		{ "", ARGV_GO },
	};

	for (size_t i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
		struct argv_facts f = parse_by(grammars[i].grammar, grammars[i].line);

		check_case = grammars[i].line;
		CHECK_TEXT(text(f.bundle), grammars[i].bundle);
		CHECK_TEXT(text(f.config), grammars[i].config);
		CHECK_TEXT(text(f.id), grammars[i].id);
	}
	check_case = "links";
	if (CHECK(mkdtemp(dir) != NULL)) {
		static const char *const links[][2] = { { "crun-1.8", "crun" },
							{ "crun", "runc" },
							{ "runc.real", "krun" } };
		char name[64];

		for (size_t i = 0; i < 3; i++) {
			snprintf(name, sizeof(name), "%s/%s", dir, links[i][0]);
			if (i != 1)
				close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
			snprintf(name, sizeof(name), "%s/%s", dir, links[i][1]);
			CHECK_INT(symlink(links[i][0], name), 0);
			/* the one that leads to runc only by its name */
			CHECK_INT(argv_grammar_of(name), i == 2 ? ARGV_GO : ARGV_ARGP);
		}
		for (size_t i = 0; i < 3; i++) {
			snprintf(name, sizeof(name), "%s/%s", dir, links[i][0]);
			unlink(name);
			snprintf(name, sizeof(name), "%s/%s", dir, links[i][1]);
			unlink(name);
		}
		rmdir(dir);
	}
	check_case = "youki's letters";
	CHECK_TEXT(text(parse_by(ARGV_CLAP, "-r /r -l /l run c1").root), "/r");
	CHECK_TEXT(text(parse_by(ARGV_CLAP, "-r /r -l /l run c1").log), "/l");
	CHECK_TEXT(text(parse_by(ARGV_CLAP, "-l/l run c1").log), "/l");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check_case = names[i].path;
		CHECK_INT(argv_grammar_of(names[i].path), names[i].grammar);
	}
	check_case = "";
}

/* Options with a value, by command: the value is not taken for the id, or for the command. */
static const struct {
	const char *before, *after; /* the option */
	const char *options;
} with_value[] = {
	{ "", "run", "--root --log --log-format --log-level --criu --cgroup-manager" },
	{ "create", "",
	  "--bundle -b --config -f --console-socket --pid-file --pidfd-socket --preserve-fds" },
	{ "restore", "",
	  "--bundle -b --image-path --work-path --parent-path --manage-cgroups-mode --empty-ns "
	  "--lsm-profile --lsm-mount-context --pid-file --console-socket" },
	{ "exec", "",
	  "--console-socket --cwd --env -e --user -u --additional-gids -g --process -p "
	  "--pid-file "
	  "--pidfd-socket --process-label --apparmor --cap -c --preserve-fds --cgroup" },
};

static void values(void)
{
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		char copy[512], line[256], *save = NULL;

		snprintf(copy, sizeof(copy), "%s", with_value[i].options);
		for (char *o = strtok_r(copy, " ", &save); o; o = strtok_r(NULL, " ", &save)) {
			struct argv_facts f;

			/* a value that would be a command, or an id */
			snprintf(line, sizeof(line), "%s %s list %s c1", with_value[i].before,
				 o, with_value[i].after);
			check_case = line;
			f = parse(line);
			CHECK(f.command != ARGV_OTHER);
			CHECK_TEXT(text(f.id), "c1");
		}
	}
	check_case = "";
}

/* Known words have no value, whatever follows. */
static void without_value(void)
{
	static const char *const words[] = {
		/* flags before a command, and what follows is none */
		"--debug other run c1",
		"--systemd-cgroup other run c1",
		"--help other run c1",
		"-h other run c1",
		"--version other run c1",
		"-v other run c1",
		/* commands after an option that is not known, which would else be its value */
		"--new start run c1",
		"--new state run c1",
		"--new kill run c1",
		"--new list run c1",
		"--new ps run c1",
		"--new pause run c1",
		"--new resume run c1",
		"--new update run c1",
		"--new events run c1",
		"--new spec run c1",
		"--new checkpoint run c1",
		"--new init run c1",
		"--new features run c1",
		"--new mounts run c1",
		"--new info run c1",
		"--new help run c1",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		check_case = words[i];
		CHECK_INT(parse(words[i]).command, ARGV_OTHER);
	}
	check_case = "";
	CHECK_TEXT(parse("delete --force c1 run").id, "c1");
	CHECK_TEXT(parse("delete -f c1 run").id, "c1");
	CHECK_TEXT(parse("delete --regex c1 run").id, "c1");
	CHECK_TEXT(parse("delete -r c1 run").id, "c1");
}

static void rows(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct argv_facts f = parse(cases[i].line);

		check_case = cases[i].line;
		CHECK_INT(f.command, cases[i].command);
		CHECK_TEXT(text(f.root), cases[i].root);
		CHECK_TEXT(text(f.log), cases[i].log);
		CHECK_INT(f.log_json, cases[i].json);
		CHECK_TEXT(text(f.bundle), cases[i].bundle);
		CHECK_TEXT(text(f.config), cases[i].config);
		CHECK_TEXT(text(f.id), cases[i].id);
	}
}

int main(void)
{
	RUN(by_grammar);
	RUN(values);
	RUN(without_value);
	RUN(rows);
	return check_end();
}
