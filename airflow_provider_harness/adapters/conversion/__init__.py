"""Contracts made of what others keep about tables, and written as what others read. What has no counterpart is said."""
