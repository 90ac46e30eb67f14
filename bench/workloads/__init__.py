"""What the clients do while we measure."""
