"""Deployments, rights, and what is dropped or loaded."""
