"""The servers that a distributed Chatsite stands on, on this machine and for it alone: `bin/services`."""
