"""The house in order: each check walks a tree and yields what breaks a law or a name of the design."""
