"""Every provider, in the order users see them."""
