"""How Chatsite is deployed; nothing in here is imported by the running program."""
