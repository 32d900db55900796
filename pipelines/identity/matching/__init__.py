"""Matching: which records of any table are one person."""
