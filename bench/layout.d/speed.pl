# SPDX-License-Identifier: Apache-2.0
# A fixed amount of work for the interpreter; prints the milliseconds of CPU time that it took.
use strict;
use warnings;
for my $n (1 .. 12) {
	my %data = map { sprintf("%06x", $_ * 2654435761 % 16777216) => [$_, "x$_"] } 1 .. 30000;
	my $text = join ',', map { "$_=$data{$_}[1]" } sort keys %data;
	$text =~ s/(\d+)/reverse $1/ge;
}
my @t = times;
print 1000 * ($t[0] + $t[1]), "\n";
