"""Contracts: who pays for what until when, who will end it, and what that is worth."""
