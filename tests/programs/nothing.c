/* SPDX-License-Identifier: Apache-2.0 */
/* Stands for a runtime that needs nothing and says nothing. */
int main(void)
{
	return 0;
}
