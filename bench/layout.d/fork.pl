# SPDX-License-Identifier: Apache-2.0
# Ten workers with the working set of tests/programs/load/load.pl, forked from a warm parent.
use strict;
use warnings;
use IO::Socket::UNIX;
use Data::Dumper;
use Encode;
use POSIX;

my %data;
sub work {
	$data{$_} = sprintf("%06x", $_) . Encode::encode('UTF-8', "\x{e9}$_") for 1 .. 30000;
	my $dump = Data::Dumper->Dump([\%data]);
}
work();
for (1 .. 10) {
	next if fork;
	work();
	POSIX::write(1, "ready\n", 6);
	POSIX::pause();
}
POSIX::pause();
