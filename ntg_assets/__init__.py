"""NTG (Neural Taste Graph): from who watched what and when to what to do about it, every night."""
