"""The demo world, built through the product's own verbs."""
