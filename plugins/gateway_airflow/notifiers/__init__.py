"""Notifiers: how a message leaves."""
