"""What a call would send, and why, without sending it: `betamw explain`."""
