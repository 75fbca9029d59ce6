"""How a batch and its documents come into the store: claimed drops, uploads, named paths, retries."""
