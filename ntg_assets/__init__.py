"""NTG (Neural Taste Graph): from who watched what and when to what to do about it, every night."""

import time

STARTED_AT = time.time()  # before any other module of NTG is read
