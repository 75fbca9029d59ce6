"""A person's decisions on held profiles, and what follows from them."""
