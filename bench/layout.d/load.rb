# SPDX-License-Identifier: Apache-2.0
# An HTTP server on a socket that allocates a working set per request.
require 'json'
require 'digest'
require 'set'
require 'socket'

$data = {}

def work
  30_000.times { |i| $data["k#{i}"] = [format('%06x', i), i] }
  "6a7b5c:#{JSON.parse(JSON.generate($data)).size}"
end

if ARGV[0] == 'fork'
  work
  10.times { fork { work; $stdout.syswrite("ready\n"); sleep } }
  sleep
end
server = UNIXServer.new(ARGV[0])
loop do
  c = server.accept
  nil until c.gets =~ /\A\r?\n\z/
  c.write("HTTP/1.0 200 OK\r\n\r\n#{work}")
  c.close
end
