/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: what the --json options print. */
#ifndef KSM_JSON_WRITER_H
#define KSM_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct json_out;

/* NULL when there is no memory. */
struct json_out *json_out_new(void);

/* key is NULL for the root and for elements of arrays. */
void json_out_object(struct json_out *o, const char *key);
void json_out_end_object(struct json_out *o);
void json_out_array(struct json_out *o, const char *key);
void json_out_end_array(struct json_out *o);

/*
 * value may be any bytes. Valid UTF-8 is read back as it is. A byte that is none becomes the
 * character U+10FE00 plus the byte (utf8_stand_in()), so that nothing is lost and no two values
 * are written alike. Control characters are written as \\uXXXX: a terminal sees none.
 */
void json_out_string(struct json_out *o, const char *key, const char *value);
void json_out_int(struct json_out *o, const char *key, int64_t value);
void json_out_bool(struct json_out *o, const char *key, bool value);
void json_out_null(struct json_out *o, const char *key);

/*
 * Print it to stdout and free it; the program's exit status, 1 where there was no memory. What could
 * not be written is main's to report, as with printf().
 */
int json_out_finish(struct json_out *o);

#endif
