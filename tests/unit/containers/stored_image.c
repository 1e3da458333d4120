/* SPDX-License-Identifier: Apache-2.0 */
/* A container's image in the files that podman has of all of its containers. */
#include "containers/stored_image.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

#define DIGITS(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define ID        DIGITS("a1")
#define OTHER_ID  DIGITS("b2")
#define IMAGE     DIGITS("c3")
#define OTHER     DIGITS("d4")

static char dir[64], bundle[256];

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/vfs-containers/%s", dir, name);
	f = fopen(path, "w");
	CHECK(f != NULL);
	if (f) {
		fputs(text, f);
		fclose(f);
	}
	chmod(path, mode);
}

static void remove_file(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/vfs-containers/%s", dir, name);
	unlink(path);
}

static const char *find(const char *id)
{
	static struct stored_image out;
	bool found = podman_image_find(bundle, id, &out);

	CHECK_INT(found, out.id[0] != '\0');
	/* podman has no labels there */
	CHECK_TEXT(out.project, "");
	return out.id;
}

/* The file as containers/storage writes it, and whatever else could stand there. */
static void texts(void)
{
	static const struct {
		const char *text, *want;
	} of[] = {
		{ "[{\"id\":\"" ID "\",\"names\":[\"web\"],\"image\":\"" IMAGE
		  "\",\"layer\":\"" OTHER "\"}]",
		  "sha256:" IMAGE },
		{ "[{\"image\":\"" IMAGE "\",\"id\":\"" ID "\"}]", "sha256:" IMAGE },
		{ "[{\"id\":\"" OTHER_ID "\",\"image\":\"" OTHER "\"},{\"id\":\"" ID
		  "\",\"image\":\"" IMAGE "\"}]",
		  "sha256:" IMAGE },
		/* of no image (--rootfs), between two that have one */
		{ "[{\"id\":\"" OTHER_ID "\",\"image\":\"" OTHER "\"},{\"id\":\"" ID
		  "\"},{\"image\":\"" OTHER "\",\"id\":\"" OTHER_ID "\"}]",
		  "" },
		{ "[{\"id\":\"" ID "\",\"image\":\"\"}]", "" },
		{ "[{\"id\":\"" ID "\",\"image\":\"" IMAGE "0\"}]", "" },
		{ "[{\"id\":\"" ID "\",\"image\":\"Z" DIGITS("a") DIGITS("b") "\"}]", "" },
		{ "[{\"id\":\"" ID "\",\"image\":7}]", "" },
		/* what a name or a label says is not the list's */
		{ "[{\"id\":\"" OTHER_ID "\",\"metadata\":\"{\\\"id\\\":\\\"" ID
		  "\\\"}\",\"image\":\"" OTHER "\"}]",
		  "" },
		{ "[{\"id\":\"" OTHER_ID "\",\"names\":[\"" ID "\"],\"image\":\"" OTHER "\"}]",
		  "" },
		{ "[{\"flags\":{\"id\":\"" ID "\"},\"id\":\"" OTHER_ID "\",\"image\":\"" OTHER
		  "\"}]",
		  "" },
		{ "{\"id\":\"" ID "\",\"image\":\"" IMAGE "\"}", "" },
		{ "[{\"id\":\"" ID "\",\"image\":\"" IMAGE "\"", "" },
		{ "[]", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = of[i].text;
		write_file("containers.json", of[i].text, 0600);
		CHECK_TEXT(find(ID), of[i].want);
	}
	check_case = "";
}

/* Those that are removed at their end are in a file of their own. */
static void both_files(void)
{
	write_file("containers.json", "[{\"id\":\"" OTHER_ID "\",\"image\":\"" OTHER "\"}]",
		   0600);
	write_file("volatile-containers.json", "[{\"id\":\"" ID "\",\"image\":\"" IMAGE "\"}]",
		   0600);
	CHECK_TEXT(find(ID), "sha256:" IMAGE);
	CHECK_TEXT(find(OTHER_ID), "sha256:" OTHER);
	remove_file("containers.json");
	CHECK_TEXT(find(ID), "sha256:" IMAGE);
	remove_file("volatile-containers.json");
	CHECK_TEXT(find(ID), "");
}

/* Whoever could write the file could join any image's group. */
static void others_files(void)
{
	static const char text[] = "[{\"id\":\"" ID "\",\"image\":\"" IMAGE "\"}]";
	char path[PATH_MAX], elsewhere[PATH_MAX];

	write_file("containers.json", text, 0620);
	CHECK_TEXT(find(ID), "");
	write_file("containers.json", text, 0602);
	CHECK_TEXT(find(ID), "");
	write_file("containers.json", text, 0600);
	CHECK_TEXT(find(ID), "sha256:" IMAGE);
	snprintf(path, sizeof(path), "%s/vfs-containers/containers.json", dir);
	if (geteuid() == 0) {
		CHECK(chown(path, 1, 0) == 0);
		CHECK_TEXT(find(ID), "");
		CHECK(chown(path, 0, 0) == 0);
	}
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	CHECK(rename(path, elsewhere) == 0 && symlink(elsewhere, path) == 0);
	CHECK_TEXT(find(ID), "");
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	CHECK_TEXT(find(ID), "");
	unlink(path);
	unlink(elsewhere);
}

static void ids_and_paths(void)
{
	struct stored_image out;
	char path[200];

	write_file("containers.json", "[{\"id\":\"" ID "\",\"image\":\"" IMAGE "\"}]", 0600);
	CHECK_TEXT(find("a1"), "");
	CHECK_TEXT(find(""), "");
	CHECK_TEXT(find("../" ID), "");
	CHECK(!podman_image_find("/userdata", ID, &out));
	CHECK(!podman_image_find("", ID, &out));
	/* what is not found leaves no text behind */
	memset(&out, 'x', sizeof(out));
	CHECK(!docker_image_find("web", &out));
	CHECK(!out.id[0] && !out.project[0]);
	memset(&out, 'x', sizeof(out));
	CHECK(!docker_image_find("../../" ID, &out));
	CHECK(!out.id[0] && !out.project[0]);
	memset(&out, 'x', sizeof(out));
	CHECK(!podman_image_find("", "web", &out));
	CHECK(!out.id[0] && !out.project[0]);
	remove_file("containers.json");
	CHECK(podman_bundle_of_root("/s/overlay/L/merged", "i", path, sizeof(path)));
	CHECK_TEXT(path, "/s/overlay-containers/i/userdata");
	CHECK(podman_bundle_of_root("/s/vfs/dir/L", "i", path, sizeof(path)));
	CHECK_TEXT(path, "/s/vfs-containers/i/userdata");
	CHECK(!podman_bundle_of_root("/dir/L", "i", path, sizeof(path)));
	CHECK(!podman_bundle_of_root("L", "i", path, sizeof(path)));
	CHECK(!podman_bundle_of_root("", "i", path, sizeof(path)));
	CHECK(!podman_bundle_of_root("/s/vfs/dir/L", "i", path, 28));
	CHECK(podman_bundle_of_root("/s/vfs/dir/L", "i", path, 29));
}

int main(void)
{
	char path[PATH_MAX];

	snprintf(dir, sizeof(dir), "/tmp/ksm-hook-unit.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/vfs-containers", dir);
	mkdir(path, 0700);
	snprintf(bundle, sizeof(bundle), "%s/vfs-containers/" ID "/userdata", dir);
	RUN(texts);
	RUN(both_files);
	RUN(others_files);
	RUN(ids_and_paths);
	rmdir(path);
	rmdir(dir);
	return check_end();
}
