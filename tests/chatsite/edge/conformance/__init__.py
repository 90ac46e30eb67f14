"""Proof that the socket protocol keeps to RFC 6455, over real connections, beside the stock implementation."""
