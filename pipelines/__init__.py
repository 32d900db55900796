"""Yihu 一户: one trustworthy record per customer, every night."""

__version__ = "0.1.0"
