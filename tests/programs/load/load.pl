# SPDX-License-Identifier: Apache-2.0
# An HTTP server on a socket that allocates a working set per request.
use strict;
use warnings;
use IO::Socket::UNIX;
use Data::Dumper;
use Encode;
use List::Util qw(sum);
use POSIX;

my $server = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die;
my %data;
while (my $c = $server->accept) {
	while (my $line = <$c>) { last if $line =~ /^\r?\n$/; }
	$data{$_} = sprintf("%06x", $_) . Encode::encode('UTF-8', "\x{e9}$_") for 1 .. 30000;
	my $dump = Data::Dumper->Dump([\%data]);
	my $pid = fork;
	if (!$pid) { my @x = sort values %data; POSIX::_exit(@x == 30000 ? 0 : 1); }
	waitpid $pid, 0;
	my $n = $? ? 0 : keys %data;
	print $c "HTTP/1.0 200 OK\r\n\r\n6a7b5c:$n";
	close $c;
}
