#!/usr/bin/env python3
"""web_server.py ADDRESS PORT FOLDER: serves files over HTTP; knows nothing of VPNs.

http.server alone would look its own name up in the DNS before it listens, which takes many seconds where there is none.
"""

import functools
import http.server
import socket
import socketserver
import sys


class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def main():
    address, port, folder = sys.argv[1:]
    if ":" in address:
        Server.address_family = socket.AF_INET6
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    Server((address, int(port)), handler).serve_forever()


if __name__ == "__main__":
    main()
