"""The clients' side: thousands of sockets for little CPU, and a book of what each was told."""
