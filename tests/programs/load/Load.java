// SPDX-License-Identifier: Apache-2.0
// An HTTP server on a socket that allocates a working set per request.
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;

class Load {
	static Map<Integer, String> data = new HashMap<>();

	static String work() throws Exception {
		Thread[] threads = new Thread[4];
		for (int t = 0; t < 4; t++) {
			threads[t] = new Thread(() -> {
				StringBuilder s = new StringBuilder();
				for (int i = 0; i < 30000; i++)
					s.append(i);
			});
			threads[t].start();
		}
		for (int i = 0; i < 30000; i++)
			data.put(i, "value " + i);
		for (Thread t : threads)
			t.join();
		return "6a7b5c:" + data.size();
	}

	public static void main(String[] args) throws Exception {
		ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
		server.bind(UnixDomainSocketAddress.of(args[0]));
		for (;;) {
			try (SocketChannel c = server.accept()) {
				c.read(ByteBuffer.allocate(4096));
				String body = "HTTP/1.0 200 OK\r\n\r\n" + work();
				c.write(ByteBuffer.wrap(body.getBytes()));
			}
		}
	}
}
