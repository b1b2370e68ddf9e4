"""What a file seems to be: settings are proposed with reasons, nothing is guessed in a run."""
