"""What the web client costs the one who uses it: switching, scrolling, and what Lighthouse says of the page."""
