"""Follows PowerShell scripts."""
