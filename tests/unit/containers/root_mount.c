/* SPDX-License-Identifier: Apache-2.0 */
/* Whose root directory a process has, by the texts of mountinfo. */
#include "containers/root_mount.h"

#include "base/macros.h"
#include "check.h"

#define LINE(root, point, options) \
	"612 500 254:0 " root " " point " " options " - ext4 /dev/vda rw\n"
#define HOST                                                                            \
	"22 28 0:21 / /sys rw,relatime - sysfs sysfs rw\n" LINE("/", "/",               \
								"rw,relatime shared:1") \
		LINE("/boot", "/boot", "rw")

static const struct {
	const char *mountinfo;
	enum root_kind kind;
} roots[] = {
	{ HOST, ROOT_HOSTS },
	/* a service's, that is read only */
	{ LINE("/", "/", "ro,relatime"), ROOT_HOSTS },
	{ LINE("/", "/", "rw,relatime shared:1 master:2"), ROOT_HOSTS },
	/* a directory of the same file system, another one, an overlay */
	{ LINE("/var/lib/lxc/web/rootfs", "/", "rw"), ROOT_OWN },
	{ "612 500 254:1 / / rw - ext4 /dev/vdb rw\n", ROOT_OWN },
	{ "612 500 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/noexec\n", ROOT_OWN },
	/* pasta's, as it stands */
	{ "103 50 0:43 / / ro,nosuid,nodev,noexec,relatime - tmpfs  "
	  "ro,size=0k,nr_inodes=2,uid=1000,gid=1000\n",
	  ROOT_NOEXEC },
	{ "103 50 0:43 / / noexec - tmpfs  ro\n", ROOT_NOEXEC },
	{ "103 50 0:43 / / rw,noexecs - tmpfs  ro\n", ROOT_OWN },
	/* the last one lies on top */
	{ LINE("/", "/", "rw") "613 612 0:9 / / rw - tmpfs t rw\n", ROOT_OWN },
	/* nothing on /, or what is no mountinfo */
	{ LINE("/boot", "/boot", "noexec"), ROOT_OWN },
	{ "", ROOT_OWN },
	{ "\n\n / / /\n612 500\n", ROOT_OWN },
	{ "612 500 254:0 / /", ROOT_HOSTS },
};

static void check_roots(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		check_case = roots[i].mountinfo;
		CHECK_INT(root_kind_of(roots[i].mountinfo, HOST), roots[i].kind);
	}
	check_case = "";
	CHECK_INT(root_kind_of(HOST, ""), ROOT_OWN);
}

int main(void)
{
	RUN(check_roots);
	return check_end();
}
