/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: what doctor reads of a running container: the state of runc and crun, an LXC
 * configuration; and the lines of LXC's and OpenVZ's files that call us. The first byte is the engine.
 */
#include "base/json_reader.h"
#include "doctor/container_request.h"
#include "doctor/lxc_line.h"
#include "doctor/vz_script.h"
#include "fuzz.h"
#include "oci/state.h"

static const struct policy_config config = {
	.containers = CONTAINERS_ALL,
	.deny = { { { "team", "*a*" } }, 1 },
};

static void check_text(const char *text, size_t len, enum container_engine engine)
{
	struct container_text t = { text, len, engine, "web" };
	struct policy_subject subject;
	struct error err = { 0 };
	struct decision d;

	json_release();
	if (container_text_read(&t, &config, &subject, &err) < 0) {
		require(err.msg[0]);
		return;
	}
	/* the engine and the name are not the text's */
	require(subject.engine == engine && strcmp(subject.name, "web") == 0);
	require(subject.n <= ANNOTATIONS_MAX);
	for (size_t i = 0; i < subject.n; i++) {
		const struct annotation *a = &subject.annotation[i];

		require(strlen(a->value) <= ANNOTATION_MAX);
		require(engine == ENGINE_LXC || state_decides(&config, a->key));
		require(memmem(text, len, a->value, strlen(a->value)) || strchr(text, '\\'));
	}
	policy_decide(&config, &subject, &d);
	require(d.text[0] && strlen(d.warning) < sizeof(d.warning));
}

/* A program that root would execute: an absolute path, and of one line. */
static void check_program(const char *program)
{
	require(program[0] == '/' && !strchr(program, '\n'));
}

static void check_lines(const struct fuzz_part *part)
{
	char *text = fuzz_text(part->data, part->size), *save = NULL;
	const char *program;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		program = lxc_line_program(line);
		if (program)
			check_program(program);
	}
	free(text);
	text = fuzz_text(part->data, part->size);
	if (vz_script_helper(text, &program)) {
		check_program(program);
		require(strcmp(strrchr(program, '/'), "/ksm-openvz") == 0);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum container_engine engines[] = { ENGINE_UNKNOWN, ENGINE_CONTAINERD_CRI,
							 ENGINE_CRIO, ENGINE_LXC };
	struct fuzz_part rest = { data + 1, size - 1 }, part;
	char *text;

	if (!size)
		return 0;
	part = fuzz_next(&rest);
	text = fuzz_text(part.data, part.size);
	check_text(text, part.size, engines[data[0] % 4]);
	free(text);
	check_lines(&rest);
	return 0;
}
