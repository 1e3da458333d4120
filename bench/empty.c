/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: a program that does nothing. */
int main(void)
{
	return 0;
}
