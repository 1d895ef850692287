"""Which betas a server takes, found out with few requests: `betamw probe`."""
