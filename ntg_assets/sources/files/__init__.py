"""What the bytes and names of files say before any reader is trusted with them."""
